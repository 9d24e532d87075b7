#include "pki/certificate.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "pki/handles.h"

namespace mc::pki {
namespace {

constexpr std::string_view kDocumentSigning = "1.3.6.1.5.5.7.3.36";  // RFC 9336
constexpr std::string_view kFulcioName = "1.3.6.1.4.1.57264.1.7";

using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;
using Object = std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>>;
using Context = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;

Result<std::int64_t> seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return fail(Code::invalid, "certificate: its validity is no time");
  }
  return static_cast<std::int64_t>(timegm(&parts));
}

bool is_object(const ASN1_OBJECT* object, std::string_view oid) {
  const Object wanted(OBJ_txt2obj(std::string(oid).c_str(), 1));
  return wanted != nullptr && OBJ_cmp(object, wanted.get()) == 0;
}

std::vector<std::string> names_of(X509* x509) {
  std::vector<std::string> out;
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI || name->type == GEN_EMAIL) {
      out.emplace_back(text_of(name->d.ia5));
    } else if (name->type == GEN_OTHERNAME && is_object(name->d.otherName->type_id, kFulcioName) &&
               name->d.otherName->value->type == V_ASN1_UTF8STRING) {
      out.emplace_back(text_of(name->d.otherName->value->value.utf8string));
    }
  }
  return out;
}

bool has_usage(X509* x509, std::string_view oid) {
  using Usages = std::unique_ptr<EXTENDED_KEY_USAGE, Freed<EXTENDED_KEY_USAGE_free>>;
  const Usages usages(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(x509, NID_ext_key_usage, nullptr, nullptr)));
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    if (is_object(sk_ASN1_OBJECT_value(usages.get(), i), oid)) return true;
  }
  return false;
}

}  // namespace

CertificateHandle::~CertificateHandle() {
  X509_free(x509);
}

void KeyFreed::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Key key_of(const crypto::SigningKey& key) {
  const Secret der = key.to_pkcs8();
  const std::string_view bytes = der.reveal(RevealToken());
  const unsigned char* at = bytes_of(bytes);
  return Key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(bytes.size())));
}

std::string print_pem(std::span<const Certificate> chain) {
  std::string out;
  for (const Certificate& each : chain) out += crypto::write_pem(each.der(), "CERTIFICATE");
  return out;
}

void drop(stack_st_X509* stack) {
  sk_X509_free(stack);
}

void drop(x509_store_st* store) {
  X509_STORE_free(store);
}

std::string_view text_of(const asn1_string_st* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

Result<Certificate> CertificateAccess::make(X509* owned, std::string_view der) {
  auto handle = std::make_shared<const CertificateHandle>(owned);
  MC_TRY(crypto::PublicKey key,
         crypto::PublicKey::from_spki(to_der(X509_get_X509_PUBKEY(owned), i2d_X509_PUBKEY)));
  Certificate out(std::move(handle), std::string(der), std::move(key));
  MC_TRY(out.validity_.begin_s, seconds_of(X509_get0_notBefore(owned)));
  MC_TRY(out.validity_.end_s, seconds_of(X509_get0_notAfter(owned)));
  out.names_ = names_of(owned);
  return out;
}

Result<Certificate> Certificate::parse(std::string_view der) {
  if (der.size() > kCertificateBytesMax) {
    return fail(Code::invalid, "certificate: it is longer than " +
                                   std::to_string(kCertificateBytesMax) + " bytes");
  }
  const unsigned char* at = bytes_of(der);
  X509* x509 = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
  ERR_clear_error();
  if (x509 == nullptr) return fail(Code::invalid, "certificate: it is not one in DER");
  const bool whole = at == bytes_of(der) + der.size();
  Result<Certificate> out = CertificateAccess::make(x509, der);
  if (!whole) return fail(Code::invalid, "certificate: there are bytes behind its end");
  return out;
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  MC_TRY(const std::string der, crypto::read_pem(pem, "CERTIFICATE"));
  return parse(der);
}

std::string Certificate::subject() const {
  using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;
  const Memory memory(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(memory.get(), X509_get_subject_name(handle_->x509), 0,
                     XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

bool Certificate::is_authority() const {
  return X509_check_ca(handle_->x509) == 1;
}

bool Certificate::may(Usage usage) const {
  if ((X509_get_extension_flags(handle_->x509) & EXFLAG_XKUSAGE) == 0) return false;
  if (usage == Usage::document_signing) return has_usage(handle_->x509, kDocumentSigning);
  const std::uint32_t bit = usage == Usage::code_signing ? XKU_CODE_SIGN : XKU_TIMESTAMP;
  return (X509_get_extended_key_usage(handle_->x509) & bit) != 0;
}

std::optional<std::string> Certificate::extension(std::string_view oid) const {
  const Object object(OBJ_txt2obj(std::string(oid).c_str(), 1));
  const int at = X509_get_ext_by_OBJ(handle_->x509, object.get(), -1);
  if (at < 0) return std::nullopt;
  return std::string(text_of(X509_EXTENSION_get_data(X509_get_ext(handle_->x509, at))));
}

Result<std::string> read_utf8_string(std::string_view der) {
  using Text = std::unique_ptr<ASN1_UTF8STRING, Freed<ASN1_UTF8STRING_free>>;
  const unsigned char* at = bytes_of(der);
  const Text text(d2i_ASN1_UTF8STRING(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (text == nullptr || at != bytes_of(der) + der.size()) {
    return fail(Code::invalid, "it is not a UTF8String");
  }
  return std::string(text_of(text.get()));
}

Store store_of(const Certificate& root, WallTime at) {
  Store store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), CertificateAccess::x509(root));
  X509_VERIFY_PARAM* rules = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(at.nanos / 1'000'000'000));
  X509_VERIFY_PARAM_set_depth(rules, static_cast<int>(kChainMax));
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);  // the root may be an intermediate
  return store;
}

Result<std::vector<Certificate>> build_chain(const ChainQuestion& question) {
  const Store store = store_of(question.root, question.at);
  const Stack between(sk_X509_new_null());
  for (const Certificate& each : question.between) {
    sk_X509_push(between.get(), CertificateAccess::x509(each));
  }
  const Context context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store.get(), CertificateAccess::x509(question.leaf),
                          between.get()) != 1 ||
      X509_verify_cert(context.get()) != 1) {
    const int why = X509_STORE_CTX_get_error(context.get());
    ERR_clear_error();
    return fail(Code::invalid,
                std::string("certificate chain: ") + X509_verify_cert_error_string(why));
  }
  if (!question.leaf.may(question.usage)) {
    return fail(Code::invalid, "certificate chain: the certificate is for another usage");
  }
  std::vector<Certificate> out;
  STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* each = sk_X509_value(chain, i);
    const std::string der = to_der(each, i2d_X509);
    MC_TRY(Certificate certificate, Certificate::parse(der));
    out.push_back(std::move(certificate));
  }
  return out;
}

}  // namespace mc::pki
