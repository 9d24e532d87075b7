#include "dataset/session.h"

#include <algorithm>
#include <chrono>

#include "dataset/core.h"

namespace mc::dataset {
namespace {

constexpr std::size_t kFaultsMax = 20;
constexpr std::size_t kRowsReservedMax = 1'000;

std::string_view graphql_code(Code code) {
  switch (code) {
    case Code::invalid:
      return "BAD_USER_INPUT";
    case Code::denied:
      return "FORBIDDEN";
    case Code::not_found:
      return "NOT_FOUND";
    case Code::conflict:
      return "CONFLICT";
    case Code::exhausted:
      return "LIMIT_EXCEEDED";
    case Code::corrupt:
    case Code::unavailable:
      break;
  }
  return "UNAVAILABLE";
}

}  // namespace

Result<Grant*> Session::Core::enter(int dataset, Use use) {
  const Dataset& described = *plan(dataset).dataset;
  const auto asked = std::find_if(entered.begin(), entered.end(), [&](const Entered& known) {
    return known.dataset == dataset && (known.use == use || options.gate == nullptr);
  });
  if (asked == entered.end()) {
    const auto ask = [&]() -> Result<Grant> {
      if (options.gate == nullptr) return Grant(described, dataset, options.may);
      MC_TRY(const DatasetAccess access, options.gate->enter(dataset, use));
      return Grant::make(described, dataset, access);
    };
    entered.push_back({dataset, use, ask()});
  }
  Result<Grant>& grant = asked == entered.end() ? entered.back().grant : asked->grant;
  if (!grant) return tl::unexpected<Error>(grant.error());
  return &*grant;
}

Result<GrantedConnection> Session::Core::reader(int dataset, Use use) {
  MC_TRY(Grant* const grant, enter(dataset, use));
  touch(dataset);
  const Reached reached{grant->dataset, use, use == Use::noised};
  const Result<std::size_t> where = source(dataset);
  if (!where) return tl::unexpected<Error>(after_failure(reached, where.error()));
  if (options.brief.on() && !connections.in_process(*where)) {
    return tl::unexpected<Error>(too_long());
  }
  Result<sql::Connection*> connection = connections.reader(*where, time_left());
  if (!connection) return tl::unexpected<Error>(after_failure(reached, connection.error()));
  return GrantedConnection(**connection, *grant);
}

Result<Session::Core::Change> Session::Core::begin_change(const FieldPlan& mutation) {
  MC_TRY(Grant * grant, enter(mutation.dataset, Use::write));
  if (!grant->may.writes) return fail(Code::denied, "this field needs the right to write");
  if (mutation.kind != FieldKind::remove) {
    MC_TRY(const Grant* const read, enter(mutation.dataset, Use::read));
    if (read->masks()) grant = &answers.emplace_back(Grant::both(*grant, *read));
  }
  touch(mutation.dataset);
  const Reached reached{grant->dataset, Use::write};
  const Result<std::size_t> where = source(mutation.dataset);
  if (!where) return tl::unexpected<Error>(after_failure(reached, where.error()));
  const Model& model = parts.model;
  Result<Writers::Lease> writer =
      connections.writers().borrow(model.placement(model.sources[*where]), time_left());
  if (!writer) return tl::unexpected<Error>(after_failure(reached, writer.error()));
  sql::Connection& connection = **writer;
  // The connection still has the limit of the last request that used it.
  MC_TRY_OK(limit_time(connection));
  Result<sql::Transaction> transaction = sql::Transaction::begin(connection);
  if (!transaction) return tl::unexpected<Error>(after_failure(reached, transaction.error()));
  return Change{std::move(*writer), std::move(*transaction), GrantedConnection(connection, *grant)};
}

Status Session::Core::commit(Change& change) {
  const Status committed = change.transaction.commit();
  if (committed) return ok();
  // A commit that fails has an unknown outcome; it is reported as such and never repeated here.
  static_cast<void>(after_failure(statement_of(change.connection, Use::write), committed.error()));
  return fail(Code::unavailable, "it is not known whether the change was stored; read it again");
}

Result<std::size_t> Session::Core::source(int dataset) const {
  const DatasetPlan& described = plan(dataset);
  for (const DatasetPlan::Placement& placement : described.placements) {
    if (!described.placed || placement.region == options.region) return placement.source;
  }
  return fail(Code::not_found, "source " + excerpt(described.dataset->source) +
                                   " has no placement in region '" + excerpt(options.region) + "'");
}

void Session::Core::touch(int dataset) {
  const std::string_view name = plan(dataset).dataset->name;
  if (std::find(report.datasets.begin(), report.datasets.end(), name) == report.datasets.end()) {
    report.datasets.push_back(name);
  }
}

Nanos Session::Core::time_left() const {
  if (options.deadline.nanos == INT64_MAX) return seconds(3600);
  return options.deadline - world.clock.mono();
}

Status Session::Core::limit_time(sql::Connection& connection) {
  Nanos left{};
  if (options.deadline.nanos != INT64_MAX) {
    left = time_left();
    if (left.count <= 0) {
      stop_code = "DEADLINE_EXCEEDED";
      return fail(Code::unavailable, "the time for this request is over");
    }
  }
  connection.set_statement_timeout(left);
  return ok();
}

Worked& Session::Core::worked(const Dataset* dataset) {
  for (Worked& one : report.worked) {
    if (one.dataset == dataset) return one;
  }
  return report.worked.emplace_back(Worked{.dataset = dataset});
}

Status Session::Core::before_statement(const GrantedConnection& on,
                                       const StatementView& statement) {
  MC_CHECK(statement.dataset == on.grant().dataset);
  sql::Connection& connection = *on.connection_;
  if (!stop_code.empty()) return fail(Code::unavailable, "the request has been stopped");
  if (report.statements >= options.limits.statements_max) {
    return fail(Code::exhausted, "the request needs more than " +
                                     std::to_string(options.limits.statements_max) + " reads");
  }
  if (options.brief.on()) {
    if (report.statements >= options.brief.statements) return tl::unexpected<Error>(too_long());
    if (limited != &connection) connection.set_step_limit(options.brief.steps);
    limited = &connection;
  }
  MC_TRY_OK(limit_time(connection));
  ++report.statements;
  const std::lock_guard lock(running_mutex);
  if (cancelled) {
    stop_code = "CANCELLED";
    return fail(Code::unavailable, "the request was cancelled");
  }
  running = &connection;
  return ok();
}

Error Session::Core::too_long() {
  report.too_long = true;
  stop_code = "UNAVAILABLE";
  return {Code::unavailable, "the request is too long for this thread"};
}

Error Session::Core::after_failure(const Reached& reached, const Error& error) {
  connections.end_views();
  if (options.brief.on()) return too_long();  // whoever runs it again finds the same failure
  if (report.faults.size() < kFaultsMax) {
    Fault& fault = report.faults.emplace_back(
        Fault{error, reached.dataset, reached.use, sql::wrong_region(error)});
    if (reached.hidden) {
      fault.error.what = "a statement over " + reached.dataset->name +
                         " failed; what the driver says of it might show what nobody may see";
    }
  }
  if (cancelled) {
    stop_code = "CANCELLED";
    return {Code::unavailable, "the request was cancelled"};
  }
  if (options.deadline.nanos != INT64_MAX && time_left().count <= 0) {
    stop_code = "DEADLINE_EXCEEDED";
    return {Code::unavailable, "the time for this request is over"};
  }
  return {Code::unavailable, "the data source did not answer"};
}

Status Session::Core::run(const GrantedConnection& on, const StatementView& statement,
                          const OnRow& on_row) {
  MC_TRY_OK(before_statement(on, statement));
  ++worked(statement.dataset).reads;
  Status status = ok();
  std::optional<Error> failed;  // of the database
  {
    Result<std::unique_ptr<sql::Rows>> rows =
        on.connection_->query(statement.text, statement.params);
    if (!rows) failed = rows.error();
    while (status && !failed) {
      const Result<bool> more = (*rows)->next();
      if (!more) {
        failed = more.error();
      } else if (!*more) {
        break;
      } else if (cancelled) {
        // An interrupt that came between the check and the first step has hit nothing.
        failed = Error{Code::unavailable, "cancelled"};
      } else if (++report.rows > options.limits.rows_max) {
        status = fail(Code::exhausted, "the request reads more than " +
                                           std::to_string(options.limits.rows_max) + " rows");
      } else if (options.brief.on() &&
                 (report.rows > options.brief.rows || report.bytes > options.brief.bytes)) {
        status = tl::unexpected<Error>(too_long());
      } else {
        status = on_row(**rows);
      }
    }
  }
  {
    const std::lock_guard lock(running_mutex);
    running = nullptr;
  }
  // Ends views, and with them perhaps the connection: nothing may use it any more.
  if (failed) return tl::unexpected<Error>(after_failure(statement_of(on, Use::read), *failed));
  return status;
}

Result<std::int64_t> Session::Core::write(const GrantedConnection& on,
                                          const StatementView& statement) {
  MC_TRY_OK(before_statement(on, statement));
  ++worked(statement.dataset).writes;
  const Reached reached = statement_of(on, Use::write);
  Result<std::int64_t> changed = on.connection_->execute(statement.text, statement.params);
  {
    const std::lock_guard lock(running_mutex);
    running = nullptr;
  }
  if (changed) return changed;
  if (changed.error().code == Code::conflict) return fail(Code::conflict, "");
  if (changed.error().code == Code::invalid) {
    static_cast<void>(after_failure(reached, changed.error()));
    return fail(Code::invalid, "the data source refuses these values");
  }
  return tl::unexpected<Error>(after_failure(reached, changed.error()));
}

RowShape::RowShape(const Dataset& described, std::vector<int> read)
    : columns(std::move(read)), slot_of(described.columns.size(), -1) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    slot_of[static_cast<std::size_t>(columns[i])] = static_cast<int>(i);
  }
}

const RowShape* Session::Core::keep_shape(int dataset, std::vector<int> columns) {
  return &shapes.emplace_back(*plan(dataset).dataset, std::move(columns));
}

Result<RowSet*> Session::Core::read(const GrantedConnection& on, const StatementView& statement,
                                    const Reading& reading) {
  const std::vector<Column>& described = on.grant().dataset->columns;
  const std::vector<int>& columns = reading.shape->columns;
  RowSet& rows = row_sets.emplace_back();
  rows.shape = reading.shape;
  rows.grant = &on.grant();
  rows.cells.reserve(std::min(statement.rows_expected, kRowsReservedMax) * columns.size());
  const auto keep = [&](const sql::Rows& row) -> Status {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Column& column = described[static_cast<std::size_t>(columns[i])];
      rows.cells.push_back(read_cell(column, row, static_cast<int>(i), *reading.arena));
      report.bytes += 8 + rows.cells.back().text.size();
    }
    ++rows.count;
    if (report.bytes <= options.limits.bytes_max) return ok();
    stop_code = "RESPONSE_TOO_LARGE";
    return fail(Code::exhausted, "the request reads more than " +
                                     std::to_string(options.limits.bytes_max) + " bytes");
  };
  MC_TRY_OK(run(on, statement, std::cref(keep)));
  return &rows;
}

std::vector<int> Session::Core::columns_for(const graphql::Selected* selected, int dataset,
                                            std::vector<int> extra) const {
  if (selected != nullptr) {
    const std::vector<graphql::Selected::Item>& items = selected->of(plan(dataset).type);
    extra.reserve(extra.size() + items.size());
    for (const graphql::Selected::Item& item : items) {
      const FieldPlan& field = parts.field(*item.field);
      if (field.kind == FieldKind::column) extra.push_back(field.index);
      if (field.kind == FieldKind::relation_one || field.kind == FieldKind::relation_many) {
        extra.push_back(parts.relation(field).local);
      }
    }
  }
  if (extra.empty()) extra.push_back(plan(dataset).key);
  std::sort(extra.begin(), extra.end());
  extra.erase(std::unique(extra.begin(), extra.end()), extra.end());
  return extra;
}

graphql::Datum Session::Core::error(const Error& error, graphql::Arena& arena) const {
  const std::string_view code = stop_code.empty() ? graphql_code(error.code) : stop_code;
  return graphql::Datum::of_error(arena.keep(error.what), code);
}

graphql::Datum Session::Core::datum(const Column& column, const Cell& cell, graphql::Arena& arena) {
  using graphql::Datum;
  switch (cell.kind) {
    case Cell::Kind::null:
      return {};
    case Cell::Kind::boolean:
      return Datum::of_bool(cell.integer != 0);
    case Cell::Kind::integer:
      if (column.type == ColumnType::id) {
        return Datum::of_text(arena.keep(std::to_string(cell.integer)));
      }
      return Datum::of_int(cell.integer);
    case Cell::Kind::real:
      return Datum::of_real(cell.real);
    case Cell::Kind::text:
      break;
    case Cell::Kind::bad:
      return Datum::of_error("the stored value is not of the type of this field", "UNAVAILABLE");
  }
  if (column.type != ColumnType::json) return Datum::of_text(cell.text);
  Result<json::Value> value = json::parse(cell.text);
  if (!value) return Datum::of_error("the stored value is not JSON", "UNAVAILABLE");
  return Datum::of_json(&json_values.emplace_back(std::move(*value)));
}

std::string read_list(const TenantQuery& query, const std::vector<int>& columns) {
  constexpr std::size_t kUsualBytes = 24;  // of a column
  std::string list;
  list.reserve(columns.size() * kUsualBytes);
  for (const int column : columns) {
    if (!list.empty()) list += ", ";
    list += query.names(column).read;
  }
  return list;
}

Session::Session(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::make(const Catalog& catalog, TenantId tenant,
                                               ConnectionSet& connections, SessionWorld world,
                                               SessionOptions options) {
  if (tenant.get().empty()) return fail(Code::denied, "a session needs a tenant");
  return std::unique_ptr<Session>(new Session(std::make_unique<Core>(
      catalog.parts(), std::move(tenant), connections, world, std::move(options))));
}

PrivateResult Session::answer(PrivateCall call) {
  return core_->answer_privately(std::move(call));
}

Result<json::Value> Session::check(const PrivateCall& call) {
  return core_->check_private(call);
}

void Session::cancel() {
  const std::lock_guard lock(core_->running_mutex);
  core_->cancelled = true;
  if (core_->running != nullptr) core_->running->interrupt();
}

const SessionReport& Session::report() const {
  return core_->report;
}

}  // namespace mc::dataset
