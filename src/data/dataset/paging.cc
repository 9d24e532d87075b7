// Arguments of connection fields and the keyset conditions of cursors.
//
// One order for both dialects: missing values are the least, text compares bytewise, and the key
// comes last, so the order is total and a cursor names exactly one place in it.
#include "dataset/core.h"

namespace mc::dataset {
namespace {

const json::Value* given(const json::Object& arguments, std::string_view name) {
  const json::Value* value = arguments.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

// The key that ends an order which does not name it may be masked: it only breaks ties.
Status read_order(const Grant& grant, const json::Value* order, std::size_t terms_max,
                  std::vector<OrderTerm>& out) {
  const Dataset& dataset = *grant.dataset;
  const int key = dataset.column_index(dataset.key);
  if (order != nullptr) {
    const json::Array* items = order->as_array();
    if (items == nullptr) return fail(Code::invalid, "order: must be a list");
    if (items->size() > terms_max) {
      return fail(Code::exhausted, "order: more than " + std::to_string(terms_max) + " terms");
    }
    for (const json::Value& item : *items) {
      const json::Value* field = item.find("field");
      const json::Value* direction = item.find("direction");
      const std::string* name = field == nullptr ? nullptr : field->as_string();
      const int column = name == nullptr ? -1 : dataset.column_index(*name);
      if (column < 0) return fail(Code::invalid, "order: unknown field");
      if (grant.masks()) MC_TRY_OK(grant.usable(column, "order." + *name));
      for (const OrderTerm& term : out) {
        if (term.column == column) return fail(Code::invalid, "order: " + *name + " twice");
      }
      const std::string* word = direction == nullptr ? nullptr : direction->as_string();
      out.push_back({column, word != nullptr && *word == "DESC"});
      // Nothing can stand behind the key: it is unique.
      if (column == key) return ok();
    }
  }
  out.push_back({key, false});
  return ok();
}

Status read_size(const Dataset& dataset, const json::Object& arguments, PageRequest& out) {
  const json::Value* first = given(arguments, "first");
  const json::Value* last = given(arguments, "last");
  if (first != nullptr && last != nullptr) {
    return fail(Code::invalid, "first and last exclude each other");
  }
  out.backward = last != nullptr;
  const json::Value* value = out.backward ? last : first;
  out.size = dataset.limits.first_default;
  if (value == nullptr) return ok();
  const std::string name = out.backward ? "last" : "first";
  const std::int64_t* number = value->as_int();
  if (number == nullptr || *number < 0) {
    return fail(Code::invalid, name + ": must not be negative");
  }
  if (*number > dataset.limits.first_max) {
    return fail(Code::exhausted, name + ": at most " + std::to_string(dataset.limits.first_max));
  }
  out.size = *number;
  return ok();
}

std::string order_signature(const Dataset& dataset, const std::vector<OrderTerm>& order) {
  std::string out;
  for (const OrderTerm& term : order) {
    out += dataset.columns[static_cast<std::size_t>(term.column)].name;
    out += term.descending ? '-' : '+';
  }
  return out;
}

// "value comes after the cursor's" for one term, in the direction wanted.
std::string beyond_one(TenantQuery& query, int column_index, bool descending, const Cell& value) {
  const Column& column = query.column(column_index);
  const std::string name = compare_expression(column, query.dialect());
  const std::string plain = sql::quoted(column.column);
  if (value.kind == Cell::Kind::null) return descending ? "1 = 0" : plain + " IS NOT NULL";
  const std::string place = operand(column, query.dialect(), query.bind(to_param(value)));
  if (!descending) return name + " > " + place;
  if (!column.nullable) return name + " < " + place;
  return "(" + name + " < " + place + " OR " + plain + " IS NULL)";
}

std::string equal_one(TenantQuery& query, int column_index, const Cell& value) {
  const Column& column = query.column(column_index);
  const std::string plain = sql::quoted(column.column);
  if (value.kind == Cell::Kind::null) return plain + " IS NULL";
  return plain + " = " + operand(column, query.dialect(), query.bind(to_param(value)));
}

// a > x OR (a = x AND (b > y OR (b = y AND c > z))), in each term's direction.
std::string beyond(TenantQuery& query, const std::vector<OrderTerm>& order,
                   const std::vector<Cell>& values, bool reverse) {
  std::string out;
  std::string closing;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool descending = order[i].descending != reverse;
    const bool last = i + 1 == order.size();
    out += "(" + beyond_one(query, order[i].column, descending, values[i]);
    closing += ")";
    if (last) break;
    out += " OR (" + equal_one(query, order[i].column, values[i]) + " AND ";
    closing += ")";
  }
  return out + closing;
}

Status open_cursor(const Call& call, const char* name, PageRequest& request,
                   std::vector<Cell>& out) {
  const json::Value* value = given(call.field.arguments, name);
  if (value == nullptr) return ok();
  const std::string* text = value->as_string();
  if (text == nullptr) return fail(Code::invalid, std::string(name) + ": must be a text");
  Result<std::vector<Cell>> cells = call.core.parts.sealer.open(
      request.context_digest, *text, request.order.size(), call.field.arena);
  if (!cells) return fail(Code::invalid, std::string(name) + ": " + cells.error().what);
  out = std::move(*cells);
  return ok();
}

// Cursors are bound to the tenant, the field of the schema, the order and the filter.
std::string context_digest(const Call& call, const Dataset& dataset, const PageRequest& request) {
  const Dataset& owner = *call.core.plan(call.plan.dataset).dataset;
  const std::string field = request.remote < 0 ? "Query." + call.field.field.name
                                               : owner.type + "." + call.field.field.name;
  const json::Value* filter = given(call.field.arguments, "filter");
  const std::string order = order_signature(dataset, request.order);
  const std::string filter_text = filter == nullptr ? "" : json::canonical(*filter);
  return CursorContext{call.core.tenant.get(), field, order, filter_text}.digest();
}

bool selects(const Call& call, const graphql::Selected* selected, graphql::TypeId type,
             std::initializer_list<FieldKind> kinds) {
  if (selected == nullptr) return false;
  for (const graphql::Selected::Item& item : selected->of(type)) {
    const FieldKind kind = call.core.parts.field(*item.field).kind;
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return true;
  }
  return false;
}

}  // namespace

Result<PageRequest*> make_page_request(const Call& call, const GrantedConnection& on, int remote) {
  const Dataset& described = *on.grant().dataset;
  const json::Object& arguments = call.field.arguments;
  PageRequest& request = call.core.requests.emplace_back();
  request.dataset = on.grant().index;
  request.remote = remote;
  MC_TRY_OK(read_size(described, arguments, request));
  MC_TRY_OK(read_order(on.grant(), given(arguments, "order"),
                       call.core.options.limits.order_terms_max, request.order));
  MC_TRY(request.filter, compile_filter(on, given(arguments, "filter"), call.core.options.limits));
  const bool cursors = given(arguments, "after") != nullptr ||
                       given(arguments, "before") != nullptr ||
                       !cursor_columns(call, request).empty();
  if (cursors) request.context_digest = context_digest(call, described, request);
  MC_TRY_OK(open_cursor(call, "after", request, request.after));
  MC_TRY_OK(open_cursor(call, "before", request, request.before));
  return &request;
}

std::string render_order(const PageRequest& request, const TenantQuery& query) {
  std::string out;
  for (const OrderTerm& term : request.order) {
    const Column& column = query.column(term.column);
    const bool descending = term.descending != request.backward;
    if (!out.empty()) out += ", ";
    out += compare_expression(column, query.dialect());
    if (descending) out += " DESC";
    // SQLite has missing values first by itself; PostgreSQL has to be told.
    if (query.dialect() == sql::Dialect::postgres && column.nullable) {
      out += descending ? " NULLS LAST" : " NULLS FIRST";
    }
  }
  return out;
}

std::string render_where(const PageRequest& request, TenantQuery& query) {
  std::string out = render(request.filter, query);
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : " AND ") + text; };
  if (!request.after.empty()) add(beyond(query, request.order, request.after, false));
  if (!request.before.empty()) add(beyond(query, request.order, request.before, true));
  return out;
}

std::vector<int> cursor_columns(const Call& call, const PageRequest& request) {
  const DatasetPlan& plan = call.core.plan(request.dataset);
  std::vector<int> columns;
  const graphql::Selected* selected = call.field.selected;
  if (selected == nullptr) return columns;
  bool wanted = false;
  for (const graphql::Selected::Item& item : selected->of(plan.connection)) {
    const FieldKind kind = call.core.parts.field(*item.field).kind;
    if (kind == FieldKind::edges) {
      wanted = wanted || selects(call, item.below, plan.edge, {FieldKind::cursor});
    } else if (kind == FieldKind::page_info) {
      wanted = wanted || selects(call, item.below, call.core.parts.page_info,
                                 {FieldKind::start_cursor, FieldKind::end_cursor});
    }
  }
  if (!wanted) return columns;
  for (const OrderTerm& term : request.order) columns.push_back(term.column);
  return columns;
}

}  // namespace mc::dataset
