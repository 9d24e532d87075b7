#include "proof/rekor.h"

#include <doctest/doctest.h>

#include "contract/pki_world.h"
#include "proof/proof.h"

namespace mc::proof {
namespace {

using crypto::Algorithm;
using crypto::SigningKey;

const std::string kMessage = "what was signed";

struct Client {
  SigningKey key = *SigningKey::generate(Algorithm::es256);
  std::string digest = to_base64(*crypto::digest("sha256", kMessage));
  std::string signature = to_base64(*key.sign_der(kMessage));
  std::string verifier = R"({"publicKey":{"rawBytes":")" + to_base64(key.public_key().to_spki()) +
                         R"("},"keyDetails":"PKIX_ECDSA_P256_SHA_256"})";

  std::string hashed() const {
    return R"({"hashedRekordRequestV002":{"digest":")" + digest + R"(","signature":{"content":")" +
           signature + R"(","verifier":)" + verifier + "}}}";
  }
  std::string enveloped() const {
    const std::string sig = to_base64(*key.sign_der(signed_bytes("text/plain", kMessage)));
    return R"({"dsseRequestV002":{"envelope":{"payload":")" + to_base64(kMessage) +
           R"(","payloadType":"text/plain","signatures":[{"sig":")" + sig +
           R"(","keyid":"k"}]},"verifiers":[)" + verifier + "]}}";
  }
};

TEST_CASE("rekor: a request gives the body that verifiers rebuild") {
  const Client client;
  const auto body = read_entry_request(client.hashed());
  REQUIRE_MESSAGE(body.has_value(), body.error().what);
  CHECK(*body == hashedrekord_body(*crypto::digest("sha256", kMessage),
                                   *from_base64(client.signature), Verifier::public_key,
                                   client.key.public_key().to_spki()));
  const auto request = print_entry_request(*body);
  REQUIRE(request.has_value());
  CHECK(*read_entry_request(*request) == *body);
}

TEST_CASE("rekor: an envelope is logged over its signed bytes") {
  const Client client;
  const auto body = read_entry_request(client.enveloped());
  REQUIRE_MESSAGE(body.has_value(), body.error().what);
  const auto entry = parse_entry(*body);
  CHECK(entry->kind == "hashedrekord");
  CHECK(entry->digest == *crypto::digest("sha256", signed_bytes("text/plain", kMessage)));
}

TEST_CASE("rekor: a key in the place of a certificate is taken as a key") {
  Client client;
  const std::string expected = *read_entry_request(client.hashed());
  client.verifier = R"({"x509Certificate":{"rawBytes":")" +
                    to_base64(client.key.public_key().to_spki()) +
                    R"("},"keyDetails":"PKIX_ECDSA_P256_SHA_256"})";
  CHECK(*read_entry_request(client.hashed()) == expected);
  // A certificate stays one.
  const pki::TestAuthority authority;
  const auto certificate = authority.issue(pki::TestAuthority::request(pki::Usage::code_signing),
                                           client.key.public_key());
  client.verifier = R"({"x509Certificate":{"rawBytes":")" + to_base64(certificate->der()) +
                    R"("},"keyDetails":"PKIX_ECDSA_P256_SHA_256"})";
  const auto body = read_entry_request(client.hashed());
  REQUIRE_MESSAGE(body.has_value(), body.error().what);
  CHECK(body->find("x509Certificate") != std::string::npos);
  CHECK(*read_entry_request(*print_entry_request(*body)) == *body);
}

TEST_CASE("rekor: what does not hold is refused with the member's name") {
  const Client client;
  struct Case {
    std::string from;
    std::string to;
    std::string named;
  };
  const std::string other = to_base64(*client.key.sign_der("something else"));
  const SigningKey p384 = *SigningKey::generate(Algorithm::es384);
  const std::vector<Case> cases = {
      {client.signature, other, "hashedRekordRequestV002.signature.content"},
      {client.signature, "", "hashedRekordRequestV002.signature.content"},
      {client.signature, "!", "hashedRekordRequestV002.signature.content"},
      {client.digest, to_base64("short"), "hashedRekordRequestV002.digest"},
      {client.digest, to_base64(*crypto::digest("sha256", "x")), "signature.content"},
      {"PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519", "verifier.keyDetails"},
      {to_base64(client.key.public_key().to_spki()), to_base64(p384.public_key().to_spki()),
       "verifier.publicKey.rawBytes"},
      {R"("publicKey")", R"("otherKey")", "hashedRekordRequestV002.signature.verifier"},
      {R"("digest")", R"("digestive")", "hashedRekordRequestV002"},
      {"hashedRekordRequestV002", "hashedRekordRequestV001", "dsseRequestV002"},
      {"{", "[", ""},
      {R"("digest":)", R"("digest":"","digest":)", "digest"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.to);
    std::string request = client.hashed();
    const std::size_t at = request.find(each.from);
    REQUIRE(at != std::string::npos);
    request.replace(at, each.from.size(), each.to);
    const auto refused = read_entry_request(request);
    REQUIRE(!refused.has_value());
    CHECK_MESSAGE(refused.error().what.find(each.named) != std::string::npos, refused.error().what);
  }
  std::string request = client.enveloped();
  const std::size_t at = request.find(to_base64(kMessage));
  request.replace(at, 4, "QUJD");
  CHECK(read_entry_request(request).error().what.find("envelope.signatures") != std::string::npos);
  CHECK_FALSE(print_entry_request("{}").has_value());
  CHECK(read_entry_request("[]").error().what == "log entry: it must be an object");
}

}  // namespace
}  // namespace mc::proof
