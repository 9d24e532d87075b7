#include "pki/issue.h"

#include <openssl/err.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "pki/handles.h"
#include "pki/timestamp.h"

namespace mc::pki {
namespace {

constexpr std::size_t kSerialBytesMin = 8;
constexpr std::size_t kSerialBytesMax = 20;
constexpr std::size_t kRequestBytesMax = 16 << 10;
constexpr std::size_t kSha256Bytes = 32;
constexpr const char* kDocumentSigning = "1.3.6.1.5.5.7.3.36";  // RFC 9336
constexpr std::size_t kNonceBytesMax = 20;

using Number = std::unique_ptr<ASN1_INTEGER, Freed<ASN1_INTEGER_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Signer = std::unique_ptr<TS_RESP_CTX, Freed<TS_RESP_CTX_free>>;
using Response = std::unique_ptr<TS_RESP, Freed<TS_RESP_free>>;
using Request = std::unique_ptr<TS_REQ, Freed<TS_REQ_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;

tl::unexpected<Error> failed(std::string_view what) {
  ERR_clear_error();
  return fail(Code::unavailable, std::string(what) + ": the library refuses");
}

Result<Number> number_of(std::string_view serial) {
  if (serial.size() < kSerialBytesMin || serial.size() > kSerialBytesMax) {
    return fail(Code::invalid, "a serial number has 8 to 20 bytes");
  }
  std::string bytes(serial);
  bytes[0] = static_cast<char>((bytes[0] & 0x3F) | 0x40);  // positive, its length fixed
  using Big = std::unique_ptr<BIGNUM, Freed<BN_free>>;
  const Big big(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
  return Number(BN_to_ASN1_INTEGER(big.get(), nullptr));
}

bool add_name(X509_NAME* name, const char* field, const std::string& value) {
  return value.empty() || X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes_of(value),
                                                     static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_extension(X509* x509, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1;
}

// URIs are set as values: in OpenSSL's configuration text a comma would begin another name.
bool add_uris(X509* x509, const CertificateRequest& request) {
  if (request.uris.empty()) return true;
  using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;
  const Names names(sk_GENERAL_NAME_new_null());
  for (const std::string& uri : request.uris) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, uri.data(), static_cast<int>(uri.size()));
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_URI, text);
    sk_GENERAL_NAME_push(names.get(), name);
  }
  // Critical when the subject is empty (RFC 5280 section 4.2.1.6).
  const int critical = request.common_name.empty() && request.organization.empty() ? 1 : 0;
  return X509_add1_ext_i2d(x509, NID_subject_alt_name, names.get(), critical, 0) == 1;
}

bool add_extensions(X509* x509, X509* issuer, const CertificateRequest& request) {
  const bool authority = !request.usage;
  bool good =
      add_extension(x509, issuer, NID_subject_key_identifier, "hash") &&
      add_extension(x509, issuer, NID_basic_constraints,
                    authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
      add_extension(x509, issuer, NID_key_usage,
                    authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (issuer != x509)
    good = good && add_extension(x509, issuer, NID_authority_key_identifier, "keyid");
  if (request.usage == Usage::time_stamping) {
    good = good && add_extension(x509, issuer, NID_ext_key_usage, "critical,timeStamping");
  } else if (request.usage == Usage::code_signing) {
    good = good && add_extension(x509, issuer, NID_ext_key_usage, "codeSigning");
  } else if (request.usage == Usage::document_signing) {
    good = good && add_extension(x509, issuer, NID_ext_key_usage, kDocumentSigning);
  }
  return good && add_uris(x509, request);
}

bool add_own_extension(X509* x509, const CertificateRequest::Extension& extension) {
  using Object = std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>>;
  using Octets = std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>>;
  const Object object(OBJ_txt2obj(extension.oid.c_str(), 1));
  const Octets value(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(value.get(), bytes_of(extension.value),
                        static_cast<int>(extension.value.size()));
  const Extension made(X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 0, value.get()));
  return made != nullptr && X509_add_ext(x509, made.get(), -1) == 1;
}

bool set_time(ASN1_TIME* to, std::int64_t seconds) {
  return ASN1_TIME_set(to, static_cast<time_t>(seconds)) != nullptr;
}

const EVP_MD* digest_for(const crypto::PublicKey& key) {
  switch (key.algorithm()) {
    case crypto::Algorithm::es384:
      return EVP_sha384();
    case crypto::Algorithm::es512:
      return EVP_sha512();
    case crypto::Algorithm::eddsa:
      return nullptr;
    default:
      return EVP_sha256();
  }
}

struct Moment {
  long seconds = 0;
  std::string_view serial;
};

extern "C" ASN1_INTEGER* give_serial(TS_RESP_CTX*, void* data) {
  Result<Number> number = number_of(static_cast<const Moment*>(data)->serial);
  return number ? number->release() : nullptr;
}

extern "C" int give_time(TS_RESP_CTX*, void* data, long* seconds, long* micros) {
  *seconds = static_cast<const Moment*>(data)->seconds;
  *micros = 0;
  return 1;
}

}  // namespace

Result<Certificate> issue_certificate(const CertificateRequest& request,
                                      const crypto::PublicKey& subject, const Issuer& issuer) {
  using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
  const X509Ptr made(X509_new());
  X509* x509 = made.get();
  const std::string spki = subject.to_spki();
  const unsigned char* at = bytes_of(spki);
  const Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  MC_TRY(const Number serial, number_of(request.serial));
  X509_NAME* name = X509_get_subject_name(x509);
  bool good = X509_set_version(x509, X509_VERSION_3) == 1 &&
              X509_set_serialNumber(x509, serial.get()) == 1 &&
              X509_set_pubkey(x509, key.get()) == 1 && add_name(name, "O", request.organization) &&
              add_name(name, "CN", request.common_name) &&
              set_time(X509_getm_notBefore(x509), request.validity.begin_s) &&
              set_time(X509_getm_notAfter(x509), request.validity.end_s);
  X509* parent =
      issuer.certificate == nullptr ? x509 : CertificateAccess::x509(*issuer.certificate);
  good = good && X509_set_issuer_name(x509, X509_get_subject_name(parent)) == 1 &&
         add_extensions(x509, parent, request);
  for (const CertificateRequest::Extension& each : request.extensions) {
    good = good && add_own_extension(x509, each);
  }
  const Key issuer_key = key_of(issuer.key);
  good = good && X509_sign(x509, issuer_key.get(), digest_for(issuer.key.public_key())) > 0;
  if (!good) return failed("certificate");
  return Certificate::parse(to_der(x509, i2d_X509));
}

std::string write_utf8_string(std::string_view text) {
  using Text = std::unique_ptr<ASN1_UTF8STRING, Freed<ASN1_UTF8STRING_free>>;
  const Text made(ASN1_UTF8STRING_new());
  ASN1_STRING_set(made.get(), text.data(), static_cast<int>(text.size()));
  return to_der(made.get(), i2d_ASN1_UTF8STRING);
}

Result<std::string> print_timestamp_request(const TimestampRequest& request) {
  using Imprint = std::unique_ptr<TS_MSG_IMPRINT, Freed<TS_MSG_IMPRINT_free>>;
  using Way = std::unique_ptr<X509_ALGOR, Freed<X509_ALGOR_free>>;
  if (request.sha256.size() != kSha256Bytes || request.nonce.size() > kNonceBytesMax) {
    return fail(Code::invalid, "timestamp request: the hash has 32 bytes, the nonce at most 20");
  }
  std::string digest = request.sha256;
  const Request made(TS_REQ_new());
  const Imprint imprint(TS_MSG_IMPRINT_new());
  const Way algorithm(X509_ALGOR_new());
  bool good =
      TS_REQ_set_version(made.get(), 1) == 1 &&
      X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1 &&
      TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
      TS_MSG_IMPRINT_set_msg(imprint.get(), bytes_of(digest), static_cast<int>(digest.size())) ==
          1 &&
      TS_REQ_set_msg_imprint(made.get(), imprint.get()) == 1 &&
      TS_REQ_set_cert_req(made.get(), request.certificates ? 1 : 0) == 1;
  if (!request.nonce.empty()) {
    using Big = std::unique_ptr<BIGNUM, Freed<BN_free>>;
    const Big big(
        BN_bin2bn(bytes_of(request.nonce), static_cast<int>(request.nonce.size()), nullptr));
    const Number nonce(BN_to_ASN1_INTEGER(big.get(), nullptr));
    good = good && TS_REQ_set_nonce(made.get(), nonce.get()) == 1;
  }
  if (!good) return failed("timestamp request");
  return to_der(made.get(), i2d_TS_REQ);
}

Result<TimestampSigner> TimestampSigner::make(const crypto::SigningKey& key,
                                              std::vector<Certificate> chain,
                                              std::string policy_oid) {
  if (chain.empty() || chain.front().key().to_spki() != key.public_key().to_spki()) {
    return fail(Code::invalid, "timestamp authority: its certificate is not that of its key");
  }
  if (!chain.front().may(Usage::time_stamping) || chain.front().may(Usage::code_signing)) {
    return fail(Code::invalid, "timestamp authority: its certificate is not for timestamps alone");
  }
  return TimestampSigner(key, std::move(chain), std::move(policy_oid));
}

Result<std::string> TimestampSigner::answer(std::string_view request, WallTime at,
                                            std::string_view serial) const {
  if (request.size() > kRequestBytesMax) {
    return fail(Code::invalid, "timestamp request: it is longer than 16384 bytes");
  }
  Moment moment{static_cast<long>(at.nanos / 1'000'000'000), serial};
  using Object = std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>>;
  const Object policy(OBJ_txt2obj(policy_oid_.c_str(), 1));
  const Signer signer(TS_RESP_CTX_new());
  const Key key = key_of(key_);
  const Stack certificates(sk_X509_new_null());
  for (std::size_t i = 1; i < chain_.size(); ++i) {
    sk_X509_push(certificates.get(), CertificateAccess::x509(chain_[i]));
  }
  TS_RESP_CTX* context = signer.get();
  const bool good =
      policy != nullptr && TS_RESP_CTX_set_def_policy(context, policy.get()) == 1 &&
      TS_RESP_CTX_set_signer_cert(context, CertificateAccess::x509(chain_.front())) == 1 &&
      TS_RESP_CTX_set_signer_key(context, key.get()) == 1 &&
      TS_RESP_CTX_set_certs(context, certificates.get()) == 1 &&
      TS_RESP_CTX_set_signer_digest(context, EVP_sha256()) == 1 &&
      TS_RESP_CTX_set_ess_cert_id_digest(context, EVP_sha256()) == 1 &&
      TS_RESP_CTX_add_md(context, EVP_sha256()) == 1 &&
      TS_RESP_CTX_add_md(context, EVP_sha384()) == 1 &&
      TS_RESP_CTX_add_md(context, EVP_sha512()) == 1;
  if (!good) return failed("timestamp");
  TS_RESP_CTX_set_time_cb(context, give_time, &moment);
  TS_RESP_CTX_set_serial_cb(context, give_serial, &moment);
  const Memory memory(BIO_new_mem_buf(request.data(), static_cast<int>(request.size())));
  const Response response(TS_RESP_create_response(context, memory.get()));
  if (response == nullptr) return failed("timestamp");
  ERR_clear_error();
  return to_der(response.get(), i2d_TS_RESP);
}

Result<std::string> TimestampSigner::stamp(std::string_view message, WallTime at,
                                           std::string_view serial) const {
  MC_TRY(std::string digest, crypto::digest("sha256", message));
  MC_TRY(const std::string request, print_timestamp_request({std::move(digest)}));
  return answer(request, at, serial);
}

}  // namespace mc::pki
