#include "notify/signature.h"

#include <doctest/doctest.h>

#include "crypto/crypto.h"

namespace mc::notify {
namespace {

Secrets secrets(char with = 'k') {
  auto made = Secrets::make(Secret(std::string(kMasterKeyBytesMin, with)));
  REQUIRE(made.has_value());
  return std::move(*made);
}

Parcel parcel(std::int64_t generation = 1) {
  Parcel out;
  out.endpoint.tenant = TenantId("alpha");
  out.endpoint.id = "nep_1";
  out.endpoint.generation = generation;
  out.event = "evt_1";
  out.body = "{\"a\":1}";
  out.claimed = {1'000'000'000'000};
  return out;
}

// As a receiver reads them: base64 with padding, without its own decoder here.
std::string decoded(std::string_view text) {
  std::string url(text);
  while (url.ends_with('=')) url.pop_back();
  for (char& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return *from_base64url(url);
}

bool verifies(const std::string& signature, const Secrets& by, const Parcel& sent,
              std::int64_t generation, const std::string& content) {
  const std::size_t comma = signature.find(',');
  const std::string bytes = decoded(std::string_view(signature).substr(comma + 1));
  if (signature.starts_with("v1,")) {
    const Secret secret = by.symmetric(sent.endpoint, generation);
    const std::string_view shown = secret.reveal(RevealToken());
    REQUIRE(shown.starts_with("whsec_"));
    return bytes == crypto::hmac_sha256(decoded(shown.substr(6)), content);
  }
  REQUIRE(signature.starts_with("v1a,"));
  const std::string shown = *by.public_key(sent.endpoint, generation);
  REQUIRE(shown.starts_with("whpk_"));
  const auto key = crypto::PublicKey::ed25519(decoded(std::string_view(shown).substr(5)));
  REQUIRE(key.has_value());
  return key->verify(content, bytes);
}

std::vector<std::string> signed_by(const Secrets& by, const Parcel& sent) {
  const auto header = by.sign(sent, 1'700'000'000);
  REQUIRE(header.has_value());
  std::vector<std::string> out;
  for (const std::string_view part : split(*header, ' ')) out.emplace_back(part);
  return out;
}

const std::string kContent = "evt_1.1700000000.{\"a\":1}";

TEST_CASE("signature: a receiver verifies both kinds with what it was given") {
  const Secrets by = secrets();
  const auto signatures = signed_by(by, parcel());
  REQUIRE(signatures.size() == 2);
  for (const std::string& signature : signatures) {
    CHECK(verifies(signature, by, parcel(), 1, kContent));
    CHECK(!verifies(signature, by, parcel(), 1, kContent + " "));
    CHECK(!verifies(signature, by, parcel(), 2, kContent));
  }
}

TEST_CASE("signature: secrets differ by tenant, endpoint, generation and master key") {
  const Secrets by = secrets();
  Endpoint endpoint = parcel().endpoint;
  const auto text = [&](const Secrets& all, std::int64_t generation = 1) {
    return std::string(all.symmetric(endpoint, generation).reveal(RevealToken())) +
           *all.public_key(endpoint, generation);
  };
  const std::string first = text(by);
  CHECK(text(by) == first);
  CHECK(text(by, 2) != first);
  CHECK(text(secrets('j')) != first);
  endpoint.id = "nep_2";
  CHECK(text(by) != first);
  endpoint.id = "nep_1";
  endpoint.tenant = TenantId("bravo");
  CHECK(text(by) != first);
}

TEST_CASE("signature: during an overlap the former secret signs too, and not after it") {
  const Secrets by = secrets();
  Parcel sent = parcel(2);
  CHECK(signed_by(by, sent).size() == 2);
  sent.endpoint.former_until = sent.claimed + millis(1);
  const auto both = signed_by(by, sent);
  REQUIRE(both.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(verifies(both[i], by, sent, i < 2 ? 2 : 1, kContent));
  }
  sent.claimed = *sent.endpoint.former_until;
  CHECK(signed_by(by, sent).size() == 2);
}

TEST_CASE("signature: a short master key is refused") {
  CHECK(Secrets::make(Secret(std::string(kMasterKeyBytesMin - 1, 'k'))).error().code ==
        Code::invalid);
}

}  // namespace
}  // namespace mc::notify
