#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "maestro/cmd_budget.h"
#include "maestro/cmd_dp.h"
#include "maestro/cmd_export.h"
#include "maestro/cmd_kanon.h"
#include "maestro/cmd_privacy.h"
#include "maestro/cmd_tap.h"
#include "maestro/command.h"
#include "verifier/verifier.h"

extern char** environ;  // NOLINT(readability-identifier-naming): POSIX

namespace mc::app {
namespace {

std::vector<config::Setting> own_environment() {
  std::vector<config::Setting> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (!text.starts_with("MC_") || equals == std::string_view::npos) continue;
    const std::string_view name = text.substr(0, equals);
    // These three speak to the command line, not to the server's configuration.
    if (name == "MC_TOKEN" || name == "MC_URL" || name == "MC_CONFIG") continue;
    out.push_back({std::string(name), std::string(text.substr(equals + 1))});
  }
  return out;
}

void add_shared_flags(cli::Command& app, Context& context) {
  app.option("--config", context.config_file, "Configuration file (YAML)").environment("MC_CONFIG");
  app.option("--set", context.sets, "Override one key: --set server.port=9000");
  app.option("--data-dir", context.data_dir, "Data directory; overrides data_dir");
  app.option("--url", context.url, "Address of a running server").environment("MC_URL");
  app.option("--token-file", context.token_file,
             "File with a token; otherwise MC_TOKEN, then login's");
  app.option("--warrant", context.warrant,
             "Warrant that opens the tenant; otherwise the newest that does");
  app.flag("--json", context.json, "Machine-readable output");
  app.flag("-q,--quiet", context.quiet, "No talk on standard error");
  app.flag("-y,--yes", context.yes, "Do not ask");
  app.flag("--dry-run", context.dry_run, "Check and show, change nothing");
}

// The exit code of a command that went well: what it has printed must have arrived too. A pipe
// that nobody reads (`| head`) ends it as others, with the code of SIGPIPE and without a word.
int finish_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0) return 128 + SIGPIPE;
  std::fputs("maestro: standard output takes nothing more\n", stderr);
  return 1;
}

}  // namespace

void print_out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_talk(const Context& context, std::string_view text) {
  if (!context.quiet) std::fwrite(text.data(), 1, text.size(), stderr);
}

void print_table(const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> width(header.size());
  for (std::size_t i = 0; i < header.size(); ++i) width[i] = header[i].size();
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += cells[i];
      if (i + 1 < cells.size()) out.append(width[i] - cells[i].size() + 2, ' ');
    }
    print_out(out + "\n");
  };
  line(header);
  for (const auto& row : rows) line(row);
}

int exit_code(const Error& error) {
  switch (error.code) {
    case Code::invalid:
      return 2;
    case Code::denied:
      return 4;
    case Code::not_found:
      return 3;
    case Code::conflict:
      return 8;
    case Code::exhausted:
      return 8;
    case Code::corrupt:
      return 5;
    case Code::unavailable:
      return 1;
  }
  return 1;
}

int run(int argc, char** argv) {
  // A peer that is gone, and a limit on the size of files (ulimit -f), are errors of a write.
  for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
  ::umask(077);  // state, logs and data are for their owner alone
  cli::Line line("Maestro Conductor: governance for multi-tenant data and GraphQL APIs", "maestro",
                 "maestro " + kVersion);
  Context context;
  context.environment = own_environment();
  add_shared_flags(line.root(), context);
  add_serve(line.root(), context);
  add_demo(line.root(), context);
  add_config(line.root(), context);
  add_tenants(line.root(), context);
  add_login(line.root(), context);
  add_people(line.root(), context);
  add_notifications(line.root(), context);
  add_datasets(line.root(), context);
  add_ledger(line.root(), context);
  add_warrants(line.root(), context);
  add_policy(line.root(), context);
  add_decisions(line.root(), context);
  add_budget(line.root(), context);
  add_tap(line.root(), context);
  add_dp(line.root(), context);
  add_privacy(line.root(), context);
  add_residency(line.root(), context);
  add_kanon(line.root(), context);
  add_export(line.root(), context);
  add_verify(line.root(), {*context.machine.files, *context.machine.clock, context.json});
  add_sign(line.root(), context);
  add_signing(line.root(), context);
  add_completion(line.root(), context);
  add_man(line.root(), context);
  const cli::Parsed parsed = line.parse(argc, argv);
  if (!parsed.action) return parsed.exit;
  while (context.url.ends_with('/')) context.url.pop_back();
  const Status done = parsed.action();
  if (done) return finish_output();
  std::fprintf(stderr, "maestro: %s\n", done.error().what.c_str());
  return context.exit.value_or(exit_code(done.error()));
}

}  // namespace mc::app
