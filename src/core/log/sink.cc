#include <algorithm>

#include "log/log.h"

namespace mc::log {

FileSink::FileSink(sys::File& file, sys::Clock& clock, FileSinkOptions options)
    : file_(file), clock_(clock), options_(options) {}

void FileSink::write(Level level, std::string_view line) {
  const bool due = buffer_.with([&](Buffer& buffer) {
    if (buffer.bytes.size() + line.size() > options_.bytes_max) {
      ++buffer.lost;
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    if (buffer.bytes.empty()) buffer.oldest = clock_.mono();
    buffer.bytes += line;
    ++buffer.lines;
    return level >= Level::warn || buffer.bytes.size() >= options_.flush_bytes;
  });
  if (due) drain();
}

void FileSink::flush() {
  drain();
}

void FileSink::tick() {
  const MonoTime now = clock_.mono();
  const bool due = buffer_.with([&](const Buffer& buffer) {
    return !buffer.bytes.empty() && now - buffer.oldest >= options_.flush_every;
  });
  if (due) drain();
}

// Whoever holds the output empties the buffer; everybody else leaves their line and goes on, so a
// slow output delays one thread. The second look after the unlock catches a line that came between
// the last look and the unlock.
void FileSink::drain() {
  const auto empty = [](const Buffer& buffer) { return buffer.bytes.empty() && buffer.lost == 0; };
  while (!buffer_.with(empty)) {
    const std::unique_lock output(writing_, std::try_to_lock);
    if (!output.owns_lock()) return;
    Buffer taken = buffer_.with([](Buffer& buffer) { return std::exchange(buffer, Buffer{}); });
    std::string first = taken.torn ? "\n" : "";
    if (taken.lost > 0) {
      // The loss is told in the format of the lines, through the same escaping as all lines.
      const bool json = taken.bytes.empty() || taken.bytes[0] == '{';
      MemorySink note(1);
      Log(clock_, note, {.format = json ? Format::json : Format::text})
          .warn("log.dropped", {{"lines", taken.lost}});
      first += note.lines().front();
    }
    if (!first.empty()) taken.bytes.insert(0, first);
    if (file_.write(taken.bytes)) {
      // Its memory serves the next lines.
      taken.bytes.clear();
      buffer_.with([&](Buffer& buffer) {
        if (buffer.bytes.empty()) buffer.bytes.swap(taken.bytes);
      });
      continue;
    }
    dropped_.fetch_add(taken.lines, std::memory_order_relaxed);
    buffer_.with([&](Buffer& buffer) {
      buffer.lost += taken.lost + taken.lines;
      buffer.torn = true;
    });
    return;
  }
}

MemorySink::~MemorySink() {
  const std::vector<std::string> errors = unexpected_errors();
  if (errors.empty()) return;
  const std::string what = "no unannounced error-level event: " + errors[0];
  check_failed(what.c_str(), __FILE__, __LINE__);
}

void MemorySink::write(Level level, std::string_view line) {
  state_.with([&](State& state) {
    if (level == Level::error) state.errors.emplace_back(line);
    if (state.lines.size() >= lines_max_) {
      ++state.dropped;
    } else {
      state.lines.emplace_back(line);
    }
  });
}

std::int64_t MemorySink::dropped() const {
  return state_.with([](const State& state) { return state.dropped; });
}

void MemorySink::expect_error(Event event) {
  state_.with([&](State& state) { state.announced.emplace_back(event.name()); });
}

std::vector<std::string> MemorySink::lines() const {
  return state_.with([](const State& state) { return state.lines; });
}

std::int64_t MemorySink::count(std::string_view event) const {
  const std::string wanted = "\"event\":\"" + std::string(event) + "\"";
  return state_.with([&](const State& state) {
    return std::count_if(state.lines.begin(), state.lines.end(), [&](const std::string& line) {
      return line.find(wanted) != std::string::npos;
    });
  });
}

std::vector<std::string> MemorySink::unexpected_errors() const {
  return state_.with([](const State& state) {
    std::vector<std::string> out;
    for (const std::string& line : state.errors) {
      const bool known = std::any_of(
          state.announced.begin(), state.announced.end(), [&](const std::string& event) {
            return line.find("\"event\":\"" + event + "\"") != std::string::npos ||
                   line.find(" error " + event + " ") != std::string::npos ||
                   line.find(" error " + event + "\n") != std::string::npos;
          });
      if (!known) out.push_back(line);
    }
    return out;
  });
}

void MemorySink::clear() {
  state_.with([](State& state) {
    state.lines.clear();
    state.errors.clear();
  });
}

}  // namespace mc::log
