#include "kmip/binding.h"

#include <doctest/doctest.h>

namespace mc::kmip {
namespace {

const kms::Credentials kGood = {{{"cert", "c"}, {"key", "k"}, {"ca", "a"}}, {}};

TEST_CASE("kmip: a binding is taken apart") {
  const auto named = read_binding("kmip:kms.example.org:5696/9f1c-a_b", kGood);
  REQUIRE(named.has_value());
  CHECK(named->host == "kms.example.org");
  CHECK(named->port == "5696");
  CHECK(named->id == "9f1c-a_b");
  CHECK_FALSE(named->cbc);
  const auto sixth = read_binding("kmip:[::1]:1/1", kGood);
  REQUIRE(sixth.has_value());
  CHECK(sixth->host == "[::1]");
}

TEST_CASE("kmip: a URI that names no key is invalid") {
  for (const char* uri :
       {"kmip:", "kmip:host/1", "kmip:host:/1", "kmip:host:0/1", "kmip:host:65536/1",
        "kmip:host:05/1", "kmip:host:5696", "kmip:host:5696/", "kmip::5696/1", "kmip:[]:5696/1",
        "kmip:[x]:5696/1", "kmip:a@b:5696/1", "kmip:host:5696/a/b", "kmip:host:5696/a b",
        "kmip:host:5696/%41", "kmip://host:5696/1", "aws-kms:host:5696/1"}) {
    CAPTURE(uri);
    const auto read = read_binding(uri, kGood);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::invalid);
    CHECK(read.error().what.starts_with("kmip: "));
  }
  CHECK_FALSE(read_binding("kmip:h:1/" + std::string(129, 'x'), kGood).has_value());
}

TEST_CASE("kmip: files and options are those that there are") {
  const std::string uri = "kmip:host:5696/1";
  for (const char* name : {"cert", "key", "ca"}) {
    kms::Credentials without = kGood;
    without.files.erase(name);
    CHECK(read_binding(uri, without).error().code == Code::invalid);
  }
  kms::Credentials more = kGood;
  more.files["password"] = "p";
  CHECK(read_binding(uri, more).error().what == "kmip: unknown credential 'password'");
  kms::Credentials other = kGood;
  other.options["mode"] = "ecb";
  CHECK(read_binding(uri, other).error().what == "kmip: option 'mode' must be gcm or cbc");
  other.options = {{"verify", "no"}};
  CHECK(read_binding(uri, other).error().what == "kmip: unknown option 'verify'");
}

}  // namespace
}  // namespace mc::kmip
