// Any bytes, as a query and as a schema: they are refused with a place or give a tree that can be
// pruned and read; what is a schema checks the query, in bounded work.
#include <cstdint>
#include <string_view>

#include "graphrego/document.h"
#include "graphrego/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc::graphrego;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A line "---" divides the schema from the query.
  const std::size_t cut = text.find("\n---\n");
  const std::string_view schema_text = text.substr(0, cut);
  const std::string_view query_text = cut == std::string_view::npos ? text : text.substr(cut + 5);
  mc::term::Arena arena;
  const Parsed schema = parse_schema(arena, schema_text);
  const Parsed query = parse_query(arena, query_text);
  for (const Parsed* parsed : {&schema, &query}) {
    if (!parsed->fault) {
      MC_CHECK(is_shallow(parsed->tree));
      MC_CHECK(prune(arena, parsed->tree).is_object());
      continue;
    }
    MC_CHECK(!parsed->fault->message.empty());
    MC_CHECK(parsed->fault->at.line >= 1);
  }
  if (schema.fault || query.fault) return 0;
  SchemaResult made = make_schema(*read_schema(schema.tree));
  if (made.fault) return 0;
  std::int64_t left = 100'000;
  QueryDocument document = *read_query(query.tree);
  validate(made.schema, document, [&](std::int64_t steps) { return (left -= steps) > 0; });
  return 0;
}
