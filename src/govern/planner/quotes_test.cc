#include "planner/quotes.h"

#include <doctest/doctest.h>

namespace mc::planner {
namespace {

Promise sample() {
  return {.tenant = "alpha",
          .subject = "ana",
          .question = "sha256:00",
          .epsilon = accountant::NanoEpsilon(500'000'000),
          .until = from_unix_ms(1'790'000'000'123)};
}

TEST_CASE("quotes: what was promised is read back, by its key alone") {
  const Secret key("0123456789abcdef0123456789abcdef"), other("x123456789abcdef0123456789abcdef");
  const std::string id = print_quote(sample(), key);
  CHECK(id.starts_with("qte_"));
  const Result<Promise> read = read_quote(id, key);
  REQUIRE(read.has_value());
  CHECK(*read == sample());
  CHECK_FALSE(read_quote(id, other).has_value());
}

TEST_CASE("quotes: nothing that was changed is one") {
  const Secret key("0123456789abcdef0123456789abcdef");
  const std::string id = print_quote(sample(), key);
  for (std::size_t i = 0; i < id.size(); ++i) {
    CAPTURE(i);
    std::string changed = id;
    changed[i] = changed[i] == 'A' ? 'Q' : 'A';
    const Result<Promise> read = read_quote(changed, key);
    // The last character has bits that belong to no byte; such a text is refused as well.
    CHECK_FALSE(read.has_value());
    CHECK_FALSE(read_quote(id.substr(0, i), key).has_value());
  }
  CHECK_FALSE(read_quote(id + "A", key).has_value());
  CHECK_FALSE(read_quote("qte_" + std::string(kQuoteBytesMax, 'A'), key).has_value());
}

}  // namespace
}  // namespace mc::planner
