// What a request from a browser carries: our cookies, and the proof that a page of ours sent it.
// Private to the module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "identity/identity.h"
#include "net/net.h"

namespace mc::api {

enum class Cookie : std::uint8_t {
  session,  // mc_session: the secret of a session
  sign_in,  // mc_sign_in: binds a sign-in at the provider to the browser that began it
};

// Whether the browser speaks TLS: to us, or to the proxy whose address `public_url` tells.
bool is_secure(const net::Request& request, std::string_view public_url);

// The value of a cookie, "" without one. Over TLS its name has the prefix __Host- (RFC 6265bis
// section 4.1.3), so that no other host of the domain can set it.
std::string_view read_cookie(const net::Request& request, Cookie cookie, bool secure);
// The value of Set-Cookie that sets it, or takes it away when `secret` is empty.
std::string write_cookie(Cookie cookie, std::string_view secret, bool secure);

// A change asked for with a cookie must carry X-CSRF-Token (GET /v1/session tells it), and must
// not come from another site where the browser says so (Fetch Metadata).
Status check_origin(const net::Request& request);
Status check_csrf(const net::Request& request, std::string_view cookie);

}  // namespace mc::api
