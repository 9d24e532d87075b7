#include "identity/issuer.h"

#include <algorithm>

#include "identity/claims.h"

namespace mc::identity {
namespace {

constexpr std::string_view kMetadataPath = "/.well-known/openid-configuration";
constexpr std::size_t kMetadataBytesMax = 256 << 10;
constexpr std::size_t kNameBytesMax = 200;
constexpr std::size_t kClaimValuesMax = 1'000;

// A claim by its whole name, or else by its path through objects.
const json::Value* find_claim(const json::Object& claims, std::string_view name) {
  if (const json::Value* whole = claims.find(name)) return whole;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const json::Value* inner = claims.find(name.substr(0, dot));
  if (inner == nullptr || inner->as_object() == nullptr) return nullptr;
  return find_claim(*inner->as_object(), name.substr(dot + 1));
}

// A text, or a list of texts.
std::vector<std::string_view> texts_of(const json::Value* value) {
  std::vector<std::string_view> out;
  if (value == nullptr) return out;
  if (const std::string* one = value->as_string()) out.emplace_back(*one);
  if (const json::Array* list = value->as_array(); list && list->size() <= kClaimValuesMax) {
    for (const json::Value& each : *list) out.push_back(text_of(&each));
  }
  return out;
}

Flags<Role> roles_in(const json::Object& claims, const IssuerConfig& config) {
  Flags<Role> out;
  for (const std::string_view value : texts_of(find_claim(claims, config.roles_claim))) {
    if (config.roles.empty()) {
      if (const Result<Role> role = parse_role(value)) out.add(*role);
    }
    for (const RoleRule& rule : config.roles) {
      if (rule.claim != value) continue;
      if (const Result<Role> role = parse_role(rule.role)) out.add(*role);
    }
  }
  return out;
}

// What people call the bearer: the first of these claims that a page can show.
std::string name_in(const json::Object& claims) {
  for (const std::string_view claim : {"name", "preferred_username", "client_id", "sub"}) {
    const std::string_view name = text_in(claims, claim);
    if (!name.empty() && name.size() <= kNameBytesMax && is_readable_line(name)) {
      return std::string(name);
    }
  }
  return "";
}

Result<std::string> get(net::Client& client, const IssuerConfig& config, const std::string& url) {
  net::ClientRequest request;
  request.url = url;
  request.headers = {{"Accept", "application/json"}};
  request.timeout = kIssuerTimeout;
  request.response_bytes_max = kMetadataBytesMax;
  request.ca_file = config.ca_file;
  MC_TRY(net::Response response, client.fetch(request));
  if (response.status == 200) return std::move(response.body);
  return fail(Code::unavailable,
              "the provider answered " + std::to_string(response.status) + " at " + url);
}

// An address in the metadata; "" when it is not there.
Result<std::string> address_in(const json::Value& metadata, std::string_view name) {
  std::string url(text_of(metadata.find(name)));
  if (url.empty()) return url;
  MC_TRY_OK(net::check_outbound_url(std::string(name) + " of the provider", url));
  return url;
}

bool lists(const json::Value* values, std::string_view wanted) {
  const json::Array* items = values == nullptr ? nullptr : values->as_array();
  return items != nullptr && std::any_of(items->begin(), items->end(), [&](const json::Value& one) {
           return text_of(&one) == wanted;
         });
}

}  // namespace

Status IssuerConfig::check() const {
  if (!enabled()) return ok();
  MC_TRY_OK(net::check_outbound_url("oidc.issuer", issuer));
  if (audience.empty()) {
    return fail(Code::invalid,
                "oidc.audience is needed: without it tokens made for other servers "
                "of the provider would be good here");
  }
  if (audience == cli_client_id || audience == client_id) {
    return fail(Code::invalid,
                "oidc.audience must differ from oidc.client_id and oidc.cli_client_id: ID tokens "
                "are made for the client and must not be good here");
  }
  if (client_id.empty() && !client_secret.empty()) {
    return fail(Code::invalid, "oidc.client_secret needs oidc.client_id");
  }
  const std::vector<std::string_view> scope_list = split(scopes, ' ');
  if (std::find(scope_list.begin(), scope_list.end(), "openid") == scope_list.end()) {
    return fail(Code::invalid, "oidc.scopes must hold openid");
  }
  for (const std::string& acr : step_up_acr) {
    // As one of acr_values, and inside the quotes of WWW-Authenticate.
    const auto good = [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; };
    if (acr.empty() || !std::all_of(acr.begin(), acr.end(), good)) {
      return fail(Code::invalid, "oidc.step_up_acr: an acr has no space and no quote");
    }
  }
  for (const RoleRule& rule : roles) {
    if (const Result<Role> role = parse_role(rule.role); !role) {
      return fail(Code::invalid, "oidc.roles: " + role.error().what);
    }
  }
  return ok();
}

PrincipalId principal_of(std::string_view issuer, std::string_view subject) {
  const std::string digest = sys::sha256(std::string(issuer) + "\n" + std::string(subject));
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    high = high << 8 | static_cast<unsigned char>(digest[i]);
    low = low << 8 | static_cast<unsigned char>(digest[i + 8]);
  }
  return PrincipalId(to_crockford(high, low, "oidc_"));
}

Result<Bearer> read_bearer(const json::Object& claims, const IssuerConfig& config) {
  Bearer out;
  const std::string_view tenant = text_of(find_claim(claims, config.tenant_claim));
  if (tenant.empty()) {
    return fail(Code::denied, "the token names no tenant: claim '" + config.tenant_claim + "'");
  }
  out.tenant = TenantId(std::string(tenant));
  out.principal = principal_of(text_in(claims, "iss"), text_in(claims, "sub"));
  out.name = name_in(claims);
  out.machine = !text_in(claims, "client_id").empty() &&
                text_in(claims, "client_id") == text_in(claims, "sub");
  MC_TRY(out.proof.time, read_date(claims, "auth_time"));
  out.proof.acr = text_in(claims, "acr").substr(0, kAcrBytesMax);
  out.roles = roles_in(claims, config);
  if (out.roles.empty()) {
    return fail(Code::denied, "the token names no role: claim '" + config.roles_claim + "'");
  }
  MC_TRY(const std::optional<WallTime> expires, read_date(claims, "exp"));
  if (!expires) return fail(Code::denied, "the token has no 'exp'");
  out.expires = expires->nanos > INT64_MAX - kIssuerClockSkewMax.count
                    ? *expires
                    : *expires + kIssuerClockSkewMax;
  return out;
}

std::shared_ptr<const Issuer::Keys> Issuer::live_keys() const {
  std::shared_ptr<const Keys> keys = keys_.load(std::memory_order_acquire);
  if (keys == nullptr || clock_.wall() >= keys->fetched + kIssuerKeysKept) return nullptr;
  return keys;
}

Result<json::Object> Issuer::verify(std::string_view token, const std::string& audience) const {
  const std::shared_ptr<const Keys> keys = live_keys();
  if (keys == nullptr) return fail(Code::unavailable, "the keys of the provider are not known");
  Result<json::Object> claims =
      verify_jwt(token, keys->set, {config_.issuer, audience, clock_.wall()});
  if (!claims && claims.error().code == Code::not_found) {
    key_missing_.store(true, std::memory_order_relaxed);
  }
  return claims;
}

Result<Bearer> Issuer::read(std::string_view token) const {
  const Result<json::Object> claims = verify(token, config_.audience);
  if (claims) return read_bearer(*claims, config_);
  const bool missing = claims.error().code == Code::not_found;
  return fail(missing ? Code::denied : claims.error().code, claims.error().what);
}

Result<json::Object> Issuer::read_id_token(std::string_view token,
                                           const IdTokenRules& rules) const {
  MC_TRY(json::Object claims, verify(token, rules.client_id));
  MC_TRY_OK(check_id_token(claims, rules));
  return claims;
}

Result<ProviderMetadata> Issuer::provider() const {
  const std::shared_ptr<const Keys> keys = live_keys();
  if (keys != nullptr) return keys->provider;
  return fail(Code::unavailable, "the provider " + config_.issuer + " has not been reached yet");
}

std::optional<Status> Issuer::refresh() {
  const std::lock_guard lock(mutex_);
  const MonoTime now = clock_.mono();
  if (tried_ && now - *tried_ < kIssuerRefreshSoon) return std::nullopt;
  const bool old = !succeeded_ || now - *succeeded_ >= kIssuerRefreshEvery;
  if (!old && !key_missing_.load(std::memory_order_relaxed)) return std::nullopt;
  tried_ = now;
  key_missing_.store(false, std::memory_order_relaxed);
  Status done = fetch_keys();
  if (done) succeeded_ = now;
  return done;
}

Result<ProviderMetadata> fetch_metadata(net::Client& client, const IssuerConfig& config) {
  std::string base = config.issuer;
  while (base.ends_with('/')) base.pop_back();
  MC_TRY(const std::string text, get(client, config, base + std::string(kMetadataPath)));
  MC_TRY(const json::Value metadata, json::parse(text, {.bytes_max = kMetadataBytesMax}));
  const std::string_view name = text_of(metadata.find("issuer"));
  if (name != config.issuer) {
    return fail(Code::invalid, "the provider calls itself '" + excerpt(name, 200) + "', not '" +
                                   config.issuer + "'");
  }
  ProviderMetadata out;
  MC_TRY(out.jwks_uri, address_in(metadata, "jwks_uri"));
  MC_TRY(out.authorization_endpoint, address_in(metadata, "authorization_endpoint"));
  MC_TRY(out.token_endpoint, address_in(metadata, "token_endpoint"));
  MC_TRY(out.device_authorization_endpoint, address_in(metadata, "device_authorization_endpoint"));
  MC_TRY(out.revocation_endpoint, address_in(metadata, "revocation_endpoint"));
  const json::Value* names_itself = metadata.find("authorization_response_iss_parameter_supported");
  out.names_itself =
      names_itself != nullptr && names_itself->as_bool() != nullptr && *names_itself->as_bool();
  out.offers_refresh = lists(metadata.find("scopes_supported"), "offline_access");
  return out;
}

Status Issuer::fetch_keys() {
  MC_TRY(ProviderMetadata provider, fetch_metadata(*client_, config_));
  if (provider.jwks_uri.empty()) return fail(Code::invalid, "the provider names no jwks_uri");
  MC_TRY(const std::string text, get(*client_, config_, provider.jwks_uri));
  MC_TRY(KeySet set, KeySet::parse(text));
  if (set.size() == 0) return fail(Code::invalid, "the provider publishes no key of use here");
  const std::shared_ptr<const Keys> old = keys_.load(std::memory_order_acquire);
  const std::uint64_t number = old == nullptr ? 1 : old->number + 1;
  keys_.store(std::make_shared<const Keys>(
                  Keys{std::move(set), std::move(provider), clock_.wall(), number}),
              std::memory_order_release);
  return ok();
}

std::uint64_t Issuer::version() const {
  const std::shared_ptr<const Keys> keys = live_keys();
  return keys == nullptr ? 0 : keys->number;
}

std::optional<WallTime> Issuer::fetched() const {
  const std::shared_ptr<const Keys> keys = keys_.load(std::memory_order_acquire);
  return keys == nullptr ? std::nullopt : std::optional(keys->fetched);
}

}  // namespace mc::identity
