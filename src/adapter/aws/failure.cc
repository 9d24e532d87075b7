#include <algorithm>
#include <array>
#include <string>

#include "aws/reply.h"

namespace mc::aws {
namespace {

constexpr std::int64_t kRetryAfterMax = 3'600;
constexpr Nanos kSkewMax = seconds(240);  // AWS takes five minutes

enum class Kind : std::uint8_t { denied, unavailable, exhausted, corrupt, invalid, session, clock };

struct Row {
  std::string_view code;
  Kind kind;
  Remedy remedy = Remedy::none;
};
// Of the Key Management Service, of the Security Token Service, and common ones of both. Where a
// new credential may be what was missing, one is got, once.
constexpr Row kRows[] = {
    {"AccessDeniedException", Kind::denied},
    {"AccessDenied", Kind::denied},
    {"DisabledException", Kind::denied},
    {"KMSInvalidStateException", Kind::denied},
    {"NotFoundException", Kind::denied},
    {"NotAuthorized", Kind::denied},
    {"OptInRequired", Kind::denied},
    // An access key that is unknown or was made inactive: access was taken away.
    {"UnrecognizedClientException", Kind::denied, Remedy::new_session},
    {"InvalidClientTokenId", Kind::denied, Remedy::new_session},

    {"ThrottlingException", Kind::exhausted},
    {"Throttling", Kind::exhausted},
    {"ThrottledException", Kind::exhausted},
    {"RequestLimitExceeded", Kind::exhausted},
    {"TooManyRequestsException", Kind::exhausted},
    {"LimitExceededException", Kind::exhausted},

    {"InvalidCiphertextException", Kind::corrupt},
    {"IncorrectKeyException", Kind::corrupt},

    {"InvalidArnException", Kind::invalid},
    {"InvalidKeyUsageException", Kind::invalid},
    {"InvalidParameterValue", Kind::invalid},
    {"MalformedPolicyDocument", Kind::invalid},
    {"RegionDisabledException", Kind::invalid},
    {"SerializationException", Kind::invalid},
    {"UnknownOperationException", Kind::invalid},
    {"UnsupportedOperationException", Kind::invalid},
    {"ValidationError", Kind::invalid},
    {"ValidationException", Kind::invalid},

    {"ExpiredToken", Kind::session, Remedy::new_session},
    {"ExpiredTokenException", Kind::session, Remedy::new_session},
    {"IDPRejectedClaim", Kind::session},
    {"InvalidIdentityToken", Kind::session},

    {"RequestExpired", Kind::clock},
    {"RequestTimeTooSkewed", Kind::clock},
    // A wrong clock, a wrong secret, or key files that were read while they were being exchanged.
    {"InvalidSignatureException", Kind::clock, Remedy::new_session},
    {"SignatureDoesNotMatch", Kind::clock, Remedy::new_session},
};

Row row_of(const std::string& code, int status) {
  for (const Row& row : kRows) {
    if (row.code == code) return row;
  }
  if (status == 429) return {code, Kind::exhausted};
  // Whatever else the service calls it when it forbids; without a code it was somebody else.
  if (status == 403 && !code.empty()) return {code, Kind::denied};
  if (status >= 500 || !code.empty()) return {code, Kind::unavailable};
  return {code, Kind::corrupt};
}

Code code_of(Kind kind) {
  switch (kind) {
    case Kind::denied:
      return Code::denied;
    case Kind::exhausted:
      return Code::exhausted;
    case Kind::corrupt:
      return Code::corrupt;
    case Kind::invalid:
      return Code::invalid;
    case Kind::unavailable:
    case Kind::session:
    case Kind::clock:
      break;
  }
  return Code::unavailable;
}

std::string clock_text(std::optional<Nanos> ahead) {
  if (!ahead) return "; this machine's clock or the secret key is wrong";
  const std::int64_t s = ahead->count / 1'000'000'000;
  const std::string differs = std::to_string(s < 0 ? -s : s) + " s " + (s < 0 ? "behind" : "ahead");
  if (*ahead > kSkewMax || *ahead < Nanos{0} - kSkewMax) {
    return "; this machine's clock is wrong: " + differs + " of the service's";
  }
  return "; the secret key is wrong, as this machine's clock is right (" + differs + ")";
}

}  // namespace

// "Tue, 15 Nov 1994 08:12:31 GMT": the form that RFC 9110 section 5.6.7 has senders use.
std::optional<Nanos> clock_ahead(const kms::HttpReply& reply, WallTime now) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::string_view text = reply.header("date");
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const std::string number = std::to_string(month / 3 + 1);
  std::string at(text.substr(12, 4));
  at.append(number.size() == 1 ? "-0" : "-").append(number).append("-").append(text.substr(5, 2));
  at.append("T").append(text.substr(17, 8)).append("Z");
  const Result<WallTime> time = parse_rfc3339(at);
  if (!time) return std::nullopt;
  return now - *time;
}

Failure read_failure(std::string_view step, const kms::HttpReply& reply, WallTime now) {
  Failure out;
  out.code = error_code(reply);
  const Row row = row_of(out.code, reply.status);
  out.remedy = row.remedy;
  out.error.code = code_of(row.kind);
  out.error.what = "aws: " + std::string(step) + ": " +
                   (out.code.empty() ? "status " + std::to_string(reply.status) : out.code);
  if (row.kind == Kind::session) out.error.what += "; the credential is to be renewed";
  if (row.kind == Kind::clock) out.error.what += clock_text(clock_ahead(reply, now));
  const Result<std::int64_t> after = parse_int(reply.header("retry-after"));
  if (row.kind == Kind::exhausted || row.kind == Kind::unavailable) {
    if (after && *after >= 0) out.error.retry_after_s = std::min(*after, kRetryAfterMax);
  }
  return out;
}

}  // namespace mc::aws
