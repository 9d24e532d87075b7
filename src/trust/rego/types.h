// The static types of Rego (OPA's package types): what is known of a value before there is one.
// A type is any, a scalar, an array of these items and further ones, an object of these keys and
// further ones, a set, one of several, or a function. Immutable and shared.
//
// A policy may build types of any size from short text, so a type deeper than kDepthMax or with
// more than kWeightMax parts becomes `any`: such a policy is checked less, never wrongly refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "rego/ast.h"

namespace mc::rego::types {

struct Type;
// Null = not known, "???". Shared: the types of rules and of variables have parts in common.
using TypePtr = std::shared_ptr<const Type>;

inline constexpr int kDepthMax = 200;
inline constexpr std::size_t kWeightMax = 10'000;

// A member of an object under a constant key.
struct Property {
  Term key;  // as constant() gives it
  TypePtr value;
};

struct Type {
  enum class Kind : std::uint8_t {
    null,
    boolean,
    number,
    string,
    array,
    object,
    set,
    any,
    function
  };
  Kind kind = Kind::any;
  // array: the first items; any: alternatives in order, none = every value; function: operands.
  std::vector<TypePtr> items;
  std::vector<Property> properties;  // object: by key
  bool open = false;                 // object: may have further members, of `key` and `rest`
  TypePtr key;
  TypePtr rest;      // array: further items; object: further values; set: members; function: result
  TypePtr variadic;  // function: further operands
  std::vector<std::string> names;  // function: of the operands, the result, the further operands
  int depth = 1;
  std::size_t weight = 1;
};

TypePtr any();
TypePtr null();
TypePtr boolean();
TypePtr number();
TypePtr string();
TypePtr one_of(std::vector<TypePtr> alternatives);
TypePtr array(std::vector<TypePtr> items, TypePtr rest);
TypePtr set(TypePtr members);
struct Dynamic {
  TypePtr key, value;
};
TypePtr object(std::vector<Property> properties, std::optional<Dynamic> dynamic);
TypePtr function(std::vector<TypePtr> operands, TypePtr result);
TypePtr function(Type type);  // with names or further operands

// A term that is the same for every input, without its place and with sets as arrays (as JSON has
// them); nothing when `term` has variables, refs, calls or comprehensions in it.
std::optional<Term> constant(const Term& term);
bool is_constant(const Term& term);
int compare_constants(const Term& a, const Term& b);  // of constant()
TypePtr type_of_constant(const Term& constant);

int compare(const TypePtr& a, const TypePtr& b);
bool is_any(const TypePtr& type);       // every value
bool is_function(const TypePtr& type);  // null is none
// Whether a part of the type is not known.
bool is_unknown(const TypePtr& type);
// The least type that has the values of both. Null for functions that cannot be joined.
TypePtr either(const TypePtr& a, const TypePtr& b);
// Both for one rule: sets and open objects are joined inside.
TypePtr merge(const TypePtr& a, const TypePtr& b);
TypePtr keys(const TypePtr& type);    // of what may be iterated; null = cannot be
TypePtr values(const TypePtr& type);  // the same
TypePtr select(const TypePtr& type, const Term& constant);  // null = there is none
// A member at `path`, from position `from` on; variables stand for all values.
TypePtr select_path(TypePtr type, const std::vector<Term>& path, std::size_t from);
// The keys a person might have meant, in order.
std::vector<Term> known_keys(const TypePtr& type);

// Whether some value is of both types. Takes from `steps`; true when there are none left.
bool unifies(const TypePtr& a, const TypePtr& b, std::int64_t& steps);

// "array<number, string>[any]", "???" of null.
std::string to_text(const TypePtr& type);
// "(x: number, y: number)": operands of a function, with the result when asked for.
enum class Shown : std::uint8_t { operands, with_result };
std::string operands_text(const Type& function, Shown shown);
std::string list_text(const std::vector<TypePtr>& types);  // "(number, ???)"

// The type of a builtin's signature (builtin.h). `invalid` names the offset of what is wrong.
Result<TypePtr> parse_signature(std::string_view signature);

}  // namespace mc::rego::types
