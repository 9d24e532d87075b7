#include "proof/bundle.h"

#include <algorithm>
#include <array>

#include "json/json.h"
#include "proof/log_entry.h"
#include "proof/proto_json.h"

namespace mc::proof {
namespace {

constexpr std::string_view kTypeWritten = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr std::size_t kEntriesMax = 8;
constexpr std::size_t kTimestampsMax = 8;

struct Version {
  std::string_view type;
  int minor;
};
constexpr std::array kVersions = {
    Version{kTypeWritten, 3}, Version{"application/vnd.dev.sigstore.bundle+json;version=0.3", 3},
    Version{"application/vnd.dev.sigstore.bundle+json;version=0.2", 2},
    Version{"application/vnd.dev.sigstore.bundle+json;version=0.1", 1}};

void read_certificate(const json::Value* value, std::string path, Bundle& out,
                      std::optional<Error>& fault) {
  Fields fields(value, std::move(path), fault);
  Result<pki::Certificate> read = pki::Certificate::parse(fields.required_bytes("rawBytes"));
  if (read) {
    out.certificates.push_back(std::move(*read));
  } else {
    fields.refuse("rawBytes", read.error().what);
  }
  fields.done();
}

void read_signer(Fields& material, Bundle& out, std::optional<Error>& fault) {
  int kinds = 0;
  if (material.has("publicKey")) {
    ++kinds;
    Fields key(material.child("publicKey"), material.path("publicKey"), fault);
    out.key_hint = key.required_text("hint");
    key.done();
  }
  if (material.has("certificate")) {
    ++kinds;
    read_certificate(material.child("certificate"), material.path("certificate"), out, fault);
    if (out.minor < 3) material.refuse("certificate", "it came with version 0.3");
  }
  if (material.has("x509CertificateChain")) {
    ++kinds;
    if (out.minor >= 3) material.refuse("x509CertificateChain", "it went with version 0.3");
    Fields chain(material.child("x509CertificateChain"), material.path("x509CertificateChain"),
                 fault);
    for (const json::Value* entry : chain.list("certificates")) {
      read_certificate(entry, chain.path("certificates"), out, fault);
    }
    if (out.certificates.empty()) chain.refuse("certificates", "there is none");
    if (out.certificates.size() > pki::kChainMax) {
      chain.refuse("certificates", "there are more than 8");
    }
    chain.done();
  }
  if (kinds != 1) {
    material.refuse("", "it must have exactly one of certificate, x509CertificateChain, publicKey");
  }
}

void check_entries(Fields& material, const Bundle& bundle) {
  if (bundle.entries.size() > kEntriesMax) material.refuse("tlogEntries", "there are more than 8");
  for (const LogEntry& entry : bundle.entries) {
    if (bundle.minor == 1 && entry.promise.empty()) {
      material.refuse("tlogEntries", "version 0.1 must have an inclusionPromise");
    }
    if (bundle.minor > 1 && !entry.proof) {
      material.refuse("tlogEntries", "an inclusionProof is missing");
    }
    if (entry.proof && entry.proof->checkpoint.empty()) {
      material.refuse("tlogEntries", "an inclusionProof has no checkpoint");
    }
  }
}

void read_material(const json::Value* value, Bundle& out, std::optional<Error>& fault) {
  Fields material(value, "verificationMaterial", fault);
  if (value == nullptr) material.refuse("", "it is missing");
  read_signer(material, out, fault);
  std::size_t index = 0;
  for (const json::Value* entry : material.list("tlogEntries")) {
    const std::string path = "tlogEntries[" + std::to_string(index++) + "]";
    out.entries.push_back(read_log_entry(entry, material.path(path), fault));
    LogEntry& read = out.entries.back();
    // Early logs gave proofs that nobody signed; their word was the promise.
    if (out.minor == 1 && read.proof && read.proof->checkpoint.empty()) read.proof.reset();
  }
  check_entries(material, out);
  Fields times(material.child("timestampVerificationData"),
               material.path("timestampVerificationData"), fault);
  for (const json::Value* entry : times.list("rfc3161Timestamps")) {
    Fields time(entry, times.path("rfc3161Timestamps"), fault);
    out.timestamps.push_back(time.required_bytes("signedTimestamp"));
    time.done();
  }
  if (out.timestamps.size() > kTimestampsMax) {
    times.refuse("rfc3161Timestamps", "there are more than 8");
  }
  times.done();
  material.done();
}

void read_content(Fields& fields, Bundle& out, std::optional<Error>& fault) {
  if (fields.has("messageSignature") == fields.has("dsseEnvelope")) {
    return fields.refuse("", "it must have one of messageSignature and dsseEnvelope");
  }
  if (const json::Value* envelope = fields.child("dsseEnvelope"); envelope != nullptr) {
    Result<Envelope> read = read_envelope(*envelope, "dsseEnvelope");
    if (!read) {
      fault = fault ? fault : read.error();
      return;
    }
    if (read->signatures.size() != 1) fields.refuse("dsseEnvelope.signatures", "it must be one");
    out.content = std::move(*read);
    return;
  }
  Fields message(fields.child("messageSignature"), "messageSignature", fault);
  MessageSignature signature;
  Fields digest(message.child("messageDigest"), message.path("messageDigest"), fault);
  signature.digest_algorithm = digest.required_text("algorithm");
  signature.digest = digest.required_bytes("digest");
  digest.done();
  signature.signature = message.required_bytes("signature");
  message.done();
  out.content = std::move(signature);
}

json::Object one(std::string name, json::Value value) {
  json::Object out;
  out.set(std::move(name), std::move(value));
  return out;
}

}  // namespace

const std::string& Bundle::signature() const {
  if (const auto* message = std::get_if<MessageSignature>(&content)) return message->signature;
  return std::get<Envelope>(content).signatures.front().bytes;
}

Result<Bundle> parse_bundle(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kBundleBytesMax}));
  std::optional<Error> fault;
  Fields fields(&value, "", fault);
  Bundle out;
  const std::string type = fields.required_text("mediaType");
  const auto* version = std::find_if(kVersions.begin(), kVersions.end(),
                                     [&](const Version& each) { return each.type == type; });
  if (version == kVersions.end()) {
    return fail(Code::invalid, "bundle: mediaType: '" + excerpt(type, 80) +
                                   "' is not a bundle of version 0.1 to 0.3");
  }
  out.minor = version->minor;
  read_material(fields.child("verificationMaterial"), out, fault);
  read_content(fields, out, fault);
  fields.done();
  if (fault) return fail(Code::invalid, "bundle: " + fault->what);
  return out;
}

std::string print_bundle(const Bundle& bundle) {
  json::Object material;
  if (bundle.certificates.empty()) {
    material.set("publicKey", one("hint", bundle.key_hint));
  } else {
    material.set("certificate", one("rawBytes", to_base64(bundle.certificates.front().der())));
  }
  json::Array entries;
  for (const LogEntry& entry : bundle.entries) entries.emplace_back(to_json(entry));
  material.set("tlogEntries", std::move(entries));
  json::Array times;
  for (const std::string& time : bundle.timestamps) {
    times.emplace_back(one("signedTimestamp", to_base64(time)));
  }
  material.set("timestampVerificationData", one("rfc3161Timestamps", std::move(times)));
  json::Object out;
  out.set("mediaType", kTypeWritten);
  out.set("verificationMaterial", std::move(material));
  if (const auto* message = std::get_if<MessageSignature>(&bundle.content)) {
    json::Object digest;
    digest.set("algorithm", message->digest_algorithm);
    digest.set("digest", to_base64(message->digest));
    json::Object signature;
    signature.set("messageDigest", std::move(digest));
    signature.set("signature", to_base64(message->signature));
    out.set("messageSignature", std::move(signature));
  } else {
    out.set("dsseEnvelope", to_json(std::get<Envelope>(bundle.content)));
  }
  return json::print(out);
}

std::string key_hint_of(const crypto::PublicKey& key) {
  const crypto::Digest digest = crypto::Sha256().add(key.to_spki()).finish();
  return to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace mc::proof
