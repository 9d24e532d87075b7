// maestro login | logout: a person at the command line signs in at the server's OpenID provider.
#include <thread>

#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/credentials.h"
#include "maestro/login.h"

namespace mc::app {
namespace {

Status check_url(const Context& context) {
  if (!context.url.empty()) return ok();
  return fail(Code::invalid, "which server? give --url or set MC_URL");
}

void show_prompt(const Context& context, const identity::DevicePrompt& prompt) {
  print_talk(context, "Open " + prompt.url + "\nand confirm the code " + prompt.code +
                          "  (valid for " + format_duration(prompt.expires_in) + ")\n");
}

// Asks the server whom the token stands for.
Result<json::Value> introduce(Context& context, std::string_view token) {
  Result<json::Value> self = call_admin(context, {.path = "/v1/self", .token = token});
  if (self || self.error().code != Code::denied) return self;
  return fail(Code::denied,
              "the provider signed you in, but the server does not accept the token: it names no "
              "tenant or role known here");
}

Status log_in(Context& context) {
  MC_TRY_OK(check_url(context));
  MC_TRY(const identity::IssuerConfig provider, provider_of(context));
  if (context.dry_run) {
    print_talk(context, "dry run: would sign in at " + provider.issuer + "\n");
    return ok();
  }
  MC_TRY(std::string path, Credentials::default_path());
  Credentials credentials(*context.machine.files, std::move(path));
  const std::unique_ptr<net::Client> client = net::Client::make();
  const identity::DeviceWorld world{
      *client, *context.machine.clock,
      [&](const identity::DevicePrompt& prompt) { show_prompt(context, prompt); },
      [](Nanos length) { std::this_thread::sleep_for(std::chrono::nanoseconds(length.count)); }};
  MC_TRY(const identity::AccessToken token, identity::device_login(world, provider));
  MC_TRY(const json::Value self, introduce(context, token.token.reveal(RevealToken())));
  MC_TRY_OK(credentials.put(context.url, token));
  if (context.json) {
    print_out(json::print(self) + "\n");
    return ok();
  }
  print_talk(context, "signed in at " + context.url + " as " + text_of(self, "principal") +
                          " of tenant " + text_of(self, "tenant") + " (" + text_of(self, "roles") +
                          ") until " + text_of(self, "expires_at") + "\n");
  return ok();
}

Result<bool> tell_provider(Context& context, const identity::AccessToken& held) {
  if (held.refresh.empty()) return false;
  MC_TRY(const identity::IssuerConfig provider, provider_of(context));
  return identity::end_login(*net::Client::make(), provider, held);
}

Status log_out(Context& context) {
  MC_TRY_OK(check_url(context));
  MC_TRY(std::string path, Credentials::default_path());
  Credentials credentials(*context.machine.files, std::move(path));
  if (context.dry_run) {
    MC_TRY(const auto held, credentials.find(context.url));
    print_talk(context, held ? "dry run: would forget the token\n" : "dry run: not signed in\n");
    return ok();
  }
  MC_TRY(const auto held, credentials.find(context.url));
  if (!held) return fail(Code::not_found, "not signed in at " + context.url);
  // The token is forgotten also when the provider cannot be told.
  const Result<bool> told = tell_provider(context, *held);
  MC_TRY_OK(credentials.remove(context.url));
  if (!told) print_talk(context, "the provider was not told: " + told.error().what + "\n");
  if (context.json) {
    json::Object out;
    out.set("url", context.url);
    print_out(json::print(json::Value(std::move(out))) + "\n");
  }
  print_talk(context, "signed out at " + context.url + "; an access token ends by itself\n");
  return ok();
}

}  // namespace

void add_login(cli::Command& app, Context& context) {
  app.add("login", "Sign in at the server's OpenID provider, with a browser anywhere")
      .runs([&context] { return log_in(context); });
  app.add("logout", "Forget the token that login has kept").runs([&context] {
    return log_out(context);
  });
}

}  // namespace mc::app
