#include "proof/trusted_root.h"

#include <array>
#include <optional>

#include "json/json.h"
#include "proof/proto_json.h"

namespace mc::proof {
namespace {

constexpr std::string_view kType = "application/vnd.dev.sigstore.trustedroot";
constexpr std::string_view kTypeWritten =
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
constexpr std::size_t kRootBytesMax = 4 << 20;

struct KeyKind {
  std::string_view details;  // of dev.sigstore.common.v1.PublicKeyDetails
  crypto::Algorithm algorithm;
  bool pkcs1 = false;
};
constexpr std::array kKeyKinds = {
    KeyKind{"PKIX_ECDSA_P256_SHA_256", crypto::Algorithm::es256},
    KeyKind{"PKIX_ECDSA_P384_SHA_384", crypto::Algorithm::es384},
    KeyKind{"PKIX_ECDSA_P521_SHA_512", crypto::Algorithm::es512},
    KeyKind{"PKIX_ED25519", crypto::Algorithm::eddsa},
    KeyKind{"PKIX_RSA_PKCS1V15_2048_SHA256", crypto::Algorithm::rs256},
    KeyKind{"PKIX_RSA_PKCS1V15_3072_SHA256", crypto::Algorithm::rs256},
    KeyKind{"PKIX_RSA_PKCS1V15_4096_SHA256", crypto::Algorithm::rs256},
    KeyKind{"PKIX_RSA_PKCS1V5", crypto::Algorithm::rs256},
    KeyKind{"PKCS1_RSA_PKCS1V5", crypto::Algorithm::rs256, true}};

const KeyKind* kind_of(std::string_view details) {
  for (const KeyKind& kind : kKeyKinds) {
    if (kind.details == details) return &kind;
  }
  return nullptr;
}

pki::Period read_period(Fields& fields, std::optional<Error>& fault) {
  pki::Period out;
  Fields period(fields.child("validFor"), fields.path("validFor"), fault);
  if (period.has("start")) out.from = period.time("start");
  if (period.has("end")) out.until = period.time("end");
  return out;
}

// Nothing for a key of a kind that is not known.
std::optional<TransparencyLog> read_log(const json::Value* value, std::string path,
                                        std::optional<Error>& fault) {
  Fields fields(value, std::move(path), fault);
  Fields key(fields.child("publicKey"), fields.path("publicKey"), fault);
  const std::string der = key.required_bytes("rawBytes");
  const KeyKind* kind = kind_of(key.text("keyDetails"));
  if (kind == nullptr) return std::nullopt;
  Result<crypto::PublicKey> read =
      kind->pkcs1 ? crypto::PublicKey::from_pkcs1(der) : crypto::PublicKey::from_spki(der);
  if (!read) {
    key.refuse("rawBytes", read.error().what);
    return std::nullopt;
  }
  if (read->algorithm() != kind->algorithm) key.refuse("keyDetails", "the key is of another kind");
  TransparencyLog out{fields.text("baseUrl"), std::move(*read), "", read_period(key, fault)};
  Fields id(fields.child("logId"), fields.path("logId"), fault);
  out.id = id.required_bytes("keyId");
  return out;
}

Authority read_authority(const json::Value* value, std::string path, std::optional<Error>& fault) {
  Fields fields(value, std::move(path), fault);
  Authority out;
  Fields subject(fields.child("subject"), fields.path("subject"), fault);
  out.organization = subject.text("organization");
  out.common_name = subject.text("commonName");
  out.uri = fields.text("uri");
  out.period = read_period(fields, fault);
  Fields chain(fields.child("certChain"), fields.path("certChain"), fault);
  for (const json::Value* entry : chain.list("certificates")) {
    Fields certificate(entry, chain.path("certificates"), fault);
    Result<pki::Certificate> read = pki::Certificate::parse(certificate.required_bytes("rawBytes"));
    if (!read) {
      certificate.refuse("rawBytes", read.error().what);
      return out;
    }
    out.chain.push_back(std::move(*read));
  }
  if (out.chain.empty()) chain.refuse("certificates", "there is none");
  if (out.chain.size() > pki::kChainMax) chain.refuse("certificates", "there are more than 8");
  return out;
}

json::Object print_period(const pki::Period& period) {
  json::Object out;
  out.set("start", format_rfc3339(period.from));
  if (period.until) out.set("end", format_rfc3339(*period.until));
  return out;
}

std::string_view details_of(crypto::Algorithm algorithm) {
  for (const KeyKind& kind : kKeyKinds) {
    if (kind.algorithm == algorithm) return kind.details;
  }
  return "";
}

json::Value print_logs(const std::vector<TransparencyLog>& logs) {
  json::Array out;
  for (const TransparencyLog& log : logs) {
    json::Object key;
    key.set("rawBytes", to_base64(log.key.to_spki()));
    key.set("keyDetails", details_of(log.key.algorithm()));
    key.set("validFor", print_period(log.period));
    json::Object id;
    id.set("keyId", to_base64(log.id));
    json::Object entry;
    entry.set("baseUrl", log.base_url);
    entry.set("hashAlgorithm", "SHA2_256");
    entry.set("publicKey", std::move(key));
    entry.set("logId", std::move(id));
    out.emplace_back(std::move(entry));
  }
  return out;
}

json::Value print_authorities(const std::vector<Authority>& authorities) {
  json::Array out;
  for (const Authority& authority : authorities) {
    json::Object subject;
    subject.set("organization", authority.organization);
    subject.set("commonName", authority.common_name);
    json::Array certificates;
    for (const pki::Certificate& each : authority.chain) {
      json::Object certificate;
      certificate.set("rawBytes", to_base64(each.der()));
      certificates.emplace_back(std::move(certificate));
    }
    json::Object chain;
    chain.set("certificates", std::move(certificates));
    json::Object entry;
    entry.set("subject", std::move(subject));
    entry.set("uri", authority.uri);
    entry.set("certChain", std::move(chain));
    entry.set("validFor", print_period(authority.period));
    out.emplace_back(std::move(entry));
  }
  return out;
}

}  // namespace

Result<TrustedRoot> parse_trusted_root(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kRootBytesMax}));
  std::optional<Error> fault;
  Fields fields(&value, "", fault);
  TrustedRoot out;
  if (!fields.required_text("mediaType").starts_with(kType)) {
    fields.refuse("mediaType", "it is not that of a trusted root");
  }
  const auto read_logs = [&](const char* name, std::vector<TransparencyLog>& logs) {
    for (const json::Value* entry : fields.list(name)) {
      std::optional<TransparencyLog> log = read_log(entry, name, fault);
      if (log) logs.push_back(std::move(*log));
    }
  };
  read_logs("tlogs", out.logs);
  read_logs("ctlogs", out.certificate_logs);
  for (const json::Value* entry : fields.list("certificateAuthorities")) {
    out.certificate_authorities.push_back(read_authority(entry, "certificateAuthorities", fault));
  }
  for (const json::Value* entry : fields.list("timestampAuthorities")) {
    out.timestamp_authorities.push_back(read_authority(entry, "timestampAuthorities", fault));
  }
  if (fault) return fail(Code::invalid, "trusted root: " + fault->what);
  return out;
}

std::string print_trusted_root(const TrustedRoot& root) {
  json::Object out;
  out.set("mediaType", kTypeWritten);
  out.set("tlogs", print_logs(root.logs));
  out.set("certificateAuthorities", print_authorities(root.certificate_authorities));
  out.set("ctlogs", print_logs(root.certificate_logs));
  out.set("timestampAuthorities", print_authorities(root.timestamp_authorities));
  return json::print_pretty(out) + "\n";
}

std::string host_of(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  return std::string(url.substr(0, url.find('/')));
}

}  // namespace mc::proof
