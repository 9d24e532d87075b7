// The built-in functions of Rego (OPA's "Policy Reference: Built-in Functions"), by name, with
// their types. A function is pure but for what its Context gives it: the time of the query,
// randomness, and caches. Nothing here reaches the network or the environment: http.send,
// net.lookup_ip_addr and opa.runtime are known by name and type, and fail unless the host brings
// them.
//
// A function answers a value, or undefined, or reports an error through Context::fail() and answers
// undefined. Operands are never undefined. Functions never keep pointers into the arena in a cache.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "builtin/zones.h"  // IWYU pragma: export
#include "sys/sys.h"
#include "term/term.h"

namespace mc::builtin {

using term::Kind;
using term::Value;

// As in OPA's topdown errors. type and builtin make the expression undefined, or end the query when
// errors are strict; the others always end it.
enum class Failure : std::uint8_t { type, builtin, conflict, cancelled, internal };
std::string_view failure_code(Failure failure);  // "eval_type_error", "eval_builtin_error", ...
struct Fault {
  Failure failure = Failure::builtin;
  std::string message;  // with the name of the function: "count: operand 1 must be ..."
};

class Caches;  // compiled regular expressions, globs, schemas; bounded; of one thread (caches.h)

// What a query gives its functions. Of one thread; lives for one query, its caches longer.
struct Context {
  Context(term::Arena& arena_in, Caches& caches_in, WallTime now_in, sys::Random& random_in)
      : arena(arena_in), caches(caches_in), now(now_in), random(random_in) {}

  // `message` without the function's name, which the caller adds. Returns undefined.
  Value fail(std::string message) { return fail(Failure::builtin, std::move(message)); }
  Value fail(Failure failure, std::string message);
  // False, with the type error of OPA ("operand 1 must be array but got string"; several kinds:
  // "operand 1 must be one of {array, set} but got number"), unless operand `index` (from 0) has
  // one of `kinds`.
  bool want(std::span<const Value> operands, std::size_t index, std::initializer_list<Kind> kinds);
  // Counts work done in loops against the query's budget; false, with a cancelled failure, when it
  // is used up or the arena is over its limit. Call it once per ~100 ns of work.
  bool spend(std::int64_t steps);
  // False, with a cancelled failure, when `bytes` more would pass the arena's limit.
  bool reserve(std::size_t bytes);

  term::Arena& arena;
  Caches& caches;
  WallTime now;  // one value a query
  sys::Random& random;
  ZoneSource* zones = nullptr;  // null: UTC and fixed offsets only
  std::int64_t steps_left = INT64_MAX;
  std::optional<Fault> fault;
  // What print() says, one line each; null = print() is silent.
  std::vector<std::string>* printed = nullptr;
  // What trace() notes; null = none.
  std::vector<std::string>* traced = nullptr;
  // One value a query for functions without a fixed answer (rand.intn, uuid.rfc4122, ...): an
  // object by function name of arrays [operands, result]; also OPA's nd_builtin_cache.
  Value fixed_answers;
};

using Function = Value (*)(Context& context, std::span<const Value> operands);

struct Builtin {
  std::string_view name;  // "io.jwt.decode"
  // Types of operands and result: "(collection: array[any] | set[any] | string) => number". A type
  // is any, null, boolean, number, string, array[T], array<T, U> (of that length), set[T],
  // object[K: V], object<a: T, b: U> (these keys), or alternatives A | B; "..." before the last
  // operand's name: any number of it.
  std::string_view signature;
  Function function = nullptr;  // null: known to the type checker only
  bool deterministic = true;
  bool reaches_out = false;  // network or environment: off unless the host allows the capability
};

// Every function of OPA 1.x, sorted by name.
std::span<const Builtin> builtins();
const Builtin* find_builtin(std::string_view name);
int operand_count(const Builtin& builtin);  // -1 = any number

// The tables, one a file; each is sorted by name.
std::span<const Builtin> aggregate_builtins();   // count, sum, sets, sort, ranges
std::span<const Builtin> arithmetic_builtins();  // plus, ..., bits, casts, types
std::span<const Builtin> string_builtins();      // concat, ..., sprintf, templates
std::span<const Builtin> pattern_builtins();     // regex.*, glob.*
std::span<const Builtin> object_builtins();      // object.*, array.*, walk, graph.*
std::span<const Builtin> json_builtins();        // json.*, yaml.*, json schema
std::span<const Builtin> encoding_builtins();    // base64, hex, urlquery, uuid, semver, units
std::span<const Builtin> net_builtins();         // net.cidr_*
std::span<const Builtin> time_builtins();        // time.*
std::span<const Builtin> crypto_builtins();      // crypto.*
std::span<const Builtin> jwt_builtins();         // io.jwt.*
std::span<const Builtin> provider_builtins();    // providers.aws.*
std::span<const Builtin> host_builtins();  // print, trace, rand.*, opa.runtime, http.send, rego.*,
                                           // internal.*, graphql.* (by name; the host fills in)

// The caches of one thread.
std::unique_ptr<Caches, void (*)(Caches*)> make_caches();

}  // namespace mc::builtin
