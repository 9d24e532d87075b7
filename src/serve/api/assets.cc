#include "api/assets.h"

#include <algorithm>
#include <array>

namespace mc::api {
namespace {

// Nothing inline, nothing from elsewhere, no frame around it, and no string becomes markup.
// The one policy of trusted types is that of the verifier's worker
// (portal/src/pages/verify_check.ts).
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types verifier";

// Where the portal has pages (portal/src/pages.ts). A browser is given the portal anywhere, and
// told there that a page is missing; who takes any type is given what is a page.
constexpr std::array<std::string_view, 19> kPages = {"/",
                                                     "/access",
                                                     "/budgets",
                                                     "/console",
                                                     "/datasets",
                                                     "/exports",
                                                     "/notifications",
                                                     "/policy",
                                                     "/policy/what-if",
                                                     "/privacy",
                                                     "/query",
                                                     "/records",
                                                     "/residency",
                                                     "/settings/preferences",
                                                     "/settings/sessions",
                                                     "/settings/tokens",
                                                     "/sign-in",
                                                     "/sign-in/callback",
                                                     "/verify"};

bool is_page(std::string_view path) {
  return path.starts_with("/datasets/") || path.starts_with("/policy/decisions/") ||
         std::find(kPages.begin(), kPages.end(), path) != kPages.end();
}

// RFC 9110 section 12.5.3, as far as it matters here: a coding is taken unless its weight is 0.
bool accepts(std::string_view header, std::string_view coding) {
  for (const std::string_view part : split(header, ',')) {
    const std::string_view item = trim(part);
    const std::size_t semicolon = item.find(';');
    if (!equals_ignoring_case(trim(item.substr(0, semicolon)), coding)) continue;
    if (semicolon == std::string_view::npos) return true;
    const std::string_view weight = trim(item.substr(semicolon + 1));
    return weight.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

bool matches(std::string_view if_none_match, std::string_view etag) {
  for (const std::string_view part : split(if_none_match, ',')) {
    std::string_view tag = trim(part);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag || tag == "*") return true;
  }
  return false;
}

}  // namespace

const Asset* find_asset(std::string_view path) {
  const std::span<const Asset> all = assets();
  const auto found = std::lower_bound(
      all.begin(), all.end(), path,
      [](const Asset& asset, std::string_view wanted) { return asset.path < wanted; });
  return found != all.end() && found->path == path ? &*found : nullptr;
}

const Asset* find_page(const net::Request& request) {
  const std::string_view accepted = request.header("accept");
  const std::string_view path = request.path;
  if (path.starts_with("/v1/") || path.starts_with("/assets/")) return nullptr;
  const bool any = accepted.empty() || accepted.find("*/*") != std::string_view::npos;
  const bool wanted = accepted.find("text/html") != std::string_view::npos;
  if (!wanted && !(any && is_page(path)) && path != "/") return nullptr;
  return find_asset("/index.html");
}

net::Headers page_headers() {
  return {{"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Content-Security-Policy", std::string(kPolicy)}};
}

net::Response serve_asset(const net::Request& request, const Asset& asset) {
  net::Response out;
  const bool kept = asset.path.starts_with("/assets/");
  out.headers = page_headers();
  out.headers.emplace_back("ETag", asset.etag);
  out.headers.emplace_back("Vary", "Accept-Encoding");
  out.headers.emplace_back("Cache-Control",
                           kept ? "public, max-age=31536000, immutable" : "no-cache");
  if (matches(request.header("if-none-match"), asset.etag)) {
    out.status = 304;
    return out;
  }
  out.headers.emplace_back("Content-Type", std::string(asset.type));
  const std::string_view codings = request.header("accept-encoding");
  if (!asset.brotli.empty() && accepts(codings, "br")) {
    out.headers.emplace_back("Content-Encoding", "br");
    out.body = asset.brotli;
  } else if (!asset.gzip.empty() && accepts(codings, "gzip")) {
    out.headers.emplace_back("Content-Encoding", "gzip");
    out.body = asset.gzip;
  } else {
    out.body = asset.plain;
  }
  return out;
}

}  // namespace mc::api
