#include "envelope/parts.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

TEST_CASE("parts: lists that are the same when joined are not the same as parts") {
  const std::vector<std::vector<std::string>> lists = {
      {"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {"a", "b", "c"}, {}, {""}};
  std::set<std::string> seen;
  for (const std::vector<std::string>& list : lists) {
    Parts parts;
    for (const std::string& part : list) parts.add(part);
    CHECK(seen.insert(std::string(parts.bytes())).second);
  }
}

TEST_CASE("parts: are lengths of 4 bytes, big-endian, and the bytes, near or far") {
  for (const std::size_t size : {0U, 1U, 255U, 256U, 503U, 504U, 508U, 509U, 4'096U, 60'000U}) {
    CAPTURE(size);
    const std::string part(size, 'x');
    Parts parts;
    parts.add("a").add(part).add_number(0x0102030405060708);
    const std::string length = {0, 0, static_cast<char>(size >> 8), static_cast<char>(size)};
    const std::string number("\0\0\0\x08\1\2\3\4\5\6\7\x08", 12);
    std::string expected("\0\0\0\1a", 5);
    expected.append(length).append(part).append(number);
    CHECK(parts.bytes() == expected);
    CHECK_FALSE(parts.too_long());
  }
}

TEST_CASE("parts: know when they are over their limit, whatever comes behind") {
  Parts fits;
  fits.add(std::string(Parts::kBytesMax - 4, 'x'));
  CHECK_FALSE(fits.too_long());
  CHECK(fits.bytes().size() == Parts::kBytesMax);
  fits.add("");
  CHECK(fits.too_long());
  Parts at_once;
  at_once.add(std::string(Parts::kBytesMax - 3, 'x')).add("y");
  CHECK(at_once.too_long());
}
