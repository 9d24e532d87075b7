#include "builtin/caches.h"

#include <doctest/doctest.h>

namespace mc::builtin {
namespace {

std::shared_ptr<const int> number(int value) {
  return std::make_shared<const int>(value);
}

TEST_CASE("caches: forget what was used least recently") {
  Cache<int> cache(2, 1'000);
  cache.put("a", number(1), 10);
  cache.put("b", number(2), 10);
  CHECK(*cache.find("a") == 1);
  CHECK(*cache.put("c", number(3), 10) == 3);
  CHECK(cache.find("b") == nullptr);
  CHECK(*cache.find("a") == 1);
  CHECK(*cache.find("c") == 3);
  CHECK(cache.size() == 2);
}

TEST_CASE("caches: are bounded by bytes, but for the last") {
  Cache<int> cache(100, 50);
  cache.put("a", number(1), 20);
  cache.put("b", number(2), 20);
  CHECK(cache.bytes() == 42);
  cache.put("c", number(3), 1'000);
  CHECK(cache.size() == 1);
  CHECK(*cache.find("c") == 3);
  cache.put("d", number(4), 1);
  CHECK(cache.size() == 1);
  CHECK(cache.bytes() == 2);
}

TEST_CASE("caches: a key has one value") {
  Cache<int> cache(2, 100);
  cache.put("a", number(1), 10);
  cache.put("a", number(2), 5);
  CHECK(*cache.find("a") == 2);
  CHECK(cache.size() == 1);
  CHECK(cache.bytes() == 6);
}

}  // namespace
}  // namespace mc::builtin
