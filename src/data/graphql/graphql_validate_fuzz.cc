// validate() and Schema::build() on foreign text: the first byte says which. A validator that reads
// beside its document or works without bound shows here.
#include <cstddef>
#include <cstdint>
#include <string>

#include "graphql/graphql.h"

namespace {

using namespace mc::graphql;

const Schema& schema() {
  static const auto built = Schema::build(
      {"type Query { a(i: Int, l: [In!], e: E): Query b: I c: U d: Int! } interface I { a: Query } "
       "type A implements I { a: Query x: Int } type B { y: E } union U = A | B enum E { P Q } "
       "input In { i: Int! n: In l: [Int] } type Subscription { a: Query d: Int } "
       "directive @t(n: Int!) repeatable on FIELD | QUERY"});
  MC_CHECK(built.has_value());
  return **built;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 == 0) {
    const auto check = data[0] % 8 == 0 ? Schema::Check::full : Schema::Check::structure_only;
    const auto built = Schema::build({text}, check);
    if (!built || check != Schema::Check::full) return 0;
    // What was accepted must survive its own printing.
    MC_CHECK(Schema::build({print_schema(**built)}, Schema::Check::structure_only).has_value());
    return 0;
  }
  const ParseResult document = parse(std::move(text));
  if (!document) return 0;
  ValidateOptions options;
  options.suggestions = data[0] % 2 == 0 ? Suggestions::on : Suggestions::off;
  const auto errors = validate(schema(), **document, options);
  MC_CHECK(errors.size() <= options.errors_max + 1);
  return 0;
}
