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

Result<sql::Connection*> Session::Core::reader(int dataset) {
  touch(dataset);
  const Result<std::size_t> where = source(dataset);
  if (!where) return tl::unexpected<Error>(after_failure(where.error()));
  if (options.brief.on() && !connections.in_process(*where)) {
    return tl::unexpected<Error>(too_long());
  }
  Result<sql::Connection*> connection = connections.reader(*where, time_left());
  if (!connection) return tl::unexpected<Error>(after_failure(connection.error()));
  return connection;
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

Status Session::Core::before_statement(sql::Connection& connection) {
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

Error Session::Core::after_failure(const Error& error) {
  connections.end_views();
  if (options.brief.on()) return too_long();  // whoever runs it again finds the same failure
  if (report.faults.size() < kFaultsMax) report.faults.push_back(error);
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

Status Session::Core::run(sql::Connection& connection, const StatementView& statement,
                          const OnRow& on_row) {
  MC_TRY_OK(before_statement(connection));
  Status status = ok();
  {
    Result<std::unique_ptr<sql::Rows>> rows = connection.query(statement.text, statement.params);
    if (!rows) status = tl::unexpected<Error>(after_failure(rows.error()));
    while (status) {
      const Result<bool> more = (*rows)->next();
      if (!more) {
        status = tl::unexpected<Error>(after_failure(more.error()));
      } else if (!*more) {
        break;
      } else if (cancelled) {
        // An interrupt that came between the check and the first step has hit nothing.
        status = tl::unexpected<Error>(after_failure({Code::unavailable, "cancelled"}));
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
  const std::lock_guard lock(running_mutex);
  running = nullptr;
  return status;
}

Result<std::int64_t> Session::Core::write(sql::Connection& connection,
                                          const StatementView& statement) {
  MC_TRY_OK(before_statement(connection));
  Result<std::int64_t> changed = connection.execute(statement.text, statement.params);
  {
    const std::lock_guard lock(running_mutex);
    running = nullptr;
  }
  if (changed) return changed;
  if (changed.error().code == Code::conflict) return fail(Code::conflict, "");
  if (changed.error().code == Code::invalid) {
    static_cast<void>(after_failure(changed.error()));
    return fail(Code::invalid, "the data source refuses these values");
  }
  return tl::unexpected<Error>(after_failure(changed.error()));
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

Result<RowSet*> Session::Core::read(sql::Connection& connection, const StatementView& statement,
                                    const Reading& reading) {
  const std::vector<Column>& described = plan(reading.dataset).dataset->columns;
  const std::vector<int>& columns = reading.shape->columns;
  RowSet& rows = row_sets.emplace_back();
  rows.shape = reading.shape;
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
  MC_TRY_OK(run(connection, statement, std::cref(keep)));
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

void Session::cancel() {
  const std::lock_guard lock(core_->running_mutex);
  core_->cancelled = true;
  if (core_->running != nullptr) core_->running->interrupt();
}

const SessionReport& Session::report() const {
  return core_->report;
}

}  // namespace mc::dataset
