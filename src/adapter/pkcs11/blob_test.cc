#include "pkcs11/blob.h"

#include <doctest/doctest.h>

#include "kms/kms.h"

namespace mc::pkcs11 {
namespace {

std::string revealed(const Secret& secret) {
  return std::string(secret.reveal(RevealToken{}));
}

TEST_CASE("pkcs11: secrets of every size fit into a frame and come out of it") {
  for (std::size_t size = 0; size <= kms::kSecretBytesMax; ++size) {
    const std::string secret(size, '\xa5');
    const Secret framed = frame(secret);
    const std::string bytes = revealed(framed);
    CHECK(bytes.size() >= 24);
    CHECK(bytes.size() % 8 == 0);
    CHECK(bytes.size() <= std::max<std::size_t>(24, size + 8));
    const auto out = unframe(framed);
    REQUIRE(out.has_value());
    CHECK(revealed(*out) == secret);
  }
}

TEST_CASE("pkcs11: what is no frame is corrupt") {
  const std::string good = revealed(frame("sixteen bytes ok"));
  std::string tail = good, more = good, size = good;
  tail.back() = 1;
  size[0] = 65;
  const std::string rows[] = {"",   good.substr(0, 16),      good + std::string(8, '\0'), tail,
                              size, std::string(24, '\xff'), std::string(80, '\x41')};
  for (const std::string& row : rows) {
    CHECK(unframe(Secret(std::string(row))).error().code == Code::corrupt);
  }
}

TEST_CASE("pkcs11: each form of a wrapped secret is read as it was written") {
  const std::string tagged(40, 't');
  const Blob rows[] = {
      {.form = Form::key_wrap, .hash = Hash::none, .iv = "", .bytes = std::string(32, 'a')},
      {.form = Form::key_wrap_pad, .hash = Hash::none, .iv = "", .bytes = std::string(40, 'b')},
      {.form = Form::key_wrap_padded, .hash = Hash::none, .iv = "", .bytes = std::string(80, 'c')},
      {.form = Form::gcm, .hash = Hash::none, .iv = std::string(12, 'i'), .bytes = tagged},
      {.form = Form::oaep, .hash = Hash::sha1, .iv = "", .bytes = std::string(256, 'd')},
      {.form = Form::oaep, .hash = Hash::sha256, .iv = "", .bytes = std::string(384, 'e')},
  };
  std::uint8_t form = 0;
  for (const Blob& row : rows) {
    const std::string bytes = format_blob(row);
    if (row.hash != Hash::sha256) ++form;
    CHECK(static_cast<std::uint8_t>(bytes[0]) == form);  // numbers that are stored for ever
    const auto read = parse_blob(bytes);
    REQUIRE(read.has_value());
    CHECK(*read == row);
  }
}

TEST_CASE("pkcs11: unknown forms and wrong sizes are corrupt") {
  const auto made = [](int form, std::size_t size) {
    return std::string(1, static_cast<char>(form)) + std::string(size, '\x01');
  };
  const std::string rows[] = {"",
                              made(0, 32),
                              made(6, 32),
                              made(255, 32),
                              made(1, 0),
                              made(1, 31),
                              made(1, 24),
                              made(1, 88),
                              made(2, 24),
                              made(3, 33),
                              made(4, 11),
                              made(4, 51),
                              made(4, 107),
                              made(5, 0),
                              made(5, 128),
                              made(5, 1'026),
                              "\x05\x03" + std::string(256, 'd')};
  for (const std::string& row : rows) {
    CAPTURE(row.size());
    const auto read = parse_blob(row);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::corrupt);
  }
}

}  // namespace
}  // namespace mc::pkcs11
