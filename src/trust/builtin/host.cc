// Functions that belong to whoever runs a query: what they print and note, what they draw by lot,
// and those that reach outside, which are off unless the host brings them.
#include "builtin/builtin.h"
#include "builtin/fixed_answers.h"
#include "builtin/go_address.h"
#include "builtin/http_request.h"
#include "builtin/operands.h"

namespace mc::builtin {
namespace {

constexpr std::size_t kLinesMax = 10'000;
constexpr std::size_t kLineBytesMax = 64 << 10;

bool add_line(std::vector<std::string>& lines, std::string line) {
  if (lines.size() >= kLinesMax) return false;
  if (line.size() > kLineBytesMax) line = excerpt(line, kLineBytesMax);
  lines.push_back(std::move(line));
  return true;
}

void append_printed(std::string& out, Value value) {
  if (value.is_string()) {
    out += value.text();
  } else if (value.is_undefined()) {
    out += "<undefined>";
  } else {
    term::append_rego(out, value);
  }
}

// What print() is when nobody has rewritten it.
Value print(Context& context, Operands operands) {
  if (context.printed == nullptr) return Value::boolean(true);
  std::string line;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (i > 0) line += ' ';
    append_printed(line, operands[i]);
  }
  add_line(*context.printed, std::move(line));
  return Value::boolean(true);
}

// An array of sets, one an operand of print(): a line for every combination of their items. An
// empty set is an operand that is undefined.
Value internal_print(Context& context, Operands operands) {
  if (context.printed == nullptr) return Value::boolean(true);
  if (!context.want(operands, 0, {Kind::array})) return {};
  const std::span<const Value> sets = operands[0].items();
  std::vector<std::size_t> chosen(sets.size());
  for (const Value set : sets) {
    if (set.is_set()) continue;
    return context.fail(Failure::internal,
                        "illegal argument type: " + std::string(kind_name(set.kind())));
  }
  for (;;) {
    if (!context.spend(static_cast<std::int64_t>(sets.size()) + 1)) return {};
    std::string line;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (i > 0) line += ' ';
      append_printed(line, sets[i].size() == 0 ? Value() : sets[i].items()[chosen[i]]);
    }
    if (!add_line(*context.printed, std::move(line))) return Value::boolean(true);
    // The next combination; the last operand turns fastest.
    std::size_t i = sets.size();
    while (i > 0 && ++chosen[i - 1] >= sets[i - 1].size()) chosen[--i] = 0;
    if (i == 0) return Value::boolean(true);
  }
}

Value internal_test_case(Context&, Operands) {
  return Value::boolean(true);
}

Value trace(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  if (context.traced != nullptr) add_line(*context.traced, std::string(operands[0].text()));
  return Value::boolean(true);
}

// Without the bias of a remainder.
std::uint64_t draw_below(sys::Random& random, std::uint64_t bound) {
  const std::uint64_t rest = (UINT64_MAX % bound + 1) % bound;  // 2^64 mod bound
  std::uint64_t number = random.next_u64();
  while (rest != 0 && number > UINT64_MAX - rest) number = random.next_u64();
  return number % bound;
}

Value rand_intn(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  const std::optional<std::int64_t> n = want_int(context, operands, 1);
  if (!n) return {};
  if (*n == 0) return Value::integer(0);
  const auto bits = static_cast<std::uint64_t>(*n);
  const std::uint64_t bound = *n < 0 ? 0 - bits : bits;
  // -n is n, except for the one that has no opposite.
  const Value key[] = {operands[0], *n == INT64_MIN
                                        ? operands[1]
                                        : Value::integer(static_cast<std::int64_t>(bound))};
  const Value known = fixed_answer(context, "rand.intn", key);
  if (!known.is_undefined() || context.fault) return context.fault ? Value() : known;
  const Value drawn = Value::integer(static_cast<std::int64_t>(draw_below(context.random, bound)));
  fix_answer(context, "rand.intn", key, drawn);
  return drawn;
}

Value refused(Context& context, Operands) {
  return context.fail("the capability is off");
}

// A request that is wrong anyway says so.
Value http_send(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::object}) || !want_request(context, operands[0])) return {};
  return refused(context, operands);
}

// An address is its own answer, and "localhost" never leaves the machine (RFC 6761 section 6.3).
Value lookup_ip_addr(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  const std::string_view name = operands[0].text();
  std::optional<Address> address = read_address(name);
  if (!address && to_lower(name) == "localhost") address = read_address("127.0.0.1");
  if (!address) return refused(context, operands);
  Value out = term::set(context.arena);
  term::add(context.arena, out, term::string(context.arena, address->text()));
  return out;
}

// http.send, net.lookup_ip_addr and opa.runtime are not marked as reaching out: these here never
// do.
constexpr Builtin kBuiltins[] = {
    {"graphql.is_valid",
     "(query: string | object[any: any], schema: string | object[any: any]) => boolean", refused},
    {"graphql.parse",
     "(query: string | object[any: any], schema: string | object[any: any]) => "
     "array<object[any: any], object[any: any]>",
     refused},
    {"graphql.parse_and_verify",
     "(query: string | object[any: any], schema: string | object[any: any]) => "
     "array<boolean, object[any: any], object[any: any]>",
     refused},
    {"graphql.parse_query", "(query: string) => object[any: any]", refused},
    {"graphql.parse_schema", "(schema: string) => object[any: any]", refused},
    {"graphql.schema_is_valid", "(schema: string | object[any: any]) => boolean", refused},
    {"http.send", "(request: object[string: any]) => object[any: any]", http_send, false},
    {"internal.print", "(array[set[any]]) => void", internal_print},
    {"internal.test_case", "(array[any]) => void", internal_test_case},
    {"net.lookup_ip_addr", "(name: string) => set[string]", lookup_ip_addr, false},
    {"opa.runtime", "() => object[string: any]", refused, false},
    {"print", "(...any) => void", print},
    {"rand.intn", "(str: string, n: number) => number", rand_intn, false},
    {"rego.metadata.chain", "() => array[any]", refused},
    {"rego.metadata.rule", "() => any", refused},
    {"rego.parse_module", "(filename: string, rego: string) => object[string: any]", refused},
    {"trace", "(note: string) => boolean", trace},
};

}  // namespace

std::span<const Builtin> host_builtins() {
  return kBuiltins;
}

}  // namespace mc::builtin
