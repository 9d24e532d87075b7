#include "signing/timestamps.h"

#include <array>

#include "json/json.h"

namespace mc::signing {
namespace {

constexpr std::size_t kSerialBytes = 16;
constexpr std::int64_t kYears = 10;
constexpr std::int64_t kYearSeconds = 365LL * 24 * 3600;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::string_view kOrganization = "Maestro Conductor";
constexpr std::string_view kPolicy = "1.3.6.1.4.1.57264.2";  // Sigstore's, of its authorities

std::string random_bytes(sys::Random& random) {
  std::array<std::uint8_t, kSerialBytes> bytes{};
  random.fill(bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::invalid, "timestamp request: " + std::string(why));
}

// A number that is not negative, big-endian.
std::string bytes_of(std::uint64_t number) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
  return out;
}

Result<std::string> read_nonce(const json::Value& value) {
  if (const std::int64_t* number = value.as_int(); number != nullptr && *number >= 0) {
    return bytes_of(static_cast<std::uint64_t>(*number));
  }
  const Result<std::int64_t> number =
      value.as_string() == nullptr ? Result<std::int64_t>(-1) : parse_int(*value.as_string());
  if (number && *number >= 0) return bytes_of(static_cast<std::uint64_t>(*number));
  return bad("nonce: it is no whole number from 0 to 2^63 - 1");
}

}  // namespace

pki::CertificateRequest own_request(const std::string& name, WallTime now, sys::Random& random) {
  pki::CertificateRequest out;
  out.organization = kOrganization;
  out.common_name = name;
  const std::int64_t begin = now.nanos / kNanosPerSecond;
  out.validity = {begin, begin + kYears * kYearSeconds};
  out.serial = random_bytes(random);
  return out;
}

Result<TimestampAuthority> make_authority(WallTime now, sys::Random& random) {
  MC_TRY(const crypto::SigningKey root_key, crypto::SigningKey::generate(crypto::Algorithm::es256));
  MC_TRY(crypto::SigningKey key, crypto::SigningKey::generate(crypto::Algorithm::es256));
  MC_TRY(pki::Certificate root,
         pki::issue_certificate(own_request("time-stamping root", now, random),
                                root_key.public_key(), {root_key}));
  pki::CertificateRequest request = own_request("time-stamping authority", now, random);
  request.usage = pki::Usage::time_stamping;
  MC_TRY(pki::Certificate leaf,
         pki::issue_certificate(request, key.public_key(), {root_key, &root}));
  return TimestampAuthority{std::move(key), {std::move(leaf), std::move(root)}};
}

Result<std::unique_ptr<Timestamps>> Timestamps::make(TimestampAuthority authority,
                                                     sys::Clock& clock, sys::Random& random) {
  MC_TRY(
      pki::TimestampSigner signer,
      pki::TimestampSigner::make(authority.key, std::move(authority.chain), std::string(kPolicy)));
  return std::unique_ptr<Timestamps>(new Timestamps(std::move(signer), clock, random));
}

Result<std::string> Timestamps::stamp(std::string_view signature) {
  return signer_.stamp(signature, clock_.wall(), random_bytes(random_));
}

Result<std::string> Timestamps::answer(TimestampForm form, std::string_view request) {
  if (request.size() > kTimestampRequestBytesMax) return bad("it is longer than 16384 bytes");
  std::string der(request);
  if (form == TimestampForm::json) {
    MC_TRY(der, read_json_request(request));
  }
  return signer_.answer(der, clock_.wall(), random_bytes(random_));
}

Result<std::string> read_json_request(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kTimestampRequestBytesMax}));
  if (value.as_object() == nullptr) return bad("it must be an object");
  const json::Value* algorithm = value.find("hashAlgorithm");
  if (algorithm == nullptr || *algorithm != json::Value("sha256")) {
    return bad("hashAlgorithm: it must be sha256");
  }
  pki::TimestampRequest out;
  for (const json::Member& member : value.as_object()->members()) {
    const std::string* text = member.value.as_string();
    if (member.name == "artifactHash") {
      const Result<std::string> hash = from_base64(text == nullptr ? "" : *text);
      if (!hash || hash->size() != crypto::Digest().size()) {
        return bad("artifactHash: it is not base64 of 32 bytes");
      }
      out.sha256 = *hash;
    } else if (member.name == "certificates") {
      if (member.value.as_bool() == nullptr) return bad("certificates: it must be true or false");
      out.certificates = *member.value.as_bool();
    } else if (member.name == "nonce") {
      MC_TRY(out.nonce, read_nonce(member.value));
    } else if (member.name != "hashAlgorithm") {
      return bad("'" + excerpt(member.name) + "' is not known");
    }
  }
  if (out.sha256.empty()) return bad("artifactHash: it is missing");
  return pki::print_timestamp_request(out);
}

}  // namespace mc::signing
