#include "accountant/accountant.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "accountant/desk.h"
#include "accountant/store.h"
#include "accountant/view.h"

namespace mc::accountant {
namespace {

constexpr std::size_t kBatchMax = 1'024;
constexpr int kAttemptsMax = 5;  // when another server was first
constexpr int kSettleAtOnce = 500;
constexpr int kQuietYields = 2;

// Who waits for a blocking call. Shared, since who answers may still look at it when the other has
// woken up and gone.
struct Slot {
  enum : int { waits, leads, answered };
  std::atomic<int> state = waits;
  std::optional<Result<Outcome>> answer{};

  void tell(int now) {
    state.store(now, std::memory_order_release);
    state.notify_one();
  }
};

// An operation with one of the two.
struct Waiting {
  Operation operation;
  Accountant::Done done;
  std::shared_ptr<Slot> slot;

  void answer(Result<Outcome> given) {
    if (slot == nullptr) return done(std::move(given));
    slot->answer = std::move(given);
    slot->tell(Slot::answered);
  }
};

template <class T>
Result<T> outcome_of(Result<Outcome> answer) {
  if (!answer) return tl::unexpected<Error>(std::move(answer).error());
  return std::get<T>(std::move(*answer));
}

Status status_of(const Result<Outcome>& answer) {
  if (!answer) return tl::unexpected<Error>(answer.error());
  return ok();
}

}  // namespace

Error Refusal::error() const {
  const std::string reset =
      resets_at ? "; it resets at " + format_rfc3339(*resets_at) : "; it does not reset";
  if (!own()) {
    return {Code::exhausted, "the privacy budget of dataset '" + excerpt(account.dataset) +
                                 "' over all tenants is used up for such a query" + reset};
  }
  const bool by_rho = what == Account::Short::rho;
  std::string text = "the privacy budget of dataset '" + excerpt(account.dataset) + "' (" +
                     std::string(name_of(account.scope)) + ") is short of " +
                     std::string(name_of(what)) + ": ";
  text += by_rho ? to_decimal(rho_left) + " of rho is left"
                 : to_decimal(requested) + " of epsilon was requested, " +
                       to_decimal(std::max(epsilon_left, NanoEpsilon())) + " is left";
  return {Code::exhausted, text + reset};
}

struct Accountant::Parts {
  Parts(World given, const Settings& configured, const std::string& node)
      : writer(std::move(given.writer)),
        clock(given.clock),
        settings(configured),
        ids(given.clock, given.random.next_u64()),
        store(*writer),
        alone(writer->dialect() == sql::Dialect::sqlite),
        desk({store, settings, clock, ids}, node,
             alone ? Desk::Memory::keeps : Desk::Memory::forgets),
        view({writer.get(), std::move(given.reader), clock, settings, turn_mutex, alone}) {}

  Result<Outcome> call(Operation operation);
  Status enqueue(Waiting waiting);
  void gather(std::unique_lock<std::mutex>& lock);
  void take(std::unique_lock<std::mutex>& lock);
  void hand_over();
  std::vector<Result<Outcome>> write(std::span<const Operation* const> batch);
  Result<std::vector<Result<Outcome>>> write_at_once(std::span<const Operation* const> batch);
  Status try_write(std::span<const Operation* const> batch, std::vector<Result<Outcome>>& answers);
  std::vector<Result<Outcome>> write_alone(const std::vector<Operation>& operations);
  Result<std::int64_t> settle_open(const std::string& holder, WallTime before);

  const std::unique_ptr<sql::Connection> writer;
  sys::Clock& clock;
  const Settings settings;
  sys::IdMaker ids;
  Store store;
  const bool alone;  // nobody else writes
  Desk desk;
  std::mutex turn_mutex;  // of writer, store and desk

  std::mutex mutex;               // of the following
  std::condition_variable moved;  // of threads in turn()
  std::deque<Waiting> queue;
  bool turning = false;  // somebody has the turn, or was told to take it
  bool stopped = false;

  View view;
};

// With mutex held.
Status Accountant::Parts::enqueue(Waiting waiting) {
  if (stopped) return fail(Code::unavailable, "the accountant has stopped");
  if (queue.size() >= settings.queue_max) {
    return fail(Code::exhausted, "more than " + std::to_string(settings.queue_max) +
                                     " operations wait for the privacy budget's database");
  }
  queue.push_back(std::move(waiting));
  return ok();
}

// As long as others are just coming they are waited for: who has been answered comes back at once.
void Accountant::Parts::gather(std::unique_lock<std::mutex>& lock) {
  std::size_t size = 0;
  for (int quiet = 0; quiet < kQuietYields && size < kBatchMax;) {
    quiet = queue.size() > size ? 0 : quiet + 1;
    size = queue.size();
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
}

// A turn: all that waits, in one transaction. With the turn, and mutex held by `lock`.
void Accountant::Parts::take(std::unique_lock<std::mutex>& lock) {
  gather(lock);
  std::vector<Waiting> batch;
  while (!queue.empty() && batch.size() < kBatchMax) {
    batch.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  lock.unlock();
  std::vector<const Operation*> operations;
  operations.reserve(batch.size());
  for (const Waiting& each : batch) operations.push_back(&each.operation);
  std::vector<Result<Outcome>> answers;
  {
    const std::lock_guard turn_lock(turn_mutex);
    answers = write(operations);
  }
  lock.lock();
  hand_over();
  lock.unlock();
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].answer(std::move(answers[i]));
  lock.lock();
}

// The turn goes to somebody who waits, if there is one. With mutex held.
void Accountant::Parts::hand_over() {
  turning = false;
  const auto next = std::find_if(queue.begin(), queue.end(),
                                 [](const Waiting& each) { return each.slot != nullptr; });
  if (next != queue.end()) {
    turning = true;
    next->slot->tell(Slot::leads);
  } else {
    moved.notify_one();
  }
}

Result<Outcome> Accountant::Parts::call(Operation operation) {
  const auto slot = std::make_shared<Slot>();
  std::unique_lock lock(mutex);
  MC_TRY_OK(enqueue({std::move(operation), nullptr, slot}));
  bool leads = !turning;
  turning = true;
  while (true) {
    if (leads) {
      slot->state.store(Slot::waits, std::memory_order_relaxed);  // it may be told again
      take(lock);
    }
    lock.unlock();
    slot->state.wait(Slot::waits, std::memory_order_acquire);
    const int state = slot->state.load(std::memory_order_acquire);
    if (state == Slot::answered) return std::move(*slot->answer);
    lock.lock();
    leads = state == Slot::leads;
  }
}

// The answers of a batch that was stored, or why it was not.
Result<std::vector<Result<Outcome>>> Accountant::Parts::write_at_once(
    std::span<const Operation* const> batch) {
  for (int attempt = 1;; ++attempt) {
    std::vector<Result<Outcome>> answers;
    const Status done = try_write(batch, answers);
    if (done) return answers;
    desk.forget();
    if (done.error().code != Code::conflict) return tl::unexpected<Error>(done.error());
    if (attempt == kAttemptsMax) return fail(Code::unavailable, done.error().what);
  }
}

std::vector<Result<Outcome>> Accountant::Parts::write(std::span<const Operation* const> batch) {
  if (batch.empty()) return {};
  auto answers = write_at_once(batch);
  if (answers) return std::move(*answers);
  if (batch.size() == 1 || answers.error().code == Code::unavailable) {
    return std::vector<Result<Outcome>>(batch.size(), tl::unexpected<Error>(answers.error()));
  }
  // One that the database refuses for what it is must not take the others with it.
  std::vector<Result<Outcome>> out;
  out.reserve(batch.size());
  for (const Operation* each : batch) {
    auto one = write_at_once({&each, 1});
    out.push_back(one ? std::move(one->front()) : tl::unexpected<Error>(one.error()));
  }
  return out;
}

Status Accountant::Parts::try_write(std::span<const Operation* const> batch,
                                    std::vector<Result<Outcome>>& answers) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(*writer));
  MC_TRY_OK(desk.begin(batch));
  for (const Operation* each : batch) {
    answers.push_back(desk.apply(*each));
    if (desk.broken()) return tl::unexpected<Error>(*desk.broken());
  }
  MC_TRY_OK(desk.finish());
  MC_TRY_OK(transaction.commit());
  if (alone) view.publish(desk.changed());
  return ok();
}

std::vector<Result<Outcome>> Accountant::Parts::write_alone(
    const std::vector<Operation>& operations) {
  std::vector<const Operation*> batch;
  batch.reserve(operations.size());
  for (const Operation& each : operations) batch.push_back(&each);
  const std::lock_guard lock(turn_mutex);
  return write(batch);
}

Result<std::int64_t> Accountant::Parts::settle_open(const std::string& holder, WallTime before) {
  std::int64_t settled = 0;
  while (true) {
    std::vector<ChargeRef> refs;
    {
      const std::lock_guard lock(turn_mutex);
      MC_TRY(refs, store.open(holder, before, kSettleAtOnce));
    }
    if (refs.empty()) return settled;
    std::vector<Operation> operations;
    operations.reserve(refs.size());
    for (const ChargeRef& each : refs) operations.emplace_back(Abandon{each});
    for (const Result<Outcome>& each : write_alone(operations)) MC_TRY_OK(status_of(each));
    settled += static_cast<std::int64_t>(refs.size());
  }
}

Accountant::Accountant(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Accountant::~Accountant() {
  stop();
}

Result<std::unique_ptr<Accountant>> Accountant::open(World world, const Settings& settings,
                                                     const std::string& node) {
  MC_TRY_OK(settings.check());
  if (node.empty() || node.size() > kNameBytesMax || !is_one_line(node)) {
    return fail(Code::invalid, "the name of the node is not one line of 1 to 200 bytes");
  }
  auto parts = std::make_unique<Parts>(std::move(world), settings, node);
  MC_TRY(const WallTime latest, parts->store.latest_change());
  parts->desk.note_latest(latest);
  MC_TRY_OK(parts->settle_open(parts->alone ? "" : node, kAllTime.end).map([](std::int64_t) {
    return std::monostate();
  }));
  return std::unique_ptr<Accountant>(new Accountant(std::move(parts)));
}

Result<Quote> Accountant::quote(const Charge& charge) {
  return parts_->view.quote(charge);
}

Result<bool> Accountant::fits_next(const Charge& charge, const std::vector<Charge>& before) {
  return parts_->view.fits_next(charge, before);
}

Result<Reply> Accountant::reserve(const Charge& charge, Then then) {
  return outcome_of<Reply>(parts_->call(Reserve{charge, then}));
}

Status Accountant::execute(const ChargeRef& charge) {
  return status_of(parts_->call(Execute{charge}));
}

Result<ReleasedResult> Accountant::commit(const ChargeRef& charge, std::string result) {
  return outcome_of<ReleasedResult>(parts_->call(Commit{charge, std::move(result)}));
}

Status Accountant::release(const ChargeRef& charge, const std::string& why) {
  return status_of(parts_->call(Release{charge, why}));
}

Status Accountant::refund(const ChargeRef& charge, DataIndependent why) {
  return status_of(parts_->call(Refund{charge, why}));
}

Status Accountant::abandon(const ChargeRef& charge) {
  return status_of(parts_->call(Abandon{charge}));
}

Status Accountant::add_top_up(const TopUp& top_up) {
  return status_of(parts_->call(AddTopUp{top_up}));
}

Result<NanoEpsilon> Accountant::revoke_top_up(const TenantId& tenant, const std::string& id) {
  return outcome_of<NanoEpsilon>(parts_->call(RevokeTopUp{tenant, id}));
}

Result<Outcome> Accountant::perform(Operation operation) {
  return parts_->call(std::move(operation));
}

Result<std::optional<ChargeRecord>> Accountant::released(const TenantId& tenant,
                                                         const std::string& query) {
  return parts_->view.released(tenant, query);
}

Result<std::optional<ChargeRecord>> Accountant::by_key(const TenantId& tenant,
                                                       const std::string& key) {
  return parts_->view.by_key(tenant, key);
}

void Accountant::submit(Operation operation, Done done) {
  Waiting waiting{std::move(operation), std::move(done), nullptr};
  std::unique_lock lock(parts_->mutex);
  const Status queued = parts_->enqueue(waiting);
  lock.unlock();
  parts_->moved.notify_one();
  if (!queued) waiting.done(tl::unexpected<Error>(queued.error()));
}

bool Accountant::turn() {
  std::unique_lock lock(parts_->mutex);
  parts_->moved.wait(
      lock, [&] { return parts_->stopped || (!parts_->turning && !parts_->queue.empty()); });
  if (parts_->stopped) return false;
  parts_->turning = true;
  parts_->take(lock);
  return true;
}

void Accountant::stop() {
  std::deque<Waiting> left;
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopped = true;
    left.swap(parts_->queue);
  }
  parts_->moved.notify_all();
  for (Waiting& each : left) each.answer(fail(Code::unavailable, "the accountant has stopped"));
}

Status Accountant::lend(const std::function<Status(sql::Connection&)>& use) {
  const std::lock_guard lock(parts_->turn_mutex);
  return use(*parts_->writer);
}

Result<std::int64_t> Accountant::settle_left_open() {
  const WallTime now = whole_ms(parts_->clock.wall());
  std::vector<TopUp> expired;
  {
    const std::lock_guard lock(parts_->turn_mutex);
    MC_TRY(expired, parts_->store.expired_top_ups(now, kSettleAtOnce));
  }
  // Whoever looks for an expired one ends it, and finds nothing left to revoke.
  std::vector<Operation> operations;
  operations.reserve(expired.size());
  for (const TopUp& each : expired) operations.emplace_back(RevokeTopUp{each.tenant, each.id});
  for (const Result<Outcome>& each : parts_->write_alone(operations)) {
    const bool broken = !each && each.error().code != Code::conflict;
    if (broken) return tl::unexpected<Error>(each.error());
  }
  return parts_->settle_open("", now - parts_->settings.open_max);
}

Reports& Accountant::reports() {
  return parts_->view;
}

const Settings& Accountant::settings() const {
  return parts_->settings;
}

}  // namespace mc::accountant
