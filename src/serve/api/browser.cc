#include "api/browser.h"

namespace mc::api {
namespace {

std::string cookie_name(Cookie cookie, bool secure) {
  return std::string(secure ? "__Host-" : "") +
         (cookie == Cookie::session ? "mc_session" : "mc_sign_in");
}

Nanos lifetime_of(Cookie cookie) {
  return cookie == Cookie::session ? identity::kSessionLifetime : identity::kCodeLoginLifetime;
}

}  // namespace

bool is_secure(const net::Request& request, std::string_view public_url) {
  return request.tls || public_url.starts_with("https://");
}

std::string_view read_cookie(const net::Request& request, Cookie cookie, bool secure) {
  const std::string name = cookie_name(cookie, secure);
  for (const net::HeaderView& header : request.headers) {
    if (!equals_ignoring_case(header.name, "cookie")) continue;
    for (const std::string_view part : split(header.value, ';')) {
      const std::string_view pair = trim(part);
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      return pair.substr(equals + 1);
    }
  }
  return "";
}

std::string write_cookie(Cookie cookie, std::string_view secret, bool secure) {
  const std::int64_t age = secret.empty() ? 0 : to_millis(lifetime_of(cookie)) / 1'000;
  std::string out = cookie_name(cookie, secure);
  out.append("=").append(secret).append("; Path=/; HttpOnly; SameSite=Strict; Max-Age=");
  out += std::to_string(age);
  if (secure) out += "; Secure";
  return out;
}

Status check_origin(const net::Request& request) {
  const std::string_view site = request.header("sec-fetch-site");
  if (site.empty() || site == "same-origin" || site == "none") return ok();
  return fail(Code::denied, "this request comes from another site");
}

Status check_csrf(const net::Request& request, std::string_view cookie) {
  MC_TRY_OK(check_origin(request));
  if (equal_constant_time(request.header("x-csrf-token"), identity::csrf_token(cookie)))
    return ok();
  return fail(Code::denied, "X-CSRF-Token is missing or wrong; GET /v1/session tells it");
}

}  // namespace mc::api
