#include "pki/timestamp.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>

#include <algorithm>

#include "pki/handles.h"

namespace mc::pki {
namespace {

using Response = std::unique_ptr<TS_RESP, Freed<TS_RESP_free>>;
using Rules = std::unique_ptr<TS_VERIFY_CTX, Freed<TS_VERIFY_CTX_free>>;

constexpr long kSignedDataVersion = 3;  // RFC 5652 section 5.1, of a content that is not "data"

tl::unexpected<Error> bad(std::string_view why) {
  ERR_clear_error();
  return fail(Code::invalid, "timestamp: " + std::string(why));
}

// No parameters, or the NULL that older rules want: nothing that could say more.
bool is_plain(const X509_ALGOR* algorithm) {
  int type = V_ASN1_UNDEF;
  X509_ALGOR_get0(nullptr, &type, nullptr, algorithm);
  return type == V_ASN1_UNDEF || type == V_ASN1_NULL;
}

int nid_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return OBJ_obj2nid(object);
}

// Whether the way of signing is that of this key and this digest. OpenSSL takes both from elsewhere
// and would pass over what stands here.
bool is_way_of(const X509_ALGOR* signing, int digest, int key_type) {
  const int nid = nid_of(signing);
  if (nid == key_type) return key_type == EVP_PKEY_RSA;  // rsaEncryption
  int signing_digest = NID_undef;
  int signing_key = NID_undef;
  return OBJ_find_sigid_algs(nid, &signing_digest, &signing_key) == 1 && signing_digest == digest &&
         signing_key == key_type;
}

// RFC 5652 section 11: the type of the content is signed, and no attribute is there twice or has
// several values. OpenSSL looks at what it needs only.
Status check_signed_attributes(const PKCS7_SIGNER_INFO* signer) {
  const STACK_OF(X509_ATTRIBUTE)* attributes = signer->auth_attr;
  bool typed = false;
  for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); ++i) {
    X509_ATTRIBUTE* each = sk_X509_ATTRIBUTE_value(attributes, i);
    const ASN1_OBJECT* name = X509_ATTRIBUTE_get0_object(each);
    if (X509_ATTRIBUTE_count(each) != 1) return bad("a signed attribute has not one value");
    for (int j = 0; j < i; ++j) {
      X509_ATTRIBUTE* before = sk_X509_ATTRIBUTE_value(attributes, j);
      if (OBJ_cmp(name, X509_ATTRIBUTE_get0_object(before)) == 0) {
        return bad("a signed attribute is there twice");
      }
    }
    if (OBJ_obj2nid(name) != NID_pkcs9_contentType) continue;
    const ASN1_TYPE* value = X509_ATTRIBUTE_get0_type(each, 0);
    typed =
        value->type == V_ASN1_OBJECT && OBJ_obj2nid(value->value.object) == NID_id_smime_ct_TSTInfo;
  }
  return typed ? ok() : bad("its signer has not signed that it is a time");
}

// What no signature covers must be empty or say what is said elsewhere.
Status check_frame(const TS_RESP* response) {
  const TS_STATUS_INFO* status = TS_RESP_get_status_info(const_cast<TS_RESP*>(response));
  if (ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status)) != TS_STATUS_GRANTED ||
      TS_STATUS_INFO_get0_text(status) != nullptr ||
      TS_STATUS_INFO_get0_failure_info(status) != nullptr) {
    return bad("its status is not \"granted\" alone");
  }
  const PKCS7* token = TS_RESP_get_token(const_cast<TS_RESP*>(response));
  if (token == nullptr || PKCS7_type_is_signed(const_cast<PKCS7*>(token)) == 0) {
    return bad("there is no signed token in it");
  }
  const PKCS7_SIGNED* body = token->d.sign;
  if (ASN1_INTEGER_get(body->version) != kSignedDataVersion) return bad("its version is not 3");
  if (sk_X509_CRL_num(body->crl) > 0) return bad("it has revocation lists");
  if (sk_PKCS7_SIGNER_INFO_num(body->signer_info) != 1) return bad("it has not one signer");
  const PKCS7_SIGNER_INFO* signer = sk_PKCS7_SIGNER_INFO_value(body->signer_info, 0);
  if (ASN1_INTEGER_get(signer->version) != 1) return bad("its signer's version is not 1");
  if (sk_X509_ATTRIBUTE_num(signer->unauth_attr) > 0) return bad("it has unsigned attributes");
  if (sk_X509_ALGOR_num(body->md_algs) != 1) return bad("it has not one digest algorithm");
  const X509_ALGOR* listed = sk_X509_ALGOR_value(body->md_algs, 0);
  if (!is_plain(listed) || !is_plain(signer->digest_alg) || !is_plain(signer->digest_enc_alg) ||
      nid_of(listed) != nid_of(signer->digest_alg)) {
    return bad("its digest algorithms are not one");
  }
  return check_signed_attributes(signer);
}

// GeneralizedTime of RFC 3161 section 2.4.2: UTC, seconds, a fraction without zeros at its end.
Result<WallTime> time_of(const ASN1_GENERALIZEDTIME* time) {
  constexpr std::size_t kWhole = 14;
  const std::string text(text_of(time));
  if (text.size() <= kWhole || text.back() != 'Z' ||
      text.find_first_not_of("0123456789.Z") != std::string::npos) {
    return bad("its time is no time");
  }
  const auto part = [&](std::size_t at, std::size_t size) { return text.substr(at, size); };
  const Result<WallTime> out =
      parse_rfc3339(part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" + part(8, 2) + ":" +
                    part(10, 2) + ":" + part(12, text.size() - 12));
  if (!out) return bad("its time is no time");
  return *out;
}

Status check_imprint(TS_TST_INFO* info, std::string_view message) {
  if (TS_TST_INFO_get_version(info) != 1) return bad("the version of its content is not 1");
  TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(info);
  const int nid = nid_of(TS_MSG_IMPRINT_get_algo(imprint));
  const char* algorithm = nid == NID_sha256   ? "sha256"
                          : nid == NID_sha384 ? "sha384"
                          : nid == NID_sha512 ? "sha512"
                                              : "";
  const Result<std::string> digest = crypto::digest(algorithm, message);
  if (!digest) return bad("its digest is not SHA-256, SHA-384 or SHA-512");
  if (text_of(TS_MSG_IMPRINT_get_msg(imprint)) != *digest) return bad("it is of other bytes");
  return ok();
}

std::string nonce_of(const TS_TST_INFO* info) {
  const ASN1_INTEGER* nonce = TS_TST_INFO_get_nonce(info);
  return nonce == nullptr ? "" : std::string(text_of(nonce));
}

bool holds(std::span<const Certificate> certificates, X509* x509) {
  return std::any_of(certificates.begin(), certificates.end(), [x509](const Certificate& each) {
    return X509_cmp(CertificateAccess::x509(each), x509) == 0;
  });
}

// The certificates of the token may be the authority's or the signer's own, no others.
Status check_signer(PKCS7* token, const TimestampAuthority& authority, STACK_OF(X509) * known) {
  const Stack signers(PKCS7_get0_signers(token, known, 0));
  if (signers == nullptr || sk_X509_num(signers.get()) != 1) return bad("its signer is not known");
  X509* signer = sk_X509_value(signers.get(), 0);
  const bool own = X509_cmp(signer, CertificateAccess::x509(authority.chain.front())) == 0;
  if (!own && !authority.chain.front().is_authority()) return bad("it is of another signer");
  STACK_OF(X509)* embedded = token->d.sign->cert;
  for (int i = 0; i < sk_X509_num(embedded); ++i) {
    X509* each = sk_X509_value(embedded, i);
    if (!holds(authority.chain, each) && X509_cmp(each, signer) != 0) {
      return bad("it has a certificate that is not its authority's");
    }
  }
  const PKCS7_SIGNER_INFO* info = sk_PKCS7_SIGNER_INFO_value(token->d.sign->signer_info, 0);
  // OpenSSL finds the signer by a name whose letters may be of either case.
  if (to_der(info->issuer_and_serial->issuer, i2d_X509_NAME) !=
      to_der(X509_get_issuer_name(signer), i2d_X509_NAME)) {
    return bad("it names its signer's issuer in another way");
  }
  if (!is_way_of(info->digest_enc_alg, nid_of(info->digest_alg),
                 EVP_PKEY_get_base_id(X509_get0_pubkey(signer)))) {
    return bad("its signature is of another kind");
  }
  return ok();
}

Status check_authority(PKCS7* token, const TimestampAuthority& authority, WallTime at) {
  if (!authority.period.contains(at)) return bad("its authority was not trusted at its time");
  Store store = store_of(authority.chain.back(), at);
  STACK_OF(X509)* known = sk_X509_new_null();
  const Rules rules(TS_VERIFY_CTX_new());
  TS_VERIFY_CTX_set_flags(rules.get(), TS_VFY_SIGNATURE | TS_VFY_VERSION);
  TS_VERIFY_CTX_set_store(rules.get(), store.release());  // both belong to the rules now
  TS_VERIFY_CTS_set_certs(rules.get(), known);
  for (const Certificate& each : authority.chain) {
    X509_up_ref(CertificateAccess::x509(each));
    sk_X509_push(known, CertificateAccess::x509(each));
  }
  MC_TRY_OK(check_signer(token, authority, known));
  if (TS_RESP_verify_token(rules.get(), token) != 1) {
    const char* why = ERR_reason_error_string(ERR_peek_last_error());
    return bad(std::string("its signature does not hold: ") + (why == nullptr ? "no reason" : why));
  }
  return ok();
}

}  // namespace

Result<Timestamp> check_timestamp(std::string_view response, std::string_view message,
                                  std::span<const TimestampAuthority> authorities) {
  if (response.size() > kTimestampBytesMax) return bad("it is longer than 65536 bytes");
  const unsigned char* at = bytes_of(response);
  const Response parsed(d2i_TS_RESP(nullptr, &at, static_cast<long>(response.size())));
  if (parsed == nullptr || to_der(parsed.get(), i2d_TS_RESP) != response) {
    return bad("it is not a response in DER");
  }
  MC_TRY_OK(check_frame(parsed.get()));
  TS_TST_INFO* info = TS_RESP_get_tst_info(parsed.get());
  if (info == nullptr) return bad("there is no time in it");
  MC_TRY_OK(check_imprint(info, message));
  MC_TRY(const WallTime time, time_of(TS_TST_INFO_get_time(info)));
  Error last{Code::invalid, "timestamp: no authority is trusted"};
  for (std::size_t i = 0; i < authorities.size(); ++i) {
    if (authorities[i].chain.empty()) continue;
    const Status checked = check_authority(TS_RESP_get_token(parsed.get()), authorities[i], time);
    ERR_clear_error();
    if (checked) return Timestamp{time, i, nonce_of(info)};
    last = checked.error();
  }
  return tl::unexpected<Error>(last);
}

}  // namespace mc::pki
