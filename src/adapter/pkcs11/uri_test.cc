#include "pkcs11/uri.h"

#include <doctest/doctest.h>

namespace mc::pkcs11 {
namespace {

TEST_CASE("pkcs11: a URI as token tools print it is read") {
  const auto uri = parse_uri(
      "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=7b48ff4e1c0c7a3d;"
      "token=prod%2d1;id=%01%AB;object=tenant:42;type=secret-key;slot-id=18?module-path=/usr/lib/"
      "m.so");
  REQUIRE_MESSAGE(uri.has_value(), uri.error().what);
  CHECK(uri->model == "SoftHSM v2");
  CHECK(uri->manufacturer == "SoftHSM project");
  CHECK(uri->serial == "7b48ff4e1c0c7a3d");
  CHECK(uri->token == "prod-1");
  CHECK(uri->id == "\x01\xab");
  CHECK(uri->label == "tenant:42");
  CHECK(uri->type == KeyType::secret);
  CHECK(uri->slot_id == 18);
  CHECK(uri->module_path == "/usr/lib/m.so");
  CHECK(format_uri(*uri) ==
        "pkcs11:token=prod-1;serial=7b48ff4e1c0c7a3d;model=SoftHSM%20v2;"
        "manufacturer=SoftHSM%20project;slot-id=18;object=tenant%3a42;id=%01%ab;type=secret-key"
        "?module-path=%2fusr%2flib%2fm.so");
  CHECK(*parse_uri(format_uri(*uri)) == *uri);
}

TEST_CASE("pkcs11: two spellings of a token are one") {
  const auto one = parse_uri("pkcs11:object=a;token=my%20token%20%20"),
             two = parse_uri("pkcs11:token=%6dy%20token;id=%01");
  CHECK(one->token_name() == two->token_name());
}

TEST_CASE("pkcs11: what is not understood in a URI is refused, and no value is repeated") {
  struct Row {
    const char* uri;
    const char* why;
  };
  const std::string long_label = "pkcs11:token=t;object=" + std::string(129, 'a');
  const std::string long_uri = "pkcs11:token=t;object=" + std::string(1'024, 'a');
  const Row rows[] = {
      {"", "pkcs11:"},
      {"PKCS11:token=t;object=o", "pkcs11:"},
      {"pkcs11:", "without a value"},
      {"pkcs11:token=t", "no key"},
      {"pkcs11:object=o", "no token"},
      {"pkcs11:token=t;object=o;", "without a value"},
      {"pkcs11:token=t;;object=o", "without a value"},
      {"pkcs11:token=t;object", "without a value"},
      {"pkcs11:token=t;object=", "object must be"},
      {"pkcs11:token=;object=o", "token must be"},
      {"pkcs11:token=%20;object=o", "token must be"},
      {"pkcs11:token=t;token=t;object=o", "twice: token"},
      {"pkcs11:token=t;object=o;slot-id=-1", "slot-id"},
      {"pkcs11:token=t;object=o;slot-id=01", "slot-id"},
      {"pkcs11:token=t;object=o;slot-id=18446744073709551616", "slot-id"},
      {"pkcs11:token=t;object=o;type=public", "type"},
      {"pkcs11:token=t;object=o;library-version=3", "unknown attribute library-version"},
      {"pkcs11:token=t;object=o;x-vendor=3", "unknown attribute x-vendor"},
      {"pkcs11:token=t;object=o;pin-value=SECRET", "unknown attribute pin-value"},
      {"pkcs11:token=t;object=o?pin-value=SECRET", "pin-value may not"},
      {"pkcs11:token=t;object=o?pin-source=SECRET", "pin-source may not"},
      {"pkcs11:token=t;object=o?module-name=SECRET", "unknown attribute module-name"},
      {"pkcs11:token=t;object=o?module-path=SECRET", "absolute"},
      {"pkcs11:token=t;object=o?", "without a value"},
      {"pkcs11:token=t;object=%4", "%-encoding in object"},
      {"pkcs11:token=t;object=%", "%-encoding in object"},
      {"pkcs11:token=t;object=%+1", "%-encoding in object"},
      {"pkcs11:token=t;object=a b", "must be encoded in object"},
      {"pkcs11:token=t;object=a/b", "must be encoded in object"},
      {"pkcs11:token=t;object=a%00b", "object must be"},
      {"pkcs11:token=t;object=%ff", "object must be"},
      {"pkcs11:token=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;object=o", "token must be"},
      {"pkcs11:serial=aaaaaaaaaaaaaaaaa;object=o", "serial must be"},
      {"pkcs11:to%6ben=t;object=o", "strange character"},
      {long_label.c_str(), "object must be"},
      {long_uri.c_str(), "longer than"},
  };
  for (const Row& row : rows) {
    const std::string text = row.uri;
    CAPTURE(text);
    const auto uri = parse_uri(text);
    REQUIRE_FALSE(uri.has_value());
    CHECK(uri.error().code == Code::invalid);
    CHECK_MESSAGE(uri.error().what.find(row.why) != std::string::npos, uri.error().what);
    CHECK(uri.error().what.find("SECRET") == std::string::npos);
  }
}

}  // namespace
}  // namespace mc::pkcs11
