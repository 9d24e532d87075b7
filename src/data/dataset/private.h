// Where differentially private answers come from: the seam between the datasets, which know
// tenants, gates, filters and tables, and the planner, which knows budgets, mechanisms and caches.
//
//   personsDP { count(where: {...}, groupBy: [country], epsilon: 0.1) { rows { key value } } }
//
// A session asks its gate for Use::noised, checks the arguments, brings the filter to its
// canonical form and calls PrivateAnswers::answer() once for each such field. Nothing has been
// read by then, and what is read is read through the RowScan of that call alone.
//
// Invariant: nothing leaves that tells of the rows but the answer: not how many were read, nor how
// long that took, nor what a database said. What RowScan reads is in no SessionReport, and its
// errors have one text. The number of a call's scans, which the planner decides on metadata, is
// the one thing that is told of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/access.h"
#include "dataset/model.h"
#include "json/json.h"
#include "sql/sql.h"

namespace mc::dataset {

enum class PrivateAggregate : std::uint8_t { count, sum, mean, quantile, histogram, top_k, units };
std::string_view private_name(PrivateAggregate aggregate);  // as in GraphQL: "count", "topK" ...

// Who asks; the session's caller has checked all of it.
struct PrivateCaller {
  std::string subject;  // of the token
  std::string purpose;  // "" = none was said
  std::string request;  // its id, for records
  // May leave a query to be run later: who asks is of this tenant, and can be looked up again.
  bool may_leave = false;
  std::string token = "";  // that was asked with; "" = a person's session
};

// One answer as it was asked for. Texts are as the caller wrote them: the planner reads, limits
// and refuses them. "" = was not given.
struct PrivateCall {
  TenantId tenant;
  PrivateCaller caller;
  int dataset = -1;  // of the model
  PrivateAggregate aggregate = PrivateAggregate::count;
  int of = -1;  // column of the model; count and units have none
  std::vector<int>
      group_by;  // columns of the model, each once; empty for quantile, histogram, topK
  // Checked and canonical (canonical_where); null = every row. Lives as long as the call.
  const json::Value* where = nullptr;
  std::string epsilon, mechanism, q, idempotency_key, quote;
  std::int64_t k = 0;        // of topK; bins of a histogram; 0 = was not given
  bool may_degrade = false;  // consent to more noise
  bool may_queue = false;    // consent to wait for the next window of the budget
  bool dry_run = false;      // the answer has a quote, and no rows: nothing is spent or read
  std::string queued;        // id of a query that waited: what became of it is asked
  std::string due;           // id of a query that waited, which is run now: the key of its charge
  bool canonical = false;    // `where` was brought to its canonical form before
};

// A call that was kept, without tenant and caller; call.where is null.
struct PrivateKept {
  PrivateCall call;
  json::Value where;  // null = every row
};

struct PrivateRow {
  std::vector<json::Value> key;  // one for each of group_by; topK, histogram: what the planner says
  std::string value;             // exact decimal
  std::optional<std::string> low, high;  // of the 95 % interval
};

// What a query would be, before it is run. Numbers are decimals.
struct PrivateQuote {
  std::string id;  // to run exactly that; "" when it would be refused
  std::string valid_until;
  std::string rmse, half_width;              // of one number: root mean square error; 95 % interval
  std::optional<std::int64_t> always_shown;  // groups of so many units, where keys are selected
  std::optional<std::string> remaining;      // epsilon of the budget that is nearest to its end
  std::optional<std::string> resets_at;
  std::optional<std::int64_t> queries_left;  // about so many such queries; none = no limit
  std::optional<std::string> nearest;        // the largest epsilon that would pass, when this does
                                             // not
  std::optional<std::string> queue_runs_at;  // when it would run, with consent to wait
  std::optional<std::int64_t> credits;  // of the request, when it is run; none = nothing is priced
};

// A query that waits for the next window of a budget, or has waited.
struct PrivateQueued {
  std::string id, state, runs_at, expires_at;
  std::string why;  // it was refused or failed; "" = it was not
};

struct PrivateAnswer {
  std::string release;  // its id; "" of a dry run
  std::string verdict;  // "ALLOW", "CACHED" ...
  std::string epsilon, delta, mechanism, snapshot;
  std::vector<PrivateRow> rows;  // in an order that tells nothing of the data beyond the values
  std::optional<PrivateQuote> quote = {};  // of a dry run
  std::optional<PrivateQueued> queued = {};
};

// A query that was written in another form than GraphQL, by names.
struct PrivateQuestion {
  std::string dataset;  // its name or plural
  PrivateAggregate aggregate = PrivateAggregate::count;
  std::string of;  // column; "" for a count
  std::vector<std::string> group_by;
  json::Value where;  // a filter as GraphQL has it; null = none
  std::string q;      // decimal, of a quantile
  std::int64_t k = 0;
  bool operator==(const PrivateQuestion&) const = default;
};

// A refusal is a GraphQL error with these extensions beside its code.
struct PrivateRefusal {
  Error error;              // its text is for the caller; its retry_after_s too
  std::string code;         // "DP_BUDGET_EXHAUSTED"; "" = from the code of the error
  json::Object extensions;  // "remaining", "windowReset" ...; never "code"
  // The budget refuses. A request that fails by such refusals alone is answered 429 with the
  // largest error.retry_after_s when all have one, and 403 otherwise: waiting does not help.
  bool budget = false;
};
using PrivateResult = tl::expected<PrivateAnswer, PrivateRefusal>;

// Rows that one scan reads at most; past it the scan fails, as any failure does.
inline constexpr std::int64_t kPrivateRowsMax = 20'000'000;

// The rows of the call's dataset and tenant, one by one. Used by the thread of the call, while it
// lasts. Numbers of SQLite are integers and reals; PostgreSQL gives all but booleans as text, so
// that decimals stay exact and no row fails a cast. A boolean is an integer 0 or 1.
class RowScan {
 public:
  virtual ~RowScan() = default;
  // Asks the gate and reaches the database, and sends it nothing: what fails here tells of no row,
  // so it need not be paid for. scan() does it as well.
  virtual Status prepare() = 0;
  // Values of `columns` in that order, borrowed until it returns. An error ends the scan and is
  // passed on.
  using OnRow = std::function<Status(std::span<const sql::Rows::Value>)>;
  // `columns`: the unit, and columns of DatasetPrivacy (others: `denied`). `where`: the call's, or
  // another that is checked as it; null = every row. Rows come in no particular order. Every
  // failure but on_row's, and a filter that is not allowed, is `unavailable` with one text, or
  // tells that the request was cancelled or is late.
  virtual Status scan(std::span<const int> columns, const json::Value* where,
                      const OnRow& on_row) = 0;
};

// Implemented by the planner. Any number of threads, one call each.
class PrivateAnswers {
 public:
  virtual ~PrivateAnswers() = default;
  virtual PrivateResult answer(const PrivateCall& call, RowScan& rows) = 0;
  // `invalid` names the place.
  virtual Result<PrivateQuestion> read_sql(std::string_view sql) const = 0;
  // What a query asks that this caller has left to be run later. `not_found`: it is none of its.
  virtual Result<PrivateKept> queued_call(const TenantId& tenant, const PrivateCaller& caller,
                                          const std::string& id) = 0;
};

// May a caller with this access filter private answers like that? Reads no data. Every column has
// to be filterable, and none may be masked, unless the gate lets it be filtered anyhow. Any
// comparison is total: it gives an answer for whatever a row holds, so no row can make it fail.
Status check_where(const Dataset& dataset, const DatasetAccess& access, const json::Value* where);

// The canonical form of a filter that check_where() lets pass: a filter again, which finds the
// same rows. `and` and `or` are flattened and sorted, without duplicates and constants; `not` is
// carried inwards until it is part of a comparison; `eq` is `in` of one, lists are sorted and
// without duplicates, and those of one column in one `and` or `or` are one list; values are as
// their column holds them, moments in whole milliseconds. Equal bytes of json::print() mean the
// same rows. {} = every row; {"or": []} = none.
Result<json::Value> canonical_where(const Dataset& dataset, const json::Value* where);

}  // namespace mc::dataset
