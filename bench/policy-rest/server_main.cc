// The server under test of bench/policy-rest: the policy API over one folder of policies, with the
// people and tokens of a state in memory. Prints a token that may ask, then serves until it is
// ended.
//
// Usage: policy_rest_bench PORT FOLDER
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "opa/opa.h"
#include "policy/load.h"
#include "sql/sql.h"

namespace {

using namespace mc;

Result<std::shared_ptr<const policy::Policies>> load(const std::string& folder) {
  const auto files = sys::real_files();
  MC_TRY(auto entries, policy::read_folder(*files, folder));
  MC_TRY(policy::Bundle bundle, policy::read_files(std::move(entries), {}));
  std::vector<policy::Policies::NamedBundle> bundles;
  bundles.push_back({"bench", std::move(bundle)});
  return policy::Policies::make(std::move(bundles));
}

Result<std::unique_ptr<identity::Directory>> directory(sys::Clock& clock, sys::Random& random) {
  sql::Drivers drivers;
  drivers.add(sql::sqlite_driver());
  MC_TRY(auto connection, drivers.open("sqlite::memory:"));
  MC_TRY([[maybe_unused]] const auto report,
         sql::migrate(*connection, sql::built_in_migrations(), clock));
  return identity::Directory::open(std::move(connection), clock, random);
}

Status serve(const std::string& port, const std::string& folder) {
  const auto clock = sys::real_clock();
  const auto random = sys::real_random();
  const auto output = sys::standard_output();
  log::FileSink sink(*output, *clock);
  log::Log log(*clock, sink, {.level = log::Level::warn});
  metric::Registry metrics;
  policy::Engine engine;
  MC_TRY(auto policies, load(folder));
  engine.activate(std::move(policies));
  MC_TRY(const auto people, directory(*clock, *random));
  MC_TRY(const auto first, people->bootstrap());
  opa::OpaConfig config;
  MC_TRY(const std::int64_t number, parse_int(port));
  config.port = static_cast<std::uint16_t>(number);
  MC_TRY(const auto api,
         opa::DataApi::make({*clock, *random, log, metrics, *people, engine, "bench"}, config));
  MC_TRY(const auto server, net::Server::start(opa::to_server_config(config), *api, *clock));
  std::printf("%s\n", std::string(first->token.reveal(RevealToken())).c_str());
  std::fflush(stdout);
  ::pause();
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const Status served = serve(argv[1], argv[2]);
  if (!served) std::fprintf(stderr, "%s\n", served.error().what.c_str());
  return 1;
}
