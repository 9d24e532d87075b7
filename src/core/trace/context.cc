// W3C Trace Context: the two headers.
#include <algorithm>

#include "trace/trace.h"

namespace mc::trace {
namespace {

constexpr std::size_t kParentBytes = 55;  // version 00: 2-32-16-2 and three dashes
constexpr std::size_t kStateBytesMax = 8192;
constexpr std::size_t kStateMembersMax = 32;
constexpr std::size_t kStateKept = 512;   // section 3.3.1.5: at least this much is passed on
constexpr std::size_t kMemberLong = 128;  // longer members are dropped first

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;  // upper case too: the specification allows only lower case
}

bool read_hex(std::string_view text, std::uint8_t* out) {
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = digit_of(text[i]);
    const int low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out[i / 2] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

template <std::size_t N>
std::string hex_of(const std::array<std::uint8_t, N>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(N * 2);
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

template <std::size_t N>
bool is_zero(const std::array<std::uint8_t, N>& bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_key_char(char c) {
  return is_lower(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' || c == '/';
}

// simple-key, or tenant@system (section 3.3.1.3.1).
bool is_key(std::string_view key) {
  const std::size_t at = key.find('@');
  const std::string_view first = key.substr(0, at);
  if (first.empty() || !std::all_of(first.begin(), first.end(), is_key_char)) return false;
  if (at == std::string_view::npos) return is_lower(first[0]) && first.size() <= 256;
  const std::string_view system = key.substr(at + 1);
  const bool starts = is_lower(first[0]) || (first[0] >= '0' && first[0] <= '9');
  return starts && first.size() <= 241 && !system.empty() && system.size() <= 14 &&
         is_lower(system[0]) && std::all_of(system.begin(), system.end(), is_key_char);
}

bool is_value(std::string_view value) {
  const auto allowed = [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; };
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), allowed);
}

std::size_t joined_size(const std::vector<std::string_view>& members) {
  std::size_t size = members.empty() ? 0 : members.size() - 1;
  for (const std::string_view member : members) size += member.size();
  return size;
}

void drop_to_fit(std::vector<std::string_view>& members) {
  for (std::size_t i = members.size(); i-- > 0 && joined_size(members) > kStateKept;) {
    if (members[i].size() <= kMemberLong) continue;
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(i));
  }
  while (joined_size(members) > kStateKept) members.pop_back();
}

}  // namespace

std::string Context::trace_id_hex() const {
  return hex_of(trace_id);
}
std::string Context::span_id_hex() const {
  return hex_of(span_id);
}

Result<Context> parse_traceparent(std::string_view header) {
  const auto refuse = [](const char* why) {
    return fail(Code::invalid, std::string("traceparent: ") + why);
  };
  if (header.size() < kParentBytes) return refuse("shorter than 55 characters");
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') return refuse("dashes misplaced");
  Context context;
  std::uint8_t version = 0;
  std::uint8_t flags = 0;
  if (!read_hex(header.substr(0, 2), &version) ||
      !read_hex(header.substr(3, 32), context.trace_id.data()) ||
      !read_hex(header.substr(36, 16), context.span_id.data()) ||
      !read_hex(header.substr(53, 2), &flags)) {
    return refuse("not lower-case hexadecimal");
  }
  if (version == 0xff) return refuse("version ff is forbidden");
  if (header.size() > kParentBytes && (version == 0 || header[kParentBytes] != '-')) {
    return refuse("longer than its version allows");
  }
  if (is_zero(context.trace_id) || is_zero(context.span_id)) return refuse("an id is all zero");
  context.sampled = (flags & 1U) != 0;  // the other flags are not defined in version 00
  return context;
}

std::string format_traceparent(const Context& context) {
  return "00-" + context.trace_id_hex() + "-" + context.span_id_hex() +
         (context.sampled ? "-01" : "-00");
}

Result<std::string> parse_tracestate(std::string_view header) {
  const auto refuse = [](const char* why) {
    return fail(Code::invalid, std::string("tracestate: ") + why);
  };
  if (header.size() > kStateBytesMax) return refuse("more than 8192 characters");
  std::vector<std::string_view> members;
  std::vector<std::string_view> keys;
  for (const std::string_view part : split(header, ',')) {
    const std::string_view member = trim(part);
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos) return refuse("a member without '='");
    const std::string_view key = member.substr(0, equals);
    if (!is_key(key)) return refuse("a key that is not allowed");
    if (!is_value(member.substr(equals + 1))) return refuse("a value that is not allowed");
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) return refuse("a key twice");
    if (members.size() == kStateMembersMax) return refuse("more than 32 members");
    members.push_back(member);
    keys.push_back(key);
  }
  drop_to_fit(members);
  std::string out;
  for (const std::string_view member : members) {
    if (!out.empty()) out += ',';
    out += member;
  }
  return out;
}

std::optional<Context> extract(std::string_view traceparent, std::string_view tracestate) {
  if (traceparent.empty()) return std::nullopt;
  Result<Context> context = parse_traceparent(trim(traceparent));
  if (!context) return std::nullopt;
  Result<std::string> state = parse_tracestate(tracestate);
  if (state) context->state = std::move(*state);
  return *context;
}

}  // namespace mc::trace
