#include "identity/device_login.h"

#include <algorithm>

#include "identity/claims.h"
#include "identity/issuer.h"
#include "identity/provider_call.h"
#include "json/json.h"

namespace mc::identity {
namespace {

constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr Nanos kIntervalDefault = seconds(5);  // RFC 8628 section 3.2
constexpr Nanos kIntervalMax = seconds(60);
constexpr Nanos kSlowDown = seconds(5);  // section 3.5
constexpr std::size_t kCodeBytesMax = 64;

// Whole seconds; `otherwise` when the member is missing or no positive number.
Nanos seconds_in(const json::Value& object, std::string_view name, Nanos otherwise, Nanos max) {
  const json::Value* value = object.find(name);
  const std::int64_t* number = value == nullptr ? nullptr : value->as_int();
  if (number == nullptr || *number <= 0) return otherwise;
  return std::min(seconds(std::min<std::int64_t>(*number, 366LL * 24 * 3600)), max);
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

struct Started {
  std::string device_code;
  DevicePrompt prompt;
  Nanos interval;
};

Result<Started> start(const DeviceWorld& world, const IssuerConfig& config,
                      const ProviderMetadata& provider) {
  net::Headers fields = {
      {"client_id", config.cli_client_id}, {"scope", "openid"}, {"resource", config.audience}};
  // A refresh token, which a provider gives to who consents (OpenID Connect Core section 11).
  if (provider.offers_refresh) {
    fields[1].second = "openid offline_access";
    fields.emplace_back("prompt", "consent");
  }
  MC_TRY(const ProviderAnswer answer,
         post_form(world.client, config, provider.device_authorization_endpoint, fields));
  if (answer.status != 200) {
    return fail(Code::denied, "the provider refuses the client '" + config.cli_client_id +
                                  "': " + excerpt(answer.error()));
  }
  Started out;
  out.device_code = text_in(answer.body, "device_code");
  out.prompt.code = text_in(answer.body, "user_code");
  out.prompt.url = text_in(answer.body, "verification_uri_complete");
  if (out.prompt.url.empty()) out.prompt.url = text_in(answer.body, "verification_uri");
  out.prompt.expires_in = seconds_in(answer.body, "expires_in", kDeviceLoginMax, kDeviceLoginMax);
  out.interval = seconds_in(answer.body, "interval", kIntervalDefault, kIntervalMax);
  MC_TRY_OK(net::check_outbound_url("verification_uri of the provider", out.prompt.url));
  if (out.device_code.empty() || out.prompt.code.empty() || !printable(out.prompt.code) ||
      out.prompt.code.size() > kCodeBytesMax) {
    return fail(Code::invalid, "the provider gives no code to type");
  }
  return out;
}

Result<AccessToken> take_token(sys::Clock& clock, const json::Value& body) {
  std::string token = text_in(body, "access_token");
  if (token.empty() || token.size() > kJwtBytesMax || !printable(token)) {
    return fail(Code::invalid, "the provider gives no access token");
  }
  if (to_lower(text_in(body, "token_type")) != "bearer") {
    return fail(Code::invalid, "the provider's token is no bearer token");
  }
  const Nanos lifetime = seconds_in(body, "expires_in", seconds(300), seconds(366LL * 24 * 3600));
  std::string refresh = text_in(body, "refresh_token");
  if (refresh.size() > kJwtBytesMax || !printable(refresh)) {
    return fail(Code::invalid, "the provider's refresh token is none");
  }
  return AccessToken{Secret(std::move(token)), clock.wall() + lifetime, Secret(std::move(refresh))};
}

}  // namespace

Result<AccessToken> device_login(const DeviceWorld& world, const IssuerConfig& config) {
  MC_TRY(const ProviderMetadata provider, fetch_metadata(world.client, config));
  if (provider.device_authorization_endpoint.empty() || provider.token_endpoint.empty()) {
    return fail(Code::invalid, "the provider " + config.issuer + " offers no device flow");
  }
  MC_TRY(Started started, start(world, config, provider));
  world.show(started.prompt);
  const MonoTime end = world.clock.mono() + started.prompt.expires_in;
  for (;;) {
    world.pause(started.interval);
    if (world.clock.mono() >= end) return fail(Code::denied, "nobody confirmed the code in time");
    const Result<ProviderAnswer> answer = post_form(world.client, config, provider.token_endpoint,
                                                    {{"grant_type", std::string(kGrant)},
                                                     {"device_code", started.device_code},
                                                     {"client_id", config.cli_client_id},
                                                     {"resource", config.audience}});
    // A connection that fails is tried again, more slowly (section 3.5).
    if (!answer && answer.error().code == Code::unavailable) {
      started.interval = std::min(started.interval + kSlowDown, kIntervalMax);
      continue;
    }
    if (!answer) return tl::unexpected<Error>(answer.error());
    if (answer->status == 200) return take_token(world.clock, answer->body);
    const std::string error = answer->error();
    if (error == "authorization_pending") continue;
    if (error == "slow_down") {
      started.interval = std::min(started.interval + kSlowDown, kIntervalMax);
      continue;
    }
    if (error == "access_denied") return fail(Code::denied, "the sign-in was refused");
    if (error == "expired_token") return fail(Code::denied, "nobody confirmed the code in time");
    return fail(Code::denied, "the provider refuses the sign-in: " + excerpt(error));
  }
}

Result<AccessToken> renew_login(net::Client& client, sys::Clock& clock, const IssuerConfig& config,
                                const AccessToken& held) {
  if (held.refresh.empty()) return fail(Code::denied, "the provider gave no refresh token");
  MC_TRY(const ProviderMetadata provider, fetch_metadata(client, config));
  if (provider.token_endpoint.empty()) {
    return fail(Code::invalid, "the provider " + config.issuer + " names no token endpoint");
  }
  MC_TRY(const ProviderAnswer answer,
         post_form(client, config, provider.token_endpoint,
                   {{"grant_type", "refresh_token"},
                    {"refresh_token", std::string(held.refresh.reveal(RevealToken()))},
                    {"client_id", config.cli_client_id},
                    {"resource", config.audience}}));
  if (answer.status / 100 == 5 || answer.status == 429) {
    return fail(Code::unavailable,
                "the provider answered " + std::to_string(answer.status) + " to a refresh");
  }
  if (answer.status != 200) {
    return fail(Code::denied, "the provider does not renew it: " + excerpt(answer.error()));
  }
  MC_TRY(AccessToken renewed, take_token(clock, answer.body));
  if (renewed.refresh.empty()) {  // the old one stays good
    renewed.refresh = Secret(std::string(held.refresh.reveal(RevealToken())));
  }
  return renewed;
}

Result<bool> end_login(net::Client& client, const IssuerConfig& config, const AccessToken& held) {
  if (held.refresh.empty()) return false;
  MC_TRY(const ProviderMetadata provider, fetch_metadata(client, config));
  if (provider.revocation_endpoint.empty()) return false;
  MC_TRY(const net::Response answer,
         send_form(client, config, provider.revocation_endpoint,
                   {{"token", std::string(held.refresh.reveal(RevealToken()))},
                    {"token_type_hint", "refresh_token"},
                    {"client_id", config.cli_client_id}}));
  if (answer.status == 200) return true;
  return fail(Code::unavailable,
              "the provider answered " + std::to_string(answer.status) + " to a revocation");
}

}  // namespace mc::identity
