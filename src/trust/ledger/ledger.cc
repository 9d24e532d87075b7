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
    } else if (queue_.size() - queue_begin_ >= config_.queue_max) {
      refused = fail(Code::exhausted,
                     "ledger: " + std::to_string(config_.queue_max) + " records wait already");
    } else {
      queue_.push_back({std::move(*prepared), std::move(done)});
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

bool Ledger::take(std::vector<Waiting>& batch, bool& sign) {
  std::unique_lock lock(mutex_);
  const auto something = [&] {
    return queue_begin_ < queue_.size() || sign_wanted_ > sign_done_ || ending_;
  };
  const bool behind = state_ && publisher_->is_behind();
  if (behind) {
    wake_.wait_for(lock, std::chrono::nanoseconds(config_.checkpoint_every.count), something);
  } else {
    wake_.wait(lock, something);
  }
  std::size_t bytes = 0;
  while (queue_begin_ < queue_.size() && batch.size() < config_.batch_records_max &&
         bytes < config_.batch_bytes_max) {
    bytes += queue_[queue_begin_].prepared.entry.payload.size();
    batch.push_back(std::move(queue_[queue_begin_++]));
  }
  if (queue_begin_ == queue_.size()) {
    queue_.clear();
    queue_begin_ = 0;
  }
  sign = sign_wanted_ > sign_done_;
  return !(ending_ && batch.empty());
}

void Ledger::write(std::vector<Waiting>& batch) {
  std::vector<Prepared> entries;
  entries.reserve(batch.size());
  for (Waiting& waiting : batch) entries.push_back(std::move(waiting.prepared));
  const auto done = store_->commit(entries, machine_.clock.wall());
  if (!done) {
    const std::lock_guard lock(mutex_);
    if (state_) state_ = tl::unexpected<Error>(done.error());
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].done(done ? (*done)[i] : Result<Recorded>(tl::unexpected<Error>(done.error())));
  }
  batch.clear();
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
  std::vector<Waiting> batch;
  MonoTime last_signed = machine_.clock.mono();
  for (bool on = true; on;) {
    bool wanted = false;
    on = take(batch, wanted);
    if (!batch.empty()) write(batch);
    const MonoTime now = machine_.clock.mono();
    const bool due = now - last_signed >= config_.checkpoint_every;
    if (wanted || ((due || !on) && state() && publisher_->is_behind())) {
      sign();
      last_signed = now;
    }
  }
}

}  // namespace mc::ledger
