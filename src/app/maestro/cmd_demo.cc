#include <stdlib.h>

#include <filesystem>
#include <memory>

#include "demo/demo.h"
#include "maestro/command.h"
#include "maestro/demo_privacy.h"
#include "maestro/demo_world.h"
#include "maestro/settings.h"
#include "maestro/world.h"

namespace mc::app {
namespace {

// Of a surge, requests a second: what each tenant of bravo's plan may, and what bravo asks for.
constexpr int kSurgeLimit = 20, kSurgeRate = 100;

struct DemoFlags {
  std::string folder;
  std::int64_t port = 8080;
  std::uint64_t seed = 42;
  std::int64_t scale = 100;
  bool quiet_world = false;
  bool surge = false;
};

// Removes a temporary folder at the end; keeps a named one.
class Folder {
 public:
  static Result<std::unique_ptr<Folder>> make(const std::string& named) {
    if (!named.empty()) {
      std::error_code error;
      std::filesystem::create_directories(named, error);
      if (error) return fail(Code::unavailable, "make folder " + named + ": " + error.message());
      return std::unique_ptr<Folder>(
          new Folder(std::filesystem::absolute(named).lexically_normal().string(), false));
    }
    std::string pattern = (std::filesystem::temp_directory_path() / "maestro-demo-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return fail(Code::unavailable, "cannot make a temporary folder like " + pattern);
    }
    return std::unique_ptr<Folder>(new Folder(pattern, true));
  }
  ~Folder() {
    std::error_code ignored;
    if (temporary_) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  Folder(std::string path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}
  std::string path_;
  bool temporary_;
};

Status make_data(Context& context, const DemoFlags& flags, const std::string& folder) {
  MC_TRY(const bool there, context.machine.files->exists(folder + "/eu.db"));
  if (!there) {
    MC_TRY(
        const demo::DemoReport report,
        demo::generate({folder, flags.seed, static_cast<int>(flags.scale)}, context.machine.drivers,
                       *context.machine.files, [](auto...) { return !end_is_asked(); }));
    print_talk(context, "Generated " + std::to_string(report.rows) + " rows, digest " +
                            report.digest.substr(0, 16) + "\n");
  }
  MC_TRY_OK(write_demo_hierarchies(*context.machine.files, folder));
  return context.machine.files->write_atomic(folder + "/datasets.yaml", demo_model(folder));
}

Settings demo_settings(const DemoFlags& flags, const std::string& folder, std::uint16_t port) {
  Settings settings;
  settings.data_dir = folder + "/state";
  settings.datasets_file = folder + "/datasets.yaml";
  settings.server.port = port;
  settings.server.drain_timeout = seconds(5);
  // Nothing that somebody who looks around comes near.
  settings.budgets["starter"].gql_qps = flags.surge ? kSurgeLimit : 1'000;
  settings.budgets["pro"].gql_qps = 5'000;
  set_demo_privacy(settings.privacy);
  set_demo_exports(settings, folder);
  settings.notify.allowed_networks = {"127.0.0.0/8", "::1"};  // a receiver to try it with
  return settings;
}

// The port that was asked for, or any free one when another program has it.
Result<std::unique_ptr<Running>> start(Context& context, const DemoFlags& flags,
                                       const std::string& folder, LogOutput& output) {
  const Settings settings = demo_settings(flags, folder, static_cast<std::uint16_t>(flags.port));
  Result<std::unique_ptr<Running>> running =
      Running::start(context.machine, settings, output, true);
  if (running || flags.port == 0 || running.error().code == Code::conflict) return running;
  return Running::start(context.machine, demo_settings(flags, folder, 0), output, true);
}

std::string token_of(const std::vector<PersonaToken>& people, std::string_view id) {
  for (const PersonaToken& held : people) {
    if (held.persona.id == id) return std::string(held.token.reveal(RevealToken()));
  }
  return "";
}

std::string about_surge(const std::string& url) {
  return "\nA surge: bravo asks " + std::to_string(kSurgeRate) + " times a second and may " +
         std::to_string(kSurgeLimit) + ".\nThat is 80 % of five minutes within a minute. " +
         "Nobody else notices:\n  " + url + "/budgets, as Otto Brandt\n";
}

void print_welcome(const std::vector<PersonaToken>& people, const std::string& url,
                   const std::string& folder, bool surge) {
  const auto table = [&](const auto& cell) {
    std::string rows;
    for (const PersonaToken& held : people) {
      std::string who =
          held.persona.name + ", " + held.persona.roles + " of " + held.persona.tenant;
      who.resize(std::max<std::size_t>(who.size(), 42), ' ');
      rows += "  " + who + "  " + cell(held) + "\n";
    }
    return rows;
  };
  std::string out = "\nMaestro Conductor demo: everything here is invented.\n\n  " + url + "\n";
  out += "\nThe portal (each link signs in once; the session stays):\n";
  out += table([&](const PersonaToken& held) {
    return url + "/sign-in#" + std::string(held.link.reveal(RevealToken()));
  });
  out += "\nTokens (7 days):\n";
  out +=
      table([](const PersonaToken& held) { return std::string(held.token.reveal(RevealToken())); });
  std::error_code ignored;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
  out += "\nTry:\n  curl -s " + url + "/graphql -H 'Content-Type: application/json' -H " +
         "'Authorization: Bearer " + token_of(people, "ben") + "' -d '{\"query\":\"{ " +
         "persons(first: 3) { edges { node { fullName country organisation { name } } } } }\"}'\n";
  out += "\n  MC_TOKEN=" + token_of(people, "otto") + " " + program + " tenant list --url " + url +
         "\n";
  out += "\n  curl -s " + url + "/metrics -H 'Authorization: Bearer " + token_of(people, "sam") +
         "' | grep mc_requests_total\n";
  if (surge) out += about_surge(url);
  out += "\nData and log: " + folder + "\nCtrl-C ends it.\n\n";
  print_out(out);
  wipe(out);
}

Status run_demo(Context& context, const DemoFlags& flags) {
  block_signals();
  MC_TRY(const std::unique_ptr<Folder> folder, Folder::make(flags.folder));
  MC_TRY_OK(make_data(context, flags, folder->path()));
  MC_TRY(LogOutput output, open_log(context.machine, {}, folder->path() + "/maestro.log"));
  MC_TRY(const std::unique_ptr<Running> running, start(context, flags, folder->path(), output));
  MC_TRY(const std::vector<PersonaToken> people, make_demo_people(running->directory()));
  const std::string url = "http://127.0.0.1:" + std::to_string(running->port());
  print_welcome(people, url, folder->path(), flags.surge);
  PrivacyStory story(url,
                     {token_of(people, "ben"), token_of(people, "dora"), token_of(people, "otto")});
  std::unique_ptr<Driver> driver, surge;
  if (!flags.quiet_world) {
    driver =
        std::make_unique<Driver>(url,
                                 std::vector{token_of(people, "ben"), token_of(people, "bea"),
                                             token_of(people, "cai"), token_of(people, "noor")},
                                 flags.seed);
  }
  if (flags.surge) {
    surge = std::make_unique<Driver>(url, std::vector{token_of(people, "bea")}, flags.seed + 1,
                                     kSurgeRate);
  }
  return serve_until_signal(
      *running, [] {},
      [&] {
        driver.reset();
        surge.reset();
      });
}

}  // namespace

void add_demo(cli::Command& app, Context& context) {
  cli::Command& demo_command = app.add("demo", "A world of generated data, with traffic");
  auto flags = std::make_shared<DemoFlags>();
  demo_command.option("--dir", flags->folder, "Keep the data here; otherwise temporary");
  demo_command.option("--port", flags->port, "Port on loopback; 0 = any free one")
      .between(0, 65535);
  demo_command.option("--seed", flags->seed, "Same seed, same rows");
  demo_command.option("--scale", flags->scale, "Percent of 220,000 rows")
      .between(1, demo::kScaleMax);
  demo_command.flag("--no-traffic", flags->quiet_world, "Without the live driver");
  demo_command.flag("--surge", flags->surge, "One tenant, bravo, asks five times what it may");
  demo_command.runs([&context, flags] { return run_demo(context, *flags); });
}

}  // namespace mc::app
