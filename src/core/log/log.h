// Log: one line per event, for machines (JSON) or people (text). Sinks take the finished lines.
//
//   log.event("export.blocked", {{"tenant", id}, {"why", code}});
//
// A line is at most kLineMax bytes: values that do not fit are cut and end in "…", fields that do
// not fit are left out and counted in "cut". Never log bodies, secrets or true values of noised
// answers. Log and all sinks are thread-safe; no thread is started here and no call waits for
// another thread's write.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/base.h"
#include "sys/sys.h"

namespace mc::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Format : std::uint8_t { json, text };
std::string_view level_name(Level level);

constexpr std::size_t kLineMax = 4096;  // with the line feed

// The name of an event: a literal of lower-case words joined by dots ("export.blocked"), so that
// one search finds its place in the code and nothing from outside can become a name.
class Event {
 public:
  template <std::size_t N>
  consteval Event(const char (&name)[N]) : name_(name, N - 1) {
    for (const char c : name_) {
      if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_') not_an_event_name();
    }
  }
  std::string_view name() const { return name_; }

 private:
  static void not_an_event_name() {}  // no constant expression: stops the compiler
  std::string_view name_;
};

// A name and a borrowed value; lives for the call only. Without a name it is left out.
struct Field {
  Field(std::string_view field, std::string_view text) : name(field), value(text) {}
  Field(std::string_view field, const std::string& text) : Field(field, std::string_view(text)) {}
  Field(std::string_view field, const char* text) : Field(field, std::string_view(text)) {}
  Field(std::string_view field, Code code) : Field(field, code_name(code)) {}
  template <class Tag>
  Field(std::string_view field, const Strong<Tag, std::string>& id)
      : Field(field, std::string_view(id.get())) {}
  template <std::same_as<bool> B>
  Field(std::string_view field, B flag) : name(field), value(flag) {}
  template <std::integral N>
    requires(!std::same_as<N, bool>)
  Field(std::string_view field, N number) : name(field), value(static_cast<std::int64_t>(number)) {}
  Field(std::string_view field, double number) : name(field), value(number) {}

  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};
using Fields = std::initializer_list<Field>;

// Takes finished lines, each with its line feed.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(Level level, std::string_view line) = 0;
  // Hands everything buffered to the output.
  virtual void flush() = 0;
  // Lines lost because the output failed or could not keep up.
  virtual std::int64_t dropped() const = 0;
};

struct Options {
  Level level = Level::info;
  Format format = Format::json;
};

class Log {
 public:
  Log(sys::Clock& clock, Sink& sink, Options options = {});

  void debug(Event event, Fields fields) { write(Level::debug, event, fields); }
  void event(Event event, Fields fields) { write(Level::info, event, fields); }
  void warn(Event event, Fields fields) { write(Level::warn, event, fields); }
  void error(Event event, Fields fields) { write(Level::error, event, fields); }
  bool enabled(Level level) const { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
  Sink& sink() { return sink_; }

 private:
  // The text of the current second: formatting a date costs more than the rest of the line.
  struct Second {
    std::int64_t number = -1;
    std::string text;
  };
  void write(Level level, Event event, Fields fields);
  void stamp(char* out);

  sys::Clock& clock_;
  Sink& sink_;
  std::atomic<Level> level_;
  Format format_;
  Guarded<Second> second_;
};

struct FileSinkOptions {
  std::size_t flush_bytes = 64 << 10;  // 0 = unbuffered: one write per line
  Nanos flush_every = millis(100);
  std::size_t bytes_max = 4 << 20;  // buffered beyond this: lines are dropped and counted
};

// Lines to an open file (standard output, as a rule). Buffered until flush_bytes, until a warning,
// or until tick() finds flush_every passed; the owner calls tick() from its loop. After a loss, the
// next write that works is preceded by a "log.dropped" line. A failed write loses its buffer.
class FileSink final : public Sink {
 public:
  FileSink(sys::File& file, sys::Clock& clock, FileSinkOptions options = {});
  ~FileSink() override { flush(); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  void write(Level level, std::string_view line) override;
  void flush() override;
  void tick();
  std::int64_t dropped() const override { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Buffer {
    std::string bytes;
    std::int64_t lines = 0;
    std::int64_t lost = 0;  // not yet told in a log.dropped line
    bool torn = false;      // the last write may have ended inside a line
    MonoTime oldest;
  };
  void drain();

  sys::File& file_;
  sys::Clock& clock_;
  FileSinkOptions options_;
  Guarded<Buffer> buffer_;
  std::mutex writing_;
  std::atomic<std::int64_t> dropped_ = 0;
};

// Keeps lines in memory, for tests and simulation. An error-level line whose event was not
// announced by expect_error() aborts the program when the sink dies, naming the line.
class MemorySink final : public Sink {
 public:
  explicit MemorySink(std::size_t lines_max = 100'000) : lines_max_(lines_max) {}
  ~MemorySink() override;
  MemorySink(const MemorySink&) = delete;
  MemorySink& operator=(const MemorySink&) = delete;

  void write(Level level, std::string_view line) override;
  void flush() override {}
  std::int64_t dropped() const override;

  void expect_error(Event event);  // any number of them, before or after they happen
  std::vector<std::string> lines() const;
  std::int64_t count(std::string_view event) const;  // lines of this event (JSON format)
  std::vector<std::string> unexpected_errors() const;
  void clear();  // forgets lines, also unexpected ones

 private:
  struct State {
    std::vector<std::string> lines;
    std::vector<std::string> errors;
    std::vector<std::string> announced;
    std::int64_t dropped = 0;
  };
  std::size_t lines_max_;
  Guarded<State> state_;
};

}  // namespace mc::log
