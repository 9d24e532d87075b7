// A gateway in a world in memory, but for the SQLite file of the datasets: virtual clock, seeded
// random, log lines kept, exchanges without sockets, real worker threads.
//
// Every tenant has the same keys: people p0..p39 and orders 1..120, so that a row of the wrong
// tenant would be found at once. Texts of a tenant's rows contain its name.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "contract/governed.h"
#include "dataset/dataset.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "log/log.h"
#include "metric/metric.h"
#include "sim/fake_net.h"
#include "sim/sim.h"
#include "sql/sql.h"

namespace mc::guarded {

inline constexpr int kPeople = 40;
inline constexpr int kOrders = 120;

struct WorldOptions {
  std::vector<std::string> with_rows = {"alpha", "bravo"};
  gateway::GatewayConfig gateway = {};
  std::map<std::string, std::string> files = {};  // path to text
  bool attached = true;
  bool traced = false;
  bool governed = false;             // policies decide, and warrants open
  access::Remote* remote = nullptr;  // decides in their place
  budget::Book* budgets = nullptr;
  tap::Board* taps = nullptr;
  budget::Journal* journal = nullptr;
  const admission::Settings* seats = nullptr;
  const gateway::PlanShares* shares = nullptr;
  share::Share* share = nullptr;
  burn::Usage* usage = nullptr;
  budget::OnLoss on_store_loss = {};
  dataset::PrivateAnswers* private_answers = nullptr;
};

struct Wanted {  // a token
  std::string tenant = "alpha";
  std::string principal = "ada";
  std::string roles = "tenant-admin";
  std::string scopes = "query,mutate,introspect,admin:read,admin:write";
  std::string purposes = "demo";
  Nanos lifetime = seconds(3600);
};

class World {
 public:
  explicit World(WorldOptions options = {});  // aborts when something cannot be built
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Makes the principal when it is new; gives a token's text.
  std::string token(const Wanted& wanted = {});
  // Hands the request over and returns at once; `token` "" = no Authorization.
  std::shared_ptr<sim::FakeExchange> send(sim::FakeRequest request, const std::string& token);
  // The answer of a request that is not forwarded.
  net::Response ask(sim::FakeRequest request, const std::string& token);
  net::Response post(const std::string& json, const std::string& token);
  net::Response query(const std::string& document, const std::string& token);
  // All rows of the datasets as text, one a line.
  std::string dump(const std::string& tenant);

  // Requests go to `front` instead of the gateway; it must end before this world does.
  void set_front(net::Handler& front) { front_ = &front; }
  gateway::Gateway& gateway() { return *gateway_; }
  const dataset::Catalog& catalog() { return *catalog_; }
  identity::Directory& directory() { return *directory_; }
  sim::SimClock& clock() { return clock_; }
  sim::SimFiles& files() { return files_; }
  sys::Random& random() { return random_; }
  log::Log& log() { return log_; }
  log::MemorySink& lines() { return sink_; }
  metric::Registry& metrics() { return metrics_; }
  sim::FakeServer& server() { return server_; }
  Governed& governed() { return *governed_; }

 private:
  Status build(const WorldOptions& options);
  Status build_datasets(const WorldOptions& options);

  std::string folder_;
  sim::SimClock clock_;
  sim::SimRandom seeded_{7};
  sim::LockedRandom random_{seeded_};
  sim::SimFiles files_;
  log::MemorySink sink_;
  log::Log log_{clock_, sink_, {.level = log::Level::debug}};
  metric::Registry metrics_;
  sql::Drivers drivers_;
  std::unique_ptr<trace::Tracer> tracer_;
  std::unique_ptr<const dataset::Catalog> catalog_;
  std::unique_ptr<identity::Directory> directory_;
  std::unique_ptr<Governed> governed_;  // null when nothing is
  sim::FakeServer server_;
  std::unique_ptr<gateway::Gateway> gateway_;
  net::Handler* front_ = nullptr;
  std::vector<std::weak_ptr<sim::FakeExchange>> sent_;
};

// {"query": document}
std::string body_of(const std::string& document);
// The first error's extensions.code, or the problem's code; "" = none.
std::string code_of(const net::Response& response);

}  // namespace mc::guarded
