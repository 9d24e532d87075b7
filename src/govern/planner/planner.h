// The planner: decides about a private query on metadata alone, and only then has it answered.
//
//   offer()   what a query would cost and how wrong it would be, and whether the budget has it;
//             spends nothing, reads nothing
//   answer()  the same decision, then: reserve, execute, read, release, commit (accountant.h)
//
// Verdicts: CACHED, an answer to this question of this snapshot that is as exact, or more, is
// there: it is given again and costs nothing; ALLOW; DEGRADE, with more noise than was asked for,
// and QUEUE, when the next window of the budget begins (queue.h), for callers who consent; else
// DENY, with the budget that is short, when it is whole again, and the nearest query that would
// pass. Nothing that the decision depends on comes from rows.
//
// A failure after rows may have been read burns the charge: what was spent stays spent, since that
// it failed may tell of the rows; one before that costs nothing. One question is answered by one
// thread at a time; others that ask it meanwhile are told to come back for that answer.
//
// Thread-safe; answer() blocks for the reading and for durable writes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "accountant/accountant.h"
#include "base/base.h"
#include "crypto/cmac.h"
#include "dataset/model.h"
#include "dataset/private.h"
#include "planner/answer.h"
#include "planner/question.h"
#include "planner/queue.h"
#include "planner/settings.h"
#include "sys/sys.h"

namespace mc::planner {

// What a query would be, before it is run. Errors are those of one number, as decimals.
struct Offer {
  std::string id;  // good for `quote` of the same query; "" when it would be refused
  WallTime valid_until{};
  std::string verdict;  // "ALLOW", "CACHED", "QUEUE", "DENY"
  accountant::Cost cost{};
  std::string snapshot;
  std::string noise;                           // "discrete_laplace"
  std::string rmse;                            // of a quantile in ranks
  std::string half_width;                      // of 95 in 100
  std::optional<std::int64_t> always_shown{};  // groups of so many units, where keys are selected
  std::vector<accountant::Standing> accounts{};
  std::int64_t charges_left = 0;  // about so many such queries; INT64_MAX without a limit
  std::optional<dataset::PrivateRefusal> refusal{};
  std::optional<WallTime> queue_runs_at{};  // of what is refused: when it could run
};

class Planner final : public dataset::PrivateAnswers {
 public:
  // All outlive it.
  struct World {
    accountant::Accountant& accountant;
    const dataset::Model& model;
    sys::Clock& clock;
    sys::Random& random;
    // The plan of a tenant, by name.
    std::function<Result<std::string>(const TenantId&)> plan_of;
    // Of a tenant's dataset, for its units: secret, and always the same.
    std::function<crypto::Block(const TenantId&, const std::string&)> unit_secret;
    const Secret& quote_key;
    // A charge of these was settled, or may have been. Called by the thread of the answer.
    std::function<void(const TenantId&, const std::string& dataset, const std::string& purpose)>
        settled;
    // A query that was to run was refused: what it would have been charged, the budget that is
    // short, and what the caller is told. Called by the thread of the answer; null: nobody listens.
    std::function<void(const accountant::Charge&, const accountant::Refusal&,
                       const dataset::PrivateRefusal&)>
        refused{};
    std::string override_url;  // where more budget is asked for; "" = nowhere
    Queue* queue = nullptr;    // null = nothing waits
  };
  Planner(World world, const Settings& settings);
  ~Planner() override;

  tl::expected<Offer, dataset::PrivateRefusal> offer(const dataset::PrivateCall& call);
  // Of a dry run what offer() says.
  dataset::PrivateResult answer(const dataset::PrivateCall& call, dataset::RowScan& rows) override;
  Result<dataset::PrivateQuestion> read_sql(std::string_view sql) const override;
  Result<dataset::PrivateKept> queued_call(const TenantId& tenant,
                                           const dataset::PrivateCaller& caller,
                                           const std::string& id) override;
  // How a query that is due ends. `ask` has it answered, with its id as PrivateCall::due, so that
  // it is charged at most once, whatever dies; it is not asked when it was charged before, or when
  // its time is over. Nothing: nobody knows yet, and it is put off.
  std::optional<Queue::End> end_queued(const QueuedQuery& query,
                                       const std::function<dataset::PrivateResult()>& ask);

 private:
  struct Asked {
    Question question;
    accountant::NanoEpsilon epsilon{};
    Priced priced;
    accountant::Charge charge;
    accountant::Refusal short_of{};  // the budget that has refused it
  };
  struct Kept {
    accountant::NanoEpsilon epsilon{};
    std::string release;
    std::string bytes;
  };
  struct Engine;
  class Turn;  // at one question

  Result<Asked> asked(const dataset::PrivateCall& call);
  Result<accountant::NanoEpsilon> epsilon_of(const dataset::PrivateCall& call,
                                             const accountant::Plan& plan);
  Status take_quote(const dataset::PrivateCall& call, Asked& asked);
  Status reprice(Asked& asked, accountant::NanoEpsilon epsilon);
  std::optional<Kept> kept(const Asked& asked);
  std::optional<Kept> stored(const Asked& asked);  // the most exact one that there is
  void keep(const Asked& asked, Kept answer);
  dataset::PrivateRefusal refused(const Asked& asked, const accountant::Refusal& refusal);
  bool fits(Asked& asked, std::int64_t epsilon);  // which it is priced by then
  std::optional<accountant::NanoEpsilon> nearest(Asked asked, accountant::NanoEpsilon left);
  dataset::PrivateResult quoted(const dataset::PrivateCall& call);
  dataset::PrivateResult run(const dataset::PrivateCall& call, Asked& asked,
                             dataset::RowScan& rows);
  dataset::PrivateResult again(const Asked& asked, const Kept& kept);
  std::optional<dataset::PrivateResult> degraded(const dataset::PrivateCall& call, Asked asked,
                                                 dataset::RowScan& rows);
  // planner_queue.cc
  std::optional<WallTime> queue_time(const dataset::PrivateCall& call, const Asked& asked);
  dataset::PrivateResult queue(const dataset::PrivateCall& call, const Asked& asked,
                               dataset::PrivateRefusal refusal);
  dataset::PrivateResult of_queue(const dataset::PrivateCall& call);
  Result<std::string> same_of(const dataset::PrivateCall& call, const Asked& asked) const;
  dataset::PrivateResult attempt(const dataset::PrivateCall& call, Asked& asked,
                                 dataset::RowScan& rows);
  dataset::PrivateResult earlier(const Asked& asked, const accountant::Reservation& reservation);
  dataset::PrivateResult execute(const dataset::PrivateCall& call, const Asked& asked,
                                 const accountant::ChargeRef& charge, dataset::RowScan& rows);
  Result<KeptAnswer> read(const dataset::PrivateCall& call, const Asked& asked,
                          dataset::RowScan& rows);

  const World world_;
  const Settings settings_;
  std::mutex mutex_;                               // of all below
  std::set<std::string> under_way_;                // questions
  std::map<std::string, Kept, std::less<>> kept_;  // by question, the most exact answer
  std::deque<std::string> kept_order_;             // the oldest first
  std::vector<std::unique_ptr<Engine>> idle_;      // one a thread that releases
};

inline constexpr std::size_t kAnswersKeptMax = 4'000;   // in memory; all are in the accountant
inline constexpr std::size_t kKeptBytesMax = 16 << 10;  // of one of them

}  // namespace mc::planner
