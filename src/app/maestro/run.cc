#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "maestro/command.h"

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

void add_shared_flags(CLI::App& app, Context& context) {
  app.add_option("--config", context.config_file, "Configuration file (YAML)")
      ->envname("MC_CONFIG");
  app.add_option("--set", context.sets, "Override one key: --set server.port=9000")
      ->allow_extra_args(false);
  app.add_option("--data-dir", context.data_dir, "Data directory; overrides data_dir");
  app.add_option("--url", context.url, "Address of a running server")->envname("MC_URL");
  app.add_option("--token-file", context.token_file,
                 "File with a token; otherwise MC_TOKEN, then login's");
  app.add_flag("--json", context.json, "Machine-readable output");
  app.add_flag("-q,--quiet", context.quiet, "No talk on standard error");
  app.add_flag("-y,--yes", context.yes, "Do not ask");
  app.add_flag("--dry-run", context.dry_run, "Check and show, change nothing");
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

Result<config::Loaded<Settings>> load_settings(const Context& context) {
  config::Sources sources;
  sources.file = context.config_file;
  if (!context.config_file.empty()) {
    const std::size_t slash = context.config_file.rfind('/');
    sources.folder =
        (slash == std::string::npos ? "." : context.config_file.substr(0, slash)) + "/conf.d";
  }
  sources.environment = context.environment;
  for (const std::string& set : context.sets) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos) {
      return fail(Code::invalid, "--set takes key=value, not '" + excerpt(set) + "'");
    }
    sources.flags.push_back({set.substr(0, equals), set.substr(equals + 1)});
  }
  if (!context.data_dir.empty()) sources.flags.push_back({"data_dir", context.data_dir});
  return config::load<Settings>(sources, *context.machine.files);
}

int run(int argc, char** argv) {
  block_signals();
  ::umask(077);  // state, logs and data are for their owner alone
  CLI::App app("Maestro Conductor: governance for multi-tenant data and GraphQL APIs", "maestro");
  app.set_version_flag("--version", "maestro " + kVersion);
  app.require_subcommand(1);
  app.fallthrough();
  Context context;
  context.environment = own_environment();
  Action action;
  add_shared_flags(app, context);
  add_serve(app, context, action);
  add_demo(app, context, action);
  add_config(app, context, action);
  add_tenants(app, context, action);
  add_login(app, context, action);
  add_people(app, context, action);
  add_notifications(app, context, action);
  add_datasets(app, context, action);
  add_completion(app, context, action);
  add_man(app, context, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  while (context.url.ends_with('/')) context.url.pop_back();
  const Status done = action();
  if (done) return 0;
  std::fprintf(stderr, "maestro: %s\n", done.error().what.c_str());
  return exit_code(done.error());
}

}  // namespace mc::app
