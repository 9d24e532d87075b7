#include "budget/account.h"

#include <algorithm>
#include <chrono>

#include "budget/window_count.h"

namespace mc::budget {
namespace {

constexpr std::uint64_t kUsedMask = (std::uint64_t{1} << 44) - 1;
constexpr std::uint64_t kWindowMask = (1 << 20) - 1;
static_assert(kWindowMax < static_cast<std::int64_t>(kUsedMask));
static_assert(kWindowUsedMax == kUsedMask && kWindowNumberMax == kWindowMask);

enum class Kind : std::uint8_t { plain, settled, held, window };
struct Place {
  Kind kind;
  std::size_t index;
};
constexpr std::array<Place, kDimensions> kPlaces = {{{Kind::plain, 0},
                                                     {Kind::settled, 0},
                                                     {Kind::settled, 1},
                                                     {Kind::settled, 2},
                                                     {Kind::plain, 1},
                                                     {Kind::plain, 2},
                                                     {Kind::held, 0},
                                                     {Kind::held, 1},
                                                     {Kind::window, 0},
                                                     {Kind::window, 1}}};

Place place_of(Dimension dimension) {
  return kPlaces[static_cast<std::size_t>(dimension)];
}

std::int32_t window_of(Dimension dimension, const Moment& at) {
  return dimension == Dimension::day_credits ? at.day : at.month;
}

std::uint64_t word_of(const Window::Count& count) {
  return (static_cast<std::uint64_t>(count.window) & kWindowMask) << 44 |
         (static_cast<std::uint64_t>(count.used) & kUsedMask);
}

Account::Outcome outcome_of(const Rate& rate, const Taken& taken) {
  return {taken.ok, taken.eligible_at, rate.left(taken.level)};
}

}  // namespace

Moment Moment::of(Nanos since_start, WallTime wall) {
  using std::chrono::days, std::chrono::months, std::chrono::sys_days, std::chrono::sys_time;
  const sys_time<std::chrono::nanoseconds> now{std::chrono::nanoseconds(wall.nanos)};
  const sys_days day = std::chrono::floor<days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::year_month month = date.year() / date.month();
  const auto until = [&](sys_days end) {
    const std::chrono::nanoseconds left = end - now;
    return ticks_of(since_start) + ticks_of({left.count()});
  };
  Moment out;
  out.now = ticks_of(since_start);
  out.day = static_cast<std::int32_t>(day.time_since_epoch().count());
  out.month =
      static_cast<std::int32_t>((month - std::chrono::year(1970) / std::chrono::January).count());
  out.day_end = until(day + days(1));
  out.month_end = until(sys_days((month + months(1)) / std::chrono::day(1)));
  return out;
}

Moment Calendar::look(const Moment& at) const {
  using std::chrono::days, std::chrono::months, std::chrono::sys_days;
  Moment out = at;
  const std::int32_t day = day_.load(std::memory_order_relaxed);
  const std::int32_t month = month_.load(std::memory_order_relaxed);
  const auto later = [&](std::int32_t end) {  // in days since 1970
    return at.day_end + ticks_of(seconds(86'400)) * (std::int64_t{end} - at.day - 1);
  };
  if (day > at.day) {
    out.day = day;
    out.day_end = later(day + 1);
  }
  if (month > at.month) {
    const auto next = std::chrono::year(1970) / std::chrono::January + months(month + 1);
    const sys_days end(next / std::chrono::day(1));
    out.month = month;
    out.month_end = later(static_cast<std::int32_t>(end.time_since_epoch().count()));
  }
  return out;
}

Moment Calendar::meet(const Moment& at) {
  const auto raise = [](std::atomic<std::int32_t>& latest, std::int32_t to) {
    std::int32_t before = latest.load(std::memory_order_relaxed);
    while (to > before && !latest.compare_exchange_weak(before, to, std::memory_order_relaxed)) {
    }
  };
  raise(day_, at.day);
  raise(month_, at.month);
  return look(at);
}

bool Held::take(std::int64_t count, std::int64_t max) {
  std::int32_t held = count_.load(std::memory_order_relaxed);
  while (held + count <= max) {
    if (count_.compare_exchange_weak(held, static_cast<std::int32_t>(held + count),
                                     std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

void Held::let_go(std::int64_t count) {
  count_.fetch_sub(static_cast<std::int32_t>(count), std::memory_order_relaxed);
}

bool Window::take(std::int64_t credits, std::int64_t max, std::int32_t window) {
  const std::uint64_t wanted = static_cast<std::uint64_t>(window) & kWindowMask;
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  while (true) {
    const std::uint64_t own = std::max(word >> 44, wanted);
    const auto used = static_cast<std::int64_t>(own == word >> 44 ? word & kUsedMask : 0);
    if (credits > max - used) return false;
    const std::uint64_t next = own << 44 | static_cast<std::uint64_t>(used + credits);
    if (word_.compare_exchange_weak(word, next, std::memory_order_relaxed)) return true;
  }
}

void Window::change(std::int64_t by, std::int32_t window) {
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  while (word >> 44 == (static_cast<std::uint64_t>(window) & kWindowMask)) {
    const auto used = static_cast<std::int64_t>(word & kUsedMask);
    const std::int64_t more = std::min(by, static_cast<std::int64_t>(kUsedMask) - used);
    const auto next = static_cast<std::uint64_t>(std::max<std::int64_t>(used + more, 0));
    if (word_.compare_exchange_weak(word, word >> 44 << 44 | next, std::memory_order_relaxed)) {
      return;
    }
  }
}

std::int64_t Window::used(std::int32_t window) const {
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  const std::uint64_t wanted = static_cast<std::uint64_t>(window) & kWindowMask;
  return wanted > word >> 44 ? 0 : static_cast<std::int64_t>(word & kUsedMask);
}

std::optional<Window::Count> Window::changed() const {
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  if (word == kept_.load(std::memory_order_relaxed)) return std::nullopt;
  return Count{static_cast<std::int32_t>(word >> 44), static_cast<std::int64_t>(word & kUsedMask)};
}

void Window::kept(const Count& count) {
  kept_.store(word_of(count), std::memory_order_relaxed);
}

void Window::restore(const Count& count) {
  const std::uint64_t wanted = word_of(count);
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  // Words are in the order of their windows, then of what was used.
  while (word < wanted && !word_.compare_exchange_weak(word, wanted, std::memory_order_relaxed)) {
  }
  kept_.store(wanted, std::memory_order_relaxed);
}

Window& Account::window(Dimension dimension) {
  return windows_[place_of(dimension).index];
}

const Window& Account::window(Dimension dimension) const {
  return windows_[place_of(dimension).index];
}

Account::Outcome Account::take(const Limits::Limit& limit, std::int64_t amount, const Moment& at) {
  const auto [kind, index] = place_of(limit.dimension);
  if (kind == Kind::plain) {
    return outcome_of(*limit.rate, plain_[index].take(*limit.rate, amount, at.now));
  }
  if (kind == Kind::settled) {
    return outcome_of(*limit.rate, settled_[index].take(*limit.rate, amount, at.now));
  }
  const std::int32_t window = window_of(limit.dimension, at);
  while (true) {
    const bool taken = kind == Kind::held ? held_[index].take(amount, limit.max)
                                          : windows_[index].take(amount, limit.max, window);
    if (taken) {
      const std::int64_t used =
          kind == Kind::held ? held_[index].count() : windows_[index].used(window);
      return {true, 0, std::max<std::int64_t>(limit.max - used, 0)};
    }
    // Something may have been let go since: what look() finds free is not taken yet.
    const Outcome seen = look(limit, amount, at);
    if (!seen.ok) return seen;
  }
}

Account::Outcome Account::look(const Limits::Limit& limit, std::int64_t amount,
                               const Moment& at) const {
  const auto [kind, index] = place_of(limit.dimension);
  if (kind == Kind::plain) {
    return outcome_of(*limit.rate, plain_[index].look(*limit.rate, amount, at.now));
  }
  if (kind == Kind::settled) {
    return outcome_of(*limit.rate, settled_[index].look(*limit.rate, amount, at.now));
  }
  const bool is_window = kind == Kind::window;
  const std::int64_t used =
      is_window ? windows_[index].used(window_of(limit.dimension, at)) : held_[index].count();
  const std::int64_t left = std::max<std::int64_t>(limit.max - used, 0);
  if (amount <= left) return {true, 0, left - amount};
  if (amount > limit.max) return {false, kNever, left};
  const Ticks end = limit.dimension == Dimension::day_credits ? at.day_end : at.month_end;
  return {false, is_window ? end : 0, left};
}

void Account::undo(const Limits::Limit& limit, std::int64_t amount, const Moment& at) {
  const auto [kind, index] = place_of(limit.dimension);
  switch (kind) {
    case Kind::plain:
      return plain_[index].undo(*limit.rate, amount);
    case Kind::settled:
      return settled_[index].undo(*limit.rate, amount);
    case Kind::held:
      return held_[index].let_go(amount);
    case Kind::window:
      return windows_[index].change(-amount, window_of(limit.dimension, at));
  }
}

void Account::settle(const Limits::Limit& limit, std::int64_t taken, std::int64_t used,
                     const Moment& since, const Moment& at) {
  const auto [kind, index] = place_of(limit.dimension);
  switch (kind) {
    case Kind::plain:
      return;  // what was asked for was had
    case Kind::settled:
      settled_[index].settle(*limit.rate, taken, used, since.now, at.now);
      return;
    case Kind::held:
      return held_[index].let_go(taken);
    case Kind::window:
      return windows_[index].change(used - taken, window_of(limit.dimension, since));
  }
}

}  // namespace mc::budget
