#include "accountant/accountant.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "accountant/desk.h"
#include "accountant/store.h"
#include "accountant/view.h"

namespace mc::accountant {
namespace {

constexpr std::size_t kBatchMax = 1'024;
constexpr int kAttemptsMax = 5;  // when another server was first
constexpr int kSettleAtOnce = 500;

struct Waiting {
  Operation operation;
  Accountant::Done done;
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
  const bool by_rho = what == Account::Short::rho;
  std::string text = "the privacy budget of dataset '" + excerpt(account.dataset) + "' (" +
                     std::string(name_of(account.scope)) + ") is short of " +
                     std::string(name_of(what)) + ": ";
  text += by_rho ? to_decimal(rho_left) + " of rho is left"
                 : to_decimal(requested) + " of epsilon was requested, " +
                       to_decimal(std::max(epsilon_left, NanoEpsilon())) + " is left";
  text += resets_at ? "; it resets at " + format_rfc3339(*resets_at) : "; it does not reset";
  return {Code::exhausted, std::move(text)};
}

struct Accountant::Parts {
  Parts(World given, const Settings& configured, std::string node)
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
  Status enqueue(Operation operation, Done done);
  void take(std::unique_lock<std::mutex>& lock);
  std::vector<Result<Outcome>> write(std::span<const Operation* const> batch);
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

  std::mutex mutex;  // of the following
  std::condition_variable moved;
  std::deque<Waiting> queue;
  bool turning = false;
  bool stopped = false;

  View view;
};

Status Accountant::Parts::enqueue(Operation operation, Done done) {
  const std::lock_guard lock(mutex);
  if (stopped) return fail(Code::unavailable, "the accountant has stopped");
  if (queue.size() >= settings.queue_max) {
    return fail(Code::exhausted, "more than " + std::to_string(settings.queue_max) +
                                     " operations wait for the privacy budget's database");
  }
  queue.push_back({std::move(operation), std::move(done)});
  moved.notify_one();
  return ok();
}

// A turn: all that waits, in one transaction. Only one thread at a time; `lock` is that of mutex.
void Accountant::Parts::take(std::unique_lock<std::mutex>& lock) {
  turning = true;
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
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(std::move(answers[i]));
  lock.lock();
  turning = false;
  moved.notify_all();
}

Result<Outcome> Accountant::Parts::call(Operation operation) {
  std::optional<Result<Outcome>> answer;
  MC_TRY_OK(enqueue(std::move(operation), [&](Result<Outcome> given) {
    const std::lock_guard lock(mutex);
    answer = std::move(given);
  }));
  std::unique_lock lock(mutex);
  while (!answer) {
    if (!turning) {
      take(lock);
    } else {
      moved.wait(lock, [&] { return answer.has_value() || !turning; });
    }
  }
  return std::move(*answer);
}

std::vector<Result<Outcome>> Accountant::Parts::write(std::span<const Operation* const> batch) {
  std::vector<Result<Outcome>> answers;
  if (batch.empty()) return answers;
  Status done = ok();
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    answers.clear();
    done = try_write(batch, answers);
    if (done) return answers;
    desk.forget();
    if (done.error().code != Code::conflict) break;
  }
  // One that the database refuses for what it is must not take the others with it.
  if (batch.size() > 1 && done.error().code != Code::unavailable) {
    answers.clear();
    for (const Operation* each : batch) {
      answers.push_back(std::move(write({&each, 1}).front()));
    }
    return answers;
  }
  const Code code = done.error().code == Code::conflict ? Code::unavailable : done.error().code;
  answers.assign(batch.size(), fail(code, done.error().what));
  return answers;
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
                                                     std::string node) {
  MC_TRY_OK(settings.check());
  if (node.empty() || node.size() > kNameBytesMax || !is_one_line(node)) {
    return fail(Code::invalid, "the name of the node is not one line of 1 to 200 bytes");
  }
  auto parts = std::make_unique<Parts>(std::move(world), settings, node);
  if (parts->alone) {
    MC_TRY(const WallTime latest, parts->store.latest_change());
    parts->desk.note_latest(latest);
  }
  MC_TRY_OK(parts->settle_open(parts->alone ? "" : node, kAllTime.end).map([](std::int64_t) {
    return std::monostate();
  }));
  return std::unique_ptr<Accountant>(new Accountant(std::move(parts)));
}

Result<Quote> Accountant::quote(const Charge& charge) {
  return parts_->view.quote(charge);
}

Result<Reply> Accountant::reserve(const Charge& charge) {
  return outcome_of<Reply>(parts_->call(Reserve{charge}));
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

void Accountant::submit(Operation operation, Done done) {
  const auto shared = std::make_shared<Done>(std::move(done));
  const Status queued = parts_->enqueue(
      std::move(operation), [shared](Result<Outcome> answer) { (*shared)(std::move(answer)); });
  if (!queued) (*shared)(tl::unexpected<Error>(queued.error()));
}

bool Accountant::turn() {
  std::unique_lock lock(parts_->mutex);
  parts_->moved.wait(
      lock, [&] { return parts_->stopped || (!parts_->turning && !parts_->queue.empty()); });
  if (parts_->stopped) return false;
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
  for (Waiting& each : left) each.done(fail(Code::unavailable, "the accountant has stopped"));
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
