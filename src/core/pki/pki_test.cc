#include "pki/pki.h"

#include <doctest/doctest.h>
#include <openssl/ts.h>

#include "contract/bit_stride.h"
#include "contract/pki_world.h"

namespace mc::pki {
namespace {

using crypto::Algorithm;
using crypto::SigningKey;

TEST_CASE("pki: a certificate says who it is of, how long and what for") {
  const TestAuthority authority;
  const SigningKey key = *SigningKey::generate(Algorithm::es256);
  CertificateRequest request = authority.request(Usage::code_signing);
  request.organization = "";
  request.common_name = "";
  request.uris = {"https://ci.example/build,1", "urn:x"};
  request.extensions = {{"1.3.6.1.4.1.57264.1.8", write_utf8_string("https://issuer.example")}};
  const auto made = authority.issue(request, key.public_key());
  REQUIRE(made);
  const Result<Certificate> read = Certificate::parse(made->der());
  REQUIRE(read);
  CHECK(*read == *made);
  CHECK(read->subject().empty());
  CHECK(read->names() == request.uris);
  CHECK(read->validity() == request.validity);
  CHECK(read->key().to_spki() == key.public_key().to_spki());
  CHECK(read->may(Usage::code_signing));
  CHECK_FALSE(read->may(Usage::time_stamping));
  CHECK_FALSE(read->is_authority());
  CHECK(authority.root().is_authority());
  CHECK_FALSE(authority.root().may(Usage::code_signing));
  CHECK(authority.root().subject() == "CN=Root,O=Test");
  const auto issuer = read->extension("1.3.6.1.4.1.57264.1.8");
  REQUIRE(issuer);
  CHECK(*read_utf8_string(*issuer) == "https://issuer.example");
  CHECK_FALSE(read_utf8_string(*issuer + "x"));
  CHECK_FALSE(read_utf8_string("\x0c\x05xx"));
  CHECK_FALSE(read->extension("1.3.6.1.4.1.57264.1.9"));
}

TEST_CASE("pki: what is no certificate is refused") {
  const TestAuthority authority;
  const std::string der = authority.root().der();
  CHECK_FALSE(Certificate::parse(""));
  CHECK_FALSE(Certificate::parse(der + "x"));
  CHECK_FALSE(Certificate::parse(der.substr(0, der.size() - 1)));
  CHECK_FALSE(Certificate::parse(std::string(kCertificateBytesMax + 1, 'x')));
  const std::string pem = crypto::write_pem(der, "CERTIFICATE");
  CHECK(Certificate::from_pem(pem)->der() == der);
  CHECK_FALSE(Certificate::from_pem(pem + pem));
  CertificateRequest request = authority.request(Usage::code_signing);
  request.serial = "short";
  CHECK_FALSE(authority.issue(request, authority.root().key()));
}

TEST_CASE("pki: a chain holds for its root, its time and its usage") {
  const TestAuthority authority;
  const TestAuthority other;
  const SigningKey key = *SigningKey::generate(Algorithm::es256);
  const Certificate leaf =
      *authority.issue(authority.request(Usage::code_signing), key.public_key());
  const SigningKey between_key = *SigningKey::generate(Algorithm::es384);
  CertificateRequest request = authority.request(std::nullopt);
  request.common_name = "Between";
  const Certificate between = *authority.issue(request, between_key.public_key());
  const Certificate below = *issue_certificate(authority.request(Usage::code_signing),
                                               key.public_key(), {between_key, &between});
  const std::vector<Certificate> none;
  const std::vector<Certificate> one = {between};
  const Certificate& root = authority.root();
  const WallTime then = authority.noon();
  const WallTime early = then - seconds(3 * 3600);
  const WallTime late = then + seconds(3 * 3600);
  const auto code = Usage::code_signing;

  CHECK(build_chain({leaf, none, root, then, code})->size() == 2);
  CHECK(build_chain({below, one, root, then, code})->size() == 3);
  CHECK(build_chain({below, none, between, then, code})->size() == 2);
  CHECK_FALSE(build_chain({below, none, root, then, code}));
  CHECK_FALSE(build_chain({leaf, none, other.root(), then, code}));
  CHECK_FALSE(build_chain({leaf, none, root, early, code}));
  CHECK_FALSE(build_chain({leaf, none, root, late, code}));
  CHECK_FALSE(build_chain({leaf, none, root, then, Usage::time_stamping}));
  CHECK_FALSE(build_chain({root, none, root, then, code}));
  const Validity& validity = leaf.validity();
  CHECK(validity.contains({validity.end_s * 1'000'000'000 + 999'999'999}));
  CHECK_FALSE(validity.contains({(validity.end_s + 1) * 1'000'000'000}));
}

TEST_CASE("pki: a timestamp holds for its bytes, its authority and its time") {
  const TestTimestamps world;
  const std::string token = world.stamp("message");
  const auto authorities = world.authorities();
  const auto read = check_timestamp(token, "message", authorities);
  REQUIRE(read);
  CHECK(read->time == WallTime{world.noon().nanos / 1'000'000'000 * 1'000'000'000});
  CHECK(read->authority == 0);

  CHECK_FALSE(check_timestamp(token, "another", authorities));
  CHECK_FALSE(check_timestamp(token + "x", "message", authorities));
  CHECK_FALSE(check_timestamp("", "message", authorities));
  CHECK_FALSE(check_timestamp(token, "message", {}));
  const TestTimestamps other;
  CHECK_FALSE(check_timestamp(token, "message", other.authorities()));
  std::vector<TimestampAuthority> both = {other.authorities()[0], authorities[0]};
  CHECK(check_timestamp(token, "message", both)->authority == 1);
  std::vector<TimestampAuthority> ended = authorities;
  ended[0].period.until = world.noon() - seconds(1);
  CHECK_FALSE(check_timestamp(token, "message", ended));
  ended[0].period = {world.noon() + seconds(1)};
  CHECK_FALSE(check_timestamp(token, "message", ended));
  std::vector<TimestampAuthority> empty = {{{}, {}}};
  CHECK_FALSE(check_timestamp(token, "message", empty));
}

TEST_CASE("pki: no bit of a timestamp can be changed") {
  const TestTimestamps world;
  for (const bool certificates : {false, true}) {
    CAPTURE(certificates);
    const std::string token = world.stamp("message", certificates);
    const auto authorities = world.authorities();
    REQUIRE(check_timestamp(token, "message", authorities));
    std::string changed = token;
    for (std::size_t bit = 0; bit < token.size() * 8; bit += kBitStride) {
      const auto mask = static_cast<char>(1 << (bit % 8));
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ mask);
      CAPTURE(bit);
      CHECK_FALSE(check_timestamp(changed, "message", authorities));
      changed[bit / 8] = token[bit / 8];
    }
  }
}

// A sound token whose signed attributes were changed by `edit` before its own authority signed
// them.
template <class Edit>
std::string signed_anew(const std::string& token, const SigningKey& key, const Edit& edit) {
  const auto* at = reinterpret_cast<const unsigned char*>(token.data());
  TS_RESP* response = d2i_TS_RESP(nullptr, &at, static_cast<long>(token.size()));
  PKCS7_SIGNER_INFO* signer =
      sk_PKCS7_SIGNER_INFO_value(TS_RESP_get_token(response)->d.sign->signer_info, 0);
  edit(signer->auth_attr);
  const Secret der = key.to_pkcs8();
  const std::string_view bytes = der.reveal(RevealToken());
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  signer->pkey = d2i_AutoPrivateKey(nullptr, &from, static_cast<long>(bytes.size()));
  CHECK(PKCS7_SIGNER_INFO_sign(signer) == 1);
  std::string out(static_cast<std::size_t>(i2d_TS_RESP(response, nullptr)), '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  i2d_TS_RESP(response, &to);
  TS_RESP_free(response);
  return out;
}

TEST_CASE("pki: signed attributes of a timestamp are those of RFC 5652, each once") {
  const TestAuthority authority;
  const SigningKey key = *SigningKey::generate(Algorithm::es256);
  const std::vector<Certificate> chain = {
      *authority.issue(authority.request(Usage::time_stamping), key.public_key()),
      authority.root()};
  const std::string token =
      *TimestampSigner::make(key, chain, "1.2.3")->stamp("message", authority.noon(), "12345678");
  const std::vector<TimestampAuthority> authorities = {{chain, {authority.noon() - seconds(60)}}};
  using Attributes = STACK_OF(X509_ATTRIBUTE);
  const auto place = [](Attributes* attributes, int nid) {
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); ++i) {
      const X509_ATTRIBUTE* each = sk_X509_ATTRIBUTE_value(attributes, i);
      if (OBJ_obj2nid(X509_ATTRIBUTE_get0_object(const_cast<X509_ATTRIBUTE*>(each))) == nid) {
        return i;
      }
    }
    return -1;
  };
  // Signing again is no reason to refuse.
  CHECK(check_timestamp(signed_anew(token, key, [](Attributes*) {}), "message", authorities));
  for (const int nid : {NID_pkcs9_contentType, NID_pkcs9_messageDigest}) {
    const auto twice = signed_anew(token, key, [&](Attributes* attributes) {
      X509_ATTRIBUTE* found = sk_X509_ATTRIBUTE_value(attributes, place(attributes, nid));
      sk_X509_ATTRIBUTE_push(attributes, X509_ATTRIBUTE_dup(found));
    });
    CHECK(check_timestamp(twice, "message", authorities).error().what.find("twice") !=
          std::string::npos);
  }
  const auto other = signed_anew(token, key, [&](Attributes* attributes) {
    const int at = place(attributes, NID_pkcs9_contentType);
    X509_ATTRIBUTE_free(sk_X509_ATTRIBUTE_delete(attributes, at));
    sk_X509_ATTRIBUTE_push(attributes, X509_ATTRIBUTE_create(NID_pkcs9_contentType, V_ASN1_OBJECT,
                                                             OBJ_nid2obj(NID_pkcs7_data)));
  });
  CHECK_FALSE(check_timestamp(other, "message", authorities));
  const auto none = signed_anew(token, key, [&](Attributes* attributes) {
    const int at = place(attributes, NID_pkcs9_contentType);
    X509_ATTRIBUTE_free(sk_X509_ATTRIBUTE_delete(attributes, at));
  });
  CHECK_FALSE(check_timestamp(none, "message", authorities));
}

TEST_CASE("pki: a request that is none gets a rejection, which proves nothing") {
  const TestTimestamps world;
  for (const std::string_view request :
       {std::string_view(""), std::string_view("0\x03"), std::string_view("hello")}) {
    const auto answer = world.signer().answer(request, world.noon(), "12345678");
    REQUIRE(answer);
    CHECK_FALSE(check_timestamp(*answer, "message", world.authorities()));
  }
  CHECK_FALSE(world.signer().answer(std::string(20'000, 'x'), world.noon(), "12345678"));
  const TestAuthority authority;
  const SigningKey key = *SigningKey::generate(Algorithm::es256);
  const Certificate code =
      *authority.issue(authority.request(Usage::code_signing), key.public_key());
  CHECK_FALSE(TimestampSigner::make(key, {code}, "1.2.3"));
  CHECK_FALSE(TimestampSigner::make(key, {}, "1.2.3"));
}

}  // namespace
}  // namespace mc::pki
