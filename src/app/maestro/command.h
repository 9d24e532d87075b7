// The command line: what every command shares, and one function a noun.
//
//   maestro <noun> <verb> [flags]     data on standard output, talk on standard error
//
// Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not signed in or forbidden, 5 verification
// failed, 6 refused by a gate, 7 incomplete, 8 conflict; 130 ended by a signal with nothing half
// done, 141 when nobody reads the output. Every command takes --json.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/base.h"
#include "cli/cli.h"
#include "config/config.h"
#include "json/json.h"
#include "maestro/machine.h"

namespace mc::app {

class Running;

// Flags that stand before the noun, and the machine to work with.
struct Context {
  Machine machine;
  std::vector<config::Setting> environment;  // MC_* of the process
  std::string config_file;
  std::vector<std::string> sets;  // --set key=value
  std::string data_dir;
  std::string url;         // of a running server
  std::string token_file;  // "" = MC_TOKEN, then what login has kept
  std::string warrant;     // that opens a tenant's data; "" = the newest that does
  bool json = false;
  bool quiet = false;
  bool yes = false;
  bool dry_run = false;
  // What a command that fails ends with, when its error's code does not say it: 6, or 130.
  std::optional<int> exit = std::nullopt;
};

// One a noun. A Status becomes the exit code.
void add_serve(cli::Command& app, Context& context);
void add_demo(cli::Command& app, Context& context);
void add_config(cli::Command& app, Context& context);
void add_tenants(cli::Command& app, Context& context);
void add_login(cli::Command& app, Context& context);
void add_people(cli::Command& app, Context& context);
void add_notifications(cli::Command& app, Context& context);
void add_completion(cli::Command& app, Context& context);
void add_man(cli::Command& app, Context& context);
void add_datasets(cli::Command& app, Context& context);
void add_ledger(cli::Command& app, Context& context);
void add_follow(cli::Command& noun, Context& context);       // below `ledger`
void add_ledger_keys(cli::Command& noun, Context& context);  // the same
void add_sign(cli::Command& app, Context& context);
void add_signing(cli::Command& app, Context& context);
void add_warrants(cli::Command& app, Context& context);
void add_policy(cli::Command& app, Context& context);
void add_residency(cli::Command& app, Context& context);
void add_policy_pack(cli::Command& noun, Context& context);    // below `policy`
void add_policy_run(cli::Command& noun, Context& context);     // the same
void add_policy_server(cli::Command& noun, Context& context);  // the same
void add_decisions(cli::Command& app, Context& context);

// Serves until SIGINT or SIGTERM, calls `before_stop`, then drains. SIGHUP calls `reload`.
Status serve_until_signal(Running& running, const std::function<void()>& reload,
                          const std::function<void()>& before_stop);
// For a command that waits for signals, in its main thread; call before any thread starts. All
// others are ended by them.
void block_signals();
bool end_is_asked();  // a SIGINT or SIGTERM came and is not taken yet

// Standard output and error. Tables have a header and aligned columns.
void print_out(std::string_view text);
void print_talk(const Context& context, std::string_view text);
void print_table(const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows);

int exit_code(const Error& error);
int run(int argc, char** argv);

}  // namespace mc::app
