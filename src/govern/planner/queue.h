// Private queries that wait for the next window of their budget, for callers who consent.
//
// Nothing is set aside or spent while a query waits, and nothing is read: what is decided here goes
// by budgets and by what waits already. Whoever runs them has everything decided anew.
//
// Invariants: one of each query of a person waits, however often it is queued; a tenant has at most
// Settings::queue_max that wait; a query that has ended stays as it is, without its filter
// unless it was answered, and is told for kEndedKept; of a tenant's that had no answer, kEndedEach
// * queue_max at most. Durable when a call returns; kept in the accountant's database (migration
// 0016), so that several servers see one queue. Thread-safe; blocks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accountant/accountant.h"
#include "base/base.h"
#include "dataset/model.h"
#include "dataset/private.h"
#include "json/json.h"
#include "planner/settings.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::planner {

enum class QueueState : std::uint8_t { waiting, answered, refused, failed, cancelled, expired };
std::string_view name_of(QueueState state);

struct QueuedQuery {
  TenantId tenant;
  std::string id;       // "dpq_..."
  std::string same;     // digest of who asks what, and how exactly
  std::string subject;  // the principal that asks
  std::string token;    // that it asked with; "" = a person's session
  std::string purpose;
  std::string dataset;
  std::string question;  // print_queued()
  accountant::Cost cost{};
  WallTime asked{}, runs_at{}, expires{};
  WallTime next{};  // when it is tried, or tried again
  QueueState state = QueueState::waiting;
  std::string release = "";  // the charge of its answer
  std::string why = "";      // refused, failed
  WallTime changed{};
  bool operator==(const QueuedQuery&) const = default;
};

// The idempotency key of the charge of a queued query; no client's key is like it.
std::string queue_key(const std::string& id);
// The query by names, as canonical JSON, so that a model that has changed meanwhile is no matter.
std::string print_queued(const dataset::Dataset& dataset, const dataset::PrivateCall& call);
// It again. `invalid`: the model has changed so that it means nothing any more.
Result<dataset::PrivateKept> read_queued(const dataset::Model& model, const QueuedQuery& query);

inline constexpr Nanos kEndedKept = seconds(30LL * 86'400);
inline constexpr std::int64_t kEndedEach = 3;      // times queue_max of a tenant are kept
inline constexpr Nanos kTriedAgain = seconds(60);  // after a failure that tells of nothing
inline constexpr std::size_t kQueueShownMax = 200;
inline constexpr std::size_t kQueuedBytesMax = 64 << 10;  // of a query

class Queue {
 public:
  // All outlive it. `lend` gives the accountant's writing connection (accountant.h).
  struct World {
    std::function<Status(const std::function<Status(sql::Connection&)>&)> lend;
    sys::Clock& clock;
    sys::Random& random;
  };
  Queue(World world, const Settings& settings) : world_(std::move(world)), settings_(settings) {}

  // Makes id and times, but for `runs_at`; gives the one that waits already when there is one.
  // `exhausted`: as many wait as may.
  Result<QueuedQuery> add(QueuedQuery wanted);
  // `not_found`: no such one of this tenant, or not of `subject`, where that is not "".
  Result<QueuedQuery> find(const TenantId& tenant, const std::string& id,
                           const std::string& subject);
  // The newest first; at most kQueueShownMax.
  Result<std::vector<QueuedQuery>> list(const TenantId& tenant, const std::string& subject);
  // Of those that wait for a budget of this dataset, the oldest first, what they will take of it.
  struct Waiting {
    std::string same, purpose;
    accountant::Cost cost{};
    WallTime runs_at{};
  };
  Result<std::vector<Waiting>> waiting(const TenantId& tenant, const std::string& dataset);
  // `conflict` when it does not wait any more.
  Result<QueuedQuery> cancel(const TenantId& tenant, const std::string& id,
                             const std::string& subject);

  // Of each tenant the oldest one that is to be tried now, the oldest first.
  struct Due {
    TenantId tenant;
    std::string id;
    bool operator==(const Due&) const = default;
  };
  Result<std::vector<Due>> due();
  // Ends one, unless it has ended meanwhile; an answer, which was paid for, takes the place of any
  // other end. The time that it has ended is the one that it was due, or a multiple of kTriedAgain
  // later: how long it took is nobody's business. False: it had ended.
  struct End {
    QueueState state = QueueState::failed;
    std::string release, why;
  };
  Result<bool> end(const QueuedQuery& query, const End& how);
  // By the least multiple of kTriedAgain that is over: when its try ended is nobody's business.
  Status put_off(const QueuedQuery& query);
  Status sweep();                // of all tenants what was kept long enough
  Result<std::int64_t> count();  // all that wait, of all tenants

 private:
  Result<QueuedQuery> add_on(sql::Connection& connection, QueuedQuery wanted);
  WallTime ended_at(const QueuedQuery& query, QueueState state) const;
  Result<std::vector<QueuedQuery>> select(const std::string& rest,
                                          std::initializer_list<sql::Param> params);

  const World world_;
  const Settings settings_;
};

}  // namespace mc::planner
