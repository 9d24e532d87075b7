#include "proof/entry.h"

#include <array>
#include <optional>

#include "crypto/crypto.h"
#include "json/json.h"
#include "proof/proto_json.h"

namespace mc::proof {
namespace {

constexpr std::size_t kEntryBytesMax = 16 << 20;

// Of a hash algorithm in either notation; "" when it is none of these.
std::string_view algorithm_of(std::string_view name) {
  struct Row {
    std::string_view written;
    std::string_view algorithm;
  };
  constexpr std::array kRows = {Row{"sha256", "sha256"}, Row{"SHA2_256", "sha256"},
                                Row{"sha384", "sha384"}, Row{"SHA2_384", "sha384"},
                                Row{"sha512", "sha512"}, Row{"SHA2_512", "sha512"}};
  for (const Row& row : kRows) {
    if (row.written == name) return row.algorithm;
  }
  return "";
}

// DER behind base64 of PEM, as version 0.0.1 has it.
std::string pem_in(Fields& fields, std::string_view name) {
  const std::string pem = fields.required_bytes(name);
  Result<std::string> der = crypto::read_pem(pem, "CERTIFICATE");
  if (!der) der = crypto::read_pem(pem, "PUBLIC KEY");
  if (der) return std::move(*der);
  fields.refuse(name, "it is neither a certificate nor a public key in PEM");
  return "";
}

void read_hash(Fields& parent, std::string_view name, Entry& out, std::optional<Error>& fault) {
  Fields hash(parent.child(name), parent.path(name), fault);
  out.digest_algorithm = algorithm_of(hash.required_text("algorithm"));
  if (out.digest_algorithm.empty()) hash.refuse("algorithm", "it is not known");
  const Result<std::string> digest = from_hex(hash.required_text("value"));
  if (!digest) hash.refuse("value", "it is not hexadecimal");
  out.digest = digest.value_or("");
  hash.done();
}

void read_digest(Fields& parent, std::string_view name, Entry& out, std::optional<Error>& fault) {
  Fields hash(parent.child(name), parent.path(name), fault);
  out.digest_algorithm = algorithm_of(hash.required_text("algorithm"));
  if (out.digest_algorithm.empty()) hash.refuse("algorithm", "it is not known");
  out.digest = hash.required_bytes("digest");
  hash.done();
}

// A signature with its verifier, as version 0.0.2 has it.
Entry::Signature read_signature(const json::Value* value, std::string path,
                                std::optional<Error>& fault) {
  Fields fields(value, std::move(path), fault);
  Entry::Signature out;
  out.bytes = fields.required_bytes("content");
  Fields verifier(fields.child("verifier"), fields.path("verifier"), fault);
  verifier.required_text("keyDetails");
  const char* kind = verifier.has("x509Certificate") ? "x509Certificate" : "publicKey";
  Fields key(verifier.child(kind), verifier.path(kind), fault);
  out.verifier = key.required_bytes("rawBytes");
  key.done();
  verifier.done();
  fields.done();
  return out;
}

void read_hashedrekord1(Fields& spec, Entry& out, std::optional<Error>& fault) {
  Fields data(spec.child("data"), spec.path("data"), fault);
  read_hash(data, "hash", out, fault);
  data.done();
  Fields signature(spec.child("signature"), spec.path("signature"), fault);
  Fields key(signature.child("publicKey"), signature.path("publicKey"), fault);
  out.signatures.push_back({signature.required_bytes("content"), pem_in(key, "content")});
  key.done();
  signature.done();
}

void read_hashedrekord2(Fields& spec, Entry& out, std::optional<Error>& fault) {
  Fields body(spec.child("hashedRekordV002"), spec.path("hashedRekordV002"), fault);
  read_digest(body, "data", out, fault);
  out.signatures.push_back(read_signature(body.child("signature"), body.path("signature"), fault));
  body.done();
}

void read_dsse1(Fields& spec, Entry& out, std::optional<Error>& fault) {
  out.digest_of = DigestOf::payload;
  Entry envelope;
  read_hash(spec, "envelopeHash", envelope, fault);  // of a text that no bundle keeps
  read_hash(spec, "payloadHash", out, fault);
  for (const json::Value* each : spec.list("signatures")) {
    Fields signature(each, spec.path("signatures"), fault);
    out.signatures.push_back(
        {signature.required_bytes("signature"), pem_in(signature, "verifier")});
    signature.done();
  }
}

void read_dsse2(Fields& spec, Entry& out, std::optional<Error>& fault) {
  out.digest_of = DigestOf::payload;
  Fields body(spec.child("dsseV002"), spec.path("dsseV002"), fault);
  read_digest(body, "payloadHash", out, fault);
  for (const json::Value* each : body.list("signatures")) {
    out.signatures.push_back(read_signature(each, body.path("signatures"), fault));
  }
  body.done();
}

// Its envelope has its bytes in base64 twice.
void read_intoto2(Fields& spec, Entry& out, std::optional<Error>& fault) {
  out.digest_of = DigestOf::payload;
  Fields content(spec.child("content"), spec.path("content"), fault);
  read_hash(content, "payloadHash", out, fault);
  Entry envelope_hash;
  read_hash(content, "hash", envelope_hash, fault);
  Fields envelope(content.child("envelope"), content.path("envelope"), fault);
  envelope.text("payloadType");
  envelope.text("payload");
  for (const json::Value* each : envelope.list("signatures")) {
    Fields signature(each, envelope.path("signatures"), fault);
    const Result<std::string> bytes = from_any_base64(signature.required_bytes("sig"));
    if (!bytes) signature.refuse("sig", "it is not base64 of base64");
    signature.text("keyid");
    out.signatures.push_back({bytes.value_or(""), pem_in(signature, "publicKey")});
    signature.done();
  }
  envelope.done();
  content.done();
}

struct Kind {
  std::string_view kind;
  std::string_view version;
  void (*read)(Fields& spec, Entry& out, std::optional<Error>& fault);
};
constexpr std::array kKinds = {Kind{"hashedrekord", "0.0.1", read_hashedrekord1},
                               Kind{"hashedrekord", "0.0.2", read_hashedrekord2},
                               Kind{"dsse", "0.0.1", read_dsse1}, Kind{"dsse", "0.0.2", read_dsse2},
                               Kind{"intoto", "0.0.2", read_intoto2}};

}  // namespace

Result<Entry> parse_entry(std::string_view body) {
  MC_TRY(const json::Value value, json::parse(body, {.bytes_max = kEntryBytesMax}));
  std::optional<Error> fault;
  Fields fields(&value, "", fault);
  Entry out;
  out.kind = fields.required_text("kind");
  out.version = fields.required_text("apiVersion");
  const Kind* known = nullptr;
  for (const Kind& kind : kKinds) {
    if (kind.kind == out.kind && kind.version == out.version) known = &kind;
  }
  if (known == nullptr) {
    fields.refuse("kind", "entries of kind " + excerpt(out.kind) + " " + excerpt(out.version) +
                              " are not known");
  } else {
    Fields spec(fields.child("spec"), "spec", fault);
    known->read(spec, out, fault);
    spec.done();
    fields.done();
  }
  if (fault) return fail(Code::invalid, "log entry: " + fault->what);
  return out;
}

std::string hashedrekord_body(std::string_view sha256, std::string_view signature, Verifier kind,
                              std::string_view verifier) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.member("apiVersion", "0.0.2").member("kind", "hashedrekord").key("spec").begin_object();
  writer.key("hashedRekordV002").begin_object();
  writer.key("data").begin_object();
  writer.member("algorithm", "SHA2_256").member("digest", to_base64(sha256)).end_object();
  writer.key("signature").begin_object().member("content", to_base64(signature));
  writer.key("verifier").begin_object().member("keyDetails", "PKIX_ECDSA_P256_SHA_256");
  writer.key(kind == Verifier::certificate ? "x509Certificate" : "publicKey").begin_object();
  writer.member("rawBytes", to_base64(verifier)).end_object();
  writer.end_object().end_object();
  writer.end_object().end_object().end_object();
  return out;
}

}  // namespace mc::proof
