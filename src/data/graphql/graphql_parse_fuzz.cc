// Any bytes: parse() refuses or accepts; what it accepts prints to text that parses again to the
// same print, and can be measured. A refusal always has a message, a code and one place.
#include <cstdint>
#include <string>
#include <string_view>

#include "graphql/graphql.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc::graphql;
  const std::string source(reinterpret_cast<const char*>(data), size);
  const ParseResult first = parse(source);
  if (!first) {
    MC_CHECK(first.error().message.starts_with("Syntax Error: "));
    MC_CHECK(!first.error().code.empty());
    MC_CHECK(first.error().locations.size() == 1);
    MC_CHECK(first.error().locations[0].line >= 1);
    return 0;
  }
  const std::string printed = print(**first);
  // Indentation may make it longer than the limit for foreign text.
  const ParseResult second = parse(printed, {.bytes_max = 1 << 30, .tokens_max = 1 << 20});
  MC_CHECK(second.has_value());
  MC_CHECK(print(**second) == printed);
  const Measure measured = measure(**first);
  MC_CHECK(measured == measure(**second));
  check_limits(measured, {});
  return 0;
}
