#include "net/loop.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace mc::net {
namespace {

void write_imf_fixdate(std::int64_t unix_seconds, std::array<char, 30>& out) {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::snprintf(out.data(), out.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
}

MonoTime steady_now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

// Processor time of a thread that runs, since its start.
Nanos cpu_of(std::thread& thread) {
  clockid_t clock{};
  timespec spent{};
  if (::pthread_getcpuclockid(thread.native_handle(), &clock) != 0) return {};
  if (::clock_gettime(clock, &spent) != 0) return {};
  return Nanos{std::int64_t{spent.tv_sec} * 1'000'000'000 + spent.tv_nsec};
}

}  // namespace

// UNSAFE_IO: only this loop's thread starts I/O, other threads only post.
Loop::Loop(sys::Clock& clock)
    : clock_(clock),
      wheel_(clock.mono()),
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      poller_(context_),
      guard_(context_.get_executor()),
      wheel_timer_(context_.get_executor()),
      lateness_timer_(context_.get_executor()) {}

Loop::~Loop() {
  if (!thread_.joinable()) return;
  finish();
  join();
}

void Loop::start() {
  look_at_lateness();
  thread_ = std::thread([this] { context_.run(); });
}

void Loop::finish() {
  post([this] {
    ending_ = true;
    wheel_timer_.cancel();
    lateness_timer_.cancel();
    guard_.reset();
    context_.stop();
  });
}

void Loop::join() {
  thread_.join();
}

// A timer that is asked for again when it has run: how late it was is how long anything waits here.
void Loop::look_at_lateness() {
  lateness_.with([](Lateness& state) { state.asks(steady_now()); });
  lateness_timer_.expires_after(std::chrono::nanoseconds(Lateness::kEach.count));
  lateness_timer_.async_wait([this](error_code error) {
    if (error || ending_) return;
    lateness_.with([](Lateness& state) { state.ran(steady_now()); });
    look_at_lateness();
  });
}

LoopLoad Loop::take_load() {
  const Nanos cpu = cpu_of(thread_);
  return lateness_.with([&](Lateness& state) { return state.take(steady_now(), cpu); });
}

void Loop::post_after(Nanos delay, std::function<void()> work) {
  post([this, delay, work = std::move(work)]() mutable {
    auto timer = std::make_shared<Timer>(context_.get_executor());
    timer->expires_after(std::chrono::nanoseconds(delay.count));
    timer->async_wait([timer, work = std::move(work)](error_code error) {
      if (!error) work();
    });
  });
}

MonoTime Loop::now() {
  const std::uint64_t event = poller_.event();
  if (event == 0 || event != event_) {
    event_ = event;
    now_ = clock_.mono();
  }
  return now_;
}

std::string_view Loop::date() {
  const std::int64_t second = clock_.wall().nanos / 1'000'000'000;
  if (second != date_second_) {
    date_second_ = second;
    write_imf_fixdate(second, date_);
  }
  return {date_.data(), date_.size() - 1};
}

void Loop::arm(WheelEntry& entry, MonoTime deadline) {
  wheel_.arm(entry, deadline);
  // The entry's slot is over at most a tick after its deadline.
  const std::int64_t latest = deadline.nanos >= INT64_MAX - (2LL << Wheel::kTickBits)
                                  ? INT64_MAX
                                  : deadline.nanos + (1LL << Wheel::kTickBits);
  if (wheel_due_.nanos != INT64_MAX && latest >= wheel_due_.nanos) return;
  const std::optional<MonoTime> next = wheel_.next();
  if (next && *next < wheel_due_) wait_for_wheel(*next);
}

void Loop::wait_for_wheel(MonoTime when) {
  if (ending_) return;
  wheel_due_ = when;
  // At least a tick, so that a clock that stands still cannot make the loop spin.
  const std::int64_t delay =
      std::max<std::int64_t>((when - now()).count, 1LL << (Wheel::kTickBits - 4));
  wheel_timer_.expires_after(std::chrono::nanoseconds(delay));
  wheel_timer_.async_wait([this](error_code error) {
    if (error) return;  // replaced by an earlier one
    wheel_due_ = MonoTime{INT64_MAX};
    wheel_.advance(now());
    const std::optional<MonoTime> next = wheel_.next();
    if (next && *next < wheel_due_) wait_for_wheel(*next);
  });
}

}  // namespace mc::net
