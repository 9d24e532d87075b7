#include "crypto/crypto.h"

#include <doctest/doctest.h>

namespace mc::crypto {
namespace {

std::string hex(std::string_view text) {
  return *from_hex(text);
}
std::string b64(std::string_view text) {
  return *from_base64url(text);
}

constexpr Algorithm kOfTokens[] = {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa};
constexpr Algorithm kAll[] = {Algorithm::rs256, Algorithm::es256, Algorithm::es384,
                              Algorithm::es512, Algorithm::eddsa};

// The claims of RFC 7515 appendix A.
constexpr std::string_view kClaims =
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

TEST_CASE("crypto: hmac gives what RFC 4231 test case 2 says") {
  CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("crypto: ed25519 signs and verifies RFC 8032 test 1") {
  const SigningKey key = *SigningKey::ed25519(
      Secret(hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")));
  CHECK(key.jwk_member("x") ==
        to_base64url(hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")));
  const std::string signature = *key.sign("");
  CHECK(to_hex(signature) ==
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
        "f9b46bd25bf5f0595bbe24655141438e7a100b");
  CHECK(key.public_key().verify("", signature));
  CHECK_FALSE(key.public_key().verify("x", signature));
}

TEST_CASE("crypto: es256 verifies RFC 7515 A.3") {
  const PublicKey key = *PublicKey::p256(b64("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                                         b64("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
  const std::string message = "eyJhbGciOiJFUzI1NiJ9" + std::string(kClaims);
  CHECK(key.verify(message, b64("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApm"
                                "WQxfKTUJqPP3-Kg6NU1Q")));
}

TEST_CASE("crypto: rs256 verifies RFC 7515 A.2") {
  const PublicKey key = *PublicKey::rsa(
      b64("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
          "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
          "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
          "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"),
      b64("AQAB"));
  const std::string message = "eyJhbGciOiJSUzI1NiJ9" + std::string(kClaims);
  CHECK(key.verify(
      message,
      b64("cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
          "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS"
          "jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
          "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw")));
}

TEST_CASE("crypto: each algorithm verifies its own, and no changed message, signature or key") {
  for (const Algorithm algorithm : kAll) {
    CAPTURE(algorithm_name(algorithm));
    const SigningKey key = *SigningKey::generate(algorithm);
    const SigningKey other = *SigningKey::generate(algorithm);
    const std::string message = "what was said";
    const std::string signature = *key.sign(message);
    CHECK(key.public_key().verify(message, signature));
    CHECK_FALSE(other.public_key().verify(message, signature));
    CHECK_FALSE(key.public_key().verify(message + " ", signature));
    for (std::size_t i = 0; i < signature.size(); i += 7) {
      std::string changed = signature;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      CHECK_FALSE(key.public_key().verify(message, changed));
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, signature.size() - 1}) {
      CHECK_FALSE(key.public_key().verify(message, signature.substr(0, size)));
    }
    CHECK_FALSE(key.public_key().verify(message, signature + "x"));
    CHECK_FALSE(key.public_key().verify(message, std::string(signature.size(), '\0')));
  }
}

TEST_CASE("crypto: a key read back from its JWK members verifies") {
  for (const Algorithm algorithm : kOfTokens) {
    CAPTURE(algorithm_name(algorithm));
    const SigningKey key = *SigningKey::generate(algorithm);
    const auto member = [&](std::string_view name) { return b64(key.jwk_member(name)); };
    const Result<PublicKey> read =
        algorithm == Algorithm::rs256   ? PublicKey::rsa(member("n"), member("e"))
        : algorithm == Algorithm::es256 ? PublicKey::p256(member("x"), member("y"))
                                        : PublicKey::ed25519(member("x"));
    REQUIRE(read);
    CHECK(read->algorithm() == algorithm);
    CHECK(read->verify("m", *key.sign("m")));
    CHECK(key.jwk_member("d").empty());
  }
}

TEST_CASE("crypto: weak and broken public keys are refused") {
  const SigningKey good = *SigningKey::generate(Algorithm::rs256);
  const std::string n = b64(good.jwk_member("n"));
  CHECK_FALSE(PublicKey::rsa("", b64("AQAB")));
  CHECK_FALSE(PublicKey::rsa(n.substr(0, 128), b64("AQAB")));      // 1024 bits
  CHECK_FALSE(PublicKey::rsa(std::string(2000, '\x7f'), "\x03"));  // 16,000 bits
  CHECK_FALSE(PublicKey::rsa(n, ""));
  CHECK_FALSE(PublicKey::rsa(n, "\x01"));
  CHECK_FALSE(PublicKey::rsa(n, "\x04"));
  CHECK_FALSE(PublicKey::rsa(n, std::string(5, '\x03')));
  CHECK_FALSE(PublicKey::p256(std::string(32, '\0'), std::string(32, '\0')));
  CHECK_FALSE(PublicKey::p256(std::string(32, '\x11'), std::string(32, '\x22')));  // off the curve
  CHECK_FALSE(PublicKey::p256("x", "y"));
  CHECK_FALSE(PublicKey::ed25519(std::string(31, 'x')));
  CHECK_FALSE(SigningKey::ed25519(Secret("short")));
}

TEST_CASE("crypto: public keys go through DER and PEM and stay the same") {
  for (const Algorithm algorithm : kAll) {
    CAPTURE(algorithm_name(algorithm));
    const SigningKey key = *SigningKey::generate(algorithm);
    const std::string der = key.public_key().to_spki();
    const auto read = PublicKey::from_spki(der);
    REQUIRE(read);
    CHECK(read->algorithm() == algorithm);
    CHECK(read->to_spki() == der);
    CHECK(read->verify("m", *key.sign("m")));
    const std::string pem = read->to_pem();
    CHECK(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    CHECK(PublicKey::from_pem(pem)->to_spki() == der);
    CHECK_FALSE(PublicKey::from_spki(der + "x"));
    CHECK_FALSE(PublicKey::from_spki(der.substr(0, der.size() - 1)));
    CHECK_FALSE(PublicKey::from_pem(pem + pem));
    CHECK_FALSE(PublicKey::from_pem(pem.substr(5)));
    CHECK(read->raw_ed25519().size() == (algorithm == Algorithm::eddsa ? 32 : 0));
  }
  CHECK_FALSE(PublicKey::from_spki(""));
}

TEST_CASE("crypto: signatures in DER are read in one form only") {
  const std::string one(31, '\0');
  const std::string both = one + "\x01" + one + "\x02";
  const std::string der = es256_to_der(both);
  CHECK(to_hex(der) == "3006020101020102");
  CHECK(*es256_from_der(der) == both);
  for (const char* bad : {"", "30", "3006020101020102ff", "308106020101020102",
                          "300702020001020102", "30060201ff020102",
                          "3080020101020102"
                          "0000",
                          "300602010102010"}) {
    CAPTURE(bad);
    CHECK_FALSE(es256_from_der(from_hex(bad).value_or("x")));
  }
  const std::string large =
      "30250221"
      "01" +
      std::string(64, '0') + "020101";
  CHECK_FALSE(es256_from_der(*from_hex(large)));
}

TEST_CASE("crypto: SHA-256 in pieces is that of the whole") {
  const auto hex = [](const Digest& digest) {
    return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  // FIPS 180-4, the examples of NIST.
  CHECK(hex(Sha256().add("abc").finish()) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string text(1'000, 'a');
  Sha256 pieces;
  for (std::size_t at = 0, step = 0; at < text.size(); at += step++)
    pieces.add(text.substr(at, step));
  Sha256 bytes;
  for (const char c : text) bytes.add(static_cast<std::uint8_t>(c));
  CHECK(pieces.finish() == Sha256().add(text).finish());
  CHECK(bytes.finish() == Sha256().add(text).finish());
}

TEST_CASE("crypto: both forms of a signature hold, each in its own place") {
  for (const Algorithm algorithm : kAll) {
    CAPTURE(algorithm_name(algorithm));
    const SigningKey key = *SigningKey::generate(algorithm);
    const PublicKey known = key.public_key();
    const std::string der = *key.sign_der("m");
    CHECK(known.verify_der("m", der));
    CHECK_FALSE(known.verify_der("n", der));
    CHECK_FALSE(known.verify_der("m", der + "x"));
    const bool one_form = algorithm == Algorithm::rs256 || algorithm == Algorithm::eddsa;
    CHECK(known.verify_der("m", *key.sign("m")) == one_form);
    CHECK(known.verify("m", der) == one_form);
  }
}

TEST_CASE("crypto: a signature is checked with the digest alone") {
  struct Row {
    Algorithm algorithm;
    const char* hash;
    bool holds;
  };
  for (const Row& row :
       {Row{Algorithm::rs256, "sha256", true}, Row{Algorithm::es256, "sha256", true},
        Row{Algorithm::es384, "sha384", true}, Row{Algorithm::es512, "sha512", true},
        Row{Algorithm::es256, "sha512", false}, Row{Algorithm::eddsa, "sha512", false}}) {
    CAPTURE(algorithm_name(row.algorithm));
    const SigningKey key = *SigningKey::generate(row.algorithm);
    const std::string signature = *key.sign_der("m");
    CHECK(key.public_key().verify_digest_der(*digest(row.hash, "m"), signature) == row.holds);
    CHECK_FALSE(key.public_key().verify_digest_der(*digest(row.hash, "n"), signature));
    CHECK_FALSE(key.public_key().verify_digest_der("", signature));
  }
  CHECK(to_hex(*digest("sha256", "abc")).starts_with("ba7816bf8f01cfea"));
  CHECK(to_hex(*digest("sha384", "abc")).starts_with("cb00753f45a35e8b"));
  CHECK(to_hex(*digest("sha512", "abc")).starts_with("ddaf35a193617aba"));
  CHECK_FALSE(digest("md5", "abc"));
}

TEST_CASE("crypto: private keys go through PKCS #8 and sign as before") {
  for (const Algorithm algorithm : kAll) {
    CAPTURE(algorithm_name(algorithm));
    const SigningKey key = *SigningKey::generate(algorithm);
    const auto again = SigningKey::from_pkcs8(key.to_pkcs8());
    REQUIRE(again);
    CHECK(again->public_key().to_spki() == key.public_key().to_spki());
    CHECK(key.public_key().verify("m", *again->sign("m")));
    const Secret whole = key.to_pkcs8();
    const std::string der(whole.reveal(RevealToken()));
    CHECK_FALSE(SigningKey::from_pkcs8(Secret(der + "x")));
    CHECK_FALSE(SigningKey::from_pkcs8(Secret(der.substr(0, 20))));
  }
  CHECK_FALSE(SigningKey::from_pkcs8(Secret()));
}

TEST_CASE("crypto: PEM blocks are found by their label") {
  const std::string one = write_pem("first", "CERTIFICATE");
  const std::string two = write_pem(std::string(100, 'x'), "CERTIFICATE");
  CHECK(one == "-----BEGIN CERTIFICATE-----\nZmlyc3Q=\n-----END CERTIFICATE-----\n");
  CHECK(*read_pem("\n" + two + "\r\n", "CERTIFICATE") == std::string(100, 'x'));
  CHECK_FALSE(read_pem(one, "PUBLIC KEY"));
  CHECK_FALSE(read_pem(one + two, "CERTIFICATE"));
  CHECK_FALSE(read_pem("", "CERTIFICATE"));
}

TEST_CASE("crypto: algorithms are named exactly, and none is not one") {
  for (const Algorithm algorithm : kOfTokens) {
    CHECK(*parse_algorithm(algorithm_name(algorithm)) == algorithm);
  }
  for (const std::string_view name :
       {"none", "None", "HS256", "rs256", "RS512", "ES256K", "ES384", "ES512", ""}) {
    CAPTURE(name);
    CHECK_FALSE(parse_algorithm(name));
  }
}

SealChance chance_of(char salt, char nonce) {
  SealChance out;
  out.salt.fill(salt);
  out.nonce.fill(nonce);
  return out;
}

TEST_CASE("sealed keys: what was sealed opens with its passphrase alone") {
  const SigningKey key = *SigningKey::generate(Algorithm::es256);
  const Secret phrase("correct horse");
  const auto sealed = seal_key(key, phrase, chance_of('s', 'n'));
  REQUIRE(sealed.has_value());
  CHECK(sealed->starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
  const auto opened = open_sealed_key(*sealed, phrase);
  REQUIRE(opened.has_value());
  CHECK(opened->public_key().to_spki() == key.public_key().to_spki());
  CHECK(open_sealed_key(*sealed, Secret("correct horsf")).error().code == Code::denied);
  CHECK(open_sealed_key(*sealed, Secret("")).error().code == Code::denied);
  CHECK(seal_key(key, Secret(""), chance_of('s', 'n')).error().code == Code::invalid);
  // The label that cosign wrote before.
  std::string older = *sealed;
  for (std::size_t at = 0; (at = older.find("SIGSTORE", at)) != std::string::npos;) {
    older.replace(at, 8, "COSIGN");
  }
  CHECK(open_sealed_key(older, phrase).has_value());
}

TEST_CASE("sealed keys: a file that is changed is refused by name") {
  const SigningKey key = *SigningKey::generate(Algorithm::es256);
  const Secret phrase("p");
  const std::string sealed = *seal_key(key, phrase, chance_of('s', 'n'));
  const std::string json = *read_pem(sealed, "ENCRYPTED SIGSTORE PRIVATE KEY");
  const auto open = [&](const std::string& from, const std::string& to) {
    std::string changed = json;
    const std::size_t at = changed.find(from);
    REQUIRE(at != std::string::npos);
    changed.replace(at, from.size(), to);
    return open_sealed_key(write_pem(changed, "ENCRYPTED SIGSTORE PRIVATE KEY"), phrase);
  };
  struct Case {
    std::string from;
    std::string to;
    std::string named;
  };
  const std::vector<Case> cases = {
      {R"("N":65536)", R"("N":1048576)", "kdf.params.N"},
      {R"("N":65536)", R"("N":65535)", "kdf.params.N"},
      {R"("N":65536)", R"("N":-65536)", "kdf.params.N"},
      {R"("r":8)", R"("r":4096)", "kdf.params"},
      {R"("p":1)", R"("p":1000)", "kdf.params"},
      {R"("name":"scrypt")", R"("name":"none")", "kdf.name"},
      {"nacl/secretbox", "none", "cipher.name"},
      {R"("salt":")", R"("salt":"!)", "kdf.salt"},
      {R"("nonce":")", R"("nonce":"!)", "cipher.nonce"},
      {R"("ciphertext":")", R"("ciphertext":"!)", "ciphertext"},
      {R"("kdf")", R"("kdg")", "kdf.name"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.to);
    const auto refused = open(each.from, each.to);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().what.find(each.named) != std::string::npos);
  }
  CHECK(open_sealed_key("", phrase).error().code == Code::invalid);
  CHECK(open_sealed_key(std::string(70'000, 'x'), phrase).error().code == Code::invalid);
}

}  // namespace
}  // namespace mc::crypto
