#include "trace/trace.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace mc::trace {
namespace {

// The low 56 bits of a trace id are random by convention (Trace Context level 2, section 2.2.1),
// so comparing them with a threshold makes all services agree on the same traces.
constexpr double kRandomRange = 72057594037927936.0;  // 2^56

bool is_sampled(const TraceId& id, double ratio) {
  std::uint64_t random = 0;
  for (std::size_t i = 9; i < id.size(); ++i) random = random << 8U | id[i];
  return static_cast<double>(random) < ratio * kRandomRange;
}

template <std::size_t N>
void fill_id(std::array<std::uint8_t, N>& id, sys::Random& random) {
  random.fill(std::span<std::uint8_t>(id));
  const bool zero = std::all_of(id.begin(), id.end(), [](std::uint8_t byte) { return byte == 0; });
  if (zero) id.back() = 1;  // all zero means "no id"
}

// Valid UTF-8 of at most `max` bytes; every byte that is not ASCII becomes '?' in a text that is
// not UTF-8.
std::string clean(std::string_view text, std::size_t max) {
  if (!is_valid_utf8(text)) {
    std::string out(text.substr(0, max));
    for (char& c : out) c = static_cast<unsigned char>(c) < 0x80U ? c : '?';
    return out;
  }
  std::size_t end = std::min(text.size(), max);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return std::string(text.substr(0, end));
}

}  // namespace

Span::Span(Span&& other) noexcept
    : tracer_(std::exchange(other.tracer_, nullptr)),
      data_(std::move(other.data_)),
      started_(other.started_) {}

Span& Span::operator=(Span&& other) noexcept {
  if (this == &other) return *this;
  end();
  tracer_ = std::exchange(other.tracer_, nullptr);
  data_ = std::move(other.data_);
  started_ = other.started_;
  return *this;
}

// False when there is no room; a key that is there already gets the new value.
bool Span::add(Attributes& to, std::string_view key, Attribute value) {
  const Options& options = tracer_->options();
  if (std::string* text = std::get_if<std::string>(&value)) *text = clean(*text, options.text_max);
  for (auto& [known, old] : to) {
    if (known != key) continue;
    old = std::move(value);
    return true;
  }
  if (to.size() >= options.attributes_max) return false;
  to.emplace_back(clean(key, options.text_max), std::move(value));
  return true;
}

void Span::set(std::string_view key, Attribute value) {
  if (!recording()) return;
  if (!add(data_.attributes, key, std::move(value))) ++data_.attributes_dropped;
}

void Span::set(std::string_view key, std::string_view value) {
  if (recording())
    set(key, Attribute(std::string(value.substr(0, tracer_->options().text_max + 4))));
}

void Span::event(std::string_view name, Attributes attributes) {
  if (!recording()) return;
  if (data_.events.size() >= tracer_->options().events_max) {
    ++data_.events_dropped;
    return;
  }
  EventData event{clean(name, tracer_->options().text_max), tracer_->clock_.wall(), {}};
  for (auto& [key, value] : attributes) {
    if (!add(event.attributes, key, std::move(value))) ++data_.attributes_dropped;
  }
  data_.events.push_back(std::move(event));
}

void Span::status(Outcome outcome, std::string_view message) {
  if (!recording()) return;
  data_.outcome = outcome;
  // OTLP: the message belongs to errors only.
  data_.message = outcome == Outcome::error ? clean(message, tracer_->options().text_max) : "";
}

void Span::rename(std::string_view name) {
  if (recording()) data_.name = clean(name, tracer_->options().text_max);
}

void Span::end() {
  Tracer* tracer = std::exchange(tracer_, nullptr);
  if (tracer == nullptr || !data_.context.sampled) return;
  data_.end = data_.start + (tracer->clock_.mono() - started_);
  SpanData left;  // who still holds the span may go on asking for its context
  left.context = data_.context;
  tracer->finish(std::exchange(data_, std::move(left)));
}

Tracer::Tracer(sys::Clock& clock, sys::Random& random, Options options)
    : clock_(clock), random_(random), options_(std::move(options)) {
  MC_CHECK(options_.ratio >= 0 && options_.ratio <= 1);
}

Span Tracer::start(std::string_view name, Kind kind, const std::optional<Context>& parent) {
  SpanData data;
  fill_id(data.context.span_id, random_);
  if (parent) {
    data.context.trace_id = parent->trace_id;
    data.context.sampled = parent->sampled;
    data.context.state = parent->state;
    data.parent = parent->span_id;
  } else {
    fill_id(data.context.trace_id, random_);
    data.context.sampled = is_sampled(data.context.trace_id, options_.ratio);
  }
  if (!data.context.sampled) return Span(this, std::move(data), MonoTime{});
  data.name = clean(name, options_.text_max);
  data.kind = kind;
  data.start = clock_.wall();
  return Span(this, std::move(data), clock_.mono());
}

void Tracer::finish(SpanData data) {
  const bool kept = queue_.with([&](std::deque<SpanData>& queue) {
    if (queue.size() >= options_.queue_max) return false;
    queue.push_back(std::move(data));
    return true;
  });
  if (!kept) dropped_.fetch_add(1, std::memory_order_relaxed);
}

std::vector<SpanData> Tracer::take(std::size_t max) {
  return queue_.with([&](std::deque<SpanData>& queue) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(max, queue.size()));
    std::vector<SpanData> out(std::make_move_iterator(queue.begin()),
                              std::make_move_iterator(queue.begin() + count));
    queue.erase(queue.begin(), queue.begin() + count);
    return out;
  });
}

std::size_t Tracer::queued() const {
  return queue_.with([](const std::deque<SpanData>& queue) { return queue.size(); });
}

}  // namespace mc::trace
