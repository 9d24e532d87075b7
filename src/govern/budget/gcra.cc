#include "budget/gcra.h"

#include <algorithm>
#include <bit>

namespace mc::budget {
namespace {

constexpr Ticks kGeneration = ticks_of(seconds(4));
constexpr std::uint64_t kLevelMask = (1 << 24) - 1;
constexpr std::uint64_t kGenerationMask = (1 << 16) - 1;

// A level in 24 bits, whatever the rate is, as limits change while it is remembered: 19 bits and an
// exponent, rounded down. Larger words are larger levels.
constexpr int kMantissaBits = 19;
static_assert((65ULL - kMantissaBits) << (kMantissaBits - 1) <= kLevelMask);

std::uint64_t pack(Ticks level) {
  const auto value = static_cast<std::uint64_t>(std::max<Ticks>(level, 0));
  const int extra = static_cast<int>(std::bit_width(value)) - kMantissaBits;
  if (extra <= 0) return value;
  // The mantissa's first bit is always there, and makes room for the exponent.
  return (static_cast<std::uint64_t>(extra) << (kMantissaBits - 1)) + (value >> extra);
}

Ticks unpack(std::uint64_t word) {
  constexpr std::uint64_t kFirst = std::uint64_t{1} << (kMantissaBits - 1);
  if (word < 2 * kFirst) return static_cast<Ticks>(word);
  const std::uint64_t extra = word / kFirst - 1;
  if (extra > 63 - kMantissaBits) return kNever;
  return static_cast<Ticks>((word - extra * kFirst) << extra);
}

// What SettledBucket remembers in one word, its levels packed.
struct Lowest {
  std::uint64_t generation = 0, now = kLevelMask, before = kLevelMask;

  static Lowest of(std::uint64_t word) {
    return {word >> 48, (word >> 24) & kLevelMask, word & kLevelMask};
  }
  std::uint64_t word() const { return generation << 48 | now << 24 | before; }

  void meet(std::uint64_t level, std::uint64_t at) {
    const std::uint64_t age = (at - generation) & kGenerationMask;
    if (age > kGenerationMask / 2) {  // another thread's clock is a little ahead
      before = std::min(before, level);
    } else if (age > 0) {
      before = age == 1 ? now : kLevelMask;
      now = kLevelMask;
      generation = at;
    }
    now = std::min(now, level);
  }
  // Since some time in generation `since`; 0 when it is not remembered.
  std::uint64_t since(std::uint64_t since_generation) const {
    const std::uint64_t age = (generation - since_generation) & kGenerationMask;
    return age == 0 ? now : age == 1 ? std::min(now, before) : 0;
  }
  void lower_by(Ticks amount) {
    now = pack(unpack(now) - amount);
    before = pack(unpack(before) - amount);
  }
};

std::uint64_t generation_of(Ticks now) {
  return static_cast<std::uint64_t>(now / kGeneration) & kGenerationMask;
}

Taken judge(const Rate& rate, Ticks need, Ticks tat, Ticks now) {
  const Ticks level = std::max<Ticks>(tat - now, 0);
  if (need > rate.depth()) return {false, level, kNever};
  if (level + need > rate.depth()) return {false, level, now + level + need - rate.depth()};
  return {true, level + need, 0};
}

}  // namespace

Result<Rate> Rate::make(const RateLimit& limit) {
  const auto bad = [](const char* member, std::int64_t max) {
    return fail(Code::invalid, std::string(member) + ": 1 to " + std::to_string(max));
  };
  if (limit.amount < 1 || limit.amount > kAmountMax) return bad("amount", kAmountMax);
  if (limit.burst < 1 || limit.burst > kAmountMax) return bad("burst", kAmountMax);
  if (limit.period < Nanos{1} || limit.period > kDepthMax) {
    return fail(Code::invalid, "period: 1 ns to 30 days");
  }
  const auto wide = [](std::int64_t value) { return static_cast<__int128>(value); };
  if (wide(limit.amount) * 1'000'000'000 > wide(kPerSecondMax) * limit.period.count) {
    return fail(Code::invalid,
                "amount: at most " + std::to_string(kPerSecondMax) + " credits a second");
  }
  const __int128 period = wide(limit.period.count) * kTicksPerNano;
  Rate rate;
  rate.limit_ = limit;
  rate.each_ = static_cast<Ticks>((period + limit.amount - 1) / limit.amount);
  const __int128 depth = wide(rate.each_) * limit.burst;
  if (depth > ticks_of(kDepthMax)) {
    return fail(Code::invalid, "burst: it must grow back within 30 days");
  }
  rate.depth_ = static_cast<Ticks>(depth);
  return rate;
}

Ticks Rate::of(std::int64_t credits) const {
  if (credits <= 0) return 0;
  Ticks out = 0;
  return __builtin_mul_overflow(credits, each_, &out) ? kNever : out;
}

Taken Bucket::take(const Rate& rate, std::int64_t credits, Ticks now) {
  const Ticks need = rate.of(credits);
  Ticks tat = tat_.load(std::memory_order_relaxed);
  while (true) {
    const Taken taken = judge(rate, need, tat, now);
    if (!taken.ok) return taken;
    if (tat_.compare_exchange_weak(tat, now + taken.level, std::memory_order_relaxed)) return taken;
  }
}

Taken Bucket::look(const Rate& rate, std::int64_t credits, Ticks now) const {
  return judge(rate, rate.of(credits), tat_.load(std::memory_order_relaxed), now);
}

void Bucket::undo(const Rate& rate, std::int64_t credits) {
  tat_.fetch_sub(rate.of(credits), std::memory_order_relaxed);
}

Ticks Bucket::level(Ticks now) const {
  return std::max<Ticks>(tat_.load(std::memory_order_relaxed) - now, 0);
}

Taken SettledBucket::take(const Rate& rate, std::int64_t credits, Ticks now) {
  const Ticks need = rate.of(credits);
  Ticks tat = bucket_.tat_.load(std::memory_order_relaxed);
  while (true) {
    const Taken taken = judge(rate, need, tat, now);
    if (!taken.ok) return taken;
    // First what was met, then the taking: whoever settles meanwhile sees too low a level, never
    // too high a one.
    meet(taken.level - need, now);
    if (bucket_.tat_.compare_exchange_weak(tat, now + taken.level, std::memory_order_acq_rel)) {
      return taken;
    }
  }
}

Taken SettledBucket::look(const Rate& rate, std::int64_t credits, Ticks now) const {
  return bucket_.look(rate, credits, now);
}

// Others have met a level that was too high by it.
void SettledBucket::undo(const Rate& rate, std::int64_t credits) {
  std::uint64_t word = lowest_.load(std::memory_order_acquire);
  while (true) {
    Lowest lowest = Lowest::of(word);
    lowest.lower_by(rate.of(credits));
    if (lowest_.compare_exchange_weak(word, lowest.word(), std::memory_order_acq_rel)) break;
  }
  bucket_.undo(rate, credits);
}

void SettledBucket::meet(Ticks level, Ticks now) {
  std::uint64_t word = lowest_.load(std::memory_order_acquire);
  while (true) {
    Lowest lowest = Lowest::of(word);
    lowest.meet(pack(level), generation_of(now));
    if (lowest_.compare_exchange_weak(word, lowest.word(), std::memory_order_acq_rel)) return;
  }
}

std::int64_t SettledBucket::settle(const Rate& rate, std::int64_t taken, std::int64_t used,
                                   Ticks since, Ticks now) {
  const Ticks reserved = rate.of(taken), spent = rate.of(used);
  if (spent < reserved) return give_back(rate, reserved - spent, since, now);
  return spent > reserved ? owe(rate, spent - reserved, now) : 0;
}

// Had `unused` not been taken, the bucket would be lower by min(unused, the lowest level since
// then): it cannot have been lower than empty. Time alone bounds that from below as well: a bucket
// that was empty all the time since has lost one tick a tick.
std::int64_t SettledBucket::give_back(const Rate& rate, Ticks unused, Ticks since, Ticks now) {
  const Ticks elapsed = std::max<Ticks>(now - since, 0);
  std::uint64_t word = lowest_.load(std::memory_order_acquire);
  Ticks back = 0;
  while (true) {
    Lowest lowest = Lowest::of(word);
    const Ticks met = unpack(lowest.since(generation_of(since)));
    const Ticks kept = std::min({unused, met, bucket_.level(now)});
    back = std::max<Ticks>({kept, unused - elapsed, 0});
    lowest.lower_by(back);
    if (lowest_.compare_exchange_weak(word, lowest.word(), std::memory_order_acq_rel)) break;
  }
  bucket_.tat_.fetch_sub(back, std::memory_order_acq_rel);
  return back / rate.of(1);
}

std::int64_t SettledBucket::owe(const Rate& rate, Ticks more, Ticks now) {
  Ticks tat = bucket_.tat_.load(std::memory_order_relaxed);
  while (true) {
    const Ticks level = std::max<Ticks>(tat - now, 0);
    const Ticks above = std::max<Ticks>(2 * rate.depth() - level, 0);
    meet(level, now);
    const Ticks owed = std::min(more, above);
    if (bucket_.tat_.compare_exchange_weak(tat, now + level + owed, std::memory_order_acq_rel)) {
      return -(owed / rate.of(1));
    }
  }
}

}  // namespace mc::budget
