#include "share/line.h"

#include <algorithm>

namespace mc::share {
namespace {

// The node's end of a lease comes before the store's: it counts from the asking, and its clock
// may be slower by a tenth.
constexpr MonoTime end_of(MonoTime asked, Nanos ttl) {
  return asked + Nanos{ttl.count / 10 * 9};
}

}  // namespace

Line::Line(std::string key, Mode mode, const Spec& spec, const Shape& shape)
    : key_(std::move(key)), mode_(mode), spec_(spec), shape_(shape), left_(shape.max) {}

void Line::change(const Spec& spec, const Shape& shape) {
  const std::lock_guard lock(mutex_);
  if (spec_ == spec) return;
  spec_ = spec;
  shape_ = shape;
  denied_until_ = {};
  if (alone_ == 0) loss_ = 0;
}

bool Line::is_of(const Spec& spec) const {
  const std::lock_guard lock(mutex_);
  return spec_ == spec;
}

OnLoss Line::on_loss() const {
  const std::lock_guard lock(mutex_);
  return spec_.on_loss;
}

// What it would like to hold. The store gives at most a half of a node's part of what is left.
std::int64_t Line::chunk() const {
  if (mode_ == Mode::exact) return 0;
  if (is_seats()) return std::max<std::int64_t>(1, shape_.max / 16);
  if (spec_.kind == Kind::window) return std::max<std::int64_t>(1, shape_.max / 1'000);
  const std::int64_t us = kChunk.count / 1'000;
  return std::max<std::int64_t>(1, std::min(shape_.max, us * shape_.drain / shape_.each));
}

// Leases end; estimates that nobody settled in time were used.
void Line::pass(MonoTime now) {
  const std::int64_t generation = now.nanos / kOpen.count;
  if (!is_seats() && open() > 0) {
    if (now >= until_ || generation > generation_ + 1) {
      used_ += open();
      open_[0] = open_[1] = 0;
      lapsed_at_ = now;
    } else if (generation > generation_) {
      used_ += open_[1];
      open_[1] = std::exchange(open_[0], 0);
    }
  }
  generation_ = std::max(generation_, generation);
  if (now >= until_) held_ = 0;
  if (now - known_since_ >= kKnown) {
    known_[1] = now - known_since_ >= kKnown * 2 ? 0 : known_[0];
    known_[0] = 0;
    known_since_ = now - known_since_ >= kKnown * 2 ? now : known_since_ + kKnown;
  }
}

void Line::put(std::int64_t amount, MonoTime now) {
  (is_seats() || spec_.settles ? open_[0] : used_) += amount;
  known_[0] += amount;
  taken_at_ = now;
}

Line::Take Line::take(std::int64_t amount, MonoTime now, std::int64_t loss, std::int64_t nodes) {
  const std::lock_guard lock(mutex_);
  pass(now);
  if (amount <= held_) {
    held_ -= amount;
    put(amount, now);
    const bool low = held_ * 2 < chunk() && now >= refill_at_ && loss == 0;
    return {.step = Step::taken, .ask = low || mode_ == Mode::exact};
  }
  if (amount > shape_.max) return {.step = Step::denied, .eligible_in = kNever};
  if (loss != 0) return take_alone(amount, now, loss, nodes);
  if (now < denied_until_ && amount - held_ >= denied_least_) {
    if (never_) return {.step = Step::denied, .eligible_in = kNever};
    if (unknown_) return {.step = Step::denied};
    return {.step = Step::denied, .eligible_in = std::max(millis(1), eligible_at_ - now)};
  }
  return {.step = Step::missing};
}

void Line::undo(std::int64_t amount, MonoTime now, bool alone) {
  const std::lock_guard lock(mutex_);
  // Another thread may have met a later time meanwhile, and pass() moved it on.
  std::int64_t rest = amount;
  const auto take_from = [&rest](std::int64_t& count) {
    const std::int64_t part = std::min(rest, count);
    count -= part;
    rest -= part;
  };
  if (is_seats() || spec_.settles) {
    take_from(open_[0]);
    take_from(open_[1]);
  }
  used_ -= rest;
  known_[0] -= std::min(known_[0], amount);
  if (!alone) {
    if (now < until_) held_ += amount;
    return;
  }
  alone_ -= std::min(alone_, amount);
  alone_told_ -= std::min(alone_told_, amount);
  if (!is_seats()) alone_left_ += amount;
  if (rate_ && bucket_) bucket_->undo(*rate_, amount);
}

bool Line::settle(std::int64_t taken, std::int64_t used, MonoTime taken_at, MonoTime now) {
  const std::lock_guard lock(mutex_);
  pass(now);
  if (is_seats()) {
    open_[0] -= std::min(open_[0], taken);
    if (now < until_) held_ += taken;
    return mode_ == Mode::exact;
  }
  if (used > taken) {  // owed, at most one burst
    used_ += std::min(used - taken, shape_.max);
    known_[0] += std::min(used - taken, shape_.max);
  }
  const std::int64_t generation = taken_at.nanos / kOpen.count;
  const bool late = generation + 1 < generation_ || taken_at <= lapsed_at_;
  if (!spec_.settles || late) return used > taken;
  std::int64_t& open = open_[generation == generation_ ? 0 : 1];
  if (open < taken) return used > taken;  // it was used as it was estimated
  open -= taken;
  const std::int64_t less = std::min(taken, used);
  used_ += less;
  // What was taken alone was of no lease.
  if (now < until_ && alone_ == 0) held_ += taken - less;
  return mode_ == Mode::exact || used > taken;
}

budget::Ticks Line::ticks(MonoTime at) const {
  return budget::ticks_of(std::max(Nanos{0}, at - alone_since_));
}

// What a loss of the store begins with. What was admitted in one before and is not posted stays.
void Line::begin_alone(MonoTime now, std::int64_t loss, std::int64_t nodes) {
  if (loss_ != 0 && (loss_ == loss || alone_ > 0)) return;
  loss_ = loss;
  rate_.reset();
  alone_since_ = now;
  const bool share = spec_.on_loss != OnLoss::last_known;
  if (spec_.kind == Kind::seats) {
    alone_left_ = share ? std::max<std::int64_t>(1, shape_.max / nodes) : left_ + open() + held_;
    return;
  }
  alone_left_ = share ? left_ / nodes : left_;
  if (spec_.kind == Kind::window) return;
  budget::RateLimit limit = {.amount = spec_.rate.amount,
                             .period = spec_.rate.period * nodes,
                             .burst = std::max<std::int64_t>(1, spec_.rate.burst / nodes)};
  if (!share) {
    const Nanos in = now - known_since_ + (known_[1] > 0 ? kKnown : Nanos{});
    limit.amount = known_[0] + known_[1];
    limit.period = std::max(in, kKnown);
    limit.burst = std::max<std::int64_t>(1, limit.amount * 1'000 / to_millis(limit.period));
  }
  const Result<budget::Rate> rate = budget::Rate::make(limit);
  if (!rate) return;  // nothing was used before: nothing is let in
  rate_ = *rate;
  bucket_.emplace();
  if (share) bucket_->take(*rate_, limit.burst - std::min(limit.burst, alone_left_), 0);
}

Line::Take Line::take_alone(std::int64_t amount, MonoTime now, std::int64_t loss,
                            std::int64_t nodes) {
  Take denied = {.step = Step::denied, .eligible_in = kAloneAgain, .alone = true};
  if (spec_.on_loss == OnLoss::closed) return denied;
  begin_alone(now, loss, nodes);
  bool ok = spec_.on_loss == OnLoss::open;
  if (spec_.kind == Kind::seats) {
    ok = ok || open() + amount <= alone_left_;
  } else if (spec_.kind == Kind::window) {
    ok = ok || amount <= alone_left_;
  } else if (rate_) {
    const budget::Taken taken = bucket_->take(*rate_, amount, ticks(now));
    if (!taken.ok && taken.eligible_at != budget::kNever) {
      denied.eligible_in = budget::nanos_of(taken.eligible_at - ticks(now));
    }
    ok = ok || taken.ok;
  }
  if (!ok) return denied;
  put(amount, now);
  alone_left_ -= spec_.kind == Kind::seats ? 0 : amount;
  alone_ += amount;
  alone_told_ += amount;
  return {.step = Step::taken, .ask = true, .alone = true};
}

void Line::add_waiting(std::int64_t amount) {
  const std::lock_guard lock(mutex_);
  waiting_ += amount;
  least_ = least_ == 0 ? amount : std::min(least_, amount);
}

// Of a rate, what was admitted alone and has not grown back is charged; the rest has drained.
std::int64_t Line::fresh_charge(MonoTime now) const {
  if (spec_.kind == Kind::seats) return 0;
  if (spec_.kind == Kind::window) return used_;
  const std::int64_t alone = std::min(alone_, used_ - acked_);
  std::int64_t late = alone;
  if (alone > 0 && rate_) {
    const std::int64_t burst = rate_->limit().burst;
    late = std::min(alone, burst - rate_->left(bucket_->level(ticks(now))));
  }
  return used_ - acked_ - alone + late;
}

std::optional<Ask> Line::ask(MonoTime now) {
  const std::lock_guard lock(mutex_);
  pass(now);
  const std::int64_t waiting = std::exchange(waiting_, 0), least = std::exchange(least_, 0);
  const bool active = !is_idle(now) || waiting > 0;
  const std::int64_t want = active ? chunk() : 0;
  const std::int64_t held_before = held_;
  if (waiting == 0) held_ = std::min(held_, want);  // given back, so not to be used from now on
  const bool beat = held_ + open() > 0 && now - acked_at_ >= (is_seats() ? kBeat : kReport);
  const bool asked = std::exchange(tell_, false) || (is_seats() && mode_ == Mode::exact);
  if (waiting <= held_ && want <= held_ && used_ == acked_ && held_ == held_before && !beat &&
      !asked) {
    return std::nullopt;
  }
  Ask out = {.key = key_,
             .shape = shape_,
             .seq = ++seq_,
             .used = used_,
             .charge = fresh_charge(now),
             .held = held_ + open(),
             .want = want + open(),
             .need = std::max<std::int64_t>(0, waiting - held_),
             .least = std::max<std::int64_t>(0, least - held_),
             .ttl = is_seats() ? kSeatTtl : kLeaseTtl};
  sent_ = {.held = out.held,
           .used = used_,
           .alone = alone_,
           .least = out.least,
           .at = now,
           .ttl = out.ttl};
  asked_at_ = now;
  return out;
}

bool Line::answered(const Reply& reply, MonoTime now) {
  const std::lock_guard lock(mutex_);
  if (!sent_) return false;
  const Sent sent = *sent_;
  sent_.reset();
  if (reply.stale) return false;
  pass(now);
  const bool heard_lately = acked_at_ != MonoTime{} && now - acked_at_ < kRememberNode;
  if (!reply.known && heard_lately) emptied_ = true;
  acked_ = sent.used;
  acked_at_ = now;
  alone_ -= std::min(alone_, sent.alone);
  until_ = end_of(sent.at, sent.ttl);
  left_ = reply.left;
  const std::int64_t granted = std::max<std::int64_t>(0, reply.lease - sent.held);
  if (now < until_) held_ += granted;
  refill_at_ = held_ * 2 < chunk() ? now + kRefillAgain : now;
  if (sent.least > 0 && granted < sent.least) {
    never_ = reply.eligible_us < 0;
    unknown_ = reply.eligible_us == 0;
    eligible_at_ = now + micros(std::max<std::int64_t>(0, reply.eligible_us));
    denied_least_ = sent.least;
    denied_until_ = now + kDeniedMax;
    if (unknown_) denied_until_ = now + kRefillAgain;
    if (!never_ && !unknown_) denied_until_ = std::min(denied_until_, eligible_at_);
  } else {
    denied_until_ = {};
  }
  return mode_ == Mode::exact && granted > 0;
}

bool Line::tell_again() {
  const std::lock_guard lock(mutex_);
  if (spec_.kind != Kind::window || used_ == 0) return false;
  return tell_ = true;
}

void Line::failed() {
  const std::lock_guard lock(mutex_);
  sent_.reset();
}

Line::Look Line::look(MonoTime now) {
  const std::lock_guard lock(mutex_);
  pass(now);
  const std::int64_t lease = held_ + open();
  if (lease == 0 && used_ == acked_) return {.idle = alone_told_ == 0};
  const bool give_back = held_ > 0 && is_idle(now);
  const bool beat = now - acked_at_ >= (is_seats() ? kBeat : kReport);
  return {.ask = give_back || (beat && (lease > 0 || used_ != acked_))};
}

bool Line::is_forgotten(MonoTime now) const {
  const std::lock_guard lock(mutex_);
  return now - acked_at_ > kRememberNode * 2 + (spec_.kind == Kind::window ? spec_.keep : Nanos{});
}

std::int64_t Line::forget_alone() {
  const std::lock_guard lock(mutex_);
  return std::exchange(alone_told_, 0);
}

}  // namespace mc::share
