#include "proof/rekor.h"

#include <optional>
#include <vector>

#include "json/json.h"
#include "proof/entry.h"
#include "proof/log_entry.h"
#include "proof/proto_json.h"

namespace mc::proof {
namespace {

constexpr std::string_view kKeyDetails = "PKIX_ECDSA_P256_SHA_256";

// A key as a client names it.
struct Named {
  Verifier kind = Verifier::public_key;
  std::string der;
  std::optional<crypto::PublicKey> key;
};

// sigstore-js puts a bare key where a certificate belongs.
void read_key(Fields& fields, std::string_view name, Named& out) {
  if (Result<crypto::PublicKey> key = crypto::PublicKey::from_spki(out.der)) {
    out.kind = Verifier::public_key;
    out.key = std::move(*key);
  } else if (out.kind == Verifier::public_key) {
    return fields.refuse(name, key.error().what);
  } else {
    const Result<pki::Certificate> certificate = pki::Certificate::parse(out.der);
    if (!certificate) return fields.refuse(name, certificate.error().what);
    out.key = certificate->key();
  }
  if (out.key->algorithm() != crypto::Algorithm::es256) {
    fields.refuse(name, "the key is not ECDSA on P-256");
  }
}

Named read_verifier(const json::Value* value, std::string path, std::optional<Error>& fault) {
  Fields fields(value, std::move(path), fault);
  Named out;
  if (fields.required_text("keyDetails") != kKeyDetails) {
    fields.refuse("keyDetails", "only PKIX_ECDSA_P256_SHA_256 is logged here");
  }
  const bool certificate = fields.has("x509Certificate");
  if (certificate == fields.has("publicKey")) {
    fields.refuse("", "it must have one of publicKey and x509Certificate");
  }
  out.kind = certificate ? Verifier::certificate : Verifier::public_key;
  const char* name = certificate ? "x509Certificate" : "publicKey";
  Fields key(fields.child(name), fields.path(name), fault);
  out.der = key.required_bytes("rawBytes");
  key.done();
  fields.done();
  if (!fault) read_key(key, "rawBytes", out);
  return out;
}

std::string read_hashedrekord(const json::Value* value, std::optional<Error>& fault) {
  Fields fields(value, "hashedRekordRequestV002", fault);
  const std::string digest = fields.required_bytes("digest");
  Fields signature(fields.child("signature"), fields.path("signature"), fault);
  const std::string content = signature.required_bytes("content");
  const Named verifier =
      read_verifier(signature.child("verifier"), signature.path("verifier"), fault);
  signature.done();
  fields.done();
  if (fault) return "";
  if (digest.size() != crypto::Digest().size()) {
    fields.refuse("digest", "it is not SHA-256's length");
  } else if (!verifier.key->verify_digest_der(digest, content)) {
    signature.refuse("content", "it is not this key's signature of the digest");
  }
  return hashedrekord_body(digest, content, verifier.kind, verifier.der);
}

std::string read_dsse(const json::Value* value, std::optional<Error>& fault) {
  Fields fields(value, "dsseRequestV002", fault);
  const std::vector<const json::Value*> listed = fields.list("verifiers");
  if (listed.size() != 1) fields.refuse("verifiers", "it must be one");
  const Named verifier =
      read_verifier(listed.empty() ? nullptr : listed.front(), fields.path("verifiers"), fault);
  const json::Value* inner = fields.child("envelope");
  if (inner == nullptr) fields.refuse("envelope", "it is missing");
  fields.done();
  if (fault) return "";
  const Result<Envelope> envelope = read_envelope(*inner, fields.path("envelope"));
  if (!envelope) {
    fault = envelope.error();
    return "";
  }
  const std::string message = signed_bytes(envelope->payload_type, envelope->payload);
  if (envelope->signatures.size() != 1 ||
      !verifier.key->verify_der(message, envelope->signatures.front().bytes)) {
    fields.refuse("envelope.signatures", "it must be one, of the verifier's key");
    return "";
  }
  const Result<std::string> digest = crypto::digest("sha256", message);
  return hashedrekord_body(digest.value_or(""), envelope->signatures.front().bytes, verifier.kind,
                           verifier.der);
}

}  // namespace

Result<std::string> read_entry_request(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kEntryRequestBytesMax}));
  std::optional<Error> fault;
  Fields fields(&value, "", fault);
  const bool hashed = fields.has("hashedRekordRequestV002");
  if (hashed == fields.has("dsseRequestV002")) {
    fields.refuse("", "it must have one of hashedRekordRequestV002 and dsseRequestV002");
  }
  std::string out;
  if (!fault) {
    out = hashed ? read_hashedrekord(fields.child("hashedRekordRequestV002"), fault)
                 : read_dsse(fields.child("dsseRequestV002"), fault);
  }
  fields.done();
  if (fault) return fail(Code::invalid, "log entry: " + fault->what);
  return out;
}

Result<std::string> print_entry_request(std::string_view body) {
  MC_TRY(const Entry entry, parse_entry(body));
  if (entry.kind != "hashedrekord" || entry.version != "0.0.2" || entry.signatures.size() != 1) {
    return fail(Code::invalid, "log entry: only hashedrekord 0.0.2 is asked for");
  }
  const Entry::Signature& signature = entry.signatures.front();
  const bool key = crypto::PublicKey::from_spki(signature.verifier).has_value();
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("hashedRekordRequestV002").begin_object();
  writer.member("digest", to_base64(entry.digest)).key("signature").begin_object();
  writer.member("content", to_base64(signature.bytes)).key("verifier").begin_object();
  writer.key(key ? "publicKey" : "x509Certificate").begin_object();
  writer.member("rawBytes", to_base64(signature.verifier)).end_object();
  writer.member("keyDetails", kKeyDetails).end_object().end_object();
  writer.end_object().end_object();
  return out;
}

std::string print_log_entry(const LogEntry& entry) {
  return json::print(to_json(entry));
}

Result<LogEntry> parse_log_entry(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kEntryRequestBytesMax}));
  std::optional<Error> fault;
  LogEntry out = read_log_entry(&value, "", fault);
  if (fault) return fail(Code::invalid, "log entry: " + fault->what);
  return out;
}

}  // namespace mc::proof
