// The transport of key services over libcurl: HTTP/1.1 by TLS, one exchange a call.
//
// What is sent is sent at most once: where a kept connection turns out to be dead after the request
// left, the answer is `unavailable`, and whoever knows that the request may be repeated repeats it.
// Nothing of the environment is used: no proxies, no .netrc, no cookies, no redirects. Connections
// are kept, at most kConnectionsMax of them idle, for the next exchange with the same host, the
// same authority and the same client certificate. Only `clock` says how long there is until a
// deadline; names are looked up within it.
#pragma once

#include <memory>

#include "kms/transport.h"
#include "sys/sys.h"

namespace mc::https {

inline constexpr std::size_t kConnectionsMax = 16;
inline constexpr std::size_t kHeaderBytesMax = 32 << 10;  // of a reply, interim ones included

// `clock` outlives it.
std::unique_ptr<kms::Transport> transport(sys::Clock& clock);

}  // namespace mc::https
