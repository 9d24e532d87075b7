#include "log/log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace mc::log {
namespace {

constexpr std::string_view kMark = "…";   // ends a value that was cut
constexpr std::size_t kValueMax = 1024;   // bytes of one value, so that one cannot crowd out others
constexpr std::size_t kStampBytes = 24;   // 2026-11-22T11:51:20.000Z
constexpr std::size_t kTailReserve = 32;  // for ,"cut":N} and the line feed
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// A line on the stack. Appending past the end is refused as a whole, so no write can overrun.
class Line {
 public:
  std::size_t room() const { return limit_ - size_; }
  std::size_t size() const { return size_; }
  void rewind(std::size_t size) { size_ = size; }
  void open_tail() { limit_ = bytes_.size(); }
  std::string_view view() const { return {bytes_.data(), size_}; }
  char* data() { return bytes_.data(); }

  bool add(std::string_view text) {
    if (text.size() > room()) return false;
    std::memcpy(bytes_.data() + size_, text.data(), text.size());
    size_ += text.size();
    return true;
  }
  bool add(char c) {
    if (room() == 0) return false;
    bytes_[size_++] = c;
    return true;
  }
  // `,"name":` or ` name=`, with one look at the room that is left.
  bool add_name(std::string_view name, Format format) {
    constexpr std::size_t kAround = 4;
    if (name.size() + kAround > room()) return false;
    char* at = bytes_.data() + size_;
    *at++ = format == Format::json ? ',' : ' ';
    if (format == Format::json) *at++ = '"';
    at = std::copy(name.begin(), name.end(), at);
    if (format == Format::json) *at++ = '"';
    *at++ = format == Format::json ? ':' : '=';
    size_ = static_cast<std::size_t>(at - bytes_.data());
    return true;
  }
  // `,"name":"text"`; nothing when it does not fit.
  bool add_quoted(std::string_view name, std::string_view text) {
    constexpr std::size_t kAround = 6;
    if (name.size() + text.size() + kAround > room()) return false;
    char* at = bytes_.data() + size_;
    *at++ = ',';
    *at++ = '"';
    at = std::copy(name.begin(), name.end(), at);
    *at++ = '"';
    *at++ = ':';
    *at++ = '"';
    at = std::copy(text.begin(), text.end(), at);
    *at++ = '"';
    size_ = static_cast<std::size_t>(at - bytes_.data());
    return true;
  }

 private:
  std::array<char, kLineMax> bytes_;  // not cleared: only [0, size_) is ever read
  std::size_t size_ = 0;
  std::size_t limit_ = kLineMax - kTailReserve;
};

// The length of the well-formed UTF-8 sequence that starts at `at` (Unicode 15, table 3-7), or 0.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) return 1;
  if (first >= 0xC2U && first <= 0xDFU) return follows(1) ? 2 : 0;
  if (first >= 0xE0U && first <= 0xEFU) {
    const bool ok = follows(1) && follows(2) && !(first == 0xE0U && byte(1) < 0xA0U) &&
                    !(first == 0xEDU && byte(1) > 0x9FU);
    return ok ? 3 : 0;
  }
  if (first >= 0xF0U && first <= 0xF4U) {
    const bool ok = follows(1) && follows(2) && follows(3) &&
                    !(first == 0xF0U && byte(1) < 0x90U) && !(first == 0xF4U && byte(1) > 0x8FU);
    return ok ? 4 : 0;
  }
  return 0;
}

bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

// is_plain() of eight bytes at once.
bool are_plain(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kHighs; };
  const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
  return (control | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\')) |
          has_zero(word ^ (kOnes * 0x7f)) | (word & kHighs)) == 0;
}

// The end of the plain bytes that begin at `at`.
std::size_t plain_end(std::string_view text, std::size_t at) {
  while (text.size() - at >= 8 && are_plain(text.data() + at)) at += 8;
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

// One character, escaped so that it can neither end the string nor the line nor steer a terminal.
std::string_view escaped(std::string_view text, std::size_t& at, std::array<char, 6>& scratch) {
  const char c = text[at];
  const std::size_t length = sequence_length(text, at);
  const auto code = static_cast<unsigned char>(c);
  const bool c1_control =  // U+0080 to U+009F
      length == 2 && code == 0xC2U && static_cast<unsigned char>(text[at + 1]) < 0xA0U;
  if (length == 0) {
    ++at;
    return "\\ufffd";
  }
  if (length > 1 && !c1_control) {
    at += length;
    return text.substr(at - length, length);
  }
  const unsigned value = c1_control ? static_cast<unsigned char>(text[at + 1]) : code;
  at += length;
  switch (value) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  scratch = {'\\', 'u', '0', '0', kDigits[value >> 4U], kDigits[value & 15U]};
  return {scratch.data(), scratch.size()};
}

// Adds as much as fits, and the mark when that is not all.
void add_escaped(Line& line, std::string_view text) {
  const std::size_t end = line.size() + kValueMax;
  std::size_t at = 0;
  std::array<char, 6> scratch{};
  while (at < text.size()) {
    const std::size_t run = plain_end(text, at);
    constexpr std::size_t kClosing = kMark.size() + 1;
    const std::size_t of_line = line.room() > kClosing ? line.room() - kClosing : 0;
    const std::size_t room = std::min(of_line, end - line.size());
    if (run > at) {
      const std::size_t taken = std::min(run - at, room);
      line.add(text.substr(at, taken));
      if (taken < run - at) break;
      at = run;
      continue;
    }
    const std::string_view piece = escaped(text, at, scratch);
    if (piece.size() > room) {
      line.add(kMark);
      return;
    }
    line.add(piece);
  }
  if (at < text.size()) line.add(kMark);
}

bool add_number(Line& line, std::int64_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return line.add(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

bool add_number(Line& line, double number) {
  if (!std::isfinite(number)) return line.add("null");
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return line.add(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

bool needs_quotes(std::string_view text) {
  for (const char c : text) {
    if (!is_plain(c) || c == ' ' || c == '=') return true;
  }
  return text.empty();
}

bool add_value(Line& line, const Field& field, Format format) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    if (format == Format::text && !needs_quotes(*text)) return line.add(*text);
    constexpr std::size_t kShortest = 16;  // less than this is not worth showing
    if (line.room() < kShortest) return false;
    line.add('"');
    add_escaped(line, *text);
    return line.add('"');
  }
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    return add_number(line, *number);
  }
  if (const auto* number = std::get_if<double>(&field.value)) return add_number(line, *number);
  return line.add(std::get<bool>(field.value) ? "true" : "false");
}

// Most fields are plain text that fits: written with one look at the room. False when it is not.
bool add_plain_text(Line& line, const Field& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  if (text == nullptr || text->size() > kValueMax || plain_end(*text, 0) != text->size()) {
    return false;
  }
  return line.add_quoted(field.name, *text);
}

// The field as a whole, or nothing.
bool add_field(Line& line, const Field& field, Format format) {
  if (format == Format::json && add_plain_text(line, field)) return true;
  const std::size_t before = line.size();
  const bool fits = line.add_name(field.name, format) && add_value(line, field, format);
  if (!fits) line.rewind(before);
  return fits;
}

void add_head(Line& line, Level level, Event event, Format format) {
  if (format == Format::json) {
    line.add("\",\"level\":\"");
    line.add(level_name(level));
    line.add("\",\"event\":\"");
    line.add(event.name());
    line.add('"');
    return;
  }
  line.add(' ');
  line.add(level_name(level));
  line.add(level == Level::info || level == Level::warn ? "  " : " ");  // names of 4 and 5 letters
  line.add(event.name());
}

}  // namespace

std::string_view level_name(Level level) {
  constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

Log::Log(sys::Clock& clock, Sink& sink, Options options)
    : clock_(clock), sink_(sink), level_(options.level), format_(options.format) {}

void Log::stamp(char* out) {
  const WallTime now = clock_.wall();
  const std::int64_t number = now.nanos / kNanosPerSecond;
  second_.with([&](Second& second) {
    if (second.number != number) {
      second.text = format_rfc3339(WallTime{number * kNanosPerSecond});
      second.number = number;
    }
    std::memcpy(out, second.text.data(), kStampBytes);
  });
  const auto milli = static_cast<unsigned>((now.nanos - number * kNanosPerSecond) / 1'000'000);
  out[20] = static_cast<char>('0' + milli / 100);
  out[21] = static_cast<char>('0' + milli / 10 % 10);
  out[22] = static_cast<char>('0' + milli % 10);
}

void Log::write(Level level, Event event, Fields fields) {
  if (!enabled(level)) return;
  Line line;
  if (format_ == Format::json) line.add("{\"ts\":\"");
  const std::size_t at = line.size();
  line.add("0000-00-00T00:00:00.000Z");
  stamp(line.data() + at);
  add_head(line, level, event, format_);
  std::int64_t left_out = 0;
  for (const Field& field : fields) {
    if (!field.name.empty() && !add_field(line, field, format_)) ++left_out;
  }
  line.open_tail();
  if (left_out > 0) add_field(line, Field("cut", left_out), format_);
  line.add(format_ == Format::json ? "}\n" : "\n");
  sink_.write(level, line.view());
}

}  // namespace mc::log
