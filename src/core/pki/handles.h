// What the files of this module share: owners of OpenSSL's objects, by the names OpenSSL gives to
// its structs, so that its headers stay out of here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pki/certificate.h"

struct asn1_string_st;
struct evp_pkey_st;
struct stack_st_X509;
struct x509_st;
struct x509_store_st;

namespace mc::pki {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* held) const {
    Free(held);
  }
};

struct CertificateHandle {
  x509_st* x509 = nullptr;
  explicit CertificateHandle(x509_st* owned) : x509(owned) {}
  CertificateHandle(const CertificateHandle&) = delete;
  CertificateHandle& operator=(const CertificateHandle&) = delete;
  ~CertificateHandle();
};

struct CertificateAccess {
  static x509_st* x509(const Certificate& certificate) { return certificate.handle_->x509; }
  static Result<Certificate> make(x509_st* owned, std::string_view der);
};

struct KeyFreed {
  void operator()(evp_pkey_st* key) const;
};
using Key = std::unique_ptr<evp_pkey_st, KeyFreed>;
Key key_of(const crypto::SigningKey& key);

void drop(stack_st_X509* stack);  // its certificates belong to others
void drop(x509_store_st* store);
struct Dropped {
  template <class T>
  void operator()(T* held) const {
    drop(held);
  }
};
using Stack = std::unique_ptr<stack_st_X509, Dropped>;
using Store = std::unique_ptr<x509_store_st, Dropped>;

inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
std::string_view text_of(const asn1_string_st* string);

// `write` is an i2d function.
template <class T, class Write>
std::string to_der(const T* object, const Write& write) {
  const int size = write(object, nullptr);
  std::string out(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
  if (unsigned char* to = bytes_of(out); !out.empty()) write(object, &to);
  return out;
}

// A store with `root` alone, for the moment `at`.
Store store_of(const Certificate& root, WallTime at);

}  // namespace mc::pki
