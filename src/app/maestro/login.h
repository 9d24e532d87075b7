// The sign-in of the person at the command line: the server's provider, and the token that login
// keeps, which is renewed when it has ended. Private to the module.
#pragma once

#include <string>

#include "identity/identity.h"
#include "maestro/command.h"

namespace mc::app {

// What the server at --url says of its provider. `not_found` when it has none, or none for us.
Result<identity::IssuerConfig> provider_of(Context& context);

// The kept token for the server at --url, good for some seconds more. `denied` when nobody signed
// in, or the sign-in has ended; `unavailable` when the provider that should renew it is away.
Result<std::string> held_token(Context& context);

}  // namespace mc::app
