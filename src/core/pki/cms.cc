#include <openssl/cms.h>
#include <openssl/err.h>

#include "pki/handles.h"
#include "pki/issue.h"

namespace mc::pki {
namespace {

using Message = std::unique_ptr<CMS_ContentInfo, Freed<CMS_ContentInfo_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;
using Time = std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>>;

constexpr unsigned kFlags = CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL | CMS_CADES;

}  // namespace

Result<std::string> sign_cms(std::string_view content, const crypto::SigningKey& key,
                             std::span<const Certificate> chain, WallTime at) {
  if (chain.empty() || chain.front().key().to_spki() != key.public_key().to_spki()) {
    return fail(Code::invalid, "CMS: the certificate is not that of the key");
  }
  const Key owned = key_of(key);
  const Stack others(sk_X509_new_null());
  for (const Certificate& each : chain.subspan(1)) {
    sk_X509_push(others.get(), CertificateAccess::x509(each));
  }
  const Memory data(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  const Message message(CMS_sign(nullptr, nullptr, others.get(), nullptr, kFlags));
  CMS_SignerInfo* signer =
      message == nullptr ? nullptr
                         : CMS_add1_signer(message.get(), CertificateAccess::x509(chain.front()),
                                           owned.get(), EVP_sha256(), kFlags);
  const Time time(ASN1_TIME_set(nullptr, static_cast<time_t>(at.nanos / 1'000'000'000)));
  const bool good =
      signer != nullptr && time != nullptr &&
      CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, time->type, time.get(), -1) == 1 &&
      CMS_final(message.get(), data.get(), nullptr, kFlags) == 1;
  if (!good) {
    ERR_clear_error();
    return fail(Code::unavailable, "CMS: the library refuses");
  }
  return to_der(message.get(), i2d_CMS_ContentInfo);
}

}  // namespace mc::pki
