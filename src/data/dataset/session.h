// Reading and writing a model's tables for one tenant, behind graphql::execute().
//
//   auto catalog = Catalog::make(model, {.cursor_key = key});        // once, shared by threads
//   Writers writers(drivers, catalog->model());                      // once, shared by threads
//   ConnectionSet connections(drivers, catalog->model(), writers);   // one a worker thread
//   auto session = Session::make(*catalog, tenant, connections, {clock, random}, options);
//   auto result = graphql::execute(catalog->schema(), request, **session, clock);
//
// A session reads each relation of a level with one statement, however many parents there are
// (totalCount of a relation costs one more). Errors become GraphQL errors with these codes:
// BAD_USER_INPUT, FORBIDDEN, NOT_FOUND, CONFLICT, LIMIT_EXCEEDED, RESPONSE_TOO_LARGE,
// DEADLINE_EXCEEDED, CANCELLED, UNAVAILABLE. Their text never shows a row, a table or a driver's
// message; those are in report().faults, for the log. What a driver says of a statement over a
// dataset with masked columns is nowhere, as it might quote their values; that its server stands
// in another region is told all the same.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/access.h"       // IWYU pragma: export
#include "dataset/connections.h"  // IWYU pragma: export
#include "dataset/model.h"
#include "dataset/private.h"  // IWYU pragma: export
#include "graphql/graphql.h"
#include "sys/sys.h"

namespace mc::dataset {

struct CatalogOptions {
  // Authenticates and hides the contents of page cursors; at least 16 bytes. Servers that share
  // cursors share it.
  Secret cursor_key;
};

// The checked model and its compiled schema. Immutable; any number of threads.
class Catalog {
 public:
  static Result<std::unique_ptr<const Catalog>> make(Model model, CatalogOptions options);
  ~Catalog();
  const Model& model() const;
  const graphql::Schema& schema() const;
  const std::string& sdl() const;

  struct Parts;  // private to the module
  const Parts& parts() const { return *parts_; }

 private:
  explicit Catalog(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

struct SessionLimits {
  std::size_t rows_max = 20'000;       // read in one request
  std::size_t bytes_max = 16 << 20;    // of values read in one request
  std::size_t statements_max = 200;    // of one request
  std::size_t filter_terms_max = 100;  // comparisons and and/or/not of one filter
  std::size_t filter_depth_max = 8;
  std::size_t in_list_max = 200;
  std::size_t order_terms_max = 6;
  std::size_t text_bytes_max = 64 << 10;  // of one bound text
  std::size_t groups_max = 1'000;         // rows of one groups(by:)
  std::size_t private_max = 50;           // private answers of one request
};

// What a session may use of a thread that other requests wait for. Past it the session ends with
// report().too_long, and what it read is of no use: run it again where there is time. All 0 = off.
struct BriefLimits {
  std::int64_t steps = 0;  // of all statements of a source (sql::Connection::set_step_limit)
  std::size_t rows = 0;
  std::size_t statements = 0;
  std::size_t bytes = 256 << 10;  // of values
  bool on() const { return steps > 0; }
};

struct SessionOptions {
  Capabilities may{};           // without a gate
  DatasetGate* gate = nullptr;  // asked about each dataset; null = all may be seen
  MonoTime deadline{INT64_MAX};
  SessionLimits limits{};
  std::string region = {};  // of the tenant; chooses among the placements of a source
  BriefLimits brief{};
  // Gives the answers of personsDP; null = there are none. No brief session asks it.
  PrivateAnswers* private_answers = nullptr;
  PrivateCaller private_caller = {};
  // Credits of the request as it is priced before it runs, for quotes; null = nothing is priced.
  std::function<std::optional<std::int64_t>()> credits = {};
};

// The seams a session needs.
struct SessionWorld {
  sys::Clock& clock;
  sys::Random& random;  // generated keys of create mutations
};

// Statements of a session over one dataset.
struct Worked {
  const Dataset* dataset = nullptr;  // of the catalog's model
  std::size_t reads = 0, writes = 0;
};

// A failure of a database.
struct Fault {
  Error error;                       // for the log
  const Dataset* dataset = nullptr;  // that was reached for; of the catalog's model
  Use use = Use::read;
  std::string region = {};  // where the server says that it is, when that is why (sql/sql.h)
};

// What became of the private answers of a session; what they read is nowhere in its report.
struct PrivateReport {
  std::size_t asked = 0;           // of PrivateAnswers
  std::size_t refused = 0;         // by the budget
  bool waiting_helps = true;       // all those that were refused
  std::int64_t retry_after_s = 0;  // the largest of them
};

struct SessionReport {
  std::size_t statements = 0;
  std::size_t rows = 0;
  std::size_t bytes = 0;
  bool too_long = false;                   // for SessionOptions::brief
  std::vector<std::string_view> datasets;  // touched, in order of first use; names of the catalog
  std::vector<Worked> worked;              // those with statements that began
  std::vector<std::string> dropped;        // "person.email": asked for, and masked with `drop`
  std::vector<Fault> faults;               // at most 20
  PrivateReport private_answers;
};

// One request of one tenant. Used by one thread; cancel() may be called by any.
class Session final : public graphql::Resolver {
 public:
  // `denied` when the tenant is empty: there is no session without a tenant.
  static Result<std::unique_ptr<Session>> make(const Catalog& catalog, TenantId tenant,
                                               ConnectionSet& connections, SessionWorld world,
                                               SessionOptions options = {});
  ~Session() override;
  void resolve(const graphql::FieldCall& call, std::span<const graphql::Object> parents,
               std::span<graphql::Datum> out) override;
  // What a field of personsDP does, for whoever has the question in another form: asks the gate,
  // checks the call, makes its filter canonical and has it answered. Tenant and caller are those
  // of the session, whatever the call says; `where` is as in GraphQL, and may be null.
  PrivateResult answer(PrivateCall call);
  // The same up to the answer, for a quote: gives the canonical filter. Reads no data.
  Result<json::Value> check(const PrivateCall& call);
  // Interrupts the running statement; later ones fail at once with CANCELLED. Repeatable.
  void cancel();
  const SessionReport& report() const;

  struct Core;  // private to the module

 private:
  explicit Session(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

// Looks at the real tables: they exist, have the columns, and every unique index of a writable
// dataset begins with the tenant column (otherwise a conflict would tell of other tenants' rows).
Status check_tables(const Model& model, ConnectionSet& connections);

}  // namespace mc::dataset
