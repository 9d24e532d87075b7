#include "kms/branch.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "sim/memory_provider.h"
#include "sim/sim.h"

namespace mc::kms {
namespace {

struct World {
  sim::SimClock clock;
  sim::MemoryProvider provider{clock};
  std::unique_ptr<cipher::KeyArena> arena = std::move(*cipher::KeyArena::make(4));
  MonoTime soon() { return clock.mono() + seconds(1); }
  cipher::HeldKey key(std::uint8_t first) {
    cipher::HeldKey out = std::move(*arena->take());
    std::uint8_t next = first;
    for (std::uint8_t& byte : out.bytes()) byte = next++;
    return out;
  }
};

const Context kAlpha = {{"mc:tenant", "alpha"}, {"mc:use", "branch"}};
const Context kBeta = {{"mc:tenant", "beta"}, {"mc:use", "branch"}};

TEST_CASE("branch: the canonical context is what docs/formats/branch-key.md shows") {
  CHECK(to_hex(canonical_context(kAlpha)) ==
        "0000000b6d632f6272616e63682f31"
        "000000096d633a74656e616e7400000005616c706861"
        "000000066d633a757365000000066272616e6368");
  CHECK(to_hex(sys::sha256(canonical_context(kAlpha))) ==
        "10478c10efdd3f139a77e26d4accd31f5bb46ea22318e7d7250251ae068c618c");
}

TEST_CASE("branch: contexts that read alike when joined differ") {
  const Context all[] = {{{"a", "bc"}},  {{"ab", "c"}},  {{"a", "b"}, {"c", "d"}},
                         {{"a", "bcd"}}, {{"ab", "cd"}}, {{"a", std::string("b\0\0\0\1c", 6)}}};
  for (const Context& one : all) {
    for (const Context& other : all) {
      CHECK((canonical_context(one) == canonical_context(other)) == (&one == &other));
    }
  }
}

TEST_CASE("branch: a key opens for what it was wrapped for") {
  World world;
  const cipher::HeldKey key = world.key(7);
  const auto wrapped = wrap_branch(world.provider, key.view(), kAlpha, world.soon());
  REQUIRE(wrapped);
  const auto opened = unwrap_branch(world.provider, *wrapped, kAlpha, *world.arena, world.soon());
  REQUIRE(opened);
  CHECK(std::ranges::equal(opened->view(), key.view()));
}

TEST_CASE("branch: another tenant's key, a bare key and other lengths are corrupt") {
  World world;
  const cipher::HeldKey key = world.key(7);
  const auto wrapped = wrap_branch(world.provider, key.view(), kAlpha, world.soon());
  REQUIRE(wrapped);
  const std::string bare(reinterpret_cast<const char*>(key.view().data()), 32);
  const std::string whole = bare + sys::sha256(canonical_context(kAlpha));
  const auto refused = [&](const std::string& plaintext) {
    world.provider.with([&](auto& all) { all.plaintext = plaintext; });
    const auto opened = unwrap_branch(world.provider, *wrapped, kAlpha, *world.arena, world.soon());
    if (opened) return false;
    CHECK(opened.error().code == Code::corrupt);
    return true;
  };
  CHECK(!refused(whole));
  CHECK(refused(bare + sys::sha256(canonical_context(kBeta))));
  CHECK(refused(bare));
  CHECK(refused(""));
  CHECK(refused(whole + "x"));
  CHECK(refused(whole.substr(0, 63)));
  for (std::size_t at = 32; at < 64; ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x80);
    CHECK(refused(changed));
  }
  CHECK(world.arena->used() == 1);  // nothing stays of what was refused
}

TEST_CASE("branch: what the service says is passed on") {
  World world;
  const cipher::HeldKey key = world.key(7);
  const auto wrapped = wrap_branch(world.provider, key.view(), kAlpha, world.soon());
  REQUIRE(wrapped);
  world.provider.with([](auto& all) { all.state = KeyState::disabled; });
  CHECK(wrap_branch(world.provider, key.view(), kAlpha, world.soon()).error().code == Code::denied);
  CHECK(unwrap_branch(world.provider, *wrapped, kAlpha, *world.arena, world.soon()).error().code ==
        Code::denied);
}

TEST_CASE("branch: bad contexts, wrapped bytes and a full arena are refused without a call") {
  World world;
  const cipher::HeldKey key = world.key(7);
  const auto wrapped = wrap_branch(world.provider, key.view(), kAlpha, world.soon());
  REQUIRE(wrapped);
  const std::int64_t before = world.provider.calls().all();
  Context many;
  for (char c = 'a'; c <= 'i'; ++c) many[std::string(1, c)] = "x";
  for (const Context& context :
       {Context{}, many, Context{{"", "x"}}, Context{{"x", ""}},
        Context{{"x", std::string(257, 'x')}}, Context{{std::string(257, 'x'), "x"}}}) {
    CHECK(wrap_branch(world.provider, key.view(), context, world.soon()).error().code ==
          Code::invalid);
    CHECK(
        unwrap_branch(world.provider, *wrapped, context, *world.arena, world.soon()).error().code ==
        Code::invalid);
  }
  for (const std::size_t size : {std::size_t{0}, kWrappedBytesMax + 1}) {
    const Wrapped other = {.bytes = std::string(size, 'x'), .version = "1"};
    CHECK(unwrap_branch(world.provider, other, kAlpha, *world.arena, world.soon()).error().code ==
          Code::corrupt);
  }
  std::vector<cipher::HeldKey> held;
  for (int i = 0; i < 3; ++i) held.push_back(world.key(1));
  CHECK(unwrap_branch(world.provider, *wrapped, kAlpha, *world.arena, world.soon()).error().code ==
        Code::exhausted);
  CHECK(world.provider.calls().all() == before);
}

}  // namespace
}  // namespace mc::kms
