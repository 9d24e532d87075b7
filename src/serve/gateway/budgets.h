// Budgets of requests: what is taken before a request runs, settled when it ends, and told.
//
// Twice: what every request takes, before anything of it is parsed, and what its operations cost,
// once they are known. 429 is the caller's own budget, 503 one that it shares with others. Of a
// shared one nothing is told, neither limit nor load: not in a header, not in the message.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "access/terms.h"
#include "base/base.h"
#include "budget/book.h"
#include "budget/journal.h"
#include "gateway/http_request.h"
#include "net/net.h"
#include "sys/sys.h"

namespace mc::burn {
class Usage;
}  // namespace mc::burn

namespace mc::share {
class Share;
struct Outcome;
}  // namespace mc::share

namespace mc::gateway {

// What operations cost.
struct Costs {
  std::int64_t credits = 0;
  std::int64_t fanout = 0;  // requests to an upstream, statements
};

struct GatewayWorld;
struct SharedHold;  // shared_budgets.h

// Who pays for which request.
struct Payer {
  budget::Book::Who who;
  std::string_view request_id;
};

// Of one request.
struct BudgetUse {
  access::TermsPtr terms;     // of the policies; null = no class, no exemption
  budget::Reservation entry;  // requests, seats, bytes
  budget::Reservation costs;  // credits, fan-out
  // The same of what nodes share; null when they share none.
  std::shared_ptr<SharedHold> shared_entry, shared_costs;
  std::int64_t entry_seq = 0, costs_seq = 0;  // of the decisions, in the journal
  Costs priced;                               // before it ran
  std::optional<Costs> used;                  // measured; without it what was priced holds
  bool limited = false;                       // by a budget of the caller's own; the nearest:
  std::string policy;                         // "tenant-requests"
  std::int64_t quota = 0;                     // in a window
  std::int64_t window_s = 0;
  std::int64_t left = 0;
  std::int64_t wait_s = 0;                   // until what was asked for is left; of a denial
  std::optional<std::int64_t> credits_left;  // of the caller's own, when those are limited

  // RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10).
  void add_to(net::FieldLines& fields) const;
};

class Budgets {
 public:
  explicit Budgets(const GatewayWorld& world);

  bool limits_costs() const { return limits_costs_; }
  struct Denial {
    HttpError error;
    net::Headers headers;
  };
  struct Verdict {
    bool waits = false;  // for the store that nodes share budgets in: `later` is told
    std::optional<Denial> denial = {};
  };
  // On another thread, within the store's timeout. `payer` and `use` live until then.
  using Later = std::function<void(std::optional<Denial>)>;
  // For a request of `items` operations.
  Verdict take(const Payer& payer, std::int64_t items, BudgetUse& use, const Later& later);
  // For what use.priced says.
  Verdict take_costs(const Payer& payer, BudgetUse& use, const Later& later);
  // At the end, whatever became of it; `bytes` of the answer. Again: nothing happens.
  void settle(const Payer& payer, BudgetUse& use, std::int64_t bytes);
  // What came of a request's wait for a seat, for the journal; `shed` "" = it was served.
  void note_wait(const Payer& payer, const BudgetUse& use, Nanos waited, std::string_view shed);

 private:
  budget::Moment now() const;
  struct Ask {
    Payer payer;
    budget::Amounts amounts;
    BudgetUse& use;
    budget::Reservation& into;
    std::shared_ptr<SharedHold>& shared;
    std::int64_t& seq;
    std::int64_t step = 1;
  };
  Verdict decide(const Ask& ask, const Later& later);
  std::optional<Denial> after_share(const Ask& ask, const share::Outcome& outcome);
  std::optional<Denial> reserve(const Ask& ask);
  void count_demand(const Ask& ask, bool admitted);
  void settle_shared(std::shared_ptr<SharedHold>& hold, const budget::Amounts& used);
  Denial denial_of(const budget::Answer& answer, const std::vector<budget::Mark>& against,
                   budget::Ticks now, BudgetUse& use);

  std::optional<budget::Journal::Turn> turn() const;

  budget::Book* const book_;
  share::Share* const share_;  // null: this node counts alone
  const budget::OnLoss on_loss_;
  budget::Journal* const journal_;
  burn::Usage* const usage_;
  const bool limits_costs_;
  sys::Clock& clock_;
  sys::Random& random_;
  const MonoTime start_;
};

}  // namespace mc::gateway
