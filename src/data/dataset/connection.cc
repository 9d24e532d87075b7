// Lists: root connections, relations to many (one statement for all parents), their parts.
#include <unordered_map>

#include "dataset/core.h"

namespace mc::dataset {
namespace {

using graphql::Datum;

// The columns of the rows that a connection's selection shows, through edges and nodes.
std::vector<int> row_columns(const Call& call, const PageRequest& request,
                             std::vector<int> columns) {
  const DatasetPlan& plan = call.core.plan(request.dataset);
  const auto add = [&](const graphql::Selected* rows) {
    columns = call.core.columns_for(rows, request.dataset, std::move(columns));
  };
  if (call.field.selected != nullptr) {
    for (const graphql::Selected::Item& item : call.field.selected->of(plan.connection)) {
      const FieldKind kind = call.core.parts.field(*item.field).kind;
      if (kind == FieldKind::nodes) add(item.below);
      if (kind != FieldKind::edges || item.below == nullptr) continue;
      for (const graphql::Selected::Item& part : item.below->of(plan.edge)) {
        if (call.core.parts.field(*part.field).kind == FieldKind::node) add(part.below);
      }
    }
  }
  for (const int column : cursor_columns(call, request)) columns.push_back(column);
  return call.core.columns_for(nullptr, request.dataset, std::move(columns));
}

// Does the selection show rows or page information at all, or only totalCount?
bool needs_rows(const Call& call, int dataset) {
  if (call.field.selected == nullptr) return false;
  for (const graphql::Selected::Item& item :
       call.field.selected->of(call.core.plan(dataset).connection)) {
    const FieldKind kind = call.core.parts.field(*item.field).kind;
    if (kind != FieldKind::total_count && kind != FieldKind::none) return true;
  }
  return false;
}

// A page of which nothing but totalCount is asked is no reading of rows.
Use use_of(const Call& call, int dataset) {
  if (needs_rows(call, dataset) || call.field.selected == nullptr) return Use::read;
  for (const graphql::Selected::Item& item :
       call.field.selected->of(call.core.plan(dataset).connection)) {
    if (call.core.parts.field(*item.field).kind == FieldKind::total_count) return Use::aggregate;
  }
  return Use::read;
}

// Turns rows read in reverse around, and drops the one that only told of more.
void reverse_rows(RowSet& rows) {
  const std::size_t width = rows.shape->columns.size();
  for (std::size_t i = 0; i < rows.count / 2; ++i) {
    std::swap_ranges(
        rows.cells.begin() + static_cast<std::ptrdiff_t>(i * width),
        rows.cells.begin() + static_cast<std::ptrdiff_t>((i + 1) * width),
        rows.cells.begin() + static_cast<std::ptrdiff_t>((rows.count - 1 - i) * width));
  }
}

Result<Page*> read_root_page(const Call& call) {
  Session::Core& core = call.core;
  const int dataset = call.plan.dataset;
  MC_TRY(const GrantedConnection on, core.reader(dataset, use_of(call, dataset)));
  MC_TRY(PageRequest * request, make_page_request(call, on, -1));
  Page& page = core.pages.emplace_back();
  page.request = request;
  if (!needs_rows(call, dataset)) return &page;
  TenantQuery query(core.tenant, core.plan(dataset).sql(on.dialect()));
  std::vector<int> columns = row_columns(call, *request, {});
  TenantQuery::Parts parts;
  parts.list = read_list(query, columns);
  parts.where = render_where(*request, query);
  parts.order = render_order(*request, query);
  parts.limit = request->size + 1;
  MC_TRY(RowSet * rows,
         core.read(on, std::move(query).select(parts),
                   {core.keep_shape(dataset, std::move(columns)), &call.field.arena}));
  page.rows = rows;
  page.more = rows->count > static_cast<std::size_t>(request->size);
  page.count = page.more ? static_cast<std::size_t>(request->size) : rows->count;
  if (request->backward) {
    reverse_rows(*rows);
    page.begin = rows->count - page.count;
  }
  return &page;
}

// One statement for all parents: at most size + 1 rows of each, the extra one tells of more.
Result<RowSet*> read_children(const Call& call, const GrantedConnection& on,
                              const PageRequest& request, const std::vector<const Cell*>& keys) {
  Session::Core& core = call.core;
  const RelationPlan& relation = core.parts.relation(call.plan);
  TenantQuery query(core.tenant, core.plan(relation.to).sql(on.dialect()));
  std::vector<int> columns = row_columns(call, request, {relation.remote});
  const Column& remote = query.column(relation.remote);
  // The partition must be the first column of the statement.
  std::erase(columns, relation.remote);
  columns.insert(columns.begin(), relation.remote);
  TenantQuery::Parts parts;
  parts.list = read_list(query, columns);
  parts.where = in_json_list(remote, query.dialect(), query.bind(json_list(keys)));
  const std::string more = render_where(request, query);
  if (!more.empty()) parts.where += " AND " + more;
  parts.order = render_order(request, query);
  parts.limit = request.size + 1;
  const auto rows_max = static_cast<std::int64_t>(core.options.limits.rows_max) + 1;
  Statement statement =
      std::move(query).select_for_each(parts, sql::quoted(remote.column), rows_max);
  return core.read(on, statement,
                   {core.keep_shape(relation.to, std::move(columns)), &call.field.arena});
}

struct Range {
  std::size_t begin = 0;
  std::size_t count = 0;
};

std::unordered_map<std::string_view, Range> ranges_by_parent(const RowSet& rows, int remote) {
  std::unordered_map<std::string_view, Range> ranges;
  for (std::size_t i = 0; i < rows.count; ++i) {
    Range& range = ranges.try_emplace(rows.at(i, remote).key(), Range{i, 0}).first->second;
    ++range.count;
  }
  return ranges;
}

Status resolve_children(const Call& call) {
  Session::Core& core = call.core;
  const RelationPlan& relation = core.parts.relation(call.plan);
  MC_TRY(const GrantedConnection on, core.reader(relation.to, use_of(call, relation.to)));
  MC_TRY(PageRequest * request, make_page_request(call, on, relation.remote));
  const std::vector<const Cell*> locals = parent_cells(call, relation.local);
  KeyIndex index(locals.size());
  const std::vector<const Cell*> keys = distinct(locals, index);
  for (const Cell* key : keys) request->parents.push_back(*key);
  RowSet* rows = nullptr;
  std::unordered_map<std::string_view, Range> ranges;
  if (!keys.empty() && needs_rows(call, relation.to)) {
    MC_TRY(rows, read_children(call, on, *request, keys));
    ranges = ranges_by_parent(*rows, relation.remote);
  }
  const auto size = static_cast<std::size_t>(request->size);
  for (std::size_t i = 0; i < locals.size(); ++i) {
    Page& page = core.pages.emplace_back();
    page.request = request;
    page.rows = rows;
    page.parent = locals[i];
    const auto range = ranges.find(locals[i]->key());
    if (locals[i]->kind != Cell::Kind::null && range != ranges.end()) {
      page.begin = range->second.begin;
      page.more = range->second.count > size;
      page.count = std::min(range->second.count, size);
    }
    call.out[i] = Datum::of_object({.type = core.plan(relation.to).connection, .data = &page});
  }
  return ok();
}

Datum cursor_of(const Call& call, const Page& page, std::size_t row) {
  std::vector<Cell> values;
  for (const OrderTerm& term : page.request->order) {
    values.push_back(page.rows->at(row, term.column));
  }
  const Result<std::string> text =
      call.core.parts.sealer.seal(page.request->context_digest, values);
  if (!text) return call.core.error(text.error(), call.field.arena);
  return Datum::of_text(call.field.arena.keep(*text));
}

Datum list_of(const Call& call, const Page& page, bool edges) {
  const DatasetPlan& plan = call.core.plan(page.request->dataset);
  Datum* items = call.field.arena.array<Datum>(page.count);
  for (std::size_t i = 0; i < page.count; ++i) {
    const std::size_t row = page.begin + i;
    items[i] = edges ? Datum::of_object({.type = plan.edge, .data = &page, .index = row})
                     : Datum::of_object({.type = plan.type, .data = page.rows, .index = row});
  }
  return Datum::of_list(items, static_cast<std::uint32_t>(page.count));
}

Datum page_part(const Call& call, const Page& page, std::size_t row) {
  const PageRequest& request = *page.request;
  switch (call.plan.kind) {
    case FieldKind::edges:
      return list_of(call, page, true);
    case FieldKind::nodes:
      return list_of(call, page, false);
    case FieldKind::page_info:
      return Datum::of_object({.type = call.core.parts.page_info, .data = &page});
    case FieldKind::node:
      return Datum::of_object(
          {.type = call.core.plan(request.dataset).type, .data = page.rows, .index = row});
    case FieldKind::cursor:
      return cursor_of(call, page, row);
    case FieldKind::has_next:
      return Datum::of_bool(request.backward ? !request.before.empty() : page.more);
    case FieldKind::has_previous:
      return Datum::of_bool(request.backward ? page.more : !request.after.empty());
    case FieldKind::start_cursor:
      return page.count == 0 ? Datum{} : cursor_of(call, page, page.begin);
    case FieldKind::end_cursor:
      return page.count == 0 ? Datum{} : cursor_of(call, page, page.begin + page.count - 1);
    default:
      return {};
  }
}

// Counts for all pages of one request: one statement, grouped by parent for relations.
Result<std::unordered_map<std::string, std::int64_t>> count_rows(const Call& call,
                                                                 const PageRequest& request) {
  Session::Core& core = call.core;
  std::unordered_map<std::string, std::int64_t> counts;
  MC_TRY(Grant * grant, core.enter(request.dataset, Use::aggregate));
  if (!grant->may.aggregates) return fail(Code::denied, "totalCount needs the right to aggregate");
  MC_TRY_OK(check_usable(request.filter, *grant));
  MC_TRY(const GrantedConnection on, core.reader(request.dataset, Use::aggregate));
  TenantQuery query(core.tenant, core.plan(request.dataset).sql(on.dialect()));
  TenantQuery::Parts parts;
  parts.list = "COUNT(*)";
  parts.where = render(request.filter, query);
  const Column* remote = request.remote < 0 ? nullptr : &query.column(request.remote);
  if (remote != nullptr) {
    std::vector<const Cell*> keys;
    for (const Cell& parent : request.parents) keys.push_back(&parent);
    if (keys.empty()) return counts;
    parts.list += ", " + read_expression(*remote, query.dialect());
    parts.where += (parts.where.empty() ? "" : " AND ") +
                   in_json_list(*remote, query.dialect(), query.bind(json_list(keys)));
    parts.group = sql::quoted(remote->column);
  }
  MC_TRY_OK(core.run(on, std::move(query).select(parts), [&](const sql::Rows& row) {
    const Cell key = remote == nullptr ? Cell{} : read_cell(*remote, row, 1, call.field.arena);
    counts[std::string(key.key())] = row.integer(0);
    return ok();
  }));
  return counts;
}

}  // namespace

void resolve_list(const Call& call) {
  const Result<Page*> page = read_root_page(call);
  if (!page) return call.all(call.core.error(page.error(), call.field.arena));
  call.all(Datum::of_object({.type = call.core.plan(call.plan.dataset).connection, .data = *page}));
}

void resolve_relation_many(const Call& call) {
  const Status status = resolve_children(call);
  if (!status) call.all(call.core.error(status.error(), call.field.arena));
}

void resolve_page_part(const Call& call) {
  for (std::size_t i = 0; i < call.parents.size(); ++i) {
    const auto& page = *static_cast<const Page*>(call.parents[i].data);
    call.out[i] = page_part(call, page, call.parents[i].index);
  }
}

void resolve_total_count(const Call& call) {
  if (call.parents.empty()) return;
  const auto& first = *static_cast<const Page*>(call.parents[0].data);
  const auto counts = count_rows(call, *first.request);
  if (!counts) return call.all(call.core.error(counts.error(), call.field.arena));
  for (std::size_t i = 0; i < call.parents.size(); ++i) {
    const auto& page = *static_cast<const Page*>(call.parents[i].data);
    const bool absent = page.parent != nullptr && page.parent->kind == Cell::Kind::null;
    const std::string key(page.parent == nullptr ? std::string_view() : page.parent->key());
    const auto found = counts->find(key);
    call.out[i] = Datum::of_int(found == counts->end() || absent ? 0 : found->second);
  }
}

}  // namespace mc::dataset
