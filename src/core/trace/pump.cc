#include <algorithm>

#include "trace/trace.h"

namespace mc::trace {
namespace {

constexpr std::int64_t kRetryAfterMaxS = 3600;  // a peer cannot silence us for longer

}  // namespace

Pump::Pump(Tracer& tracer, sys::Clock& clock, log::Log& log, PumpOptions options)
    : tracer_(tracer), clock_(clock), log_(log), options_(options) {
  state_.with([&](State& state) { state.last = clock_.mono(); });
}

std::optional<std::string> Pump::take() {
  return take_batch(When::due);
}

void Pump::settle(const Status& sent) {
  settle_batch(sent, Again::retry);
}

std::optional<std::string> Pump::take_batch(When when) {
  const MonoTime now = clock_.mono();
  return state_.with([&](State& state) -> std::optional<std::string> {
    if (state.taken) return std::nullopt;
    if (state.body.empty()) {
      const std::size_t queued = tracer_.queued();
      const bool due =
          when == When::now || queued >= options_.batch_max || now - state.last >= options_.every;
      if (queued == 0 || !due) return std::nullopt;
      const std::vector<SpanData> spans = tracer_.take(options_.batch_max);
      if (spans.empty()) return std::nullopt;  // somebody else took them
      state.body = encode_otlp(spans, tracer_.options());
      state.spans = static_cast<std::int64_t>(spans.size());
      state.attempts = 0;
      state.last = now;
    } else if (when == When::due && now < state.not_before) {
      return std::nullopt;
    }
    state.taken = true;
    return state.body;
  });
}

void Pump::settle_batch(const Status& sent, Again again) {
  const MonoTime now = clock_.mono();
  std::int64_t lost = 0;
  std::int64_t retry_ms = 0;
  state_.with([&](State& state) {
    if (!state.taken) return;
    state.taken = false;
    if (sent) {
      state.accepted += state.spans;
      state.body.clear();
      return;
    }
    ++state.attempts;
    const Error& error = sent.error();
    const bool passing = error.code == Code::unavailable || error.code == Code::exhausted;
    if (again == Again::never || !passing || state.attempts >= options_.attempts_max) {
      lost = state.spans;
      state.dropped += state.spans;
      state.body.clear();
      return;
    }
    Nanos wait = options_.retry_first;
    for (int i = 1; i < state.attempts && wait < options_.retry_max; ++i) wait = wait * 2;
    wait = std::min(wait, options_.retry_max);
    const std::int64_t asked =
        std::clamp<std::int64_t>(error.retry_after_s.value_or(0), 0, kRetryAfterMaxS);
    wait = std::max(wait, seconds(asked));
    state.not_before = now + wait;
    retry_ms = to_millis(wait);
  });
  if (sent) return;
  // Outside the lock: a log sink may be slow.
  if (lost > 0) {
    log_.warn("trace.spans_dropped",
              {{"spans", lost}, {"why", sent.error().code}, {"what", sent.error().what}});
  } else {
    log_.event("trace.export_retried",
               {{"retry_ms", retry_ms}, {"why", sent.error().code}, {"what", sent.error().what}});
  }
}

std::int64_t Pump::step(Exporter& exporter) {
  const std::int64_t before = accepted();
  while (const std::optional<std::string> body = take()) settle(exporter.send(*body));
  return accepted() - before;
}

std::int64_t Pump::finish(Exporter& exporter) {
  const std::int64_t before = accepted();
  while (const std::optional<std::string> body = take_batch(When::now)) {
    settle_batch(exporter.send(*body), Again::never);
  }
  return accepted() - before;
}

std::int64_t Pump::accepted() const {
  return state_.with([](const State& state) { return state.accepted; });
}

std::int64_t Pump::dropped() const {
  return tracer_.dropped() + state_.with([](const State& state) { return state.dropped; });
}

}  // namespace mc::trace
