#include <doctest/doctest.h>

#include "builtin/test_keys.h"

namespace mc::builtin {
namespace {

std::string find(Value value, std::string_view member) {
  return term::to_rego(value.find(member));
}

struct Chain {
  std::string root_key = test_private_pem("P-256"), middle_key = test_private_pem("P-256"),
              leaf_key = test_private_pem("P-256");
  std::string root =
      test_certificate_pem({.name = "root", .authority = true}, root_key, "root", root_key);
  std::string middle =
      test_certificate_pem({.name = "middle", .authority = true}, middle_key, "root", root_key);
  std::string leaf(TestCertificate certificate) const {
    return test_certificate_pem(certificate, leaf_key, "middle", middle_key);
  }
};

struct MemberRow {
  const char* member;
  const char* value;
};
constexpr MemberRow kMembers[] = {
    {"Version", "3"},
    {"SerialNumber", "4711"},
    {"NotBefore", "\"2023-11-14T22:13:20Z\""},
    {"NotAfter", "\"2030-03-17T17:46:40Z\""},
    {"SignatureAlgorithm", "4"},
    {"PublicKeyAlgorithm", "3"},
    {"KeyUsage", "257"},
    {"ExtKeyUsage", "[2]"},
    {"UnknownExtKeyUsage", "[[1, 2, 3, 9]]"},
    {"DNSNames", R"(["a.example"])"},
    {"EmailAddresses", R"(["a@b.c"])"},
    {"IPAddresses", R"(["10.0.0.1", "2001:db8::1"])"},
    {"URIStrings", R"(["spiffe://d/p%20a"])"},
    {"URIs",
     R"([{"ForceQuery": false, "Fragment": "", "Host": "d", "OmitHost": false, "Opaque": "", )"
     R"("Path": "/p a", "RawFragment": "", "RawPath": "", "RawQuery": "", "Scheme": "spiffe", )"
     R"("User": null}])"},
    {"PolicyIdentifiers", "[[1, 2, 3, 4]]"},
    {"Policies", R"(["1.2.3.4"])"},
    {"PolicyMappings", "null"},
    {"InhibitAnyPolicy", "0"},
    {"InhibitAnyPolicyZero", "true"},
    {"RequireExplicitPolicy", "3"},
    {"RequireExplicitPolicyZero", "false"},
    {"InhibitPolicyMapping", "0"},
    {"InhibitPolicyMappingZero", "false"},
    {"PermittedDNSDomains", R"([".example"])"},
    {"PermittedDNSDomainsCritical", "true"},
    {"ExcludedIPRanges", R"([{"IP": "10.0.0.0", "Mask": "/wAAAA=="}])"},
    {"PermittedIPRanges", "null"},
    {"OCSPServer", R"(["http://o"])"},
    {"IssuingCertificateURL", R"(["http://c"])"},
    {"CRLDistributionPoints", R"(["http://crl"])"},
    {"UnhandledCriticalExtensions", "[[1, 2, 3, 4, 5]]"},
    {"ExtraExtensions", "null"},
    {"BasicConstraintsValid", "false"},
    {"SubjectKeyId", "null"},
    {"Subject",
     R"({"CommonName": "leaf", "Country": null, "ExtraNames": null, "Locality": null, )"
     R"("Names": [{"Type": [2, 5, 4, 3], "Value": "leaf"}], "Organization": null, )"
     R"("OrganizationalUnit": null, "PostalCode": null, "Province": null, "SerialNumber": "", )"
     R"("StreetAddress": null})"},
};
}  // namespace

TEST_CASE("crypto: hashes, codes and their comparison") {
  Calls call;
  const CallRow rows[] = {
      {"crypto.md5", R"("abc")", R"("900150983cd24fb0d6963f7d28e17f72")"},
      {"crypto.sha1", R"("abc")", R"("a9993e364706816aba3e25717850c26c9cd0d89d")"},
      {"crypto.sha256", R"("abc")",
       R"("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")"},
      {"crypto.hmac.md5", R"("what do ya want for nothing?", "Jefe")",
       R"("750c783e6ab0b503eaa86e310a5db738")"},
      {"crypto.hmac.sha1", R"("what do ya want for nothing?", "Jefe")",
       R"("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")"},
      {"crypto.hmac.sha256", R"("what do ya want for nothing?", "Jefe")",
       R"("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")"},
      {"crypto.hmac.sha512", R"("what do ya want for nothing?", "Jefe")",
       R"("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554)"
       R"(9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737")"},
      {"crypto.hmac.equal", R"("ab", "ab")", "true"},
      {"crypto.hmac.equal", R"("ab", "ac")", "false"},
      {"crypto.hmac.equal", R"("ab", "abc")", "false"},
      {"crypto.md5", "1", "eval_type_error: operand 1 must be string but got number"},
      {"crypto.hmac.md5", R"("a", null)", "eval_type_error: operand 2 must be string but got null"},
  };
  for (const CallRow& row : rows) {
    CAPTURE(row.function);
    CAPTURE(row.operands);
    CHECK(call(row.function, row.operands) == row.result);
  }
}

TEST_CASE("crypto: a certificate has the shape of Go") {
  Callee callee;
  const std::string key = test_private_pem("P-256");
  const std::string pem = test_certificate_pem(
      {.name = "leaf",
       .extensions = {{"subjectAltName",
                       "DNS:a.example,IP:10.0.0.1,IP:2001:db8::1,email:a@b.c,URI:spiffe://d/p%20a"},
                      {"keyUsage", "critical,digitalSignature,decipherOnly"},
                      {"extendedKeyUsage", "clientAuth,1.2.3.9"},
                      {"certificatePolicies", "1.2.3.4"},
                      {"inhibitAnyPolicy", "0"},
                      {"policyConstraints", "requireExplicitPolicy:3"},
                      {"nameConstraints",
                       "critical,permitted;DNS:.example,excluded;IP:10.0.0.0/255.0.0.0"},
                      {"authorityInfoAccess", "OCSP;URI:http://o,caIssuers;URI:http://c"},
                      {"crlDistributionPoints", "URI:http://crl"},
                      {"1.2.3.4.5", "critical,ASN1:NULL"}}},
      key, "issuer", test_private_pem("RSA-2048"));
  const Value list = callee.call("crypto.x509.parse_certificates", {callee.text(pem)});
  REQUIRE(list.size() == 1);
  const Value certificate = list.items()[0];
  CHECK(certificate.size() == 53);
  for (const MemberRow& row : kMembers) {
    CAPTURE(row.member);
    CHECK(find(certificate, row.member) == row.value);
  }
  CHECK(certificate.find("Issuer").find("CommonName").text() == "issuer");
  CHECK(find(certificate.find("PublicKey"), "Curve") == "{}");
  CHECK(certificate.find("Extensions").size() == 10);
  // The same in base64, and as DER in base64.
  const std::string raw(certificate.find("Raw").text());
  for (const std::string& text : {to_base64(pem), raw}) {
    const Value again = callee.call("crypto.x509.parse_certificates", {callee.text(text)});
    CHECK(term::equal(again, list));
  }
}

TEST_CASE("crypto: what is no certificate") {
  Callee callee;
  struct Row {
    const char* text;
    const char* result;
  };
  const Row rows[] = {
      {"", "[]"},
      {"YmFk", "eval_builtin_error: x509: malformed certificate"},
      {"?", "eval_builtin_error: illegal base64 data at input byte 0"},
      {"-----BEGIN X-----\nYQ==\n-----END X-----\n",
       "eval_builtin_error: PEM block type is 'X', expected CERTIFICATE"},
      {"-----BEGIN CERTIFICATE-----\n", "[]"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(callee.shown("crypto.x509.parse_certificates", {callee.text(row.text)}) == row.result);
  }
  // Cut anywhere, it is an error and nothing worse.
  const std::string key = test_private_pem("ED25519");
  const Value list = callee.call("crypto.x509.parse_certificates",
                                 {callee.text(test_certificate_pem({}, key, "leaf", key))});
  const std::string der = *from_base64(list.items()[0].find("Raw").text());
  for (std::size_t size = 1; size < der.size(); ++size) {
    CAPTURE(size);
    const Value cut = callee.call("crypto.x509.parse_certificates",
                                  {callee.text(to_base64(der.substr(0, size)))});
    CHECK(cut.is_undefined());
    CHECK(callee.fault.has_value());
  }
  CHECK(callee.shown("crypto.x509.parse_certificates", {callee.text(to_base64(der + "\x05"))}) ==
        "eval_builtin_error: x509: malformed certificate");
}

TEST_CASE("crypto: chains are verified from the first certificate to the last") {
  Callee callee;
  const Chain chain;
  const std::string leaf = chain.leaf({.extensions = {{"subjectAltName", "DNS:*.a.example"}}});
  const auto verify = [&](const std::string& text) {
    return callee.call("crypto.x509.parse_and_verify_certificates", {callee.text(text)});
  };
  const Value good = verify(chain.root + chain.middle + leaf);
  REQUIRE(good.items()[0].is_true());
  const std::span<const Value> found = good.items()[1].items();
  REQUIRE(found.size() == 3);
  CHECK(found[0].find("Subject").find("CommonName").text() == "leaf");
  CHECK(found[2].find("Subject").find("CommonName").text() == "root");
  CHECK(find(found[0], "URIStrings") == "null");
  // A root need not be signed by itself.
  CHECK(verify(chain.middle + leaf).items()[0].is_true());

  const Chain other;
  const std::string weak = test_certificate_pem({}, chain.leaf_key, "root", chain.leaf_key);
  for (const std::string& text :
       {chain.root + leaf, leaf + chain.middle + chain.root, other.root + chain.middle + leaf,
        chain.root + other.middle + leaf, leaf, std::string("x"), std::string(),
        chain.root + chain.middle + chain.leaf({.not_after = 1'799'999'999}),
        chain.root + chain.middle + chain.leaf({.not_before = 1'800'000'001}), chain.root + weak,
        // An end entity signs nothing.
        chain.root +
            test_certificate_pem({.name = "middle"}, chain.middle_key, "root", chain.root_key) +
            leaf}) {
    CHECK(term::to_rego(verify(text)) == "[false, []]");
  }
}

TEST_CASE("crypto: chains are verified for a time, a host and usages") {
  Callee callee;
  const Chain chain;
  const std::string text =
      chain.root + chain.middle +
      chain.leaf({.extensions = {{"subjectAltName", "DNS:*.a.example,IP:10.0.0.1"},
                                 {"extendedKeyUsage", "clientAuth"}}});
  struct Row {
    const char* options;
    const char* result;
  };
  const Row rows[] = {
      {"{}", "false"},  // a server by default
      {R"({"KeyUsages": ["KeyUsageClientAuth"]})", "true"},
      {R"({"KeyUsages": {"KeyUsageClientAuth", "KeyUsageCodeSigning"}})", "true"},
      {R"({"KeyUsages": ["KeyUsageCodeSigning"]})", "false"},
      {R"({"KeyUsages": ["KeyUsageAny"], "DNSName": "x.A.example"})", "true"},
      {R"({"KeyUsages": ["KeyUsageAny"], "DNSName": "y.x.a.example"})", "false"},
      {R"({"KeyUsages": ["KeyUsageAny"], "DNSName": "a.example"})", "false"},
      {R"({"KeyUsages": ["KeyUsageAny"], "DNSName": "10.0.0.1"})", "true"},
      {R"({"KeyUsages": ["KeyUsageAny"], "DNSName": "leaf"})", "false"},
      {R"({"KeyUsages": ["KeyUsageAny"], "CurrentTime": 1700000000000000000})", "true"},
      {R"({"KeyUsages": ["KeyUsageAny"], "CurrentTime": 1600000000000000000})", "false"},
      {R"({"KeyUsages": ["KeyUsageAny"], "MaxConstraintComparisons": 5})", "true"},
      {R"({"KeyUsages": ["x", "y"]})", "invalid entries for 'KeyUsages' found: [x y]"},
      {R"({"KeyUsages": "x"})", "'KeyUsages' should be an Array or Set"},
      {R"({"DNSName": 1})", "'DNSName' should be a string"},
      {R"({"CurrentTime": "x"})", "'CurrentTime' should be a number"},
      {R"({"CurrentTime": 1.5})", "'CurrentTime' should be a valid int64 number"},
      {R"({"MaxConstraintComparisons": "x"})", "'MaxConstraintComparisons' should be a number"},
      {R"({"x": 1})", "invalid key option"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.options);
    const Value out = callee.call("crypto.x509.parse_and_verify_certificates_with_options",
                                  {callee.text(text), callee.read(row.options)});
    CHECK((callee.fault ? callee.fault->message : term::to_rego(out.items()[0])) == row.result);
  }
}

TEST_CASE("crypto: private keys have the shapes of Go and of JWK") {
  Callee callee;
  struct Row {
    const char* type;
    const char* members;
    const char* jwk;
  };
  const Row rows[] = {
      {"RSA-2048", R"({"D", "E", "N", "Precomputed", "Primes"})",
       R"({"d", "dp", "dq", "e", "kty", "n", "p", "q", "qi"})"},
      {"P-521", R"({"Curve", "D", "X", "Y"})", R"({"crv", "d", "kty", "x", "y"})"},
      {"ED25519", "set()", R"({"crv", "d", "kty", "x"})"},
  };
  const auto keys = [&](Value object) {
    Value out = term::set(callee.arena());
    for (const term::Entry& entry : object.members()) term::add(callee.arena(), out, entry.key);
    return term::to_rego(out);
  };
  for (const Row& row : rows) {
    CAPTURE(row.type);
    const std::string pem = test_private_pem(row.type);
    for (const std::string& text : {pem, to_base64(pem), pem + "\nnoise\n" + pem}) {
      const Value list = callee.call("crypto.parse_private_keys", {callee.text(text)});
      REQUIRE(list.size() >= 1);
      CHECK(keys(list.items()[0]) == row.members);
    }
    const Value jwk = callee.call("crypto.x509.parse_rsa_private_key", {callee.text(pem)});
    CHECK(keys(jwk) == row.jwk);
  }
  CHECK(callee.shown("crypto.parse_private_keys", {callee.text("")}) == "null");
  CHECK(callee.shown("crypto.parse_private_keys", {callee.text("nope")}) == "[]");
  CHECK(callee.shown("crypto.x509.parse_rsa_private_key", {callee.text("")}) ==
        "eval_builtin_error: input PEM data was empty");
  CHECK(callee.shown("crypto.x509.parse_rsa_private_key", {callee.text("YQ==")}) == "null");
  CHECK(callee.shown(
            "crypto.parse_private_keys",
            {callee.text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}) ==
        "eval_builtin_error: x509: failed to parse private key");
}

TEST_CASE("crypto: a key pair belongs together") {
  Callee callee;
  const std::string key = test_private_pem("P-256"),
                    pem = test_certificate_pem({}, key, "leaf", key);
  const auto pair = [&](const std::string& certificate, const std::string& private_key) {
    return callee.call("crypto.x509.parse_keypair",
                       {callee.text(certificate), callee.text(private_key)});
  };
  const Value good = pair(pem, key);
  REQUIRE(good.is_object());
  CHECK(good.find("Certificate").size() == 1);
  CHECK(good.find("Leaf").find("Subject").find("CommonName").text() == "leaf");
  CHECK(find(good.find("PrivateKey"), "Curve") == "{}");
  CHECK(find(good, "OCSPStaple") == "null");
  CHECK(pair(to_base64(pem), to_base64(key)).is_object());
  struct Row {
    std::string certificate, key;
    const char* message;
  };
  const Row rows[] = {
      {pem, test_private_pem("P-256"), "tls: private key does not match public key"},
      {pem, test_private_pem("ED25519"), "tls: private key type does not match public key type"},
      {pem, pem, "tls: failed to find any PEM data in key input"},
      {pem, "YQ==", "tls: failed to parse private key"},
      {key, key, "tls: failed to find \"CERTIFICATE\" PEM block in certificate input"},
      {"-----BEGIN CERTIFICATE-----", key, "tls: failed to find any PEM data in certificate input"},
      {"YQ==", key, "x509: malformed certificate"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    pair(row.certificate, row.key);
    REQUIRE(callee.fault.has_value());
    CHECK(callee.fault->message == row.message);
  }
}

TEST_CASE("crypto: texts past a limit are refused before they are read") {
  Callee callee;
  CHECK(callee.shown("crypto.x509.parse_certificates",
                     {callee.text(std::string((8 << 20) + 1, 'A'))}) ==
        "eval_builtin_error: the text has 8388609 bytes, more than 8 MiB");
  callee.steps = 1'000;
  callee.call("crypto.sha256", {callee.text(std::string(1 << 20, 'A'))});
  REQUIRE(callee.fault.has_value());
  CHECK(callee.fault->failure == Failure::cancelled);
}

}  // namespace mc::builtin
