// The inside of a Session: what was read, and the one place where statements run.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataset/filter.h"
#include "dataset/key_index.h"
#include "dataset/plan.h"
#include "dataset/session.h"
#include "dataset/tenant_query.h"
#include "dataset/value.h"

namespace mc::dataset {

// Which columns of a dataset a statement reads.
struct RowShape {
  RowShape(const Dataset& described, std::vector<int> read);
  std::vector<int> columns;  // model indices, in the order of the statement
  std::vector<int> slot_of;  // by model index: position in `columns`, -1 = not read
};

// The rows of one statement, row-major.
struct RowSet {
  const RowShape* shape = nullptr;
  std::vector<Cell> cells;
  std::size_t count = 0;

  const Cell& at(std::size_t row, int column) const {
    const auto slot = static_cast<std::size_t>(shape->slot_of[static_cast<std::size_t>(column)]);
    return cells[row * shape->columns.size() + slot];
  }
};

struct OrderTerm {
  int column = -1;
  bool descending = false;
};

// One connection field as asked: shared by the pages of all its parents.
struct PageRequest {
  int dataset = -1;
  int remote = -1;               // relation: the column that holds the parent's value; -1 = root
  std::vector<OrderTerm> order;  // ends with the key
  Condition filter;
  std::int64_t size = 0;
  bool backward = false;
  std::vector<Cell> after, before;  // values of `order`; empty = none
  std::string context_digest;       // of cursors
  std::vector<Cell> parents;        // distinct parent values of a relation
};

// A window of a RowSet.
struct Page {
  const PageRequest* request = nullptr;
  const RowSet* rows = nullptr;
  std::size_t begin = 0;
  std::size_t count = 0;
  bool more = false;  // rows beyond the window, in its direction
  const Cell* parent = nullptr;
};

// Results of COUNT, SUM ... of one set of rows.
struct AggregateRow {
  int dataset = -1;
  const Condition* filter = nullptr;  // for groups
  std::int64_t count = 0;
  Cell key;  // of a group
  int key_column = -1;
  std::vector<Cell> numbers;  // by function * columns + column
};

struct Session::Core {
  Core(const Catalog::Parts& p, TenantId t, ConnectionSet& c, SessionWorld w, SessionOptions o)
      : parts(p), tenant(std::move(t)), connections(c), world(w), options(std::move(o)) {}

  const Catalog::Parts& parts;
  const TenantId tenant;
  ConnectionSet& connections;
  SessionWorld world;
  SessionOptions options;
  SessionReport report;

  // Stable addresses: objects given to the executor point here. Lists, because most stay empty.
  std::list<RowShape> shapes;  // of row sets; those of kept statements live with them
  std::list<RowSet> row_sets;
  std::list<PageRequest> requests;
  std::list<Page> pages;
  std::list<AggregateRow> aggregates;
  std::list<Condition> conditions;
  std::list<json::Value> json_values;

  // The codes that Code has no word for; the first one ends the request.
  std::string_view stop_code;
  std::atomic<bool> cancelled = false;
  std::mutex running_mutex;
  sql::Connection* running = nullptr;
  sql::Connection* limited = nullptr;  // that counts the steps of a brief session

  const DatasetPlan& plan(int dataset) const { return parts.dataset(dataset); }
  Result<std::size_t> source(int dataset) const;  // of Model::sources, with the tenant's rows
  Result<sql::Connection*> reader(int dataset);
  Nanos time_left() const;
  // Gives what is left of the request's time to the next statements of a connection.
  Status limit_time(sql::Connection& connection);

  // Runs one statement; `on_row` gets each row. Counts against the limits of the session.
  using OnRow = std::function<Status(const sql::Rows&)>;
  Status run(sql::Connection& connection, const StatementView& statement, const OnRow& on_row);
  // The same for a write; gives the number of rows changed. `conflict` is passed on.
  Result<std::int64_t> write(sql::Connection& connection, const StatementView& statement);

  // Reads rows of this shape into a new RowSet, which keeps its address. The shape must live as
  // long as the session: keep_shape().
  struct Reading {
    int dataset = -1;
    const RowShape* shape = nullptr;
    graphql::Arena* arena = nullptr;
  };
  Result<RowSet*> read(sql::Connection& connection, const StatementView& statement,
                       const Reading& reading);
  const RowShape* keep_shape(int dataset, std::vector<int> columns);
  // The columns that fields of the selection need, and `extra`; sorted, never empty.
  std::vector<int> columns_for(const graphql::Selected* selected, int dataset,
                               std::vector<int> extra = {}) const;

  graphql::Datum error(const Error& error, graphql::Arena& arena) const;
  graphql::Datum datum(const Column& column, const Cell& cell, graphql::Arena& arena);
  void touch(int dataset);  // notes it in the report
  // Keeps a driver's error for the log; gives what the caller may see.
  Error after_failure(const Error& error);
  // Ends a brief session.
  Error too_long();

 private:
  Status before_statement(sql::Connection& connection);
};

// A select list of these columns.
std::string read_list(const TenantQuery& query, const std::vector<int>& columns);

// The parts of resolve(), a file each. All fill out[i] for parents[i].
struct Call {
  Session::Core& core;
  const graphql::FieldCall& field;
  const FieldPlan& plan;
  std::span<const graphql::Object> parents;
  std::span<graphql::Datum> out;

  void all(const graphql::Datum& datum) const { std::fill(out.begin(), out.end(), datum); }
};
void resolve_by_key(const Call& call);
void resolve_list(const Call& call);
void resolve_relation_one(const Call& call);
void resolve_relation_many(const Call& call);
void resolve_page_part(const Call& call);  // edges, nodes, pageInfo, cursors ...
void resolve_total_count(const Call& call);
void resolve_aggregate(const Call& call);
void resolve_aggregate_part(const Call& call);
void resolve_groups(const Call& call);
void resolve_mutation(const Call& call);

// The values of a local column of the parents; the different ones that are not null; those as a
// JSON array for in_json_list.
std::vector<const Cell*> parent_cells(const Call& call, int local);
std::vector<const Cell*> distinct(const std::vector<const Cell*>& cells, KeyIndex& index);
std::string json_list(const std::vector<const Cell*>& cells);

// Reads one row by key for a selection; null when the tenant has none.
Result<const RowSet*> read_by_key(Session::Core& core, sql::Connection& connection, int dataset,
                                  const sql::Param& key, const graphql::FieldCall& field);
// The key argument as a parameter; nullopt when no row can have it.
Result<std::optional<sql::Param>> key_param(const Session::Core& core, int dataset,
                                            sql::Dialect dialect, const json::Object& arguments);

// paging.cc: the arguments of a connection field, checked.
Result<PageRequest*> make_page_request(const Call& call, int dataset, int remote,
                                       sql::Dialect dialect);
std::string render_order(const PageRequest& request, const TenantQuery& query);
// The filter and the cursors of a request as one condition; "" = none.
std::string render_where(const PageRequest& request, TenantQuery& query);
// Columns that cursors need, when the selection asks for cursors.
std::vector<int> cursor_columns(const Call& call, const PageRequest& request);

}  // namespace mc::dataset
