// Calls of the OpenID provider's endpoints for forms (RFC 6749 appendix B). Private to the module.
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"
#include "identity/issuer_config.h"
#include "json/json.h"
#include "net/net.h"

namespace mc::identity {

// A member of a JSON object; "" when it is not there or no text.
std::string text_in(const json::Value& object, std::string_view name);

// application/x-www-form-urlencoded, of one value and of fields.
std::string form_encode(std::string_view value);
std::string form_encode(const net::Headers& fields);

struct ProviderAnswer {
  int status = 0;
  json::Value body;  // an object
  std::string error() const { return text_in(body, "error"); }
};

// Whatever is answered; `unavailable` when nothing is. A client with a secret identifies itself by
// HTTP Basic (section 2.3.1); an empty secret sends none.
Result<net::Response> send_form(net::Client& client, const IssuerConfig& config,
                                const std::string& url, const net::Headers& fields,
                                const Secret& client_secret = Secret());
// The same; `invalid` for an answer that is no JSON object.
Result<ProviderAnswer> post_form(net::Client& client, const IssuerConfig& config,
                                 const std::string& url, const net::Headers& fields,
                                 const Secret& client_secret = Secret());

}  // namespace mc::identity
