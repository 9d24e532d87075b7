#include "signing/remote_timestamps.h"

#include <array>

namespace mc::signing {
namespace {

constexpr Nanos kDeadline = seconds(10);
constexpr std::size_t kNonceBytes = 16;
constexpr std::string_view kQuery = "application/timestamp-query";
constexpr std::string_view kReply = "application/timestamp-reply";

// A positive number that begins with no zeros, so that it comes back as it is.
std::string new_nonce(sys::Random& random) {
  std::array<std::uint8_t, kNonceBytes> bytes{};
  random.fill(bytes);
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x3f) | 0x40);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A query may hold a secret.
std::string shown(const std::string& url) {
  return excerpt(url.substr(0, url.find_first_of("?#")), 200);
}

tl::unexpected<Error> refused(Code code, const std::string& url, const std::string& why) {
  return fail(code, "time-stamping authority " + shown(url) + ": " + why);
}

}  // namespace

Result<std::unique_ptr<RemoteTimestamps>> RemoteTimestamps::make(RemoteAuthority authority,
                                                                 NewClient new_client,
                                                                 sys::Random& random) {
  const std::string& url = authority.url;
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return refused(Code::invalid, url, "it is no URL of http or https");
  }
  const std::size_t host = url.find("//") + 2;
  if (url.substr(host, url.find_first_of("/?#", host) - host).find('@') != std::string::npos) {
    return fail(Code::invalid, "time-stamping authority: its URL must not have a password in it");
  }
  if (authority.chain.empty() || authority.chain.size() > pki::kChainMax) {
    return refused(Code::invalid, url, "its chain must have 1 to 8 certificates");
  }
  return std::unique_ptr<RemoteTimestamps>(
      new RemoteTimestamps(std::move(authority), std::move(new_client), random));
}

Result<std::string> RemoteTimestamps::stamp(std::string_view signature) {
  MC_TRY(std::string digest, crypto::digest("sha256", signature));
  const std::string nonce = new_nonce(random_);
  net::ClientRequest request;
  request.method = "POST";
  request.url = authority_.url;
  request.headers = {{"Accept", std::string(kReply)}, {"Content-Type", std::string(kQuery)}};
  MC_TRY(request.body, pki::print_timestamp_request({std::move(digest), nonce, true}));
  request.timeout = kDeadline;
  request.response_bytes_max = pki::kTimestampBytesMax;
  Result<net::Response> response = new_client_()->fetch(request);
  if (!response) return refused(response.error().code, authority_.url, response.error().what);
  MC_TRY_OK(check(*response, signature, nonce));
  return std::move(response->body);
}

Status RemoteTimestamps::check(const net::Response& response, std::string_view signature,
                               std::string_view nonce) const {
  if (response.status != 200 && response.status != 201) {
    return refused(Code::unavailable, authority_.url,
                   "it answered " + std::to_string(response.status));
  }
  std::string_view type;
  for (const auto& [name, value] : response.headers) {
    if (equals_ignoring_case(name, "content-type")) type = value;
  }
  if (!equals_ignoring_case(trim(type.substr(0, type.find(';'))), kReply)) {
    return refused(Code::corrupt, authority_.url,
                   "its answer is '" + excerpt(type) + "', not application/timestamp-reply");
  }
  const pki::TimestampAuthority trusted{authority_.chain, {}};
  const Result<pki::Timestamp> time =
      pki::check_timestamp(response.body, signature, std::span(&trusted, 1));
  if (!time) return refused(Code::corrupt, authority_.url, time.error().what);
  if (time->nonce == nonce) return ok();
  return refused(Code::corrupt, authority_.url, "it answers another question: the nonce differs");
}

proof::Authority RemoteTimestamps::trust() const {
  const pki::Certificate& own = authority_.chain.front();
  return {"", own.subject(), authority_.url.substr(0, authority_.url.find_first_of("?#")),
          authority_.chain, pki::Period{WallTime{own.validity().begin_s * 1'000'000'000}}};
}

}  // namespace mc::signing
