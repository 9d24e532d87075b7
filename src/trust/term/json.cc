#include <array>
#include <bit>
#include <cstring>

#include "term/node.h"
#include "term/number.h"
#include "term/term.h"

namespace mc::term {
namespace {

constexpr std::size_t kStack = 64;  // values read before their collection is made, usually

// Bytes of a string that stand for themselves: neither quote, backslash nor control character, and
// ASCII. Looked at eight at a time; the rest, fewer than eight, is for the caller.
std::size_t plain_bytes(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  const auto zero_bytes = [](std::uint64_t word) { return (word - kOnes) & ~word & kHigh; };
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t other = zero_bytes(word ^ (kOnes * '"')) |
                                zero_bytes(word ^ (kOnes * '\\')) |
                                ((word - kOnes * 0x20) & ~word & kHigh) | (word & kHigh);
    if (other != 0) return at + static_cast<std::size_t>(std::countr_zero(other)) / 8;
  }
  return at;
}

class Reader {
 public:
  Reader(Arena& arena, std::string_view text, const JsonLimits& limits)
      : arena_(arena), text_(text), limits_(limits) {
    stack_.reserve(kStack);
  }

  Result<Value> document() {
    if (text_.size() > limits_.bytes_max) {
      return fail(Code::invalid,
                  "JSON: larger than " + std::to_string(limits_.bytes_max) + " bytes");
    }
    Value out;
    skip_blank();
    if (!value(out, 0)) return error();
    skip_blank();
    if (at_ != text_.size()) {
      complain("trailing bytes");
      return error();
    }
    return out;
  }

 private:
  tl::unexpected<Error> error() {
    return fail(Code::invalid, "JSON: " + why_ + " at byte " + std::to_string(at_));
  }
  bool complain(const char* why) {
    if (why_.empty()) why_ = why;
    return false;
  }
  void skip_blank() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
      ++at_;
    }
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view name) {
    if (text_.substr(at_, name.size()) != name) return complain("unknown word");
    at_ += name.size();
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by depth_max
  bool value(Value& out, int depth) {
    if (depth > limits_.depth_max || depth >= kDepthMax) return complain("nested too deeply");
    if (at_ >= text_.size()) return complain("unexpected end");
    switch (text_[at_]) {
      case '{':
        return object_value(out, depth);
      case '[':
        return array_value(out, depth);
      case '"': {
        std::string_view text;
        if (!string_text(text)) return false;
        out = string(arena_, text);
        return true;
      }
      case 't':
        out = Value::boolean(true);
        return word("true");
      case 'f':
        out = Value::boolean(false);
        return word("false");
      case 'n':
        out = Value::null();
        return word("null");
      default:
        return number_value(out);
    }
  }

  bool number_value(Value& out) {
    std::size_t end = at_;
    while (end < text_.size() && std::strchr("0123456789+-.eE", text_[end]) != nullptr &&
           text_[end] != '\0') {
      ++end;
    }
    out = number(arena_, text_.substr(at_, end - at_));
    if (out.is_undefined()) return complain("not a value");
    at_ = end;
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by depth_max
  bool array_value(Value& out, int depth) {
    ++at_;
    const std::size_t from = stack_.size();
    skip_blank();
    if (!take(']')) {
      while (true) {
        skip_blank();
        Value item;
        if (!value(item, depth + 1)) return false;
        stack_.push_back(item);
        skip_blank();
        if (take(',')) continue;
        if (take(']')) break;
        return complain("',' or ']' expected");
      }
    }
    out = array(arena_, std::span<const Value>(stack_).subspan(from));
    stack_.resize(from);
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by depth_max
  bool object_value(Value& out, int depth) {
    ++at_;
    const std::size_t from = stack_.size();
    skip_blank();
    if (!take('}')) {
      while (true) {
        skip_blank();
        Value item;
        std::string_view name;
        if (at_ >= text_.size() || text_[at_] != '"') return complain("a name expected");
        if (!string_text(name)) return false;
        const Value key = shared_key(name);
        skip_blank();
        if (!take(':')) return complain("':' expected");
        skip_blank();
        if (!value(item, depth + 1)) return false;
        stack_.push_back(key);
        stack_.push_back(item);
        skip_blank();
        if (take(',')) continue;
        if (take('}')) break;
        return complain("',' or '}' expected");
      }
    }
    out = object(arena_, (stack_.size() - from) / 2);
    for (std::size_t i = from; i < stack_.size(); i += 2) {
      insert(arena_, out, stack_[i], stack_[i + 1]);
    }
    stack_.resize(from);
    return true;
  }

  // The names of members come again and again.
  Value shared_key(std::string_view name) {
    const std::uint32_t h = hash_text(name);
    Value& seat = keys_[h % keys_.size()];
    if (seat.is_string() && seat.text() == name) return seat;
    seat = string(arena_, name);
    return seat;
  }

  // The text between the quotes, unescaped into scratch_ when needed.
  bool string_text(std::string_view& out) {
    const std::size_t from = ++at_;
    bool ascii = true;
    at_ += plain_bytes(text_.substr(at_));
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20) return complain("a control character in a string");
      ascii = ascii && c < 0x80;
      ++at_;
    }
    if (at_ >= text_.size()) return complain("unterminated string");
    if (text_[at_] == '"') {
      out = text_.substr(from, at_ - from);
      if (!ascii && !is_valid_utf8(out)) return complain("invalid UTF-8");
      ++at_;
      return true;
    }
    scratch_.assign(text_.substr(from, at_ - from));
    while (true) {
      if (at_ >= text_.size()) return complain("unterminated string");
      const char c = text_[at_];
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) return complain("a control character in a string");
      ++at_;
      if (c != '\\') {
        scratch_ += c;
      } else if (!escape()) {
        return false;
      }
    }
    ++at_;
    out = scratch_;
    return is_valid_utf8(out) || complain("invalid UTF-8");
  }

  bool escape() {
    if (at_ >= text_.size()) return complain("unterminated string");
    const char c = text_[at_++];
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = kFrom.find(c); i != std::string_view::npos) {
      scratch_ += kTo[i];
      return true;
    }
    if (c != 'u') return complain("unknown escape");
    std::uint32_t code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      const std::size_t back = at_;
      at_ += 2;
      std::uint32_t low = 0;
      if (!hex4(low)) return false;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      } else {
        at_ = back;
      }
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;  // as Go does with a lone surrogate
    append_utf8(code);
    return true;
  }

  bool hex4(std::uint32_t& code) {
    if (text_.size() - at_ < 4) return complain("a short \\u escape");
    code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[at_++];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return complain("a bad \\u escape");
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  void append_utf8(std::uint32_t code) {
    const auto byte = [&](std::uint32_t b) { scratch_ += static_cast<char>(b); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xc0 | (code >> 6));
      byte(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      byte(0xe0 | (code >> 12));
      byte(0x80 | ((code >> 6) & 0x3f));
      byte(0x80 | (code & 0x3f));
    } else {
      byte(0xf0 | (code >> 18));
      byte(0x80 | ((code >> 12) & 0x3f));
      byte(0x80 | ((code >> 6) & 0x3f));
      byte(0x80 | (code & 0x3f));
    }
  }

  Arena& arena_;
  std::string_view text_;
  const JsonLimits& limits_;
  std::size_t at_ = 0;
  std::string why_;
  std::string scratch_;
  std::vector<Value> stack_;
  std::array<Value, 256> keys_;
};

constexpr char kHex[] = "0123456789abcdef";

// Bytes that are no UTF-8, which a decoder of bytes may have made, become U+FFFD one by one.
std::string as_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t size = 1;
    while (size <= 4 && !is_valid_utf8(text.substr(0, size))) ++size;
    out += size <= 4 ? text.substr(0, size) : "\xef\xbf\xbd";
    text.remove_prefix(size <= 4 ? size : 1);
  }
  return out;
}

// Whether all of it is ASCII.
bool append_escaped(std::string& out, std::string_view text) {
  bool ascii = true;
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[c & 15];
        } else {
          ascii = ascii && static_cast<unsigned char>(c) < 0x80;
          out += c;
        }
    }
  }
  out += '"';
  return ascii;
}

void append_quoted(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  if (append_escaped(out, text) || is_valid_utf8(text)) return;
  out.resize(start);
  append_escaped(out, as_utf8(text));
}

// How a value is laid out: JSON, JSON for people, or a term of Rego.
struct Style {
  bool rego = false;
  int indent = 0;  // 0 = on one line
};

class Printer {
 public:
  Printer(std::string& out, Style style) : out_(out), style_(style) {}

  // NOLINTNEXTLINE(misc-no-recursion): values are bounded in depth by what made them
  void print(Value value) {
    switch (value.kind()) {
      case Kind::undefined:
        out_ += style_.rego ? "<undefined>" : "null";
        break;
      case Kind::null:
        out_ += "null";
        break;
      case Kind::boolean:
        out_ += value.flag() ? "true" : "false";
        break;
      case Kind::number:
        out_ += number_text(value);
        break;
      case Kind::string:
        append_quoted(out_, value.text());
        break;
      case Kind::array:
        list(value, '[', ']');
        break;
      case Kind::set:
        if (style_.rego && value.size() == 0) {
          out_ += "set()";
        } else {
          list(value, style_.rego ? '{' : '[', style_.rego ? '}' : ']');
        }
        break;
      case Kind::object:
        object_members(value);
        break;
    }
  }

 private:
  void line() {
    if (style_.indent == 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(style_.indent * depth_), ' ');
  }
  void comma(bool& first) {
    if (!first) out_ += style_.rego ? ", " : ",";
    first = false;
    line();
  }

  // NOLINTNEXTLINE(misc-no-recursion): see print()
  void list(Value value, char open, char close) {
    out_ += open;
    ++depth_;
    bool first = true;
    for (const Value item : value.items()) {
      comma(first);
      print(item);
    }
    --depth_;
    if (!first) line();
    out_ += close;
  }

  // NOLINTNEXTLINE(misc-no-recursion): see print()
  void object_members(Value value) {
    out_ += '{';
    ++depth_;
    bool first = true;
    for (const Entry& member : value.members()) {
      comma(first);
      if (style_.rego || member.key.is_string()) {
        print(member.key);
      } else {
        append_quoted(out_, to_json(member.key));
      }
      out_ += style_.rego || style_.indent > 0 ? ": " : ":";
      print(member.value);
    }
    --depth_;
    if (!first) line();
    out_ += '}';
  }

  std::string& out_;
  Style style_;
  int depth_ = 0;
};

}  // namespace

Result<Value> parse_json(Arena& arena, std::string_view text, const JsonLimits& limits) {
  return Reader(arena, text, limits).document();
}

void append_json(std::string& out, Value value) {
  Printer(out, {}).print(value);
}

std::string to_json(Value value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string to_json_pretty(Value value, int indent) {
  std::string out;
  Printer(out, {.indent = indent}).print(value);
  return out;
}

void append_rego(std::string& out, Value value) {
  Printer(out, {.rego = true}).print(value);
}

std::string to_rego(Value value) {
  std::string out;
  append_rego(out, value);
  return out;
}

}  // namespace mc::term
