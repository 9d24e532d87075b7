#include "ledger/ledger.h"

#include <algorithm>
#include <chrono>
#include <future>

#include "ledger/turns.h"

namespace mc::ledger {

Ledger::Ledger(const LedgerConfig& config, LedgerMachine machine, LedgerKeys keys)
    : config_(config), machine_(machine), signers_{std::move(keys.current)} {
  if (keys.previous) signers_.push_back(std::move(*keys.previous));
}

Result<std::unique_ptr<Ledger>> Ledger::open(const LedgerConfig& config, LedgerMachine machine,
                                             LedgerKeys keys, std::unique_ptr<Order> order) {
  if (keys.previous && keys.previous->key().name() != keys.current.key().name()) {
    return fail(Code::invalid, "ledger: its keys have two names");
  }
  std::unique_ptr<Ledger> out(new Ledger(config, machine, std::move(keys)));
  out->order_ = std::move(order);
  MC_TRY_OK(out->open_store());
  MC_TRY(SignedHead head, SignedHead::open(machine.files, config.signed_head_file));
  MC_TRY(out->publisher_,
         Publisher::make(*out->store_, std::move(head), out->signers_, out->order_.get()));
  MC_TRY(out->checkpoint_, out->publisher_->sign());
  out->writer_ = std::thread(
      [ledger = out.get()] { ledger->turns_ ? ledger->take_turns() : ledger->write_batches(); });
  out->settler_ = std::thread([ledger = out.get()] { ledger->settle_batches(); });
  out->keeper_ = std::thread([ledger = out.get()] { ledger->keep_marks(); });
  return out;
}

Ledger::~Ledger() {
  if (!writer_.joinable()) return;
  const auto end = [this](bool& flag, std::condition_variable& wake, std::thread& thread) {
    {
      const std::lock_guard lock(mutex_);
      flag = true;
    }
    wake.notify_one();
    thread.join();
  };
  end(no_more_entries_, queued_, writer_);
  end(no_more_batches_, staged_some_, settler_);
  end(no_more_marks_, kept_, keeper_);
}

void Ledger::append(Entry entry, Done done) {
  Result<Prepared> prepared = prepare(std::move(entry), salts_);
  Status refused = ok();
  bool enough = false;
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
      enough = queue_.entries.size() - taken_ >= enough_;
    }
  }
  if (!refused) return done(tl::unexpected<Error>(refused.error()));
  if (enough) queued_.notify_one();
}

Result<Recorded> Ledger::append(Entry entry) {
  std::promise<Result<Recorded>> promise;
  std::future<Result<Recorded>> future = promise.get_future();
  append(std::move(entry), [&promise](const Result<Recorded>& done) { promise.set_value(done); });
  return future.get();
}

// A start finds the redaction behind the mark until what it says is done.
Result<Recorded> Ledger::redact(const std::string& log, std::uint64_t seq, Entry why) {
  if (log == kRootLog || log == kSignLog || log == kKeysLog) {
    return fail(Code::denied, "ledger: the log '" + log + "' has nothing to erase");
  }
  MC_TRY(const ReadRecord record, store_->read(log, seq));
  if (record.erased) {
    return fail(Code::conflict, "ledger: the record " + std::to_string(seq) + " is erased already");
  }
  why.log = log;
  why.type = kRedactionType;
  why.action = redaction_action(seq);
  {
    const std::lock_guard lock(mutex_);
    ++redacting_;
  }
  Result<Recorded> recorded = append(std::move(why));
  if (recorded) {
    const Status erased = erase({log, seq});
    if (!erased) {
      if (!turns_ || erased.error().code != Code::unavailable) stop(erased.error());
      recorded = tl::unexpected<Error>(erased.error());
    }
  }
  {
    const std::lock_guard lock(mutex_);
    --redacting_;
  }
  kept_.notify_one();
  return recorded;
}

Result<std::string> Ledger::publish() {
  std::unique_lock lock(mutex_);
  if (turns_) {
    const std::uint64_t mine = ++follow_wanted_;
    queued_.notify_one();
    settled_.wait(lock, [&] { return follow_done_ >= mine; });
    if (!turn_state_) return tl::unexpected<Error>(turn_state_.error());
  }
  const std::uint64_t mine = ++sign_wanted_;
  staged_some_.notify_one();
  settled_.wait(lock, [&] { return sign_done_ >= mine; });
  for (const Status* state : {&state_, &sign_state_}) {
    if (!*state) return tl::unexpected<Error>(state->error());
  }
  return checkpoint_;
}

Result<LogCheckpoint> Ledger::publish_log(const std::string& log,
                                          std::span<const tlog::NoteSigner> signers) {
  const Result<tlog::TreeHead> known = store_->head(log);
  if (!known && known.error().code != Code::not_found) {
    return tl::unexpected<Error>(known.error());
  }
  const tlog::TreeHead head = known ? *known : tlog::TreeHead{};
  MC_TRY([[maybe_unused]] const std::string vouched, publish());
  if (head.size > 0) {
    MC_TRY(const tlog::Hash root, store_->root_at(log, head.size));
    if (root != head.root) {
      return fail(Code::corrupt,
                  "ledger: the tree of '" + log + "' on the disk is not the one that was written");
    }
  }
  MC_TRY(std::string note, sign_head(head, signers));
  return LogCheckpoint{head, std::move(note)};
}

Result<std::vector<tlog::NoteSigner>> Ledger::signers_of(const std::string& log) const {
  std::vector<tlog::NoteSigner> out;
  for (const tlog::NoteSigner& signer : signers_) {
    MC_TRY(tlog::NoteSigner own, signer.renamed(signer.key().name() + "/" + log));
    out.push_back(std::move(own));
  }
  return out;
}

std::vector<tlog::NoteKey> Ledger::keys() const {
  std::vector<tlog::NoteKey> out;
  for (const tlog::NoteSigner& signer : signers_) out.push_back(signer.key());
  return out;
}

std::string Ledger::checkpoint() const {
  const std::lock_guard lock(mutex_);
  return checkpoint_;
}

void Ledger::keep_cosigned(std::string checkpoint) {
  const std::lock_guard lock(mutex_);
  cosigned_ = std::move(checkpoint);
}

std::string Ledger::cosigned() const {
  const std::lock_guard lock(mutex_);
  return cosigned_;
}

Status Ledger::state() const {
  const std::lock_guard lock(mutex_);
  return state_ ? turn_state_ : state_;
}

void Ledger::move_from_queue(Waiting& batch) {
  std::size_t bytes = 0;
  std::size_t end = taken_;
  while (end < queue_.entries.size() && end - taken_ < config_.batch_records_max &&
         bytes < config_.batch_bytes_max) {
    bytes += queue_.entries[end++].bytes();
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

// While the disk works on some, nearly as many are gathered: a smaller batch would only wait for it
// too, and each has a cost of its own. One that is alone waits for nothing.
bool Ledger::take(Waiting& batch) {
  std::unique_lock lock(mutex_);
  queued_.wait(lock, [this] {
    enough_ = std::clamp<std::size_t>(unsettled_ - unsettled_ / 4, 1, config_.batch_records_max);
    const bool waiting = queue_.entries.size() - taken_ >= enough_;
    return (waiting || no_more_entries_) && staged_.size() < config_.staged_max;
  });
  move_from_queue(batch);
  return !batch.entries.empty();
}

void Ledger::write_batches() {
  for (Waiting batch; take(batch); batch.entries.clear()) {
    Staged staged{store_->stage(batch.entries, machine_.clock.wall()), std::move(batch.done)};
    batch.done.clear();
    {
      const std::lock_guard lock(mutex_);
      staged_.push_back(std::move(staged));
      unsettled_ += batch.entries.size();
    }
    staged_some_.notify_one();
  }
}

bool Ledger::take(std::vector<Staged>& batches, std::uint64_t& sign) {
  std::unique_lock lock(mutex_);
  const auto something = [this] {
    return !staged_.empty() || sign_wanted_ > sign_done_ || no_more_batches_;
  };
  // Others may append to a shared ledger at any time.
  const bool behind = state_ && (turns_ || publisher_->is_behind());
  if (behind) {
    staged_some_.wait_for(lock, std::chrono::nanoseconds(config_.checkpoint_every.count),
                          something);
  } else {
    staged_some_.wait(lock, something);
  }
  batches.swap(staged_);
  sign = sign_wanted_;
  return !batches.empty() || !no_more_batches_;
}

void Ledger::stop(const Error& why) {
  const std::lock_guard lock(mutex_);
  if (state_) state_ = tl::unexpected<Error>(why);
}

void Ledger::settle(Staged& batch) {
  Status done = ok();
  if (!batch.pending) {
    done = tl::unexpected<Error>(batch.pending.error());
  } else {
    done = store_->settle(*batch.pending);
  }
  if (!done) stop(done.error());
  const Result<Recorded> refused = tl::unexpected<Error>(done ? Error{} : done.error());
  for (std::size_t i = 0; i < batch.done.size(); ++i) {
    batch.done[i](done ? batch.pending->answers[i] : refused);
  }
  const bool keeps = done && batch.pending->keep;
  {
    const std::lock_guard lock(mutex_);
    unsettled_ -= batch.done.size();
    if (keeps) mark_ = std::move(batch.pending->keep);
  }
  queued_.notify_one();
  if (keeps) kept_.notify_one();
}

void Ledger::settle_batches() {
  std::vector<Staged> batches;
  MonoTime last_signed = machine_.clock.mono();
  std::uint64_t signed_for = 0;
  for (bool on = true; on;) {
    std::uint64_t wanted = 0;
    on = take(batches, wanted);
    for (Staged& batch : batches) settle(batch);
    batches.clear();
    const MonoTime now = machine_.clock.mono();
    const bool due = !on || now - last_signed >= config_.checkpoint_every;
    if (wanted == signed_for && !(due && state() && publisher_->is_behind())) continue;
    sign(wanted);
    signed_for = wanted;
    last_signed = now;
  }
}

void Ledger::sign(std::uint64_t wanted) {
  const Status good = [this] {
    const std::lock_guard lock(mutex_);
    return state_;
  }();
  Result<std::string> note =
      good ? publisher_->sign() : Result<std::string>(tl::unexpected<Error>(good.error()));
  if (!note && !(turns_ && note.error().code == Code::unavailable)) stop(note.error());
  {
    const std::lock_guard lock(mutex_);
    sign_state_ = note ? ok() : Status(tl::unexpected<Error>(note.error()));
    if (note) checkpoint_ = std::move(*note);
    sign_done_ = wanted;
  }
  settled_.notify_all();
}

void Ledger::keep_marks() {
  for (;;) {
    std::optional<Known> mark;
    {
      std::unique_lock lock(mutex_);
      kept_.wait(lock, [this] { return (mark_ && redacting_ == 0) || no_more_marks_; });
      if (!mark_) return;
      mark.swap(mark_);
    }
    if (const Status kept = store_->keep(*mark); !kept) stop(kept.error());
  }
}

}  // namespace mc::ledger
