// Signed certificate timestamps in a certificate (RFC 6962 section 3.3).
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"
#include "pki/handles.h"

namespace mc::pki {
namespace {

constexpr std::string_view kListOid = "1.3.6.1.4.1.11129.2.4.2";
constexpr std::size_t kLogIdBytes = 32;
constexpr std::size_t kTimestampsMax = 16;
constexpr std::uint64_t kTimeMsMax = INT64_MAX / 1'000'000;  // what a WallTime can say

using Copy = std::unique_ptr<X509, Freed<X509_free>>;
using Octets = std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>>;

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::invalid, "certificate timestamp: " + std::string(why));
}

// TLS's presentation language (RFC 8446 section 3): numbers big-endian, vectors behind their
// length.
class Scan {
 public:
  explicit Scan(std::string_view bytes) : rest_(bytes) {}
  Result<std::uint64_t> number(std::size_t width) {
    MC_TRY(const std::string_view bytes, take(width));
    std::uint64_t out = 0;
    for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }
  Result<std::string_view> take(std::size_t size) {
    if (rest_.size() < size) return bad("its list ends too early");
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  Result<std::string_view> vector16() {
    MC_TRY(const std::uint64_t size, number(2));
    return take(static_cast<std::size_t>(size));
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

struct Sct {
  std::string log_id;
  std::uint64_t time_ms = 0;
  std::string extensions;
  std::uint64_t hash_algorithm = 0;       // of TLS 1.2: 4 is SHA-256
  std::uint64_t signature_algorithm = 0;  // 1 RSA, 3 ECDSA
  std::string signature;
};

Result<Sct> parse_sct(std::string_view bytes) {
  Scan scan(bytes);
  Sct out;
  MC_TRY(const std::uint64_t version, scan.number(1));
  if (version != 0) return bad("its version is not v1");
  MC_TRY(out.log_id, scan.take(kLogIdBytes));
  MC_TRY(out.time_ms, scan.number(8));
  if (out.time_ms > kTimeMsMax) return bad("its time is too far away");
  MC_TRY(out.extensions, scan.vector16());
  MC_TRY(out.hash_algorithm, scan.number(1));
  MC_TRY(out.signature_algorithm, scan.number(1));
  MC_TRY(out.signature, scan.vector16());
  if (!scan.done()) return bad("there are bytes behind it");
  return out;
}

Result<std::vector<Sct>> parse_list(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  const Octets octets(d2i_ASN1_OCTET_STRING(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (octets == nullptr || at != bytes_of(der) + der.size()) return bad("its list is not in DER");
  Scan outer(text_of(octets.get()));
  MC_TRY(const std::string_view list, outer.vector16());
  if (!outer.done()) return bad("there are bytes behind the list");
  std::vector<Sct> out;
  for (Scan scan(list); !scan.done();) {
    if (out.size() == kTimestampsMax) return bad("there are more than 16");
    MC_TRY(const std::string_view bytes, scan.vector16());
    MC_TRY(Sct sct, parse_sct(bytes));
    out.push_back(std::move(sct));
  }
  return out;
}

std::string big_endian(std::uint64_t number, std::size_t width) {
  std::string out(width, '\0');
  for (std::size_t i = width; i-- > 0; number >>= 8) out[i] = static_cast<char>(number & 255);
  return out;
}

// What logs signed before the certificate was: its body without the list.
Result<std::string> body_without_list(const Certificate& leaf) {
  const Copy copy(X509_dup(CertificateAccess::x509(leaf)));
  const int at = copy == nullptr ? -1 : X509_get_ext_by_NID(copy.get(), NID_ct_precert_scts, -1);
  if (at < 0) return bad("there is none");
  X509_EXTENSION_free(X509_delete_ext(copy.get(), at));
  std::string out(static_cast<std::size_t>(i2d_re_X509_tbs(copy.get(), nullptr)), '\0');
  unsigned char* to = bytes_of(out);
  i2d_re_X509_tbs(copy.get(), &to);
  return out;
}

bool signed_by(const crypto::PublicKey& key, const Sct& sct, std::string_view message) {
  const bool ecdsa = key.algorithm() == crypto::Algorithm::es256;
  if (!ecdsa && key.algorithm() != crypto::Algorithm::rs256) return false;
  if (sct.hash_algorithm != 4 || sct.signature_algorithm != (ecdsa ? 3 : 1)) return false;
  return key.verify_der(message, sct.signature);
}

}  // namespace

Result<std::size_t> check_certificate_timestamps(const Certificate& leaf, const Certificate& issuer,
                                                 std::span<const CertificateLog> logs) {
  const std::optional<std::string> list = leaf.extension(kListOid);
  if (!list) return std::size_t{0};
  MC_TRY(const std::vector<Sct> scts, parse_list(*list));
  MC_TRY(const std::string body, body_without_list(leaf));
  const crypto::Digest issuer_key = crypto::Sha256().add(issuer.key().to_spki()).finish();
  std::vector<bool> held(logs.size(), false);
  for (const Sct& sct : scts) {
    const std::string message =
        std::string(2, '\0') +                           // v1, certificate_timestamp
        big_endian(sct.time_ms, 8) + big_endian(1, 2) +  // precert_entry
        std::string(reinterpret_cast<const char*>(issuer_key.data()), issuer_key.size()) +
        big_endian(body.size(), 3) + body + big_endian(sct.extensions.size(), 2) + sct.extensions;
    for (std::size_t i = 0; i < logs.size(); ++i) {
      if (logs[i].id != sct.log_id) continue;
      if (!logs[i].period.contains(from_unix_ms(static_cast<std::int64_t>(sct.time_ms)))) continue;
      if (!signed_by(logs[i].key, sct, message)) return bad("a known log signed something else");
      held[i] = true;
    }
  }
  std::size_t out = 0;
  for (const bool each : held) out += each ? 1 : 0;
  return out;
}

}  // namespace mc::pki
