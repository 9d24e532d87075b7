#include "maestro/login.h"

#include <thread>

#include "maestro/admin_client.h"
#include "maestro/credentials.h"

namespace mc::app {
namespace {

constexpr Nanos kAhead = seconds(10);  // a token that ends sooner is renewed first
constexpr Nanos kTurnMax = seconds(20);
constexpr Nanos kTurnPause = millis(50);

// A refresh token is often good once, so that of several programs one renews and the others wait.
Result<std::unique_ptr<sys::FolderLock>> take_turn(Context& context, const std::string& folder) {
  const MonoTime end = context.machine.clock->mono() + kTurnMax;
  for (;;) {
    Result<std::unique_ptr<sys::FolderLock>> lock = sys::lock_folder(folder);
    if (lock || lock.error().code != Code::conflict) return lock;
    if (context.machine.clock->mono() >= end) {
      return fail(Code::unavailable, "another maestro renews the sign-in and does not end");
    }
    std::this_thread::sleep_for(std::chrono::nanoseconds(kTurnPause.count));
  }
}

Error ended(const Context& context) {
  return {Code::denied, "the sign-in at " + context.url + " has ended; run maestro login"};
}

Result<identity::AccessToken> renew(Context& context, Credentials& credentials,
                                    const std::string& folder) {
  MC_TRY(const std::unique_ptr<sys::FolderLock> lock, take_turn(context, folder));
  MC_TRY(std::optional<identity::AccessToken> held, credentials.find(context.url));
  if (!held) return tl::unexpected<Error>(ended(context));
  if (context.machine.clock->wall() + kAhead < held->expires) return *std::move(held);
  MC_TRY(const identity::IssuerConfig provider, provider_of(context));
  Result<identity::AccessToken> renewed =
      identity::renew_login(*net::Client::make(), *context.machine.clock, provider, *held);
  if (!renewed && renewed.error().code == Code::denied) {
    return tl::unexpected<Error>(ended(context));
  }
  if (renewed) MC_TRY_OK(credentials.put(context.url, *renewed));
  return renewed;
}

}  // namespace

Result<identity::IssuerConfig> provider_of(Context& context) {
  MC_TRY(const json::Value ways, call_admin(context, {.path = "/v1/sign-in", .anonymous = true}));
  const json::Value* oidc = ways.find("oidc");
  if (oidc == nullptr || oidc->is_null()) {
    return fail(Code::not_found, "this server has no OpenID provider; use a token (--token-file)");
  }
  identity::IssuerConfig out;
  out.issuer = text_of(*oidc, "issuer");
  out.audience = text_of(*oidc, "audience");
  out.cli_client_id = text_of(*oidc, "cli_client_id");
  if (out.cli_client_id == "-") {
    return fail(Code::not_found,
                "this server has no client for the command line at its provider "
                "(oidc.cli_client_id); use a token (--token-file)");
  }
  MC_TRY_OK(out.check());
  return out;
}

Result<std::string> held_token(Context& context) {
  MC_TRY(const std::string path, Credentials::default_path());
  Credentials credentials(*context.machine.files, path);
  MC_TRY(const std::optional<identity::AccessToken> held, credentials.find(context.url));
  if (!held) {
    return fail(Code::denied, "no token: run maestro login, set MC_TOKEN or give --token-file");
  }
  const WallTime now = context.machine.clock->wall();
  if (now + kAhead >= held->expires && !held->refresh.empty()) {
    Result<identity::AccessToken> renewed =
        renew(context, credentials, path.substr(0, path.rfind('/')));
    if (renewed) return std::string(renewed->token.reveal(RevealToken()));
    // The provider may be away for a moment in which the token is good still.
    const bool away = renewed.error().code == Code::unavailable;
    if (!away || now >= held->expires) return tl::unexpected<Error>(renewed.error());
  }
  if (now >= held->expires) return tl::unexpected<Error>(ended(context));
  return std::string(held->token.reveal(RevealToken()));
}

}  // namespace mc::app
