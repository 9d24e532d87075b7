#include <csignal>
#include <ctime>

#include "maestro/command.h"
#include "maestro/settings.h"
#include "maestro/world.h"

namespace mc::app {
namespace {

constexpr long kTickNanos = 100'000'000;

// Told once, on standard error, and nowhere else.
void show_bootstrap_token(const identity::IssuedToken& issued) {
  std::string text = "\nFirst start: this operator token is shown once. Keep it.\n  MC_TOKEN=";
  text += issued.token.reveal(RevealToken());
  text += "\n\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  wipe(text);
}

// What a running server can take over from a changed file; the rest waits for a restart.
void reload(const Context& context, LogOutput& output, config::Effective& held) {
  const Result<config::Loaded<Settings>> loaded = load_settings(context);
  if (!loaded) {
    output.log->warn("config.reload_refused", {{"why", loaded.error().what}});
    return;
  }
  for (const config::Change& change : config::diff(held, loaded->effective)) {
    const bool live = change.path == "log.level";
    output.log->event("config.changed", {{"path", change.path},
                                         {"before", change.before},
                                         {"after", change.after},
                                         {"applied", live}});
  }
  output.log->set_level(static_cast<log::Level>(loaded->value.log.level));
  held = loaded->effective;
}

Status serve(Context& context) {
  block_signals();
  MC_TRY(config::Loaded<Settings> loaded, load_settings(context));
  for (const std::string& warning : loaded.warnings) {
    print_talk(context, "warning: " + warning + "\n");
  }
  MC_TRY(LogOutput output, open_log(context.machine, loaded.value.log));
  MC_TRY(const std::unique_ptr<Running> running,
         Running::start(context.machine, loaded.value, output, false));
  MC_TRY(const std::optional<identity::IssuedToken> first, running->directory().bootstrap());
  if (first) show_bootstrap_token(*first);
  print_talk(context, "Listening on http://" + loaded.value.server.host + ":" +
                          std::to_string(running->port()) + "\n");
  return serve_until_signal(*running, [&] { reload(context, output, loaded.effective); }, [] {});
}

}  // namespace

void block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool end_is_asked() {
  sigset_t set;
  sigemptyset(&set);
  sigpending(&set);
  return sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1;
}

Status serve_until_signal(Running& running, const std::function<void()>& reload,
                          const std::function<void()>& before_stop) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  const timespec tick{0, kTickNanos};
  for (;;) {
    const int number = sigtimedwait(&set, nullptr, &tick);
    if (number == SIGHUP) reload();
    if (number == SIGINT || number == SIGTERM) break;
    running.tick();
  }
  before_stop();
  if (running.stop()) return ok();
  return fail(Code::unavailable, "requests were still running at server.drain_timeout");
}

void add_serve(cli::Command& app, Context& context) {
  cli::Command& serve_command = app.add("serve", "Run the server");
  serve_command.runs([&context] { return serve(context); });
}

}  // namespace mc::app
