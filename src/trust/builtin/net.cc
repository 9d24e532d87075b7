// net.cidr_*: addresses and networks by the rules of Go's packages net and netip.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "builtin/go_address.h"
#include "builtin/go_values.h"

namespace mc::builtin {
namespace {

Value fail_cidr(Context& context, std::string_view text) {
  return context.fail("invalid CIDR address: " + std::string(text));
}

Value cidr_intersects(Context& context, Operands operands) {
  if (!want_strings(context, operands, 2)) return {};
  const std::optional<Network> a = read_network(operands[0].text());
  if (!a) return fail_cidr(context, operands[0].text());
  const std::optional<Network> b = read_network(operands[1].text());
  if (!b) return fail_cidr(context, operands[1].text());
  return Value::boolean(a->contains(b->first) || b->contains(a->first));
}

// Whether a network holds an address or a network; nothing with a failure when `inner` is neither.
std::optional<bool> holds(Context& context, const Network& outer, std::string_view inner) {
  if (const std::optional<Address> address = read_address(inner)) return outer.contains(*address);
  const std::optional<Network> network = read_network(inner);
  if (!network) {
    context.fail("not a valid textual representation of an IP address or CIDR: " +
                 std::string(inner));
    return std::nullopt;
  }
  return outer.contains(network->first) && outer.contains(network->last());
}

Value cidr_contains(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  const std::optional<Network> outer = read_network(operands[0].text());
  if (!outer) return fail_cidr(context, operands[0].text());
  if (!operands[1].is_string()) {
    // OPA says operand 1 of both.
    return fail_operand(
        context, 0, "must be string but got " + std::string(term::kind_name(operands[1].kind())));
  }
  const std::optional<bool> found = holds(context, *outer, operands[1].text());
  return found ? Value::boolean(*found) : Value();
}

// What cidr_contains_matches() compares, and how the result names it.
struct Candidate {
  Value cidr;  // undefined: an element that is neither a text nor an array with a first item
  Value index;
};

Candidate candidate(Value element, Value index) {
  if (element.is_string()) return {element, index};
  if (element.is_array() && element.size() > 0) return {element.items()[0], index};
  return {{}, index};
}

std::vector<Candidate> candidates(Value operand) {
  std::vector<Candidate> out;
  if (operand.is_string()) out.push_back({operand, operand});
  std::int64_t place = 0;
  for (const Value item : operand.items()) {
    out.push_back(candidate(item, operand.is_set() ? item : Value::integer(place++)));
  }
  for (const auto& [key, value] : operand.members()) out.push_back(candidate(value, key));
  return out;
}

// False, with the failure said, unless the candidate of an operand is a text.
bool is_text(Context& context, const Candidate& candidate, int operand) {
  if (candidate.cidr.is_string()) return true;
  if (candidate.cidr.is_undefined()) {
    context.fail("operand " + std::to_string(operand) +
                 ": element must be string or non-empty array");
  } else {
    fail_operand(context, 0,
                 "must be string but got " + std::string(term::kind_name(candidate.cidr.kind())));
  }
  return false;
}

Value cidr_contains_matches(Context& context, Operands operands) {
  const std::vector<Candidate> outer = candidates(operands[0]);
  const std::vector<Candidate> inner = candidates(operands[1]);
  Value out = term::set(context.arena);
  for (const Candidate& a : outer) {
    if (a.cidr.is_undefined()) {
      is_text(context, a, 1);
      return {};
    }
    std::optional<Network> network;
    for (const Candidate& b : inner) {
      if (!context.spend(1)) return {};
      if (b.cidr.is_undefined()) {
        is_text(context, b, 2);
        return {};
      }
      if (!is_text(context, a, 1)) return {};
      if (!network) network = read_network(a.cidr.text());
      if (!network) return fail_cidr(context, a.cidr.text());
      if (!is_text(context, b, 2)) return {};
      const std::optional<bool> found = holds(context, *network, b.cidr.text());
      if (!found) return {};
      if (!*found) continue;
      const Value pair[] = {a.index, b.index};
      term::add(context.arena, out, term::array(context.arena, pair));
    }
  }
  return out;
}

Value cidr_expand(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1)) return {};
  const std::optional<Network> network = read_network(operands[0].text());
  if (!network) return fail_cidr(context, operands[0].text());
  constexpr int kHostBitsMax = 24;  // an IPv4 network of class A
  constexpr std::size_t kBytesPerAddress = 64;
  const int bits = network->host_bits();
  if (bits > kHostBitsMax) {
    return context.fail(Failure::cancelled, "timed out before generating all IP addresses");
  }
  const std::size_t count = std::size_t{1} << bits;
  if (!context.reserve(count * kBytesPerAddress)) return {};
  Value out = term::set(context.arena, count);
  Address address = network->first;
  for (std::size_t i = 0; i < count; ++i) {
    if (!context.spend(1)) return {};
    term::add(context.arena, out, term::string(context.arena, address.text()));
    address = address.next();
  }
  return out;
}

Value cidr_is_valid(Context&, Operands operands) {
  return Value::boolean(operands[0].is_string() && read_network(operands[0].text()));
}

// A part of what cidr_merge() is given, as the addresses from first to last.
struct Span {
  Address first, last;
  // The network as it was given, while it is alone.
  std::optional<std::string> text;
};

// A network, or an IPv4 address that stands for its old class of network.
std::optional<Span> read_span(Context& context, Value item) {
  if (!item.is_string()) {
    context.fail("element must be string");
    return std::nullopt;
  }
  const std::string_view text = item.text();
  if (const std::optional<Address> address = read_address(text)) {
    if (!address->is_v4()) {
      context.fail("IPv6 invalid: needs prefix length");
      return std::nullopt;
    }
    const std::uint8_t head = address->bytes[12];
    const int prefix = head < 0x80 ? 8 : head < 0xc0 ? 16 : 24;
    const Network network = Network::of(*address, prefix, true);
    return Span{network.first, network.last(), address->text() + "/" + std::to_string(prefix)};
  }
  const std::optional<Network> network = read_network(text);
  if (!network) {
    fail_cidr(context, text);
    return std::nullopt;
  }
  return Span{network->first, network->last(), network->text()};
}

void add_networks(Context& context, Value& out, const Span& span) {
  const auto put = [&](const std::string& text) {
    term::add(context.arena, out, term::string(context.arena, text));
  };
  if (span.text) return put(*span.text);
  const bool v4 = span.first.is_v4() && span.last.is_v4();
  const int bits_all = v4 ? 32 : 128;
  Address from = span.first;
  while (from.bytes <= span.last.bytes) {
    // The largest network that begins here and does not go past the end.
    int bits = std::min(from.trailing_zeros(), bits_all);
    Network network = Network::of(from, bits_all - bits, v4);
    while (network.last().bytes > span.last.bytes) {
      --bits;
      network = Network::of(from, bits_all - bits, v4);
    }
    put(network.text());
    from = network.last().next();
    if (from.bytes <= network.first.bytes) return;  // past the last address there is
  }
}

Value cidr_merge(Context& context, Operands operands) {
  if (!operands[0].is_array() && !operands[0].is_set()) {
    return context.fail("operand must be an array");
  }
  std::vector<Span> spans;
  for (const Value item : operands[0].items()) {
    if (!context.spend(4)) return {};
    std::optional<Span> span = read_span(context, item);
    if (!span) return {};
    spans.push_back(std::move(*span));
  }
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return std::tie(a.last.bytes, a.first.bytes) < std::tie(b.last.bytes, b.first.bytes);
  });
  for (std::size_t i = spans.size(); i-- > 1;) {
    Span& before = spans[i - 1];
    if (spans[i].first.previous().bytes > before.last.bytes) continue;
    before.first = std::min(before.first, spans[i].first);
    before.last = spans[i].last;
    before.text.reset();
    // What has gone into the one before is marked by an empty text and passed over.
    spans[i].text = "";
  }
  Value out = term::set(context.arena);
  for (const Span& span : spans) {
    if (!context.spend(1)) return {};
    if (!span.text || !span.text->empty()) add_networks(context, out, span);
  }
  return out;
}

constexpr std::string_view kContains = "(cidr: string, cidr_or_ip: string) => boolean";
#define MC_CIDR_COLLECTION                                                                    \
  "string | array[string | array[any]] | set[string | array[any]] | object[string: string | " \
  "array[any]]"

constexpr Builtin kTable[] = {
    {"net.cidr_contains", kContains, cidr_contains},
    {"net.cidr_contains_matches",
     "(cidrs: " MC_CIDR_COLLECTION ", cidrs_or_ips: " MC_CIDR_COLLECTION
     ") => set[array<any, any>]",
     cidr_contains_matches},
    {"net.cidr_expand", "(cidr: string) => set[string]", cidr_expand},
    {"net.cidr_intersects", "(cidr1: string, cidr2: string) => boolean", cidr_intersects},
    {"net.cidr_is_valid", "(cidr: string) => boolean", cidr_is_valid},
    {"net.cidr_merge", "(addrs: array[string] | set[string]) => set[string]", cidr_merge},
    {"net.cidr_overlap", kContains, cidr_contains},
};
#undef MC_CIDR_COLLECTION

}  // namespace

std::span<const Builtin> net_builtins() {
  return kTable;
}

}  // namespace mc::builtin
