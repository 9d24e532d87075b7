#include "ledger/ledger.h"

#include <chrono>
#include <future>

namespace mc::ledger {

Result<std::unique_ptr<Ledger>> Ledger::open(const LedgerConfig& config, LedgerMachine machine,
                                             tlog::NoteSigner signer) {
  std::unique_ptr<Ledger> out(new Ledger(config, machine));
  MC_TRY(out->store_, Store::open(machine.files, config.folder, config.segment_bytes));
  MC_TRY(SignedHead head, SignedHead::open(machine.files, config.signed_head_file));
  MC_TRY(out->publisher_, Publisher::make(*out->store_, std::move(head), std::move(signer)));
  MC_TRY(out->checkpoint_, out->publisher_->sign());
  out->thread_ = std::thread([ledger = out.get()] { ledger->run(); });
  return out;
}

Ledger::~Ledger() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Ledger::append(Entry entry, Done done) {
  Result<Prepared> prepared = prepare(std::move(entry), machine_.random);
  Status refused = ok();
  if (!prepared) {
    refused = tl::unexpected<Error>(prepared.error());
  } else {
    const std::lock_guard lock(mutex_);
    if (!state_) {
      refused = state_;
    } else if (queue_.entries.size() - taken_ >= config_.queue_max) {
      refused = fail(Code::exhausted,
                     "ledger: " + std::to_string(config_.queue_max) + " records wait already");
    } else {
      queue_.entries.push_back(std::move(*prepared));
      queue_.done.push_back(std::move(done));
    }
  }
  if (refused) {
    wake_.notify_one();
  } else {
    done(tl::unexpected<Error>(refused.error()));
  }
}

Result<Recorded> Ledger::append(Entry entry) {
  std::promise<Result<Recorded>> promise;
  std::future<Result<Recorded>> future = promise.get_future();
  append(std::move(entry), [&promise](const Result<Recorded>& done) { promise.set_value(done); });
  return future.get();
}

Result<std::string> Ledger::publish() {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = ++sign_wanted_;
  wake_.notify_one();
  signed_.wait(lock, [&] { return sign_done_ >= mine; });
  if (!state_) return tl::unexpected<Error>(state_.error());
  return checkpoint_;
}

std::string Ledger::checkpoint() const {
  const std::lock_guard lock(mutex_);
  return checkpoint_;
}

Status Ledger::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Ledger::move_from_queue(Waiting& batch) {
  std::size_t bytes = 0;
  std::size_t end = taken_;
  while (end < queue_.entries.size() && end - taken_ < config_.batch_records_max &&
         bytes < config_.batch_bytes_max) {
    bytes += queue_.entries[end++].entry.payload.size();
  }
  if (taken_ == 0 && end == queue_.entries.size()) {  // nearly always
    std::swap(batch, queue_);
    return;
  }
  for (; taken_ < end; ++taken_) {
    batch.entries.push_back(std::move(queue_.entries[taken_]));
    batch.done.push_back(std::move(queue_.done[taken_]));
  }
  if (taken_ < queue_.entries.size()) return;
  queue_ = {};
  taken_ = 0;
}

bool Ledger::take(Waiting& batch, bool& sign) {
  std::unique_lock lock(mutex_);
  const auto something = [&] {
    return taken_ < queue_.entries.size() || sign_wanted_ > sign_done_ || ending_;
  };
  const bool behind = state_ && publisher_->is_behind();
  if (behind) {
    wake_.wait_for(lock, std::chrono::nanoseconds(config_.checkpoint_every.count), something);
  } else {
    wake_.wait(lock, something);
  }
  move_from_queue(batch);
  sign = sign_wanted_ > sign_done_;
  return !(ending_ && batch.entries.empty());
}

void Ledger::write(Waiting& batch) {
  const auto done = store_->commit(batch.entries, machine_.clock.wall());
  if (!done) {
    const std::lock_guard lock(mutex_);
    if (state_) state_ = tl::unexpected<Error>(done.error());
  }
  for (std::size_t i = 0; i < batch.done.size(); ++i) {
    batch.done[i](done ? (*done)[i] : Result<Recorded>(tl::unexpected<Error>(done.error())));
  }
  batch.entries.clear();
  batch.done.clear();
}

void Ledger::sign() {
  std::uint64_t wanted = 0;
  {
    const std::lock_guard lock(mutex_);
    wanted = sign_wanted_;
  }
  Result<std::string> note = publisher_->sign();
  {
    const std::lock_guard lock(mutex_);
    if (note) checkpoint_ = std::move(*note);
    if (!note && state_) state_ = tl::unexpected<Error>(note.error());
    sign_done_ = wanted;
  }
  signed_.notify_all();
}

void Ledger::run() {
  Waiting batch;
  MonoTime last_signed = machine_.clock.mono();
  for (bool on = true; on;) {
    bool wanted = false;
    on = take(batch, wanted);
    if (!batch.entries.empty()) write(batch);
    const MonoTime now = machine_.clock.mono();
    const bool due = now - last_signed >= config_.checkpoint_every;
    if (wanted || ((due || !on) && state() && publisher_->is_behind())) {
      sign();
      last_signed = now;
    }
  }
}

}  // namespace mc::ledger
