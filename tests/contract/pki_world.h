// For tests: an authority that issues certificates, and one that stamps times.
#pragma once

#include <string>
#include <vector>

#include "pki/pki.h"

namespace mc::pki {

class TestAuthority {
 public:
  TestAuthority() : key_(*crypto::SigningKey::generate(crypto::Algorithm::es384)) {
    CertificateRequest wanted = request(std::nullopt);
    wanted.common_name = "Root";
    roots_.push_back(*issue_certificate(wanted, key_.public_key(), {key_}));
  }
  static WallTime noon() { return {1'767'268'800'123'456'789}; }  // 2026-01-01T12:00:00.123456789Z
  // Valid an hour around noon.
  static CertificateRequest request(std::optional<Usage> usage) {
    CertificateRequest out;
    out.organization = "Test";
    out.common_name = "Somebody";
    const std::int64_t s = noon().nanos / 1'000'000'000;
    out.validity = {s - 3'600, s + 3'600};
    out.serial = "a serial number";
    out.usage = usage;
    return out;
  }
  Result<Certificate> issue(const CertificateRequest& wanted, const crypto::PublicKey& key) const {
    return issue_certificate(wanted, key, {key_, &root()});
  }
  const Certificate& root() const { return roots_.front(); }

 private:
  crypto::SigningKey key_;
  std::vector<Certificate> roots_;  // one
};

class TestTimestamps {
 public:
  TestTimestamps() {
    const crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::es256);
    const Certificate own =
        *authority_.issue(TestAuthority::request(Usage::time_stamping), key.public_key());
    signers_.push_back(
        *TimestampSigner::make(key, {own, authority_.root()}, "1.3.6.1.4.1.57264.2"));
  }
  static WallTime noon() { return TestAuthority::noon(); }
  const TimestampSigner& signer() const { return signers_.front(); }
  std::string stamp(std::string_view message, bool certificates = false) const {
    if (!certificates) return *signer().stamp(message, noon(), "12345678");
    // TimeStampReq of RFC 3161 with certReq.
    std::string query = *from_hex(
        "3039020101"
        "3031300d060960864801650304020105000420");
    query += *crypto::digest("sha256", message) + *from_hex("0101ff");
    return *signer().answer(query, noon(), "12345678");
  }
  std::vector<TimestampAuthority> authorities() const {
    return {{signer().chain(), {noon() - seconds(3'600)}}};
  }

 private:
  TestAuthority authority_;
  std::vector<TimestampSigner> signers_;  // one
};

}  // namespace mc::pki
