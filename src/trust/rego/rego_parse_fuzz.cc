// Any bytes, as a module, a query and a term: refused with at least one error, or accepted; what is
// accepted prints as it was read, and is formatted to a text that is formatted to itself.
#include <cstdint>
#include <string_view>

#include "rego/rego.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc::rego;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Printing may add parentheses, and so depth.
  const ParseLimits more{.bytes_max = 64 << 20, .depth_max = 2'000};
  if (const auto body = parse_query(text)) {
    for (const Expr& expr : *body) {
      const std::string printed = to_text(expr);
      const auto again = parse_query(printed, "<query>", more);
      MC_CHECK(again.has_value());
      MC_CHECK(again->size() == 1 && to_text(again->front()) == printed);
    }
  } else {
    MC_CHECK(!body.error().empty() && !body.error()[0].message.empty());
  }
  if (const auto term = parse_term(text)) {
    mc::term::Arena arena;
    MC_CHECK(to_value(arena, *term).has_value());
  }
  const auto module = parse_module(text, "m.rego");
  if (!module) {
    MC_CHECK(!module.error().empty() && module.error()[0].file == "m.rego");
    return 0;
  }
  const std::string formatted = format(*module);
  const auto again = parse_module(formatted, "m.rego", more);
  MC_CHECK(again.has_value());
  MC_CHECK(again->rules.size() == module->rules.size());
  MC_CHECK(again->comments.size() == module->comments.size());
  MC_CHECK(format(*again) == formatted);
  return 0;
}
