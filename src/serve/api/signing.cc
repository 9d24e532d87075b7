#include "api/signing.h"

#include "api/rekor1.h"

namespace mc::api {
namespace {

constexpr std::string_view kEntries = "/api/v2/log/entries";
constexpr std::string_view kCheckpoint = "/api/v2/checkpoint";
constexpr std::string_view kTiles = "/api/v2/";  // tile/...
constexpr std::string_view kTimestamp = "/api/v1/timestamp";
constexpr std::string_view kChain = "/api/v1/timestamp/certchain";
constexpr std::string_view kTrust = "/signing/trusted_root.json";
constexpr std::string_view kKeys = "/signing/keys.json";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kQuery = "application/timestamp-query";
constexpr std::string_view kForever = "public, max-age=31536000, immutable";

net::Response made(int status, std::string_view type, std::string body,
                   std::string_view cache = "no-cache") {
  net::Response out;
  out.status = status;
  out.headers = {{"Content-Type", std::string(type)}, {"Cache-Control", std::string(cache)}};
  out.body = std::move(body);
  return out;
}

// Without its parameters.
std::string_view type_of(const net::Request& request) {
  const std::string_view type = request.header("content-type");
  return trim(type.substr(0, type.find(';')));
}

Result<net::Response> add_entry(signing::Signing& signing, const net::Request& request) {
  if (!equals_ignoring_case(type_of(request), kJson)) {
    return fail(Code::invalid, "Content-Type: an entry is application/json");
  }
  MC_TRY(std::string body, proof::read_entry_request(request.body));
  MC_TRY(const proof::LogEntry entry, signing.log().add(std::move(body)));
  return made(201, kJson, proof::print_log_entry(entry), "no-store");
}

Result<net::Response> stamp(signing::Signing& signing, const net::Request& request) {
  const std::string_view type = type_of(request);
  const bool json = equals_ignoring_case(type, kJson);
  if (!json && !equals_ignoring_case(type, kQuery)) {
    return fail(Code::invalid,
                "Content-Type: a request is application/timestamp-query or application/json");
  }
  const auto form = json ? signing::TimestampForm::json : signing::TimestampForm::der;
  MC_TRY(std::string answer, signing.timestamps().answer(form, request.body));
  return made(201, "application/timestamp-reply", std::move(answer), "no-store");
}

Result<net::Response> read(signing::Signing& signing, std::string_view path) {
  if (path == kCheckpoint) {
    return made(200, "text/plain; charset=utf-8", signing.log().checkpoint());
  }
  if (path == kChain) {
    return made(200, "application/pem-certificate-chain",
                pki::print_pem(signing.timestamps().chain()));
  }
  if (path == kTrust) return made(200, kJson, proof::print_trusted_root(signing.trust()));
  if (path == kKeys) return made(200, kJson, signing.keys().print());
  if (path.starts_with(kTiles)) {
    const Result<tlog::Tile> tile = tlog::parse_tile_path(path.substr(kTiles.size()));
    if (!tile) return fail(Code::not_found, "no such endpoint, and no tile");
    MC_TRY(std::string bytes, signing.log().tile(*tile));
    return made(200, "application/octet-stream", std::move(bytes), kForever);
  }
  return fail(Code::not_found, "no such endpoint");
}

}  // namespace

bool is_signing_path(std::string_view path) {
  return path.starts_with(kTiles) || path == kTimestamp || path == kChain || path == kTrust ||
         path == kKeys || is_rekor1_path(path);
}

Result<net::Response> serve_signing(signing::Signing& signing, const net::Request& request) {
  if (is_rekor1_path(request.path)) return serve_rekor1(signing.promised_log(), request);
  if (request.method == "POST" && request.path == kEntries) return add_entry(signing, request);
  if (request.method == "POST" && request.path == kTimestamp) return stamp(signing, request);
  if (request.method == "GET" || request.method == "HEAD") return read(signing, request.path);
  return fail(Code::not_found, "no such endpoint");
}

}  // namespace mc::api
