// What a request from a browser carries: the session's cookie, and the proof that a page of ours
// sent it. Private to the module.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/base.h"
#include "identity/identity.h"
#include "net/net.h"

namespace mc::api {

// The value of our cookie, "" without one. Over TLS its name has the prefix __Host- (RFC 6265bis
// section 4.1.3), so that no other host of the domain can set it.
std::string_view session_cookie(const net::Request& request);

// The value of Set-Cookie that begins a session, or ends it when `secret` is empty.
std::string set_cookie(const net::Request& request, std::string_view secret);

// A change asked for with a cookie must carry X-CSRF-Token (GET /v1/session tells it), and must
// not come from another site where the browser says so (Fetch Metadata).
Status check_origin(const net::Request& request);
Status check_csrf(const net::Request& request, std::string_view cookie);

}  // namespace mc::api
