// Certificates and requests as Go's encoding/json shows crypto/x509.Certificate and
// CertificateRequest, which is what OPA's functions return. Private to this module.
//
// Read from the DER itself, so that what is shown is what was signed; OpenSSL only checks
// signatures and chains (x509_chain.cc).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builtin/builtin.h"
#include "builtin/der.h"

namespace mc::builtin {

constexpr std::size_t kNumberBytesMax = 4'096;

// Makes the values: byte strings in base64, lists that are null when they are empty.
class X509Values {
 public:
  explicit X509Values(term::Arena& arena) : arena_(arena) {}
  term::Arena& arena() const { return arena_; }

  Value text(std::string_view text) const;       // what is not UTF-8 becomes U+FFFD, as in Go
  Value bytes(std::string_view bytes) const;     // null when there are none
  Value number(std::string_view bytes) const;    // a big-endian integer in two's complement
  Value positive(std::string_view bytes) const;  // without a sign
  Value oid(std::string_view oid) const;         // [1, 2, 840]
  Value list(const std::vector<Value>& items) const;
  Value texts(const std::vector<std::string>& items) const;
  // Of SubjectPublicKeyInfo: {"N": ..., "E": ...}; null of a kind Go does not know.
  Result<Value> public_key(std::string_view algorithm, std::string_view parameters,
                           std::string_view key) const;

 private:
  term::Arena& arena_;
};

// Content octets of an object identifier that the shapes of Go know by number.
int public_key_algorithm(std::string_view oid);  // x509.PublicKeyAlgorithm
// Of an AlgorithmIdentifier's content: x509.SignatureAlgorithm.
int signature_algorithm(Der identifier);

// RDNSequence, the whole element: pkix.Name.
Result<Value> name_value(const X509Values& values, std::string_view name);
// One value of an attribute: text, number, base64, ...
Result<Value> attribute_value(const X509Values& values, const Der::Element& element);
// UTCTime or GeneralizedTime off the start of `der`, in RFC 3339.
Result<std::string> take_x509_time(Der& der);

struct Extension {
  std::string_view oid;
  bool critical = false;
  std::string_view value;
};
// The content of a SEQUENCE OF Extension; each at most once.
Result<std::vector<Extension>> read_extensions(Der list);
Value extensions_value(const X509Values& values, const std::vector<Extension>& extensions);

struct AlternativeNames {
  std::vector<Value> dns, emails, addresses, urls;
  std::vector<std::string> url_texts;
  bool any() const {
    return !dns.empty() || !emails.empty() || !addresses.empty() || !urls.empty();
  }
};
Result<AlternativeNames> read_alternative_names(const X509Values& values, std::string_view value);
std::string address_text(std::string_view bytes);  // of 4 or 16 bytes

// Members that come from extensions; sets those of a certificate without any first.
Status insert_extension_members(const X509Values& values, const std::vector<Extension>& extensions,
                                Value& certificate, AlternativeNames& names);

struct Certificate {
  std::string_view der;
  Value value;
  AlternativeNames names;
  std::vector<Extension> extensions;
};
// The certificate at the start of `der`, and the bytes behind it.
Result<Certificate> take_certificate(const X509Values& values, std::string_view& der);
// One certificate, or several without anything between.
Result<std::vector<Certificate>> read_certificates(const X509Values& values, std::string_view der);
Result<Value> request_value(const X509Values& values, std::string_view der);

// x509.ExtKeyUsage, or -1.
int extended_key_usage(std::string_view oid);

// Whether `ders`, the root first and the leaf last, form a chain; its certificates' places, the
// leaf first, or nothing.
struct ChainOptions {
  std::string dns_name;
  WallTime at;
  std::vector<int> key_usages = {1};  // server authentication
};
std::vector<std::size_t> verified_chain(const std::vector<Certificate>& certificates,
                                        const ChainOptions& options);

}  // namespace mc::builtin
