#include "identity/code_login.h"

#include <algorithm>

#include "identity/identity.h"
#include "identity/provider_call.h"
#include "identity/stored.h"

namespace mc::identity {
namespace {

constexpr std::string_view kBindingPrefix = "mcb_";

std::string digest(std::string_view text) {
  return sys::sha256(text);
}

// 32 random bytes: RFC 7636 section 4.1 asks for no less.
std::string random_text(sys::Random& random) {
  return make_secret("", random);
}

std::string with_parameters(const std::string& endpoint, const net::Headers& parameters) {
  const char joint = endpoint.find('?') == std::string::npos ? '?' : '&';
  return endpoint + joint + form_encode(parameters);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out.append(out.empty() ? "" : " ").append(part);
  return out;
}

Result<std::string> refuse(std::string_view why) {
  return fail(Code::denied, "the provider refuses the sign-in: " + std::string(why));
}

}  // namespace

Status check_return_path(std::string_view path) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/-._~?=&%").find(c) != std::string_view::npos;
  };
  if (path.size() > kReturnPathBytesMax) {
    return fail(Code::invalid,
                "return_to is longer than " + std::to_string(kReturnPathBytesMax) + " bytes");
  }
  if (!path.starts_with('/') || path.starts_with("//") ||
      !std::all_of(path.begin(), path.end(), plain)) {
    return fail(Code::invalid, "return_to must be a path of the portal, as /tokens");
  }
  return ok();
}

CodeLogin::CodeLogin(World world, IssuerConfig config, Secret client_secret,
                     std::string redirect_uri)
    : world_(std::move(world)),
      config_(std::move(config)),
      client_secret_(std::move(client_secret)),
      redirect_uri_(std::move(redirect_uri)) {}
CodeLogin::~CodeLogin() = default;

Result<StartedCodeLogin> CodeLogin::begin(const CodeLoginStart& start) {
  MC_TRY_OK(check_return_path(start.return_to));
  MC_TRY(const ProviderMetadata provider, world_.issuer->provider());
  if (provider.authorization_endpoint.empty() || provider.token_endpoint.empty()) {
    return fail(Code::unavailable, "the provider " + config_.issuer + " offers no code flow");
  }
  const std::string state = random_text(world_.random);
  std::string binding = make_secret(kBindingPrefix, world_.random);
  Open open{digest(state),
            digest(binding),
            random_text(world_.random),
            random_text(world_.random),
            start.return_to,
            start.step_up,
            start.peer,
            world_.clock.mono()};
  net::Headers parameters = {{"response_type", "code"},
                             {"client_id", config_.client_id},
                             {"redirect_uri", redirect_uri_},
                             {"scope", config_.scopes},
                             {"state", state},
                             {"nonce", open.nonce},
                             {"code_challenge", to_base64url(digest(open.verifier))},
                             {"code_challenge_method", "S256"}};
  // Zero: whoever is asked for a fresh sign-in signs in now, and not again in a moment. Otherwise a
  // sign-in may be as old as a session gets. Asking makes the provider tell `auth_time`.
  const bool fresh = start.step_up.max_age.count > 0;
  parameters.emplace_back("max_age",
                          fresh ? "0" : std::to_string(to_millis(kSessionLifetime) / 1'000));
  if (!start.step_up.acr.empty()) {
    parameters.emplace_back("acr_values", joined(start.step_up.acr));
  }
  remember(std::move(open));
  return StartedCodeLogin{with_parameters(provider.authorization_endpoint, parameters),
                          Secret(std::move(binding))};
}

void CodeLogin::remember(Open open) {
  const MonoTime now = world_.clock.mono();
  open_.with([&](std::deque<Open>& all) {
    std::erase_if(all, [&](const Open& old) { return now - old.began >= kCodeLoginLifetime; });
    const auto same_peer = [&](const Open& old) { return old.peer == open.peer; };
    const auto of_peer = std::count_if(all.begin(), all.end(), same_peer);
    if (static_cast<std::size_t>(of_peer) >= kCodeLoginsPerPeerMax) {
      all.erase(std::find_if(all.begin(), all.end(), same_peer));
    }
    if (all.size() >= kCodeLoginsMax) all.pop_front();
    all.push_back(std::move(open));
  });
}

// Whoever shows the state uses it up, so nobody tries bindings.
Result<CodeLogin::Open> CodeLogin::take(std::string_view state, std::string_view binding) {
  const std::string state_hash = digest(state);
  std::optional<Open> found = open_.with([&](std::deque<Open>& all) -> std::optional<Open> {
    const auto held = std::find_if(all.begin(), all.end(),
                                   [&](const Open& each) { return each.state_hash == state_hash; });
    if (held == all.end()) return std::nullopt;
    Open out = std::move(*held);
    all.erase(held);
    return out;
  });
  const bool live = found && world_.clock.mono() - found->began < kCodeLoginLifetime;
  if (!live || !equal_constant_time(digest(binding), found->binding_hash)) {
    return fail(Code::denied,
                "this sign-in is unknown, used, too old, or was begun in another browser");
  }
  return std::move(*found);
}

Result<std::string> CodeLogin::exchange(const Open& open, const std::string& code) {
  MC_TRY(const ProviderMetadata provider, world_.issuer->provider());
  net::Headers fields = {{"grant_type", "authorization_code"},
                         {"code", code},
                         {"redirect_uri", redirect_uri_},
                         {"code_verifier", open.verifier}};
  if (client_secret_.empty()) fields.emplace_back("client_id", config_.client_id);
  const std::lock_guard lock(client_mutex_);
  MC_TRY(const ProviderAnswer answer,
         post_form(*world_.client, config_, provider.token_endpoint, fields, client_secret_));
  if (answer.status >= 500) {
    return fail(Code::unavailable, "the provider answered " + std::to_string(answer.status));
  }
  if (answer.status != 200) return refuse(excerpt(answer.error()));
  std::string token = text_in(answer.body, "id_token");
  if (token.empty()) return refuse("it gives no ID token");
  return token;
}

Result<json::Object> CodeLogin::read(const std::string& id_token, const Open& open) {
  const IdTokenRules rules{config_.client_id, open.nonce};
  Result<json::Object> claims = world_.issuer->read_id_token(id_token, rules);
  if (claims || claims.error().code != Code::not_found) return claims;
  // The provider has changed its keys since they were fetched.
  const std::optional<Status> refreshed = world_.issuer->refresh();
  if (refreshed && !*refreshed) return tl::unexpected<Error>(refreshed->error());
  claims = world_.issuer->read_id_token(id_token, rules);
  if (claims || claims.error().code != Code::not_found) return claims;
  return fail(Code::denied, claims.error().what);
}

Result<FinishedCodeLogin> CodeLogin::finish(const CodeAnswer& answer, std::string_view binding,
                                            const SignInFrom& from) {
  for (const std::string* text : {&answer.state, &answer.code, &answer.iss}) {
    if (text->size() > kCodeBytesMax) {
      return fail(Code::invalid,
                  "state, code and iss have at most " + std::to_string(kCodeBytesMax) + " bytes");
    }
  }
  MC_TRY(const Open open, take(answer.state, binding));
  MC_TRY(const ProviderMetadata provider, world_.issuer->provider());
  // RFC 9207: an answer of another provider is not carried to this one.
  if ((provider.names_itself || !answer.iss.empty()) && answer.iss != config_.issuer) {
    return fail(Code::denied, "this answer is of another provider than " + config_.issuer);
  }
  MC_TRY(const std::string id_token, exchange(open, answer.code));
  MC_TRY(const json::Object claims, read(id_token, open));
  MC_TRY(const Bearer bearer, read_bearer(claims, config_));
  StepUp rule = open.step_up;
  if (rule.max_age.count > 0) rule.max_age = kCodeLoginLifetime + kIssuerClockSkewMax;
  MC_TRY_OK(check_proof(bearer.proof, rule, world_.clock.wall()));
  MC_TRY(IssuedSession session, world_.directory.sign_in(bearer, from));
  return FinishedCodeLogin{std::move(session), open.return_to};
}

}  // namespace mc::identity
