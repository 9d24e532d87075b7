// crypto.*: hashes, message authentication codes, certificates and keys.
#include "builtin/armor.h"
#include "builtin/builtin.h"
#include "builtin/fixed_answers.h"
#include "builtin/key_values.h"
#include "builtin/keys.h"
#include "builtin/operands.h"
#include "builtin/x509.h"

namespace mc::builtin {
namespace {

constexpr std::size_t kTextBytesMax = 8 << 20;

// A hash runs at about 100 bytes a step.
bool spend_bytes(Context& context, std::size_t bytes) {
  return context.spend(static_cast<std::int64_t>(bytes / 64) + 1);
}

// Operand `index`: a text with certificates or keys, whose values take several times its size.
bool want_armor(Context& context, Operands operands, std::size_t index) {
  if (!context.want(operands, index, {Kind::string})) return false;
  const std::size_t size = operands[index].text().size();
  if (size > kTextBytesMax) {
    context.fail("the text has " + std::to_string(size) + " bytes, more than 8 MiB");
    return false;
  }
  return context.spend(static_cast<std::int64_t>(size) / 8 + 100) && context.reserve(8 * size);
}

Value hashed(Context& context, Operands operands, const char* digest) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  if (!spend_bytes(context, operands[0].text().size())) return {};
  return term::string(context.arena, to_hex(hash_bytes(digest, operands[0].text())));
}
Value md5(Context& context, Operands operands) {
  return hashed(context, operands, "MD5");
}
Value sha1(Context& context, Operands operands) {
  return hashed(context, operands, "SHA1");
}
Value sha256(Context& context, Operands operands) {
  return hashed(context, operands, "SHA256");
}

Value authenticated(Context& context, Operands operands, const char* digest) {
  if (!context.want(operands, 0, {Kind::string}) || !context.want(operands, 1, {Kind::string})) {
    return {};
  }
  const std::string_view message = operands[0].text(), key = operands[1].text();
  if (!spend_bytes(context, message.size() + key.size())) return {};
  return term::string(context.arena, to_hex(hmac_bytes(digest, key, message)));
}
Value hmac_md5(Context& context, Operands operands) {
  return authenticated(context, operands, "MD5");
}
Value hmac_sha1(Context& context, Operands operands) {
  return authenticated(context, operands, "SHA1");
}
Value hmac_sha256(Context& context, Operands operands) {
  return authenticated(context, operands, "SHA256");
}
Value hmac_sha512(Context& context, Operands operands) {
  return authenticated(context, operands, "SHA512");
}

Value hmac_equal(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string}) || !context.want(operands, 1, {Kind::string})) {
    return {};
  }
  if (!spend_bytes(context, operands[0].text().size())) return {};
  return Value::boolean(equal_secrets(operands[0].text(), operands[1].text()));
}

// PEM, or base64 of PEM or DER.
Result<std::string> certificate_der(std::string_view text) {
  std::string decoded;
  if (!text.starts_with("-----BEGIN")) {
    MC_TRY(decoded, decode_base64(text));
    if (!decoded.starts_with("-----BEGIN")) return decoded;
    text = decoded;
  }
  std::string out;
  while (const std::optional<PemBlock> block = next_pem_block(text)) {
    if (block->type != "CERTIFICATE") {
      return fail(Code::invalid,
                  "PEM block type is '" + excerpt(block->type) + "', expected CERTIFICATE");
    }
    out += block->bytes;
  }
  return out;
}

Value with_url_texts(const X509Values& values, const Certificate& certificate) {
  Value out = certificate.value;
  term::insert(values.arena(), out, "URIStrings", values.texts(certificate.names.url_texts));
  return out;
}

Value parse_certificates(Context& context, Operands operands) {
  if (!want_armor(context, operands, 0)) return {};
  const X509Values values(context.arena);
  const Result<std::string> der = certificate_der(operands[0].text());
  if (!der) return context.fail(der.error().what);
  const Result<std::vector<Certificate>> certificates = read_certificates(values, *der);
  if (!certificates) return context.fail(certificates.error().what);
  Value out = term::array(context.arena, certificates->size());
  for (const Certificate& certificate : *certificates) {
    term::append(context.arena, out, with_url_texts(values, certificate));
  }
  return out;
}

enum class Shown { as_parsed, with_url_texts };

// [true, the chain from the leaf to the root], or [false, []].
Value verified(Context& context, std::string_view text, const ChainOptions& options, Shown shown) {
  const X509Values values(context.arena);
  Value chain = term::array(context.arena);
  bool good = false;
  if (const Result<std::string> der = certificate_der(text)) {
    if (const auto certificates = read_certificates(values, *der)) {
      // A signature takes up to some 100 microseconds.
      if (!context.spend(1'000 * static_cast<std::int64_t>(certificates->size()))) return {};
      for (const std::size_t place : verified_chain(*certificates, options)) {
        const Certificate& certificate = (*certificates)[place];
        term::append(
            context.arena, chain,
            shown == Shown::as_parsed ? certificate.value : with_url_texts(values, certificate));
        good = true;
      }
    }
  }
  Value out = term::array(context.arena, 2);
  term::append(context.arena, out, Value::boolean(good));
  term::append(context.arena, out, chain);
  return out;
}

Value parse_and_verify(Context& context, Operands operands) {
  if (!want_armor(context, operands, 0)) return {};
  ChainOptions options;
  options.at = now_of(context);
  return verified(context, operands[0].text(), options, Shown::with_url_texts);
}

struct UsageName {
  std::string_view name;
  int code;
};
constexpr UsageName kUsageNames[] = {
    {"KeyUsageAny", 0},
    {"KeyUsageServerAuth", 1},
    {"KeyUsageClientAuth", 2},
    {"KeyUsageCodeSigning", 3},
    {"KeyUsageEmailProtection", 4},
    {"KeyUsageIPSECEndSystem", 5},
    {"KeyUsageIPSECTunnel", 6},
    {"KeyUsageIPSECUser", 7},
    {"KeyUsageTimeStamping", 8},
    {"KeyUsageOCSPSigning", 9},
    {"KeyUsageMicrosoftServerGatedCrypto", 10},
    {"KeyUsageNetscapeServerGatedCrypto", 11},
    {"KeyUsageMicrosoftCommercialCodeSigning", 12},
    {"KeyUsageMicrosoftKernelCodeSigning", 13},
};

std::string_view without_quotes(std::string_view text) {
  while (text.starts_with('"')) text.remove_prefix(1);
  while (text.ends_with('"')) text.remove_suffix(1);
  return text;
}

Status read_usages(Value list, std::vector<int>& out) {
  if (!list.is_array() && !list.is_set()) {
    return fail(Code::invalid, "'KeyUsages' should be an Array or Set");
  }
  std::vector<int> usages;
  std::string unknown;
  for (const Value item : list.items()) {
    if (!item.is_string()) continue;
    const std::string_view name = without_quotes(item.text());
    bool found = false;
    for (const UsageName& usage : kUsageNames) {
      if (usage.name != name) continue;
      usages.push_back(usage.code);
      found = true;
    }
    if (!found) unknown += (unknown.empty() ? "" : " ") + excerpt(name);
  }
  if (!unknown.empty()) {
    return fail(Code::invalid, "invalid entries for 'KeyUsages' found: [" + unknown + "]");
  }
  if (!usages.empty()) out = std::move(usages);
  return ok();
}

Status read_option(std::string_view name, Value value, ChainOptions& out) {
  if (name == "DNSName") {
    if (!value.is_string()) return fail(Code::invalid, "'DNSName' should be a string");
    out.dns_name = std::string(without_quotes(value.text()));
    return ok();
  }
  if (name == "CurrentTime" || name == "MaxConstraintComparisons") {
    const std::string quoted_name = "'" + std::string(name) + "'";
    if (!value.is_number()) return fail(Code::invalid, quoted_name + " should be a number");
    if (!value.is_small()) {
      return fail(Code::invalid,
                  quoted_name + (name == "CurrentTime" ? " should be a valid int64 number"
                                                       : " should be a valid number"));
    }
    // OpenSSL has a limit of its own for the comparisons of name constraints.
    if (name == "CurrentTime") out.at = WallTime{value.small()};
    return ok();
  }
  if (name == "KeyUsages") return read_usages(value, out.key_usages);
  return fail(Code::invalid, "invalid key option");
}

Value parse_and_verify_with_options(Context& context, Operands operands) {
  if (!want_armor(context, operands, 0) || !context.want(operands, 1, {Kind::object})) return {};
  ChainOptions options;
  options.at = now_of(context);
  for (const term::Entry& entry : operands[1].members()) {
    if (!entry.key.is_string()) continue;
    const Status read = read_option(entry.key.text(), entry.value, options);
    if (!read) return context.fail(read.error().what);
  }
  return verified(context, operands[0].text(), options, Shown::as_parsed);
}

Value parse_request(Context& context, Operands operands) {
  if (!want_armor(context, operands, 0)) return {};
  std::string_view text = operands[0].text();
  std::string bytes(text);
  if (!text.starts_with("-----BEGIN CERTIFICATE REQUEST-----")) {
    Result<std::string> decoded = decode_base64(text);
    if (!decoded) return context.fail(decoded.error().what);
    bytes = std::move(*decoded);
  }
  std::string_view rest = bytes;
  if (std::optional<PemBlock> block = next_pem_block(rest)) {
    if (block->type != "CERTIFICATE REQUEST") {
      return context.fail("invalid PEM-encoded certificate signing request");
    }
    bytes = std::move(block->bytes);
  }
  const Result<Value> request = request_value(X509Values(context.arena), bytes);
  return request ? *request : context.fail(request.error().what);
}

Value parse_key_pair(Context& context, Operands operands) {
  if (!want_armor(context, operands, 0) || !want_armor(context, operands, 1)) return {};
  if (!context.spend(1'000)) return {};
  const Result<Value> pair =
      key_pair_value(X509Values(context.arena), operands[0].text(), operands[1].text());
  return pair ? *pair : context.fail(pair.error().what);
}

Value parse_private_keys(Context& context, Operands operands) {
  if (!want_armor(context, operands, 0)) return {};
  if (operands[0].text().empty()) return Value::null();
  const Result<std::vector<Key>> keys = read_private_keys(operands[0].text());
  if (!keys) return context.fail(keys.error().what);
  const X509Values values(context.arena);
  Value out = term::array(context.arena, keys->size());
  for (const Key& key : *keys) {
    term::append(context.arena, out, private_key_value(values, key.get()));
  }
  return out;
}

Value parse_rsa_private_key(Context& context, Operands operands) {
  if (!want_armor(context, operands, 0)) return {};
  std::string_view text = operands[0].text();
  if (text.empty()) return context.fail("input PEM data was empty");
  std::string decoded;
  if (!text.starts_with("-----BEGIN")) {
    Result<std::string> bytes = decode_base64(text);
    if (!bytes) return context.fail(bytes.error().what);
    decoded = std::move(*bytes);
    text = decoded;
  }
  const Result<std::vector<Key>> keys = read_private_keys(text);
  if (!keys) return context.fail(keys.error().what);
  if (keys->empty()) return Value::null();
  return private_jwk_value(X509Values(context.arena), keys->front().get());
}

constexpr Builtin kBuiltins[] = {
    {"crypto.hmac.equal", "(mac1: string, mac2: string) => boolean", hmac_equal},
    {"crypto.hmac.md5", "(x: string, key: string) => string", hmac_md5},
    {"crypto.hmac.sha1", "(x: string, key: string) => string", hmac_sha1},
    {"crypto.hmac.sha256", "(x: string, key: string) => string", hmac_sha256},
    {"crypto.hmac.sha512", "(x: string, key: string) => string", hmac_sha512},
    {"crypto.md5", "(x: string) => string", md5},
    {"crypto.parse_private_keys", "(keys: string) => array[object[string: any]]",
     parse_private_keys},
    {"crypto.sha1", "(x: string) => string", sha1},
    {"crypto.sha256", "(x: string) => string", sha256},
    {"crypto.x509.parse_and_verify_certificates",
     "(certs: string) => array<boolean, array[object[string: any]]>", parse_and_verify},
    {"crypto.x509.parse_and_verify_certificates_with_options",
     "(certs: string, options: object[string: any]) => "
     "array<boolean, array[object[string: any]]>",
     parse_and_verify_with_options},
    {"crypto.x509.parse_certificate_request", "(csr: string) => object[string: any]",
     parse_request},
    {"crypto.x509.parse_certificates", "(certs: string) => array[object[string: any]]",
     parse_certificates},
    {"crypto.x509.parse_keypair", "(cert: string, pem: string) => object[string: any]",
     parse_key_pair},
    {"crypto.x509.parse_rsa_private_key", "(pem: string) => object[string: any]",
     parse_rsa_private_key},
};

}  // namespace

std::span<const Builtin> crypto_builtins() {
  return kBuiltins;
}

}  // namespace mc::builtin
