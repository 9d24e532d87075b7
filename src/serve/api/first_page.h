// The page of the portal as a session gets it: with the answers in it that its script would ask for
// first, so that what it shows waits for no second journey. Private to the module.
#pragma once

#include "api/admin.h"
#include "api/assets.h"

namespace mc::api {

// Whether `request` is a browser's for the first page, which is the overview.
bool wants_first_page(const net::Request& request);

// 200 with `page` and, before its element "app", a data block: an object from what GET would be
// sent to, as "/v1/session", to what it would answer. What is refused is left out: the script then
// asks, and tells why. It is of one session and of one moment, so it is kept nowhere; and it is
// sent as it is, because compressed beside text of the address its length could tell of its secrets
// (CVE-2013-3587). `request` is the browser's, with the caller and cookie of its session.
net::Response first_page(const AdminWorld& world, const AdminRequest& request, const Asset& page);

}  // namespace mc::api
