// JSON Schema of drafts 4, 6 and 7 as the gojsonschema inside of OPA has it, with its messages. A
// $ref leads to the same document only; nothing is fetched.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builtin/caches.h"
#include "builtin/operands.h"

namespace re2 {
class RE2;
}

namespace mc::builtin::schema {

// `hybrid`, where no $schema says which, takes the keywords of all.
enum class Draft : std::uint8_t { draft4, draft6, draft7, hybrid };

struct Schema;

// additionalProperties and additionalItems.
struct Additional {
  std::optional<bool> flag;
  const Schema* schema = nullptr;
};
struct Dependency {
  std::vector<std::string> names;
  const Schema* schema = nullptr;
};
struct PatternProperty {
  std::shared_ptr<const re2::RE2> pattern;
  const Schema* schema = nullptr;
};

struct Schema {
  std::optional<bool> pass;           // of true and false
  const Schema* reference = nullptr;  // then nothing else counts
  std::vector<std::string_view> types;

  std::vector<std::pair<std::string, const Schema*>> properties;
  std::vector<PatternProperty> pattern_properties;
  Additional additional_properties;
  const Schema* property_names = nullptr;
  std::map<std::string, Dependency, std::less<>> dependencies;
  std::vector<std::string> required;
  std::optional<std::int64_t> min_properties, max_properties;

  std::vector<const Schema*> items;
  bool items_is_one = false;  // one for all items
  Additional additional_items;
  const Schema* contains = nullptr;
  std::optional<std::int64_t> min_items, max_items;
  bool unique_items = false;

  // Numbers lie in the document of the compiled schema; undefined = none.
  Value multiple_of, minimum, maximum, exclusive_minimum, exclusive_maximum;
  std::optional<std::int64_t> min_length, max_length;
  std::shared_ptr<const re2::RE2> pattern;
  std::string format;

  std::optional<std::string> constant;  // as JSON
  std::optional<std::vector<std::string>> choices;

  std::vector<const Schema*> one_of, any_of, all_of;
  const Schema *negated = nullptr, *condition = nullptr, *consequence = nullptr,
               *alternative = nullptr;
};

struct Compiled final : Kept {
  term::Document source;    // the operand it was made from
  term::Document document;  // the schema as JSON
  std::deque<Schema> nodes;
  const Schema* root = nullptr;
  std::size_t bytes = 0;
};

struct Problem {
  std::string_view type;  // "invalid_type"
  std::string field;      // "(root)", "a.0.b"
  std::string description;
};

// The JSON of an operand, which is a text of JSON, an object or an array; undefined with `problem`
// or a failure in the context.
Value document_of(Context& context, Value operand, std::string& problem);
// Null with `problem` or a failure in the context.
std::unique_ptr<Compiled> compile(Context& context, Value operand, std::string& problem);
// The problems of a document, none when it is valid. A limit that is met shows in the context.
std::vector<Problem> check(Context& context, const Compiled& schema, Value document);

// Whether a text is of a format; also when nobody knows the format.
bool is_of_format(Context& context, std::string_view format, std::string_view text);
// The JSON that const, enum and uniqueItems compare: numbers as float64.
std::string comparable(Context& context, Value value);

}  // namespace mc::builtin::schema
