#include "kms/guarded.h"

#include <algorithm>
#include <utility>

namespace mc::kms {
namespace {

Status within(std::string_view name, std::int64_t value, std::int64_t min, std::int64_t max) {
  if (value >= min && value <= max) return ok();
  return fail(Code::invalid, std::string(name) + ": must be " + std::to_string(min) + " to " +
                                 std::to_string(max));
}

Status within(std::string_view name, Nanos value, Nanos min, Nanos max) {
  if (value >= min && value <= max) return ok();
  return fail(Code::invalid, std::string(name) + ": must be " + format_duration(min) + " to " +
                                 format_duration(max));
}

std::int64_t whole_seconds(Nanos time) {
  return std::max<std::int64_t>(1, (time.count + seconds(1).count - 1) / seconds(1).count);
}

}  // namespace

Status GuardOptions::check() const {
  MC_TRY_OK(within("time_max", time_max, millis(10), seconds(60)));
  MC_TRY_OK(within("retries_max", retries_max, 0, 5));
  MC_TRY_OK(within("retry_wait_first", retry_wait_first, millis(1), seconds(10)));
  MC_TRY_OK(within("failures_max", gate.failures_max, 1, 1'000));
  MC_TRY_OK(within("pause_first", gate.pause_first, millis(10), seconds(600)));
  MC_TRY_OK(within("pause_max", gate.pause_max, gate.pause_first, seconds(3'600)));
  MC_TRY_OK(within("calls_each_second", gate.calls_each_second, 1, 100'000));
  MC_TRY_OK(within("burst", gate.burst, 1, 1'000'000));
  return within("in_flight_max", gate.in_flight_max, 1, 1'000);
}

Result<std::unique_ptr<Guarded>> Guarded::make(std::unique_ptr<Provider> inner,
                                               const GuardOptions& options, World world) {
  MC_TRY_OK(options.check());
  return std::unique_ptr<Guarded>(new Guarded(std::move(inner), options, world));
}

Guarded::Guarded(std::unique_ptr<Provider> inner, const GuardOptions& options, World world)
    : inner_(std::move(inner)), options_(options), world_(world), gate_(options.gate) {}

tl::unexpected<Error> Guarded::refuse(Code code, std::string_view why, Nanos again_in) const {
  return tl::unexpected<Error>(Error{.code = code,
                                     .what = std::string(kind()) + ": " + std::string(why),
                                     .retry_after_s = whole_seconds(again_in)});
}

Result<std::int64_t> Guarded::enter(MonoTime deadline) {
  for (;;) {
    const std::uint64_t ticket = world_.waiter.ticket();
    const MonoTime now = world_.clock.mono();
    if (now >= deadline) return refuse(Code::unavailable, "no turn before the deadline", {});
    {
      const std::lock_guard lock(mutex_);
      const Gate::Answer answer = gate_.ask(now);
      switch (answer.step) {
        case Gate::Step::go:
          ++counters_.attempts;
          return answer.era;
        case Gate::Step::closed:
          ++counters_.refused;
          return refuse(Code::unavailable, "left alone for a while after failures in a row",
                        answer.again_in);
        case Gate::Step::spent:
          ++counters_.throttled;
          return refuse(Code::exhausted, "the quota of calls is spent", answer.again_in);
        case Gate::Step::wait:
          break;
      }
    }
    world_.waiter.wait(ticket, deadline);
  }
}

void Guarded::leave(std::int64_t era, MonoTime since, bool failed) {
  const MonoTime now = world_.clock.mono();
  {
    const std::lock_guard lock(mutex_);
    gate_.done(era, failed, now);
    counters_.latency = counters_.latency + (now - since);
  }
  world_.waiter.wake();
}

bool Guarded::may_retry(const Error& error, int tries, MonoTime deadline, MonoTime& at) {
  const MonoTime now = world_.clock.mono();
  if (now >= deadline) return false;
  const Nanos room = deadline - now;
  Nanos wait;
  if (error.code == Code::unavailable) {
    const Nanos most = options_.retry_wait_first * (std::int64_t{1} << tries);
    const auto span = static_cast<std::uint64_t>(most.count) + 1;
    wait = {static_cast<std::int64_t>(world_.random.next_u64() % span)};
  } else if (error.code == Code::exhausted && error.retry_after_s) {
    // Compared in seconds, as a service may say any number.
    if (*error.retry_after_s < 0 || *error.retry_after_s > room.count / seconds(1).count) {
      return false;
    }
    wait = seconds(*error.retry_after_s);
  } else {
    return false;
  }
  if (wait >= room) return false;
  at = now + wait;
  return true;
}

void Guarded::pause_until(MonoTime at) {
  while (world_.clock.mono() < at) world_.waiter.wait(world_.waiter.ticket(), at);
}

void Guarded::count_failure(Code code) {
  const std::lock_guard lock(mutex_);
  ++counters_.failures.at(static_cast<std::size_t>(code));
}

template <class T, class Attempt>
Result<T> Guarded::call(int retries_max, MonoTime deadline, const Attempt& attempt) {
  deadline = std::min(deadline, world_.clock.mono() + options_.time_max);
  {
    const std::lock_guard lock(mutex_);
    ++counters_.calls;
  }
  Result<T> last = fail(Code::unavailable, "");
  for (int tries = 0;; ++tries) {
    const Result<std::int64_t> era = enter(deadline);
    if (!era) {
      if (tries == 0) last = tl::unexpected<Error>(era.error());
      break;
    }
    if (tries > 0) {
      const std::lock_guard lock(mutex_);
      ++counters_.retries;
    }
    const MonoTime since = world_.clock.mono();
    last = attempt(deadline);
    leave(*era, since, !last && last.error().code == Code::unavailable);
    MonoTime at;
    if (last || tries == retries_max || !may_retry(last.error(), tries, deadline, at)) break;
    pause_until(at);
  }
  if (!last) count_failure(last.error().code);
  return last;
}

Result<Wrapped> Guarded::wrap(const Secret& secret, const Context& context, MonoTime deadline) {
  return call<Wrapped>(options_.retries_max, deadline,
                       [&](MonoTime until) { return inner_->wrap(secret, context, until); });
}

Result<Secret> Guarded::unwrap(const Wrapped& wrapped, const Context& context, MonoTime deadline) {
  return call<Secret>(options_.retries_max, deadline,
                      [&](MonoTime until) { return inner_->unwrap(wrapped, context, until); });
}

Result<Description> Guarded::describe(MonoTime deadline) {
  return call<Description>(options_.retries_max, deadline,
                           [&](MonoTime until) { return inner_->describe(until); });
}

Result<std::string> Guarded::rotate(MonoTime deadline) {
  return call<std::string>(0, deadline, [&](MonoTime until) { return inner_->rotate(until); });
}

Result<WallTime> Guarded::destroy(const std::string& version, MonoTime deadline) {
  return call<WallTime>(0, deadline,
                        [&](MonoTime until) { return inner_->destroy(version, until); });
}

GuardCounters Guarded::counters() const {
  const std::lock_guard lock(mutex_);
  GuardCounters out = counters_;
  out.opened = gate_.opened();
  out.in_flight = gate_.in_flight();
  out.open = gate_.open();
  return out;
}

}  // namespace mc::kms
