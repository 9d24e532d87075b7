// uuid.* and semver.*
#include <array>
#include <charconv>
#include <optional>

#include "base/base.h"
#include "builtin/encoding.h"
#include "builtin/fixed_answers.h"
#include "builtin/go_values.h"

namespace mc::builtin {
namespace {

using Uuid = std::array<std::uint8_t, 16>;

std::optional<std::uint8_t> hex_byte(std::string_view text) {
  std::uint8_t value = 0;
  if (text.size() != 2) return std::nullopt;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + 2, value, 16);
  if (failed != std::errc() || end != text.data() + 2) return std::nullopt;
  return value;
}

// As google/uuid: plain, with "urn:uuid:", in braces (whatever they are), or without dashes.
std::optional<Uuid> read_uuid(std::string_view text) {
  if (text.size() == 45 && to_lower(text.substr(0, 9)) == "urn:uuid:") {
    text.remove_prefix(9);
  } else if (text.size() == 38) {
    text = text.substr(1, 36);
  }
  const bool dashes = text.size() == 36;
  if (!dashes && text.size() != 32) return std::nullopt;
  Uuid out{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-') {
      return std::nullopt;
    }
    const std::optional<std::uint8_t> byte = hex_byte(text.substr(at, 2));
    if (!byte) return std::nullopt;
    out[i] = *byte;
    at += 2;
  }
  return out;
}

std::string_view variant_of(const Uuid& uuid) {
  if ((uuid[8] & 0xc0) == 0x80) return "RFC4122";
  if ((uuid[8] & 0xe0) == 0xc0) return "Microsoft";
  return (uuid[8] & 0xe0) == 0xe0 ? "Future" : "Reserved";
}

std::uint64_t big_endian(const Uuid& uuid, std::size_t from, std::size_t count) {
  std::uint64_t out = 0;
  for (std::size_t i = from; i < from + count; ++i) out = (out << 8) | uuid[i];
  return out;
}

// Since 1970, of the 100 ns steps since 1582 in a UUID of version 1 or 2; it wraps as Go's int64.
std::int64_t time_ns(const Uuid& uuid) {
  constexpr std::int64_t kEpoch = 122'192'928'000'000'000;
  constexpr std::int64_t kStepsPerSecond = 10'000'000;
  const std::uint64_t steps = big_endian(uuid, 0, 4) | (big_endian(uuid, 4, 2) << 32) |
                              ((big_endian(uuid, 6, 2) & 0xfff) << 48);
  const std::int64_t since = static_cast<std::int64_t>(steps) - kEpoch;
  const auto seconds = static_cast<std::uint64_t>(since / kStepsPerSecond);
  const auto rest = static_cast<std::uint64_t>(since % kStepsPerSecond * 100);
  return static_cast<std::int64_t>(seconds * 1'000'000'000U + rest);
}

std::string node_of(const Uuid& uuid) {
  std::string out;
  for (std::size_t i = 10; i < 16; ++i) {
    const char byte = static_cast<char>(uuid[i]);
    if (i > 10) out += '-';
    out += to_hex({&byte, 1});
  }
  return out;
}

std::string_view mac_kind(std::uint8_t first) {
  constexpr std::string_view kKinds[] = {"global:unicast", "global:multicast", "local:unicast",
                                         "local:multicast"};
  return kKinds[first & 3];
}

std::string domain_of(std::uint8_t domain) {
  constexpr std::string_view kDomains[] = {"Person", "Group", "Org"};
  return domain < 3 ? std::string(kDomains[domain]) : "Domain" + std::to_string(domain);
}

// A version after semver.org, which OPA also takes with a "v" in front.
struct Version {
  std::array<std::int64_t, 3> numbers{};
  std::string_view prerelease;
};

// Letters, digits and dashes between single dots.
bool is_identifiers(std::string_view text) {
  char before = '.';
  for (const char c : text) {
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!letter && (c != '.' || before == '.')) return false;
    before = c;
  }
  return before != '.' || text.empty();
}

// What lies before the separator; `rest` becomes what lies behind, empty without one.
std::string_view cut(std::string_view text, char separator, std::string_view& rest) {
  const std::size_t at = text.find(separator);
  rest = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return text.substr(0, at);
}

std::optional<Version> read_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  Version out;
  std::string_view metadata;
  text = cut(text, '+', metadata);
  if (!is_identifiers(metadata)) return std::nullopt;
  text = cut(text, '-', out.prerelease);
  if (!is_identifiers(out.prerelease)) return std::nullopt;
  const std::vector<std::string_view> parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) {
    const char* const end = parts[i].data() + parts[i].size();
    const auto [at, failed] = std::from_chars(parts[i].data(), end, out.numbers[i]);
    if (failed != std::errc() || at != end || parts[i].empty()) return std::nullopt;
  }
  return out;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::int64_t number_of(std::string_view digits) {
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return result.ec == std::errc() ? value : INT64_MAX;
}

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int order_identifiers(std::string_view a, std::string_view b) {
  const bool a_number = is_number(a);
  const bool b_number = is_number(b);
  if (a_number != b_number) return a_number ? -1 : 1;
  return a_number ? order(number_of(a), number_of(b)) : order(a, b);
}

int order_versions(const Version& a, const Version& b) {
  if (const int numbers = order(a.numbers, b.numbers); numbers != 0) return numbers;
  std::string_view left = a.prerelease;
  std::string_view right = b.prerelease;
  // A version without one is the later.
  if (left.empty() || right.empty()) return order(left.empty(), right.empty());
  while (!left.empty() && !right.empty()) {
    const std::string_view x = cut(left, '.', left);
    const std::string_view y = cut(right, '.', right);
    if (const int found = order_identifiers(x, y); found != 0) return found;
  }
  return order(right.empty(), left.empty());
}

}  // namespace

Value uuid_parse(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1)) return {};
  const std::optional<Uuid> uuid = read_uuid(operands[0].text());
  if (!uuid) return {};
  term::Arena& arena = context.arena;
  const int version = (*uuid)[6] >> 4;
  Value out = term::object(arena);
  const auto put = [&](std::string_view name, Value value) {
    term::insert(arena, out, name, value);
  };
  put("version", Value::integer(version));
  put("variant", term::string(arena, variant_of(*uuid)));
  if (version != 1 && version != 2) return out;
  put("time", Value::integer(time_ns(*uuid)));
  put("nodeid", term::string(arena, node_of(*uuid)));
  put("macvariables", term::string(arena, mac_kind((*uuid)[10])));
  const auto sequence = static_cast<std::int64_t>(big_endian(*uuid, 8, 2) & 0x3fff);
  put("clocksequence", Value::integer(sequence));
  if (version == 2) {
    put("id", Value::integer(static_cast<std::int64_t>(big_endian(*uuid, 0, 4))));
    put("domain", term::string(arena, domain_of((*uuid)[9])));
  }
  return out;
}

Value uuid_rfc4122(Context& context, Operands operands) {
  constexpr std::string_view kName = "uuid.rfc4122";
  const Value before = fixed_answer(context, kName, operands);
  if (!before.is_undefined() || context.fault) return before;
  Uuid uuid{};
  context.random.fill(uuid);
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
  std::string out;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    const char byte = static_cast<char>(uuid[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += to_hex({&byte, 1});
  }
  const Value answer = checked_string(context, out);
  fix_answer(context, kName, operands, answer);
  return answer;
}

Value semver_compare(Context& context, Operands operands) {
  if (!want_strings(context, operands, 2)) return {};
  std::array<std::optional<Version>, 2> versions;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string_view text = operands[i].text();
    if (!context.spend(1 + static_cast<std::int64_t>(text.size() / 16))) return {};
    versions[i] = read_version(text);
    if (versions[i]) continue;
    return context.fail("operand " + std::to_string(i + 1) + ": string " + go_quoted(text) +
                        " is not a valid SemVer");
  }
  return Value::integer(order_versions(*versions[0], *versions[1]));
}

Value semver_is_valid(Context& context, Operands operands) {
  if (!operands[0].is_string()) return Value::boolean(false);
  const std::string_view text = operands[0].text();
  if (!context.spend(1 + static_cast<std::int64_t>(text.size() / 16))) return {};
  return Value::boolean(read_version(text).has_value());
}

}  // namespace mc::builtin
