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

#include "dataset/guard.h"
#include "dataset/key_index.h"
#include "dataset/plan.h"
#include "dataset/private_where.h"
#include "dataset/rows.h"
#include "dataset/session.h"
#include "dataset/tenant_query.h"
#include "dataset/value.h"

namespace mc::dataset {

struct Session::Core {
  Core(const Catalog::Parts& p, TenantId t, ConnectionSet& c, SessionWorld w, SessionOptions o)
      : parts(p), tenant(std::move(t)), world(w), options(std::move(o)), connections(c) {}

  const Catalog::Parts& parts;
  const TenantId tenant;
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
  std::list<AnsweredPrivately> answered;
  std::list<json::Object> extensions;  // of errors

  // The codes that Code has no word for; the first one ends the request.
  std::string_view stop_code;
  std::atomic<bool> cancelled = false;
  std::mutex running_mutex;
  sql::Connection* running = nullptr;
  sql::Connection* limited = nullptr;  // that counts the steps of a brief session

  const DatasetPlan& plan(int dataset) const { return parts.dataset(dataset); }
  // What the gate says, asked at the first call for a dataset and use; it keeps its address.
  Result<Grant*> enter(int dataset, Use use);
  Result<GrantedConnection> reader(int dataset, Use use = Use::read);
  // The writing connection of a mutation's dataset, in a transaction. One that answers with the
  // row has the masks of both uses.
  struct Change {
    Writers::Lease lease;
    sql::Transaction transaction;
    GrantedConnection connection;
  };
  Result<Change> begin_change(const FieldPlan& mutation);
  Status commit(Change& change);

  // Runs one statement; `on_row` gets each row. Counts against the limits of the session.
  using OnRow = std::function<Status(const sql::Rows&)>;
  Status run(const GrantedConnection& on, const StatementView& statement, const OnRow& on_row);
  // The same for a write; gives the number of rows changed. `conflict` is passed on.
  Result<std::int64_t> write(const GrantedConnection& on, const StatementView& statement);

  // private.cc. Runs a statement of which the report tells that it ran, and nothing more. Every
  // failure but on_row's has one text.
  Status run_unseen(const GrantedConnection& on, const StatementView& statement,
                    const OnRow& on_row);
  // What has to be true of a call before it is answered; gives its canonical filter.
  Result<json::Value> check_private(const PrivateCall& call);
  // Asks the planner; `where` of the call may be anything.
  PrivateResult answer_privately(PrivateCall call);

  // Reads rows of this shape into a new RowSet, which keeps its address. The shape must live as
  // long as the session: keep_shape().
  struct Reading {
    const RowShape* shape = nullptr;
    graphql::Arena* arena = nullptr;
  };
  Result<RowSet*> read(const GrantedConnection& on, const StatementView& statement,
                       const Reading& reading);
  const RowShape* keep_shape(int dataset, std::vector<int> columns);
  // The columns that fields of the selection need, and `extra`; sorted, never empty.
  std::vector<int> columns_for(const graphql::Selected* selected, int dataset,
                               std::vector<int> extra = {}) const;

  graphql::Datum error(const Error& error, graphql::Arena& arena) const;
  // A value as the grant shows it.
  graphql::Datum show(Grant& grant, int column, const Cell& cell, graphql::Arena& arena) {
    if (grant.masks()) return masked(grant, column, cell, arena);
    return datum(grant.dataset->columns[static_cast<std::size_t>(column)], cell, arena);
  }

 private:
  struct Entered {
    int dataset;
    Use use;
    Result<Grant> grant;
  };

  graphql::Datum datum(const Column& column, const Cell& cell, graphql::Arena& arena);
  graphql::Datum masked(Grant& grant, int column, const Cell& cell, graphql::Arena& arena);
  Result<std::size_t> source(int dataset) const;  // of Model::sources, with the tenant's rows
  Nanos time_left() const;
  // Gives what is left of the request's time to the next statements of a connection.
  Status limit_time(sql::Connection& connection);
  void touch(int dataset);  // notes it in the report
  Worked& worked(const Dataset* dataset);
  // What a session did when a database failed. `hidden`: what the driver says is told to nobody.
  struct Reached {
    const Dataset* dataset;
    Use use;
    bool hidden = false;
  };
  static Reached statement_of(const GrantedConnection& on, Use use) {
    return {on.grant().dataset, use, on.grant().masks() || use == Use::noised};
  }
  // Keeps a driver's error for the log; gives what the caller may see.
  Error after_failure(const Reached& reached, const Error& error);
  Error too_long();  // ends a brief session
  Status before_statement(const GrantedConnection& on, const StatementView& statement);

  ConnectionSet& connections;
  std::list<Entered> entered;
  std::list<Grant> answers;  // of mutations that answer with the row
  std::string mask_text;     // room for the next masked value
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
void resolve_private(const Call& call);
void resolve_private_part(const Call& call);
void resolve_private_sql(const Call& call);
void resolve_private_queued(const Call& call);

// The values of a local column of the parents; the different ones that are not null; those as a
// JSON array for in_json_list.
std::vector<const Cell*> parent_cells(const Call& call, int local);
std::vector<const Cell*> distinct(const std::vector<const Cell*>& cells, KeyIndex& index);
std::string json_list(const std::vector<const Cell*>& cells);

// Reads one row by key for a selection; null when the tenant has none.
Result<const RowSet*> read_by_key(Session::Core& core, const GrantedConnection& on,
                                  const sql::Param& key, const graphql::FieldCall& field);
// The key argument as a parameter; nullopt when no row can have it.
Result<std::optional<sql::Param>> key_param(const Session::Core& core, const GrantedConnection& on,
                                            const json::Object& arguments);

// paging.cc: the arguments of a connection field, checked.
Result<PageRequest*> make_page_request(const Call& call, const GrantedConnection& on, int remote);
std::string render_order(const PageRequest& request, const TenantQuery& query);
// The filter and the cursors of a request as one condition; "" = none.
std::string render_where(const PageRequest& request, TenantQuery& query);
// Columns that cursors need, when the selection asks for cursors.
std::vector<int> cursor_columns(const Call& call, const PageRequest& request);

}  // namespace mc::dataset
