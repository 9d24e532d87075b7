#include "share/share.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "share/line.h"

namespace mc::share {
namespace {

constexpr Nanos kLookEvery = millis(50);  // at all lines that hold something
constexpr std::size_t kReapedAtOnce = 256;

bool is_node_name(std::string_view name) {
  return name.size() >= 8 && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

const Outcome kFull = {.state = Outcome::State::denied, .full = true};

constexpr Spec kSelfSpec = {.kind = Kind::seats, .max = budget::kHeldMax, .on_loss = OnLoss::open};

}  // namespace

Spec Spec::of(const budget::Limits::Limit& limit, OnLoss on_loss, Nanos window_left) {
  using budget::Dimension;
  const Dimension dimension = limit.dimension;
  Spec out = {.max = limit.max, .on_loss = on_loss};
  if (limit.rate) {
    out.rate = limit.rate->limit();
    out.max = 0;
    out.settles = dimension == Dimension::credits || dimension == Dimension::bytes ||
                  dimension == Dimension::fanout;
  } else if (dimension == Dimension::day_credits || dimension == Dimension::month_credits) {
    out.kind = Kind::window;
    out.settles = true;
    out.keep = window_left + kRememberNode;
  } else {
    out.kind = Kind::seats;
  }
  return out;
}

Result<Shape> shape_of(const Spec& spec) {
  if (spec.kind != Kind::rate) {
    const std::int64_t most = spec.kind == Kind::seats ? budget::kHeldMax : budget::kWindowMax;
    if (spec.max < 1 || spec.max > most) {
      return fail(Code::invalid, "max: must be 1 to " + std::to_string(most));
    }
    return Shape{.kind = spec.kind, .max = spec.max, .keep = spec.keep};
  }
  MC_TRY_OK(budget::Rate::make(spec.rate).map([](const auto&) { return std::monostate{}; }));
  if (spec.rate.period.count % 1'000 != 0) {
    return fail(Code::invalid, "period: must be whole microseconds");
  }
  const std::int64_t us = spec.rate.period.count / 1'000;
  const std::int64_t common = std::gcd(spec.rate.amount, us);
  Shape out = {.kind = Kind::rate,
               .max = spec.rate.burst,
               .each = us / common,
               .drain = spec.rate.amount / common};
  while (out.each > kTicksMax / out.max) {  // coarser: a credit rises more, less drains
    out.each = out.each / 2 + out.each % 2;
    out.drain /= 2;
  }
  if (out.drain == 0) return fail(Code::invalid, "burst: takes too long to grow back");
  return out;
}

// Answers come on any thread and wait here for the next turn.
struct Share::Inbox {
  struct Letter {
    std::int64_t round = 0;
    Result<std::vector<Reply>> answer;
  };
  Guarded<std::vector<Letter>> letters;
  std::function<void()> wake;
};

struct Share::Finished {
  Later later;
  Outcome outcome;
};

Share::Share(Options options, Store& store, Hooks hooks)
    : options_(std::move(options)),
      store_(store),
      hooks_(std::move(hooks)),
      inbox_(std::make_shared<Inbox>()) {
  inbox_->wake = hooks_.wake;
}

Share::~Share() = default;

Result<std::unique_ptr<Share>> Share::make(Options options, Store& store, Hooks hooks) {
  if (options.op_timeout < millis(1) || options.op_timeout > seconds(1)) {
    return fail(Code::invalid, "op_timeout: must be 1ms to 1s");
  }
  if (options.nodes_min < 1 || options.nodes_min > 10'000) {
    return fail(Code::invalid, "nodes_min: must be 1 to 10000");
  }
  if (!is_node_name(options.node)) {
    return fail(Code::invalid, "node: must be 8 to 64 of a-z and 0-9");
  }
  std::unique_ptr<Share> out(new Share(std::move(options), store, std::move(hooks)));
  out->nodes_ = out->options_.nodes_min;
  MC_TRY(const Shape shape, shape_of(kSelfSpec));
  // In exact mode nobody holds more than is in use: the seat of the node itself.
  out->self_ = std::make_shared<Line>("{nodes}live", Mode::exact, kSelfSpec, shape);
  return out;
}

Result<std::shared_ptr<Line>> Share::line(std::string_view key, const Spec& spec) {
  if (key.empty() || key.size() > kKeyMax) {
    return fail(Code::invalid, "key: must be 1 to " + std::to_string(kKeyMax) + " bytes");
  }
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found != by_key_.end() && found->second->is_of(spec)) return found->second;
  MC_TRY(const Shape shape, shape_of(spec));
  if (found != by_key_.end()) {
    found->second->change(spec, shape);
    return found->second;
  }
  if (lines_.size() >= kLinesMax) {
    return fail(Code::exhausted,
                "shared budgets: at most " + std::to_string(kLinesMax) + " keys are counted");
  }
  auto line = std::make_shared<Line>(std::string(key), options_.mode, spec, shape);
  const auto at = lines_.emplace(key, line).first;
  by_key_.emplace(at->first, line);
  count_ = static_cast<std::int64_t>(lines_.size());
  return line;
}

Outcome Share::try_take(std::span<const Need> needs, MonoTime now, std::int64_t alone) {
  const std::int64_t nodes = nodes_.load(std::memory_order_relaxed);
  Outcome out;
  std::uint32_t taken_alone = 0;  // a bit a need
  MC_CHECK(needs.size() <= 32);
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const Line::Take take = needs[i].line->take(needs[i].amount, now, alone, nodes);
    if (take.alone) taken_alone |= 1U << i;
    if (take.ask) queue(needs[i].line);
    if (take.step == Line::Step::taken) continue;
    for (std::size_t j = i; j-- > 0;) {
      needs[j].line->undo(needs[j].amount, now, (taken_alone >> j & 1U) != 0);
    }
    out = {.state = take.step == Line::Step::denied ? Outcome::State::denied : Outcome::State::wait,
           .eligible_in = take.eligible_in,
           .by = i};
    break;
  }
  out.alone = taken_alone != 0;
  out.needs_alone = taken_alone;
  if (out.alone) alone_.fetch_add(1, std::memory_order_relaxed);
  return out;
}

Outcome Share::take(std::span<const Need> needs, MonoTime now) {
  return try_take(needs, now, lost_.load(std::memory_order_acquire));
}

void Share::wait(std::vector<Need> needs, MonoTime now, Later later) {
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    full = closed_ || waiters_.size() >= kWaitersMax;
    if (!full) {
      ++waited_;
      waiters_.push_back({.needs = std::move(needs), .later = std::move(later), .since = now});
    }
  }
  if (full) return later(kFull);
  if (hooks_.wake) hooks_.wake();
}

void Share::undo(std::span<const Need> needs, const Outcome& taken, MonoTime now) {
  for (std::size_t i = 0; i < needs.size(); ++i) {
    needs[i].line->undo(needs[i].amount, now, (taken.needs_alone >> i & 1U) != 0);
  }
}

void Share::close() {
  std::deque<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiters.swap(waiters_);
  }
  for (const Waiter& waiter : waiters) waiter.later(kFull);
}

void Share::settle(const Need& taken, std::int64_t used, MonoTime taken_at, MonoTime now) {
  if (taken.line->settle(taken.amount, used, taken_at, now)) queue(taken.line);
}

void Share::enlist(const std::shared_ptr<Line>& line) {
  dirty_.push_back(line);
  if (!std::exchange(line->live, true)) live_.push_back(line);
}

void Share::queue(const std::shared_ptr<Line>& line) {
  if (line->queued.load(std::memory_order_relaxed) || line->queued.exchange(true)) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = dirty_.empty();
    enlist(line);
  }
  if (first && hooks_.wake) hooks_.wake();
}

void Share::answered(const std::vector<Reply>& replies, MonoTime now) {
  const Flight flight = *std::exchange(flight_, std::nullopt);
  if (replies.size() != flight.lines.size()) return;  // hear() has checked
  bool emptied = false;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const std::shared_ptr<Line>& line = flight.lines[i];
    if (line == self_) {
      nodes_ = std::max(options_.nodes_min, replies[i].nodes);
      self_->answered(replies[i], now);
    } else if (line->answered(replies[i], now) && !line->queued.exchange(true)) {
      enlist(line);
    }
    emptied = line->was_emptied() || emptied;
  }
  if (lost_ != 0) events_.push_back(note_back(now));
  if (emptied) {
    events_.push_back({.kind = Event::Kind::store_emptied, .at = now});
    for (const auto& [key, line] : lines_) {
      if (line->tell_again() && !line->queued.exchange(true)) enlist(line);
    }
  }
  if (std::exchange(failures_, 0) > 0) ++losses_;
  lost_ = 0;
  for (Waiter& waiter : waiters_) {
    if (waiter.round == flight.round) waiter.heard = true;
  }
}

void Share::failed(std::string why, MonoTime now) {
  const Flight flight = *std::exchange(flight_, std::nullopt);
  for (const auto& line : flight.lines) {
    line->failed();
    if (line != self_ && !line->queued.exchange(true)) enlist(line);
  }
  ++failed_calls_;
  decide_all_ = true;
  next_call_ = now;
  if (++failures_ < kFailuresToLose) return;
  next_call_ = now + kProbe;
  if (lost_ != 0) return;
  lost_ = losses_;
  events_.push_back({.kind = Event::Kind::store_lost, .at = now, .why = std::move(why)});
}

Event Share::note_back(MonoTime now) {
  Event out = {.kind = Event::Kind::store_back, .at = now};
  for (const auto& line : live_) {
    const std::int64_t amount = line->forget_alone();
    if (amount <= 0) continue;
    out.admitted[static_cast<std::size_t>(line->on_loss())] += amount;
    out.keys.emplace_back(line->key(), amount);
  }
  std::ranges::sort(out.keys, [](const auto& a, const auto& b) {
    return std::pair(-a.second, a.first) < std::pair(-b.second, b.first);
  });
  if (out.keys.size() > kEventLinesMax) out.keys.resize(kEventLinesMax);
  return out;
}

void Share::hear(MonoTime now) {
  for (Inbox::Letter& letter :
       inbox_->letters.with([](auto& letters) { return std::exchange(letters, {}); })) {
    if (!flight_ || letter.round != flight_->round) continue;  // it came too late
    if (!letter.answer) {
      failed(letter.answer.error().what, now);
    } else if (letter.answer->size() != flight_->lines.size()) {
      failed("an answer of another length", now);
    } else {
      answered(*letter.answer, now);
    }
  }
  if (flight_ && now - flight_->sent >= options_.op_timeout) {
    failed("no answer within " + format_duration(options_.op_timeout), now);
  }
}

// Whoever has an answer, and whoever has waited long enough for one.
void Share::end_waits(MonoTime now, std::vector<Finished>& done) {
  std::vector<Waiter> ready;
  std::int64_t loss = 0;
  {
    const std::lock_guard lock(mutex_);
    const bool all = std::exchange(decide_all_, false) || lost_ != 0;
    loss = losses_;
    std::erase_if(waiters_, [&](Waiter& waiter) {
      if (!waiter.heard && !all && now - waiter.since < options_.op_timeout) return false;
      ready.push_back(std::move(waiter));
      return true;
    });
  }
  std::vector<Waiter> again;
  for (Waiter& waiter : ready) {
    Outcome outcome = try_take(waiter.needs, now, waiter.heard ? 0 : loss);
    if (outcome.state == Outcome::State::wait) {  // heard, and others have taken what there was
      if (now - waiter.since < options_.op_timeout) {
        waiter.heard = false;
        waiter.round = 0;
        again.push_back(std::move(waiter));
        continue;
      }
      outcome.state = Outcome::State::denied;
      outcome.eligible_in = options_.op_timeout;
    }
    done.push_back({.later = std::move(waiter.later), .outcome = outcome});
  }
  if (again.empty()) return;
  const std::lock_guard lock(mutex_);
  waiters_.insert(waiters_.begin(), std::move_iterator(again.begin()),
                  std::move_iterator(again.end()));
}

void Share::look_at_lines(MonoTime now) {
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  std::erase_if(live_, [&](const std::shared_ptr<Line>& line) {
    const Line::Look look = line->look(now);
    if (look.ask && !line->queued.exchange(true)) dirty_.push_back(line);
    if (!look.idle || line->queued) return false;
    line->live = false;
    return true;
  });
  reap(now);
}

// Lines that nobody asks for and that have nothing to remember.
void Share::reap(MonoTime now) {
  auto at = lines_.upper_bound(reaped_);
  for (std::size_t i = 0; i < kReapedAtOnce && at != lines_.end(); ++i) {
    reaped_ = at->first;
    const bool unused = at->second.use_count() == 2 && !at->second->live && !at->second->queued &&
                        at->second->is_forgotten(now);
    if (unused) by_key_.erase(at->first);
    at = unused ? lines_.erase(at) : std::next(at);
  }
  if (at == lines_.end()) reaped_.clear();
  count_ = static_cast<std::int64_t>(lines_.size());
}

// What those need who wait and are in no call yet.
void Share::gather_waiting(std::int64_t round) {
  for (Waiter& waiter : waiters_) {
    if (waiter.round != 0) continue;
    if (dirty_.size() >= kAsksMax) return;
    waiter.round = round;
    for (const Need& need : waiter.needs) {
      need.line->add_waiting(need.amount);
      if (!need.line->queued.exchange(true)) enlist(need.line);
    }
  }
}

std::vector<Ask> Share::compose(MonoTime now) {
  std::vector<Ask> asks;
  if (flight_ || now < next_call_) return asks;
  Flight flight = {.round = round_ + 1, .sent = now, .lines = {}};
  const auto add = [&](const std::shared_ptr<Line>& line) {
    std::optional<Ask> ask = line->ask(now);
    if (!ask) return;
    asks.push_back(std::move(*ask));
    flight.lines.push_back(line);
  };
  has_seat_ = has_seat_ || self_->take(1, now, 0, 1).step == Line::Step::taken;
  if (!has_seat_) self_->add_waiting(1);
  if (!has_seat_ || lost_ != 0 || self_->look(now).ask) add(self_);
  if (lost_ == 0) {
    gather_waiting(flight.round);
    std::vector<std::shared_ptr<Line>> later;
    for (std::shared_ptr<Line>& line : dirty_) {
      if (asks.size() >= kAsksMax) {
        later.push_back(std::move(line));
        continue;
      }
      line->queued = false;
      add(line);
    }
    dirty_ = std::move(later);
  }
  if (asks.empty()) {  // what is held is enough
    for (Waiter& waiter : waiters_) {
      if (waiter.round == flight.round) waiter.heard = true;
    }
    return asks;
  }
  ++calls_;
  asks_ += static_cast<std::int64_t>(asks.size());
  ++round_;
  flight_ = std::move(flight);
  return asks;
}

// With the lock held.
Nanos Share::next_turn(MonoTime now) const {
  MonoTime next = next_look_;
  if (flight_) {
    next = std::min(next, flight_->sent + options_.op_timeout);
  } else if (lost_ != 0 || !dirty_.empty() || !waiters_.empty()) {
    next = std::min(next, std::max(now, next_call_));
  }
  for (const Waiter& waiter : waiters_) next = std::min(next, waiter.since + options_.op_timeout);
  return std::max(Nanos{0}, next - now);
}

Nanos Share::turn(MonoTime now) {
  std::vector<Finished> done;
  std::vector<Ask> asks;
  std::int64_t round = 0;
  {
    const std::lock_guard lock(mutex_);
    hear(now);
    look_at_lines(now);
  }
  end_waits(now, done);
  {
    const std::lock_guard lock(mutex_);
    asks = compose(now);
    round = round_;
  }
  if (!asks.empty()) {
    store_.ask(options_.node, std::move(asks),
               [inbox = inbox_, round](Result<std::vector<Reply>> answer) {
                 inbox->letters.with([&](auto& letters) {
                   letters.push_back({.round = round, .answer = std::move(answer)});
                 });
                 if (inbox->wake) inbox->wake();
               });
  } else {
    end_waits(now, done);
  }
  std::vector<Event> events;
  Nanos next;
  {
    const std::lock_guard lock(mutex_);
    events = std::exchange(events_, {});
    next = next_turn(now);
  }
  for (const Event& event : events) {
    if (hooks_.on_event) hooks_.on_event(event);
  }
  for (const Finished& one : done) one.later(one.outcome);
  return next;
}

Stats Share::stats() const {
  const std::lock_guard lock(mutex_);
  return {.asks = asks_,
          .calls = calls_,
          .failed_calls = failed_calls_,
          .waited = waited_,
          .alone = alone_,
          .nodes = nodes_,
          .lines = count_,
          .lost = lost_ != 0};
}

}  // namespace mc::share
