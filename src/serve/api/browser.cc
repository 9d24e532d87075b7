#include "api/browser.h"

namespace mc::api {
namespace {

constexpr std::string_view kPlainName = "mc_session";
constexpr std::string_view kHostName = "__Host-mc_session";

std::string_view cookie_name(const net::Request& request) {
  return request.tls ? kHostName : kPlainName;
}

// Takes the same time wherever the two differ.
bool equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned differences = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    differences |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return differences == 0;
}

}  // namespace

std::string_view session_cookie(const net::Request& request) {
  for (const net::HeaderView& header : request.headers) {
    if (!equals_ignoring_case(header.name, "cookie")) continue;
    for (const std::string_view part : split(header.value, ';')) {
      const std::string_view pair = trim(part);
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != cookie_name(request)) {
        continue;
      }
      return pair.substr(equals + 1);
    }
  }
  return "";
}

std::string set_cookie(const net::Request& request, std::string_view secret) {
  const std::int64_t age = secret.empty() ? 0 : identity::kSessionLifetime.count / 1'000'000'000;
  std::string out(cookie_name(request));
  out.append("=").append(secret).append("; Path=/; HttpOnly; SameSite=Strict; Max-Age=");
  out += std::to_string(age);
  if (request.tls) out += "; Secure";
  return out;
}

Status check_origin(const net::Request& request) {
  const std::string_view site = request.header("sec-fetch-site");
  if (site.empty() || site == "same-origin" || site == "none") return ok();
  return fail(Code::denied, "this request comes from another site");
}

Status check_csrf(const net::Request& request, std::string_view cookie) {
  MC_TRY_OK(check_origin(request));
  if (equal(request.header("x-csrf-token"), identity::csrf_token(cookie))) return ok();
  return fail(Code::denied, "X-CSRF-Token is missing or wrong; GET /v1/session tells it");
}

}  // namespace mc::api
