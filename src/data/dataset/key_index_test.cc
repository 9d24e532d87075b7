#include "dataset/key_index.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "sim/sim.h"

namespace mc::dataset {
namespace {

TEST_CASE("key index: numbers keys as an ordered map would") {
  sim::SimRandom random(3);
  for (int round = 0; round < 50; ++round) {
    const std::size_t count = random.next_u64() % 300;
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < count; ++i) {
      keys.push_back(std::to_string(random.next_u64() % 100));
    }
    KeyIndex index(keys.size());
    std::map<std::string, std::uint32_t> twin;
    for (const std::string& key : keys) {
      const auto next = static_cast<std::uint32_t>(twin.size());
      CHECK(index.add(key) == twin.emplace(key, next).first->second);
    }
    CHECK(index.size() == twin.size());
    for (int key = 0; key < 110; ++key) {
      const std::string text = std::to_string(key);
      const auto found = twin.find(text);
      CHECK(index.find(text) == (found == twin.end() ? KeyIndex::kNone : found->second));
    }
  }
}

TEST_CASE("key index: of nothing finds nothing") {
  const KeyIndex index(0);
  CHECK(index.find("") == KeyIndex::kNone);
  CHECK(index.find("a") == KeyIndex::kNone);
}

}  // namespace
}  // namespace mc::dataset
