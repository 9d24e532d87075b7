// X.509 certificates and their chains, and the signed certificate timestamps inside them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"

namespace mc::pki {

inline constexpr std::size_t kCertificateBytesMax = 64 << 10;
inline constexpr std::size_t kChainMax = 8;

// Both ends are inside (RFC 5280 section 4.1.2.5).
struct Validity {
  std::int64_t begin_s = 0;  // since 1970
  std::int64_t end_s = 0;
  bool contains(WallTime at) const {
    const std::int64_t s = at.nanos / 1'000'000'000;
    return begin_s <= s && s <= end_s;
  }
  bool operator==(const Validity&) const = default;
};

enum class Usage : std::uint8_t { code_signing, time_stamping, document_signing };  // extended

struct CertificateHandle;  // an X509

class Certificate {
 public:
  static Result<Certificate> parse(std::string_view der);     // one, nothing behind it
  static Result<Certificate> from_pem(std::string_view pem);  // one "CERTIFICATE"

  const std::string& der() const { return der_; }
  const crypto::PublicKey& key() const { return key_; }
  const Validity& validity() const { return validity_; }
  std::string subject() const;  // RFC 2253, for people
  // Its e-mail addresses, URIs and the names of Fulcio's kind (1.3.6.1.4.1.57264.1.7).
  const std::vector<std::string>& names() const { return names_; }
  bool is_authority() const;
  bool may(Usage usage) const;
  // The value of an extension, as its OCTET STRING holds it.
  std::optional<std::string> extension(std::string_view oid) const;
  bool operator==(const Certificate& other) const { return der_ == other.der_; }

 private:
  friend struct CertificateAccess;
  Certificate(std::shared_ptr<const CertificateHandle> handle, std::string der,
              crypto::PublicKey key)
      : handle_(std::move(handle)), der_(std::move(der)), key_(std::move(key)) {}
  std::shared_ptr<const CertificateHandle> handle_;  // shared by copies; an X509 is counted anyway
  std::string der_;
  crypto::PublicKey key_;
  Validity validity_;
  std::vector<std::string> names_;
};

// One "CERTIFICATE" behind the other.
std::string print_pem(std::span<const Certificate> chain);

// A text of DER (UTF8String and nothing behind it), as extensions hold them.
Result<std::string> read_utf8_string(std::string_view der);

// The chain from `leaf` to `root` at a moment, the leaf first. `between` may hold certificates that
// are not needed. The chain is trusted for `usage` only.
struct ChainQuestion {
  const Certificate& leaf;
  std::span<const Certificate> between;
  const Certificate& root;
  WallTime at;
  Usage usage;
};
Result<std::vector<Certificate>> build_chain(const ChainQuestion& question);

// When a key or an authority was trusted; both ends are inside.
struct Period {
  WallTime from;
  std::optional<WallTime> until = std::nullopt;
  bool contains(WallTime at) const { return from <= at && (!until || at <= *until); }
  bool operator==(const Period&) const = default;
};

// A log of certificate transparency.
struct CertificateLog {
  crypto::PublicKey key;
  std::string id;  // 32 bytes: SHA-256 of its key
  Period period;
};
// The number of logs among `logs` whose signed timestamp in `leaf` holds. `invalid` when one of
// them has signed what is not this certificate, or the list in it cannot be read.
Result<std::size_t> check_certificate_timestamps(const Certificate& leaf, const Certificate& issuer,
                                                 std::span<const CertificateLog> logs);

}  // namespace mc::pki
