#include "ledger/mark.h"

#include <doctest/doctest.h>

namespace mc::ledger {
namespace {

Known sample() {
  Known out;
  out.mark = {12, tlog::leaf_hash("prev"), {9, 4096}};
  out.time = WallTime{1'767'225'600'123'000'000};
  for (const std::size_t leaves : {0U, 1U, 7U, 8U}) {
    LogState& log = out.logs.emplace_back();
    log.name = "audit/t" + std::to_string(leaves);
    for (std::size_t i = 0; i < leaves; ++i) {
      log.last = tlog::leaf_hash(std::to_string(i));
      log.tree.append(log.last);
    }
  }
  return out;
}

TEST_CASE("mark: what is written is read back") {
  const Known known = sample();
  const auto read = parse_known(print_known(known));
  REQUIRE(read.has_value());
  CHECK(read->mark == known.mark);
  CHECK(read->time == known.time);
  REQUIRE(read->logs.size() == known.logs.size());
  for (std::size_t i = 0; i < known.logs.size(); ++i) {
    CHECK(read->logs[i].name == known.logs[i].name);
    CHECK(read->logs[i].last == known.logs[i].last);
    CHECK(read->logs[i].tree.head() == known.logs[i].tree.head());
  }
}

TEST_CASE("mark: cut anywhere, longer, or with a bit flipped anywhere it is refused") {
  const std::string bytes = print_known(sample());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    CAPTURE(at);
    CHECK(parse_known(bytes.substr(0, at)).error().code == Code::corrupt);
    std::string flipped = bytes;
    flipped[at] ^= static_cast<char>(1 << at % 8);
    CHECK(parse_known(flipped).error().code == Code::corrupt);
  }
  CHECK_FALSE(parse_known(bytes + "x").has_value());
}

}  // namespace
}  // namespace mc::ledger
