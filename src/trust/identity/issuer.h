// The OpenID provider: its published metadata and keys, and what its access tokens say of their
// bearer (OpenID Connect Discovery 1.0, RFC 8414, RFC 9068). Part of identity.h.
//
// read() needs no network: keys are fetched by refresh(), which the maintenance thread calls. A
// token with an unknown key asks for a refresh soon, so a rotation is seen within
// kIssuerRefreshSoon. While the provider is down the last keys stay good for kIssuerKeysKept; then
// no token is accepted. All members are thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "identity/issuer_config.h"
#include "identity/jwt.h"
#include "identity/names.h"
#include "identity/sign_in.h"
#include "net/net.h"
#include "sys/sys.h"

namespace mc::identity {

inline constexpr Nanos kIssuerRefreshEvery = seconds(300);
inline constexpr Nanos kIssuerRefreshSoon = seconds(5);  // also between attempts that fail
inline constexpr Nanos kIssuerKeysKept = seconds(24LL * 3600);
inline constexpr Nanos kIssuerTimeout = seconds(5);

// What the provider publishes about itself; "" for what it does not offer.
struct ProviderMetadata {
  std::string jwks_uri;
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string device_authorization_endpoint;
  std::string revocation_endpoint;
  bool names_itself = false;    // `iss` in its authorization responses (RFC 9207)
  bool offers_refresh = false;  // the scope offline_access
};
// `invalid` when it calls itself by another name than `config.issuer`, or an address in it is
// neither https nor on this machine.
Result<ProviderMetadata> fetch_metadata(net::Client& client, const IssuerConfig& config);

// Whom a token stands for.
struct Bearer {
  TenantId tenant;  // not yet known to exist
  PrincipalId principal;
  std::string name;  // for people
  Flags<Role> roles;
  WallTime expires;  // skew included
  SignInProof proof;
  bool machine = false;  // the client itself, by its own credentials (RFC 9068 section 2.2)
};

// "oidc_" and 26 characters, made of issuer and subject: stable, and the same nowhere else.
PrincipalId principal_of(std::string_view issuer, std::string_view subject);

// `denied` when the claims name no tenant or none of the roles.
Result<Bearer> read_bearer(const json::Object& claims, const IssuerConfig& config);

class Issuer {
 public:
  // The config is a checked one. `client` is used by one thread at a time, under a lock.
  Issuer(IssuerConfig config, std::unique_ptr<net::Client> client, sys::Clock& clock)
      : config_(std::move(config)), client_(std::move(client)), clock_(clock) {}

  // `unavailable` while there are no keys, `denied` for a token that is not good.
  Result<Bearer> read(std::string_view token) const;

  // The claims of an ID token. `not_found` when its key is not known (yet): refresh() may help.
  Result<json::Object> read_id_token(std::string_view token, const IdTokenRules& rules) const;

  // `unavailable` while it was not fetched.
  Result<ProviderMetadata> provider() const;

  // Fetches metadata and keys when that is due; blocks for at most two times kIssuerTimeout.
  // Nothing was due: std::nullopt. `unavailable` or `invalid` leaves the keys as they are.
  std::optional<Status> refresh();

  // When the keys in use were fetched.
  std::optional<WallTime> fetched() const;
  // The number of the keys in use, 0 without any; for caches of what read() said.
  std::uint64_t version() const;

 private:
  struct Keys {
    KeySet set;
    ProviderMetadata provider;
    WallTime fetched;
    std::uint64_t number = 0;
  };
  Status fetch_keys();
  std::shared_ptr<const Keys> live_keys() const;
  Result<json::Object> verify(std::string_view token, const std::string& audience) const;

  const IssuerConfig config_;
  std::mutex mutex_;  // guards client_ and the times
  std::unique_ptr<net::Client> client_;
  sys::Clock& clock_;
  std::optional<MonoTime> tried_;
  std::optional<MonoTime> succeeded_;
  mutable std::atomic<bool> key_missing_{false};
  std::atomic<std::shared_ptr<const Keys>> keys_;
};

}  // namespace mc::identity
