// Traces: W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1) in and out, spans, and
// their export as OTLP/HTTP JSON.
//
// A Tracer samples at the root by trace id and follows the parent elsewhere; ended sampled spans
// wait in a bounded queue. The Pump turns the queue into batches and retries with back-off on the
// given clock; it never blocks a request. Spans that find the queue full are dropped and counted.
// Tracer and Pump are thread-safe; a Span belongs to one thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/base.h"
#include "log/log.h"
#include "sys/sys.h"

namespace mc::trace {

using TraceId = std::array<std::uint8_t, 16>;  // never all zero
using SpanId = std::array<std::uint8_t, 8>;    // never all zero

struct Context {
  TraceId trace_id{};
  SpanId span_id{};
  bool sampled = false;
  std::string state = {};  // tracestate as received, checked; "" = none
  bool operator==(const Context&) const = default;
  std::string trace_id_hex() const;
  std::string span_id_hex() const;
};

// Section 3.2: version 00 exactly; a higher version by its first 55 characters; "ff", upper-case
// hexadecimal and zero ids are refused.
Result<Context> parse_traceparent(std::string_view header);
std::string format_traceparent(const Context& context);

// Section 3.3: at most 32 members, keys unique; empty members are skipped. Returns the list without
// optional white space; past 512 characters whole members go, those past 128 first, then the last.
Result<std::string> parse_tracestate(std::string_view header);

// As a server takes them: no valid traceparent = none; a bad tracestate is discarded alone.
std::optional<Context> extract(std::string_view traceparent, std::string_view tracestate);

using Attribute = std::variant<std::string, std::int64_t, double, bool>;
using Attributes = std::vector<std::pair<std::string, Attribute>>;

// Values as in OTLP.
enum class Kind : std::uint8_t { internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };
enum class Outcome : std::uint8_t { unset = 0, ok = 1, error = 2 };

struct EventData {
  std::string name;
  WallTime time;
  Attributes attributes;
};

struct SpanData {
  Context context;
  std::optional<SpanId> parent;
  std::string name;
  Kind kind = Kind::internal;
  WallTime start;
  WallTime end;
  Attributes attributes;
  std::vector<EventData> events;
  Outcome outcome = Outcome::unset;
  std::string message;  // of an error
  std::int64_t attributes_dropped = 0;
  std::int64_t events_dropped = 0;
};

struct Options {
  std::string service_name = "maestro-conductor";
  std::string service_version = {};
  double ratio = 0.01;  // of the traces that start here
  std::size_t queue_max = 8192;
  std::size_t attributes_max = 64;  // per span and per event; OpenTelemetry's limit is 128
  std::size_t events_max = 32;
  std::size_t text_max = 1024;  // bytes of an attribute; longer ones are cut
};

class Tracer;

// Ends at destruction at the latest. When not sampled, it carries only its context.
class Span {
 public:
  Span(Span&& other) noexcept;
  Span& operator=(Span&& other) noexcept;
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
  ~Span() { end(); }

  const Context& context() const { return data_.context; }
  bool recording() const { return tracer_ != nullptr && data_.context.sampled; }
  void set(std::string_view key, Attribute value);
  void set(std::string_view key, std::string_view value);
  void set(std::string_view key, const char* text) { set(key, std::string_view(text)); }
  void set(std::string_view key, int value) { set(key, Attribute(std::int64_t{value})); }
  void event(std::string_view name, Attributes attributes = {});
  void status(Outcome outcome, std::string_view message = {});
  void rename(std::string_view name);
  void end();

 private:
  friend class Tracer;
  Span(Tracer* tracer, SpanData data, MonoTime started)
      : tracer_(tracer), data_(std::move(data)), started_(started) {}
  bool add(Attributes& to, std::string_view key, Attribute value);
  Tracer* tracer_;  // null once ended
  SpanData data_;
  MonoTime started_{};  // durations survive a jump of the wall clock
};

class Tracer {
 public:
  Tracer(sys::Clock& clock, sys::Random& random, Options options = {});

  Span start(std::string_view name, Kind kind, const std::optional<Context>& parent = {});
  // At most `max` ended spans, oldest first.
  std::vector<SpanData> take(std::size_t max);
  std::size_t queued() const;
  std::int64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  const Options& options() const { return options_; }

 private:
  friend class Span;
  void finish(SpanData data);

  sys::Clock& clock_;
  sys::Random& random_;
  Options options_;
  Guarded<std::deque<SpanData>> queue_;
  std::atomic<std::int64_t> dropped_ = 0;
};

// ExportTraceServiceRequest in the JSON mapping of OTLP 1.x (hex ids, 64-bit integers as strings,
// enums as numbers), for POST /v1/traces with Content-Type application/json.
std::string encode_otlp(const std::vector<SpanData>& spans, const Options& options);

// Sends one encoded batch. `unavailable` and `exhausted` are retried (after retry_after_s when
// given), any other error drops the batch. May block; run the pump where that is allowed.
class Exporter {
 public:
  virtual ~Exporter() = default;
  virtual Status send(std::string_view otlp_json) = 0;
};

struct PumpOptions {
  std::size_t batch_max = 512;
  Nanos every = seconds(5);  // a smaller batch waits this long for company
  Nanos retry_first = seconds(1);
  Nanos retry_max = seconds(30);
  int attempts_max = 6;
};

// Call step() with an Exporter, or take() a body, send it in your own way, and settle() it.
class Pump {
 public:
  Pump(Tracer& tracer, sys::Clock& clock, log::Log& log, PumpOptions options = {});
  // A batch that is due now, or none. Not again before settle().
  std::optional<std::string> take();
  void settle(const Status& sent);
  // Sends all that is due; returns how many spans were accepted.
  std::int64_t step(Exporter& exporter);
  // At shutdown: sends everything queued once, without waiting for `every` or a retry time.
  std::int64_t finish(Exporter& exporter);
  std::int64_t accepted() const;
  std::int64_t dropped() const;  // by the queue and by failed exports

 private:
  struct State {
    std::string body;  // of the batch under way
    std::int64_t spans = 0;
    int attempts = 0;
    bool taken = false;
    MonoTime not_before{};
    MonoTime last{};
    std::int64_t dropped = 0;
    std::int64_t accepted = 0;
  };
  enum class When : std::uint8_t { due, now };
  enum class Again : std::uint8_t { retry, never };
  std::optional<std::string> take_batch(When when);
  void settle_batch(const Status& sent, Again again);

  Tracer& tracer_;
  sys::Clock& clock_;
  log::Log& log_;
  PumpOptions options_;
  Guarded<State> state_;
};

}  // namespace mc::trace
