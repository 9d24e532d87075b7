#include "net/http1_head.h"

#include <array>
#include <cstring>

namespace mc::net::http1 {
namespace {

enum CharClass : std::uint8_t {
  kToken = 1,  // RFC 9110 section 5.6.2
  kValue = 2,  // field-vchar, space, tab
  kPath = 4,   // RFC 3986 path
  kQuery = 8,  // RFC 3986 query and what browsers leave unescaped there (WHATWG URL)
  kHost = 16,  // registered names and IPv4
  kHex = 32,
};

constexpr void mark(std::array<std::uint8_t, 256>& table, std::string_view chars, int bits) {
  for (const char c : chars) {
    auto& cell = table[static_cast<unsigned char>(c)];
    cell = static_cast<std::uint8_t>(cell | bits);
  }
}

constexpr std::array<std::uint8_t, 256> make_table() {
  std::array<std::uint8_t, 256> table{};
  mark(table, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
       kToken | kPath | kQuery | kHost);
  mark(table, "0123456789abcdefABCDEF", kHex);
  mark(table, "!#$%&'*+-.^_`|~", kToken);
  mark(table, "-._~!$&'()*+,;=:@/%|", kPath | kQuery);
  mark(table, "?{}^`\\[]", kQuery);
  mark(table, "-._", kHost);
  for (std::size_t c = 0x20; c < 256; ++c) {
    if (c != 0x7f) table[c] = static_cast<std::uint8_t>(table[c] | kValue);
  }
  mark(table, "\t", kValue);
  return table;
}

constexpr std::array<std::uint8_t, 256> kTable = make_table();

bool is(char c, int bits) {
  return (kTable[static_cast<unsigned char>(c)] & bits) != 0;
}

// Eight bytes, none of them a control character or DEL. Tabs are left to the slow way.
bool are_values(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const std::uint64_t no_delete = word ^ (kOnes * 0x7f);
  return ((((word - kOnes * 0x20) & ~word) | ((no_delete - kOnes) & ~no_delete)) & kHighs) == 0;
}

// The end of the bytes of a field value that begin at `at`.
std::size_t value_end(std::string_view text, std::size_t at) {
  while (text.size() - at >= 8 && are_values(text.data() + at)) at += 8;
  while (at < text.size() && is(text[at], kValue)) ++at;
  return at;
}

bool all(std::string_view text, int bits) {
  for (const char c : text) {
    if (!is(c, bits)) return false;
  }
  return true;
}

Verdict refuse(int status, std::string_view why) {
  return {status, why};
}

// Reads the field lines of `head` from `at` to its final empty line.
Verdict parse_fields(std::string_view head, std::size_t at, int headers_max,
                     std::vector<HeaderView>& out) {
  constexpr std::size_t kUsualFields = 12;  // as many as most clients send: one allocation
  out.clear();
  out.reserve(kUsualFields);
  while (true) {
    if (at + 2 > head.size()) return refuse(400, "truncated head");
    if (head[at] == '\r') {
      if (head[at + 1] != '\n') return refuse(400, "bare CR");
      return at + 2 == head.size() ? Verdict{} : refuse(400, "bytes after the head");
    }
    if (out.size() == static_cast<std::size_t>(headers_max)) {
      return refuse(431, "too many header fields");
    }
    const std::size_t name_start = at;
    while (at < head.size() && is(head[at], kToken)) ++at;
    const std::string_view name = head.substr(name_start, at - name_start);
    // A leading space (obs-fold) and a space before the colon both end up here.
    if (name.empty() || at == head.size() || head[at] != ':') {
      return refuse(400, "bad header field name");
    }
    const std::size_t value_start = ++at;
    at = value_end(head, at);
    const std::string_view value = trim(head.substr(value_start, at - value_start));
    if (at + 2 > head.size() || head[at] != '\r' || head[at + 1] != '\n') {
      return refuse(400, "bad character in a header field");
    }
    at += 2;
    out.push_back({name, value});
  }
}

// Elements of a comma-separated list of tokens; empty elements are allowed (RFC 9110 5.6.1).
template <class Visit>
bool each_token(std::string_view list, Visit&& visit) {
  std::size_t at = 0;
  while (at <= list.size()) {
    std::size_t comma = list.find(',', at);
    if (comma == std::string_view::npos) comma = list.size();
    const std::string_view token = trim(list.substr(at, comma - at));
    if (!token.empty()) {
      if (!all(token, kToken)) return false;
      visit(token);
    }
    at = comma + 1;
  }
  return true;
}

// 1*DIGIT below 10^18; -1 otherwise. Signs, lists and spaces are refused.
std::int64_t parse_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return -1;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool is_host(std::string_view host) {
  std::size_t port_at = 0;
  if (!host.empty() && host[0] == '[') {
    port_at = host.find(']');
    if (port_at == std::string_view::npos || port_at < 3) return false;
    for (const char c : host.substr(1, port_at - 1)) {
      if (!is(c, kHex) && c != ':' && c != '.') return false;
    }
    ++port_at;
  } else {
    port_at = host.find(':');
    if (port_at == std::string_view::npos) port_at = host.size();
    if (port_at == 0 || port_at > 255 || !all(host.substr(0, port_at), kHost)) return false;
  }
  if (port_at == host.size()) return true;
  if (host[port_at] != ':') return false;
  const std::int64_t port = parse_length(host.substr(port_at + 1));
  return port > 0 && port <= 65535;
}

struct MessageFields {
  int lengths = 0;
  std::int64_t length = 0;
  int codings = 0;
  bool chunked_only = false;
  bool chunked_last = false;
  int options = 0;  // that Connection fields list
  bool close = false;
  bool keep_alive = false;
};

// A hop compares every field with every option, so the product has to be bounded.
constexpr int kConnectionOptionsMax = 32;

Verdict note_coding(std::string_view value, MessageFields& fields) {
  ++fields.codings;
  fields.chunked_only = equals_ignoring_case(value, "chunked");
  std::string_view last;
  if (!each_token(value, [&](std::string_view token) { last = token; })) {
    return refuse(400, "bad Transfer-Encoding");
  }
  fields.chunked_last = equals_ignoring_case(last, "chunked");
  return {};
}

// The fields that decide framing and connection reuse, in requests and responses alike.
Verdict note_field(const HeaderView& field, MessageFields& fields) {
  switch (field.name.size()) {
    case 10:
      if (!equals_ignoring_case(field.name, "connection")) break;
      if (!each_token(field.value, [&](std::string_view token) {
            ++fields.options;
            if (equals_ignoring_case(token, "close")) fields.close = true;
            if (equals_ignoring_case(token, "keep-alive")) fields.keep_alive = true;
          })) {
        return refuse(400, "bad Connection");
      }
      if (fields.options > kConnectionOptionsMax) {
        return refuse(400, "more than 32 Connection options");
      }
      break;
    case 14:
      if (!equals_ignoring_case(field.name, "content-length")) break;
      if (++fields.lengths > 1) return refuse(400, "repeated Content-Length");
      fields.length = parse_length(field.value);
      if (fields.length < 0) return refuse(400, "bad Content-Length");
      break;
    case 17:
      if (!equals_ignoring_case(field.name, "transfer-encoding")) break;
      return note_coding(field.value, fields);
    default:
      break;
  }
  return {};
}

Verdict check_framing(const MessageFields& fields, int minor) {
  if (fields.codings == 0) return {};
  if (minor == 0) return refuse(400, "Transfer-Encoding in HTTP/1.0");
  if (fields.lengths > 0) return refuse(400, "Content-Length beside Transfer-Encoding");
  if (fields.codings > 1) return refuse(400, "repeated Transfer-Encoding");
  if (fields.chunked_only) return {};
  if (fields.chunked_last) return refuse(501, "unsupported transfer coding");
  return refuse(400, "Transfer-Encoding does not end with chunked");
}

// "HTTP/1.1" or "HTTP/1.0"; another well-formed version is 505.
Verdict parse_version(std::string_view text, int& minor) {
  if (text.size() != 8 || text.substr(0, 5) != "HTTP/" || text[6] != '.') {
    return refuse(400, "bad HTTP version");
  }
  const char major = text[5];
  const char low = text[7];
  if (major < '0' || major > '9' || low < '0' || low > '9') {
    return refuse(400, "bad HTTP version");
  }
  if (major != '1' || low > '1') return refuse(505, "HTTP version not supported");
  minor = low - '0';
  return {};
}

Verdict parse_request_line(std::string_view line, const HeadLimits& limits, RequestHead& out) {
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || target_end == method_end) {
    return refuse(400, "bad request line");
  }
  out.method = line.substr(0, method_end);
  if (out.method.size() > 32 || !is_token(out.method)) return refuse(400, "bad method");
  out.target = line.substr(method_end + 1, target_end - method_end - 1);
  if (out.target.size() > static_cast<std::size_t>(limits.target_bytes_max)) {
    return refuse(414, "target too long");
  }
  if (!is_origin_target(out.target)) return refuse(400, "bad target");
  if (out.target == "*" && out.method != "OPTIONS") return refuse(400, "bad target");
  return parse_version(line.substr(target_end + 1), out.minor);
}

Verdict note_expect(std::string_view value, RequestHead& out) {
  if (out.minor == 0) return {};  // RFC 9110 section 10.1.1: ignored in HTTP/1.0
  if (!equals_ignoring_case(value, "100-continue")) return refuse(417, "unknown expectation");
  out.expect_continue = true;
  return {};
}

}  // namespace

HeadScanner::State HeadScanner::scan(std::string_view bytes) {
  while (scanned_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (found == nullptr) {
      scanned_ = bytes.size();
      return State::more;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == 0 || bytes[at - 1] != '\r') return State::bad;
    const bool empty_line = at - line_start_ == 1;
    scanned_ = line_start_ = at + 1;
    first_line_done_ = true;
    if (empty_line) return State::found;
  }
  return State::more;
}

Verdict parse_request_head(std::string_view head, const HeadLimits& limits, RequestHead& out) {
  if (head.size() > static_cast<std::size_t>(limits.head_bytes_max)) {
    return refuse(431, "head too large");
  }
  const std::size_t line_end = head.find("\r\n");
  if (line_end == std::string_view::npos) return refuse(400, "bad request line");
  Verdict verdict = parse_request_line(head.substr(0, line_end), limits, out);
  if (!verdict.good()) return verdict;
  verdict = parse_fields(head, line_end + 2, limits.headers_max, out.headers);
  if (!verdict.good()) return verdict;

  MessageFields fields;
  int hosts = 0;
  out.expect_continue = false;
  for (const HeaderView& field : out.headers) {
    if (field.name.size() == 4 && equals_ignoring_case(field.name, "host")) {
      if (++hosts > 1) return refuse(400, "repeated Host");
      if (!is_host(field.value)) return refuse(400, "bad Host");
    } else if (field.name.size() == 6 && equals_ignoring_case(field.name, "expect")) {
      verdict = note_expect(field.value, out);
    } else {
      verdict = note_field(field, fields);
    }
    if (!verdict.good()) return verdict;
  }
  if (hosts == 0 && out.minor == 1) return refuse(400, "missing Host");
  verdict = check_framing(fields, out.minor);
  if (!verdict.good()) return verdict;
  out.chunked = fields.codings > 0;
  out.content_length = fields.length;
  out.keep_alive = !fields.close && (out.minor == 1 || fields.keep_alive);
  return {};
}

namespace {

Verdict parse_status_line(std::string_view line, ResponseHead& out) {
  if (line.size() < 12 || line[8] != ' ') return refuse(502, "bad status line");
  if (!parse_version(line.substr(0, 8), out.minor).good()) {
    return refuse(502, "bad HTTP version");
  }
  out.status = 0;
  for (const char c : line.substr(9, 3)) {
    if (c < '0' || c > '9') return refuse(502, "bad status");
    out.status = out.status * 10 + (c - '0');
  }
  if (out.status < 100 || out.status > 599) return refuse(502, "bad status");
  // RFC 9112 section 4 wants the space even before an empty reason; its lack is harmless.
  out.reason = line.size() > 13 ? line.substr(13) : std::string_view();
  if (line.size() > 12 && line[12] != ' ') return refuse(502, "bad status line");
  if (!all(out.reason, kValue)) return refuse(502, "bad reason phrase");
  return {};
}

}  // namespace

Verdict parse_response_head(std::string_view head, const HeadLimits& limits,
                            std::string_view request_method, ResponseHead& out) {
  if (head.size() > static_cast<std::size_t>(limits.head_bytes_max)) {
    return refuse(502, "head too large");
  }
  const std::size_t line_end = head.find("\r\n");
  if (line_end == std::string_view::npos) return refuse(502, "bad status line");
  Verdict verdict = parse_status_line(head.substr(0, line_end), out);
  if (!verdict.good()) return verdict;
  verdict = parse_fields(head, line_end + 2, limits.headers_max, out.headers);
  if (!verdict.good()) return refuse(502, verdict.why);

  MessageFields fields;
  for (const HeaderView& field : out.headers) {
    verdict = note_field(field, fields);
    if (!verdict.good()) return refuse(502, verdict.why);
  }
  verdict = check_framing(fields, out.minor);
  if (!verdict.good()) return refuse(502, verdict.why);

  out.content_length = fields.length;
  out.keep_alive = !fields.close && (out.minor == 1 || fields.keep_alive);
  if (request_method == "HEAD" || out.status < 200 || out.status == 204 || out.status == 304) {
    out.framing = Framing::none;
  } else if (fields.codings > 0) {
    out.framing = Framing::chunked;
  } else if (fields.lengths > 0) {
    out.framing = Framing::length;
  } else {
    out.framing = Framing::until_close;
    out.keep_alive = false;
  }
  return {};
}

bool is_token(std::string_view text) {
  return !text.empty() && all(text, kToken);
}

bool is_field_value(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (!text.empty() && (blank(text.front()) || blank(text.back()))) return false;
  // A tab inside is left to value_end().
  if (text.size() >= 8 && are_values(text.data() + text.size() - 8)) {
    text.remove_suffix(text.size() % 8);
  }
  return value_end(text, 0) == text.size();
}

bool is_origin_target(std::string_view text) {
  if (text == "*") return true;
  if (text.empty() || text[0] != '/') return false;
  std::size_t at = 0;
  for (; at < text.size() && text[at] != '?'; ++at) {
    if (!is(text[at], kPath)) return false;
    if (text[at] != '%') continue;
    if (at + 2 >= text.size() || !is(text[at + 1], kHex) || !is(text[at + 2], kHex)) return false;
  }
  return all(text.substr(at), kQuery);
}

bool list_has(std::string_view list, std::string_view token) {
  bool found = false;
  each_token(list, [&](std::string_view each) { found |= equals_ignoring_case(each, token); });
  return found;
}

bool is_hop_by_hop(std::string_view name) {
  const auto is = [name](std::string_view known) { return equals_ignoring_case(name, known); };
  switch (name.size()) {  // few names have the length of one of these
    case 2:
      return is("te");
    case 7:
      return is("trailer") || is("upgrade");
    case 10:
      return is("connection") || is("keep-alive");
    case 16:
      return is("proxy-connection");
    case 17:
      return is("transfer-encoding");
    case 18:
      return is("proxy-authenticate");
    case 19:
      return is("proxy-authorization");
    default:
      return false;
  }
}

}  // namespace mc::net::http1
