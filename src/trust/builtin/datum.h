// What an action of a template computes with: the values Go has after decoding JSON, and its own
// integers and texts. Functions that templates call without a definition of their own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "builtin/builtin.h"

namespace mc::builtin::tmpl {

struct Datum {
  // nil is null and what is missing; `number` the text of a JSON number (Go's json.Number).
  enum class Kind : std::uint8_t { nil, boolean, integer, floating, text, number, array, object };
  Kind kind = Kind::nil;
  std::int64_t integer = 0;  // and boolean
  double floating = 0;
  std::string text;      // and number
  Value value;           // array and object
  bool missing = false;  // of nil: there was no such key

  static Datum of(Value value);
  static Datum of(bool flag);
  static Datum of(std::int64_t integer);
  static Datum of_text(std::string text);
};

bool is_true(const Datum& datum);
// As fmt.Print shows it; nil is "<nil>" inside of collections and `nil` itself at the top.
std::string shown(const Datum& datum, std::string_view nil);
std::string_view type_of(const Datum& datum);  // "map[string]interface {}"

using Arguments = std::vector<Datum>;
// A function of templates but `and` and `or`, which do not evaluate all operands. `invalid` with
// what Go says: "wrong type for ...".
Result<Datum> call(Context& context, std::string_view function, const Arguments& arguments);

}  // namespace mc::builtin::tmpl
