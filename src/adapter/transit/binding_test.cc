#include "transit/binding.h"

#include <doctest/doctest.h>

namespace mc::transit {
namespace {

const std::string kUri = "vault-transit:https://vault.example.org:8200/team/transit/root-1";
const kms::Credentials kGood = {{{"token", "t"}}, {}};

TEST_CASE("vault-transit: a binding is taken apart") {
  const auto read = read_binding(kUri, kGood);
  REQUIRE(read.has_value());
  CHECK(read->base == "https://vault.example.org:8200/v1/");
  CHECK(read->mount == "team/transit");
  CHECK(read->name == "root-1");
  CHECK(read->login == Login::token);
  CHECK(read_binding("vault-transit:http://127.0.0.1:8200/transit/k", kGood).has_value());
  const auto role = read_binding(kUri, {{{"role_id", "r"}, {"secret_id", "s"}}, {}});
  CHECK(role->auth_mount == "approle");
  const auto jwt = read_binding(kUri, {{{"jwt", "j"}}, {{"role", "mc"}}});
  CHECK(jwt->auth_mount == "kubernetes");
}

TEST_CASE("vault-transit: a URI that names no key is invalid") {
  for (const char* uri :
       {"vault-transit:", "vault-transit:vault.example.org/transit/k",
        "vault-transit:http://vault.example.org/transit/k", "vault-transit:https:///transit/k",
        "vault-transit:https://host/k", "vault-transit:https://host/transit/",
        "vault-transit:https://host//k", "vault-transit:https://host/../k",
        "vault-transit:https://host/a/../k", "vault-transit:https://host/transit/k?x",
        "vault-transit:https://host/transit/k%2e", "vault-transit:https://a@host/transit/k",
        "vault-transit:http://127.evil.example/transit/k", "aws-kms:https://host/transit/k"}) {
    CAPTURE(uri);
    const auto read = read_binding(uri, kGood);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::invalid);
    CHECK(read.error().what.starts_with("vault-transit: "));
  }
}

TEST_CASE("vault-transit: credentials are of one way, options are those that there are") {
  const kms::Credentials rows[] = {
      {{}, {}},
      {{{"token", "t"}, {"jwt", "j"}}, {{"role", "r"}}},
      {{{"role_id", "r"}}, {}},
      {{{"secret_id", "s"}}, {}},
      {{{"jwt", "j"}}, {}},
      {{{"token", "t"}}, {{"role", "r"}}},
      {{{"token", "t"}}, {{"auth_mount", "a"}}},
      {{{"token", "t"}, {"password", "p"}}, {}},
      {{{"token", "t"}}, {{"verify", "no"}}},
      {{{"token", "t"}}, {{"namespace", "a/../b"}}},
      {{{"token", "t"}}, {{"namespace", "a\r\nX: y"}}},
      {{{"jwt", "j"}}, {{"role", "a\"b"}}},
  };
  for (const kms::Credentials& row : rows) {
    const auto read = read_binding(kUri, row);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::invalid);
  }
}

}  // namespace
}  // namespace mc::transit
