#include <doctest/doctest.h>

#include "cipher/cipher.h"

namespace mc::cipher {
namespace {

using Sizes = std::initializer_list<std::size_t>;

Secret secret_of(std::string_view hex) {
  return Secret(*from_hex(hex));
}
std::string shown(const Secret& secret) {
  return to_hex(secret.reveal(RevealToken()));
}

TEST_CASE("key wrap: wraps what RFC 3394 section 4 and RFC 5649 section 6 say, and unwraps it") {
  struct Row {
    Wrap form;
    const char *key, *secret, *wrapped;
  };
  const char* const k32 = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  const char* const other = "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8";
  const Row rows[] = {
      {Wrap::kw, "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
       "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
      {Wrap::kw, "000102030405060708090a0b0c0d0e0f1011121314151617",
       "00112233445566778899aabbccddeeff", "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"},
      {Wrap::kw, k32, "00112233445566778899aabbccddeeff",
       "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
      {Wrap::kw, k32, "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
       "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
      {Wrap::kwp, other, "c37b7e6492584340bed12207808941155068f738",
       "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"},
      {Wrap::kwp, other, "466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"}};
  for (const Row& row : rows) {
    CAPTURE(row.wrapped);
    const auto wrapped = wrap_key(row.form, secret_of(row.key), secret_of(row.secret));
    REQUIRE(wrapped);
    CHECK(to_hex(*wrapped) == row.wrapped);
    const auto secret = unwrap_key(row.form, secret_of(row.key), *wrapped);
    REQUIRE(secret);
    CHECK(shown(*secret) == row.secret);
  }
}

TEST_CASE("key wrap: every length comes back, and any byte that is another one is corrupt") {
  const Secret key(std::string(32, 'k')), other(std::string(32, 'K'));
  for (const Wrap form : {Wrap::kw, Wrap::kwp}) {
    for (const std::size_t size : Sizes{1, 7, 8, 9, 15, 16, 24, 31, 32, 33, 40, 4088, 4096}) {
      if (form == Wrap::kw && (size < 16 || size % 8 != 0)) continue;
      CAPTURE(size);
      const Secret secret(std::string(size, 's'));
      const std::string wrapped = *wrap_key(form, key, secret);
      CHECK(wrapped.size() == (size + 7) / 8 * 8 + 8);
      CHECK(shown(*unwrap_key(form, key, wrapped)) == shown(secret));
      const Wrap another = form == Wrap::kw ? Wrap::kwp : Wrap::kw;
      CHECK_FALSE(unwrap_key(another, key, wrapped));
      CHECK_FALSE(unwrap_key(form, other, wrapped));
      CHECK_FALSE(unwrap_key(form, key, wrapped.substr(8)));
      CHECK_FALSE(unwrap_key(form, key, wrapped + std::string(8, '\0')));
      for (std::size_t at = 0; at < std::min<std::size_t>(wrapped.size(), 48); ++at) {
        std::string bad = wrapped;
        bad[at] = static_cast<char>(bad[at] ^ 0x20);
        const auto refused = unwrap_key(form, key, bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Code::corrupt);
      }
    }
  }
}

TEST_CASE("key wrap: refuses lengths that the forms do not have") {
  const Secret key(std::string(16, 'k'));
  struct Row {
    Wrap form;
    std::size_t size;
  };
  for (const Row& row : {Row{Wrap::kw, 0},
                         {Wrap::kw, 8},
                         {Wrap::kw, 15},
                         {Wrap::kw, 17},
                         {Wrap::kw, 4104},
                         {Wrap::kwp, 0},
                         {Wrap::kwp, 4097}}) {
    CAPTURE(row.size);
    const auto wrapped = wrap_key(row.form, key, Secret(std::string(row.size, 's')));
    REQUIRE_FALSE(wrapped);
    CHECK(wrapped.error().code == Code::invalid);
  }
  for (const std::size_t size : Sizes{0, 1, 8, 15, 16, 23, 25, 4105, 4112, 100'000}) {
    for (const Wrap form : {Wrap::kw, Wrap::kwp}) {
      const auto unwrapped = unwrap_key(form, key, std::string(size, 'w'));
      REQUIRE_FALSE(unwrapped);
      CHECK(unwrapped.error().code == Code::corrupt);
    }
  }
  for (const std::size_t size : Sizes{0, 15, 17, 33, 48}) {
    const Secret bad(std::string(size, 'k'));
    CHECK(wrap_key(Wrap::kw, bad, key).error().code == Code::invalid);
    CHECK(unwrap_key(Wrap::kw, bad, std::string(24, 'w')).error().code == Code::invalid);
  }
}

}  // namespace
}  // namespace mc::cipher
