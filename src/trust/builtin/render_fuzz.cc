// Any bytes as a template and as a format: text, or a failure, within the limits.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "builtin/caches.h"
#include "builtin/format.h"
#include "builtin/render.h"

namespace {

class NoRandom final : public mc::sys::Random {
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), 0); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  term::Arena arena(std::size_t{1} << 20);
  builtin::Caches caches;
  NoRandom random;
  const auto values =
      term::parse_json(arena, R"({"a": {"b": [1, "x", null, 2.5]}, "s": "text", "n": 12345})");
  MC_CHECK(values.has_value());
  {
    builtin::Context context(arena, caches, WallTime{}, random);
    context.steps_left = 100'000;
    const auto rendered = builtin::render(context, text, *values);
    MC_CHECK(rendered.has_value() != context.fault.has_value());
  }
  builtin::Context context(arena, caches, WallTime{}, random);
  context.steps_left = 100'000;
  const auto arguments = builtin::format_arguments(values->find("a").find("b").items());
  const auto formatted = builtin::format_go(context, text, arguments);
  MC_CHECK(formatted.has_value() != context.fault.has_value());
  return 0;
}
