#include "builtin/key_values.h"

#include <openssl/core_names.h>

#include "builtin/armor.h"

namespace mc::builtin {
namespace {

constexpr std::size_t kKeysMax = 1'000;

std::string padded(const std::string& bytes, std::size_t size) {
  return bytes.size() < size ? std::string(size - bytes.size(), '\0') + bytes : bytes;
}

// "-----BEGIN" as it stands, or base64 of it or of DER.
Result<std::string> without_base64(std::string_view text) {
  if (text.starts_with("-----BEGIN ")) return std::string(text);
  return decode_base64(text);
}

Value rsa_value(const X509Values& values, const evp_pkey_st* key) {
  term::Arena& arena = values.arena();
  const auto number = [&](const char* name) { return values.positive(key_number(key, name)); };
  Value out = term::object(arena, 5);
  term::insert(arena, out, "N", number(OSSL_PKEY_PARAM_RSA_N));
  term::insert(arena, out, "E", number(OSSL_PKEY_PARAM_RSA_E));
  term::insert(arena, out, "D", number(OSSL_PKEY_PARAM_RSA_D));
  Value primes = term::array(arena, 2);
  term::append(arena, primes, number(OSSL_PKEY_PARAM_RSA_FACTOR1));
  term::append(arena, primes, number(OSSL_PKEY_PARAM_RSA_FACTOR2));
  term::insert(arena, out, "Primes", primes);
  Value computed = term::object(arena, 4);
  term::insert(arena, computed, "Dp", number(OSSL_PKEY_PARAM_RSA_EXPONENT1));
  term::insert(arena, computed, "Dq", number(OSSL_PKEY_PARAM_RSA_EXPONENT2));
  term::insert(arena, computed, "Qinv", number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1));
  term::insert(arena, computed, "CRTValues", term::array(arena));
  term::insert(arena, out, "Precomputed", computed);
  return out;
}

// The blocks of certificates, joined.
Result<std::string> certificate_blocks(std::string_view text) {
  MC_TRY(std::string pem, without_base64(text));
  if (!pem.starts_with("-----BEGIN ")) return pem;
  std::string out;
  std::string_view rest = pem;
  bool any = false;
  while (const std::optional<PemBlock> block = next_pem_block(rest)) {
    any = true;
    if (block->type == "CERTIFICATE") out += block->bytes;
  }
  if (!out.empty()) return out;
  return fail(Code::invalid,
              any ? "tls: failed to find \"CERTIFICATE\" PEM block in certificate input"
                  : "tls: failed to find any PEM data in certificate input");
}

// The first private key; DER without a label is PKCS #8, else one of the two older forms.
Result<Key> first_key(std::string_view text) {
  MC_TRY(const std::string pem, without_base64(text));
  std::string der = pem;
  if (pem.starts_with("-----BEGIN")) {
    std::string_view rest = pem;
    for (;;) {
      std::optional<PemBlock> block = next_pem_block(rest);
      if (!block) return fail(Code::invalid, "tls: failed to find any PEM data in key input");
      if (block->type != "PRIVATE KEY" && !block->type.ends_with(" PRIVATE KEY")) continue;
      der = std::move(block->bytes);
      break;
    }
  }
  for (const char* type : {"RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"}) {
    Result<Key> key = read_private_key(type, der);
    if (key) return key;
  }
  return fail(Code::invalid, "tls: failed to parse private key");
}

}  // namespace

Value private_key_value(const X509Values& values, const evp_pkey_st* key) {
  term::Arena& arena = values.arena();
  switch (key_kind(key)) {
    case KeyKind::rsa:
      return rsa_value(values, key);
    case KeyKind::ec: {
      Value out = term::object(arena, 4);
      term::insert(arena, out, "Curve", term::object(arena));
      term::insert(arena, out, "X", values.positive(key_number(key, OSSL_PKEY_PARAM_EC_PUB_X)));
      term::insert(arena, out, "Y", values.positive(key_number(key, OSSL_PKEY_PARAM_EC_PUB_Y)));
      term::insert(arena, out, "D", values.positive(key_number(key, OSSL_PKEY_PARAM_PRIV_KEY)));
      return out;
    }
    case KeyKind::ed25519:
      return values.bytes(raw_ed25519(key, true) + raw_ed25519(key, false));
    case KeyKind::other:
      break;
  }
  return Value::null();
}

Value private_jwk_value(const X509Values& values, const evp_pkey_st* key) {
  term::Arena& arena = values.arena();
  Value out = term::object(arena, 10);
  const auto set = [&](std::string_view name, const std::string& bytes) {
    term::insert(arena, out, name, values.text(to_base64url(bytes)));
  };
  switch (key_kind(key)) {
    case KeyKind::rsa: {
      const std::pair<const char*, const char*> numbers[] = {
          {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
          {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
          {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
          {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
      for (const auto& [name, parameter] : numbers) set(name, key_number(key, parameter));
      term::insert(arena, out, "kty", values.text("RSA"));
      return out;
    }
    case KeyKind::ec: {
      const std::size_t size = curve_bytes(key);
      set("x", padded(key_number(key, OSSL_PKEY_PARAM_EC_PUB_X), size));
      set("y", padded(key_number(key, OSSL_PKEY_PARAM_EC_PUB_Y), size));
      set("d", padded(key_number(key, OSSL_PKEY_PARAM_PRIV_KEY), size));
      const char* const curve = size == 32   ? "P-256"
                                : size == 48 ? "P-384"
                                : size == 66 ? "P-521"
                                             : "P-224";
      term::insert(arena, out, "crv", values.text(curve));
      term::insert(arena, out, "kty", values.text("EC"));
      return out;
    }
    case KeyKind::ed25519:
      set("x", raw_ed25519(key, false));
      set("d", raw_ed25519(key, true));
      term::insert(arena, out, "crv", values.text("Ed25519"));
      term::insert(arena, out, "kty", values.text("OKP"));
      return out;
    case KeyKind::other:
      break;
  }
  return Value::null();
}

Result<std::vector<Key>> read_private_keys(std::string_view text) {
  const Result<std::string> decoded = decode_base64(text);
  std::string_view rest = decoded ? std::string_view(*decoded) : text;
  std::vector<Key> out;
  while (const std::optional<PemBlock> block = next_pem_block(rest)) {
    const bool known = block->type == "RSA PRIVATE KEY" || block->type == "PRIVATE KEY" ||
                       block->type == "EC PRIVATE KEY";
    if (!known) continue;
    if (out.size() == kKeysMax) return fail(Code::invalid, "more than 1000 private keys");
    MC_TRY(Key key, read_private_key(block->type, block->bytes));
    out.push_back(std::move(key));
  }
  return out;
}

Result<Value> key_pair_value(const X509Values& values, std::string_view certificate,
                             std::string_view key) {
  MC_TRY(const std::string ders, certificate_blocks(certificate));
  MC_TRY(const std::vector<Certificate> chain, read_certificates(values, ders));
  if (chain.empty()) return fail(Code::invalid, "x509: malformed certificate");
  MC_TRY(const Key private_key, first_key(key));
  const Value info = chain.front().value.find("RawSubjectPublicKeyInfo");
  MC_TRY(const std::string spki, from_base64(info.text()));
  const Key public_key = read_public_key(spki);
  if (!public_key || key_kind(public_key.get()) != key_kind(private_key.get())) {
    return fail(Code::invalid, "tls: private key type does not match public key type");
  }
  if (!same_public_half(public_key.get(), private_key.get())) {
    return fail(Code::invalid, "tls: private key does not match public key");
  }
  term::Arena& arena = values.arena();
  Value list = term::array(arena, chain.size());
  for (const Certificate& one : chain) term::append(arena, list, values.bytes(one.der));
  Value out = term::object(arena, 6);
  term::insert(arena, out, "Certificate", list);
  term::insert(arena, out, "PrivateKey", private_key_value(values, private_key.get()));
  term::insert(arena, out, "Leaf", chain.front().value);
  for (const char* name :
       {"SupportedSignatureAlgorithms", "OCSPStaple", "SignedCertificateTimestamps"}) {
    term::insert(arena, out, name, Value::null());
  }
  return out;
}

}  // namespace mc::builtin
