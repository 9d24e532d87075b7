// Sign-in of a command-line program at the OpenID provider: the device authorization grant
// (RFC 8628). The person opens an address in any browser and types a code. Part of identity.h.
#pragma once

#include <functional>
#include <string>

#include "base/base.h"
#include "identity/issuer_config.h"
#include "net/net.h"
#include "sys/sys.h"

namespace mc::identity {

inline constexpr Nanos kDeviceLoginMax = seconds(900);  // also when the provider would wait longer

struct DevicePrompt {
  std::string url;   // to open; printable ASCII
  std::string code;  // to type there, or to compare with; printable ASCII
  Nanos expires_in;
};

struct DeviceWorld {
  net::Client& client;
  sys::Clock& clock;
  std::function<void(const DevicePrompt&)> show;
  std::function<void(Nanos)> pause;  // returns after that long
};

struct AccessToken {
  Secret token;
  WallTime expires;
  Secret refresh = {};  // for renew_login(); empty when the provider gave none
};

// Asks for a token for `config.audience` as the client `config.cli_client_id`, and blocks until the
// person has decided. `denied` when that is no, or nothing came in time; `unavailable` when the
// provider cannot be reached; `invalid` when it does not offer the grant or answers nonsense.
Result<AccessToken> device_login(const DeviceWorld& world, const IssuerConfig& config);

// A new access token for the sign-in that `held` is of (RFC 6749 section 6). `denied` when the
// provider knows nothing of it any more, or it has no refresh token; otherwise as above.
Result<AccessToken> renew_login(net::Client& client, sys::Clock& clock, const IssuerConfig& config,
                                const AccessToken& held);

// Tells the provider that the sign-in is over (RFC 7009), so that its refresh token is good for
// nobody. False when there is nothing to tell, or the provider has no endpoint for it.
Result<bool> end_login(net::Client& client, const IssuerConfig& config, const AccessToken& held);

}  // namespace mc::identity
