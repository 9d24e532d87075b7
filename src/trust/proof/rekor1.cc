#include "proof/rekor1.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "json/json.h"
#include "proof/entry.h"
#include "proof/proto_json.h"
#include "proof/rekor.h"

namespace mc::proof {
namespace {

constexpr std::string_view kVersion = "0.0.1";
constexpr std::string_view kKeyLabel = "PUBLIC KEY";
constexpr std::string_view kCertificateLabel = "CERTIFICATE";
constexpr std::string_view kDigest = "sha256";

// A key as a client names it, its PEM in the one form that is logged.
struct Named {
  std::string pem;
  crypto::PublicKey key;
};

Result<Named> read_named(std::string_view pem) {
  std::optional<Named> out;
  if (const Result<std::string> spki = crypto::read_pem(pem, kKeyLabel)) {
    MC_TRY(crypto::PublicKey key, crypto::PublicKey::from_spki(*spki));
    out = Named{crypto::write_pem(*spki, kKeyLabel), std::move(key)};
  } else if (const Result<std::string> der = crypto::read_pem(pem, kCertificateLabel)) {
    MC_TRY(const pki::Certificate certificate, pki::Certificate::parse(*der));
    out = Named{crypto::write_pem(*der, kCertificateLabel), certificate.key()};
  } else {
    return fail(Code::invalid, "it is neither a certificate nor a public key in PEM");
  }
  if (out->key.algorithm() == crypto::Algorithm::es256) return std::move(*out);
  return fail(Code::invalid, "the key is not ECDSA on P-256");
}

json::Object hash_json(std::string_view digest) {
  json::Object out;
  out.set("algorithm", kDigest);
  out.set("value", to_hex(digest));
  return out;
}

json::Object one(std::string name, json::Value value) {
  json::Object out;
  out.set(std::move(name), std::move(value));
  return out;
}

std::string print_entry(std::string_view kind, json::Object spec) {
  json::Object out;
  out.set("apiVersion", kVersion);
  out.set("kind", kind);
  out.set("spec", std::move(spec));
  return json::canonical(out);
}

std::string sha256_of(std::string_view bytes) {
  const crypto::Digest digest = crypto::Sha256().add(bytes).finish();
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string read_hashedrekord(Fields& spec, std::optional<Error>& fault) {
  Fields data(spec.child("data"), spec.path("data"), fault);
  Fields hash(data.child("hash"), data.path("hash"), fault);
  if (hash.required_text("algorithm") != kDigest) {
    hash.refuse("algorithm", "only sha256 is logged here");
  }
  const Result<std::string> digest = from_hex(hash.required_text("value"));
  if (!digest || digest->size() != crypto::Digest().size()) {
    hash.refuse("value", "it is not SHA-256 in hexadecimal");
  }
  hash.done();
  data.done();
  Fields signature(spec.child("signature"), spec.path("signature"), fault);
  const std::string content = signature.required_bytes("content");
  Fields key(signature.child("publicKey"), signature.path("publicKey"), fault);
  const std::string pem = key.required_bytes("content");
  key.done();
  signature.done();
  if (fault) return "";
  const Result<Named> named = read_named(pem);
  if (!named) {
    key.refuse("content", named.error().what);
    return "";
  }
  if (!named->key.verify_digest_der(*digest, content)) {
    signature.refuse("content", "it is not this key's signature of the hash");
    return "";
  }
  return print_proposal(*digest, content, named->pem);
}

// The one verifier, in PEM.
std::string read_verifiers(Fields& content) {
  const std::vector<const json::Value*> listed = content.list("verifiers");
  const std::string* text = listed.size() == 1 ? listed.front()->as_string() : nullptr;
  if (text == nullptr) {
    content.refuse("verifiers", "it must be one, a text");
    return "";
  }
  const Result<std::string> pem = from_any_base64(*text);
  if (!pem) content.refuse("verifiers", "it is not base64");
  return pem.value_or("");
}

std::string read_dsse(Fields& spec, std::optional<Error>& fault) {
  // What the log makes of a proposal. Clients in Go send it as null.
  for (const char* made : {"envelopeHash", "payloadHash", "signatures"}) {
    if (spec.has(made)) spec.refuse(made, "a proposal has none");
  }
  Fields content(spec.child("proposedContent"), spec.path("proposedContent"), fault);
  const std::string text = content.required_text("envelope");
  const std::string pem = read_verifiers(content);
  content.done();
  if (fault) return "";
  const Result<Named> named = read_named(pem);
  if (!named) {
    content.refuse("verifiers", named.error().what);
    return "";
  }
  const Result<Envelope> envelope = parse_envelope(text);
  if (!envelope) {
    content.refuse("envelope", envelope.error().what);
    return "";
  }
  if (envelope->signatures.size() != 1 || !check_envelope(*envelope, named->key)) {
    content.refuse("envelope", "it must have one signature, of the verifier's key");
    return "";
  }
  json::Object signature;
  signature.set("signature", to_base64(envelope->signatures.front().bytes));
  signature.set("verifier", to_base64(named->pem));
  json::Object stored;
  stored.set("envelopeHash", hash_json(sha256_of(text)));
  stored.set("payloadHash", hash_json(sha256_of(envelope->payload)));
  stored.set("signatures", json::Array{std::move(signature)});
  return print_entry("dsse", std::move(stored));
}

struct Kind {
  std::string_view kind;
  std::string (*read)(Fields& spec, std::optional<Error>& fault);
};
constexpr std::array kKinds = {Kind{"hashedrekord", read_hashedrekord}, Kind{"dsse", read_dsse}};

tlog::Hash read_hash(Fields& fields, std::string_view name, std::string_view hex) {
  tlog::Hash out{};
  const Result<std::string> bytes = from_hex(hex);
  if (!bytes || bytes->size() != out.size()) {
    fields.refuse(name, "it is not 32 bytes in hexadecimal");
  } else {
    std::copy(bytes->begin(), bytes->end(), out.begin());
  }
  return out;
}

std::string hex_of(const tlog::Hash& hash) {
  return to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

LogProof read_proof(const json::Value* value, std::string path, std::optional<Error>& fault) {
  Fields fields(value, std::move(path), fault);
  LogProof out;
  out.index = static_cast<std::uint64_t>(fields.number("logIndex"));
  out.head.size = static_cast<std::uint64_t>(fields.number("treeSize"));
  out.head.root = read_hash(fields, "rootHash", fields.required_text("rootHash"));
  for (const json::Value* each : fields.list("hashes")) {
    out.path.push_back(
        read_hash(fields, "hashes", each->as_string() == nullptr ? "" : *each->as_string()));
  }
  out.checkpoint = fields.required_text("checkpoint");
  fields.done();
  return out;
}

}  // namespace

Result<std::string> read_proposal(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kEntryRequestBytesMax}));
  std::optional<Error> fault;
  Fields fields(&value, "", fault);
  const std::string kind = fields.required_text("kind");
  const std::string version = fields.required_text("apiVersion");
  const auto* known = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const Kind& each) { return each.kind == kind; });
  if (known == kKinds.end() || version != kVersion) {
    fields.refuse("kind", excerpt(kind) + " " + excerpt(version) +
                              " is not logged here; hashedrekord 0.0.1 and dsse 0.0.1 are");
  }
  Fields spec(fields.child("spec"), "spec", fault);
  std::string out;
  if (!fault) out = known->read(spec, fault);
  spec.done();
  fields.done();
  if (fault) return fail(Code::invalid, "log entry: " + fault->what);
  return out;
}

std::string print_proposal(std::string_view sha256, std::string_view signature,
                           std::string_view verifier) {
  json::Object signed_by;
  signed_by.set("content", to_base64(signature));
  signed_by.set("publicKey", one("content", to_base64(verifier)));
  json::Object spec;
  spec.set("data", one("hash", hash_json(sha256)));
  spec.set("signature", std::move(signed_by));
  return print_entry("hashedrekord", std::move(spec));
}

std::string print_proposal(const Envelope& envelope, std::string_view verifier) {
  json::Object content;
  content.set("envelope", json::print(to_json(envelope)));
  content.set("verifiers", json::Array{to_base64(verifier)});
  return print_entry("dsse", one("proposedContent", std::move(content)));
}

std::string promised_text(const LogEntry& entry) {
  json::Object out;
  out.set("body", to_base64(entry.body));
  out.set("integratedTime", entry.integrated_s);
  out.set("logID", to_hex(entry.log_id));
  out.set("logIndex", entry.index);
  return json::canonical(out);
}

std::string print_logged(const LogEntry& entry, std::string_view uuid) {
  json::Array hashes;
  for (const tlog::Hash& hash : entry.proof->path) hashes.emplace_back(hex_of(hash));
  json::Object proof;
  proof.set("checkpoint", entry.proof->checkpoint);
  proof.set("hashes", std::move(hashes));
  proof.set("logIndex", static_cast<std::int64_t>(entry.proof->index));
  proof.set("rootHash", hex_of(entry.proof->head.root));
  proof.set("treeSize", static_cast<std::int64_t>(entry.proof->head.size));
  json::Object verification;
  verification.set("inclusionProof", std::move(proof));
  verification.set("signedEntryTimestamp", to_base64(entry.promise));
  json::Object out;
  out.set("body", to_base64(entry.body));
  out.set("integratedTime", entry.integrated_s);
  out.set("logID", to_hex(entry.log_id));
  out.set("logIndex", entry.index);
  out.set("verification", std::move(verification));
  return json::print(one(std::string(uuid), std::move(out)));
}

Result<LogEntry> parse_logged(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kEntryRequestBytesMax}));
  const json::Object* object = value.as_object();
  if (object == nullptr || object->size() != 1) {
    return fail(Code::invalid, "log entry: the answer is not one entry under its name");
  }
  std::optional<Error> fault;
  Fields fields(&object->members().front().value, "entry", fault);
  LogEntry out;
  out.body = fields.required_bytes("body");
  out.integrated_s = fields.number("integratedTime");
  const Result<std::string> id = from_hex(fields.required_text("logID"));
  if (!id) fields.refuse("logID", "it is not hexadecimal");
  out.log_id = id.value_or("");
  out.index = fields.number("logIndex");
  Fields verification(fields.child("verification"), fields.path("verification"), fault);
  out.promise = verification.required_bytes("signedEntryTimestamp");
  out.proof =
      read_proof(verification.child("inclusionProof"), verification.path("inclusionProof"), fault);
  verification.done();
  fields.done();
  if (fault) return fail(Code::invalid, "log entry: " + fault->what);
  MC_TRY(const Entry entry, parse_entry(out.body));
  out.kind = entry.kind;
  out.version = entry.version;
  return out;
}

}  // namespace mc::proof
