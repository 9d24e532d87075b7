// The guarded data path: GraphQL over HTTP in front of the datasets or of an upstream server.
//
// handle() runs on an event loop and never blocks: it checks the token, reads the GraphQL request,
// finds the parsed document in the cache, and then hands a dataset operation to a worker thread or
// forwards to the upstream. A document seen for the first time is parsed and checked on a small
// pool of its own, so a large novel document cannot hold up the loop. Every answer carries
// X-Request-Id; the same id is in the log line, the span and the error.
//
// Caches are keyed by tenant: nobody can learn from timing what another tenant runs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/base.h"
#include "dataset/dataset.h"
#include "gateway/config.h"   // IWYU pragma: export
#include "gateway/traffic.h"  // IWYU pragma: export
#include "identity/identity.h"
#include "log/log.h"
#include "metric/metric.h"
#include "net/net.h"
#include "residency/residency.h"
#include "sql/sql.h"
#include "sys/sys.h"
#include "trace/trace.h"
#include "transparency/transparency.h"

namespace mc::admission {
struct Pressures;
struct Settings;
struct Snapshot;
}  // namespace mc::admission

namespace mc::budget {
class Book;
class Journal;
enum class Dimension : std::uint8_t;
enum class OnLoss : std::uint8_t;
}  // namespace mc::budget

namespace mc::burn {
class Usage;
}  // namespace mc::burn

namespace mc::share {
class Share;
}  // namespace mc::share

namespace mc::tap {
class Board;
}  // namespace mc::tap

namespace mc::gateway {

// The policies that decide on requests; everything outlives the gateway.
struct PolicyWorld {
  const policy::Engine& engine;
  access::DecisionLog* decisions = nullptr;  // null = decisions are not kept
  const mask::Keys& mask_keys;
  std::string region;        // where this server stands; "" = anywhere
  identity::StepUp step_up;  // the proof that the obligation of this name asks for
  // Decides instead of the engine; null = it does not. It blocks, so nothing is decided on a loop.
  access::Remote* remote = nullptr;
};

// What a plan's tenants get where all have something to do.
struct PlanShare {
  std::uint32_t weight = 1;    // of seats, against other tenants; 1 to admission::kWeightMax
  std::uint32_t priority = 0;  // 0 to admission::kPriorityMax; under overload the lowest go first
  std::map<std::string, std::uint32_t, std::less<>> priority_of_class = {};  // in place of it
  std::uint32_t priority_for(std::string_view class_name) const {
    const auto of_class = priority_of_class.find(class_name);
    return of_class == priority_of_class.end() ? priority : of_class->second;
  }
};
using PlanShares = std::map<std::string, PlanShare, std::less<>>;

// What the gateway borrows; everything outlives it.
struct GatewayWorld {
  sys::Clock& clock;
  sys::Random& random;
  sys::Files& files;
  log::Log& log;
  metric::Registry& metrics;
  trace::Tracer* tracer = nullptr;  // null = tracing is off
  identity::Directory& directory;
  const sql::Drivers* drivers = nullptr;
  const dataset::Catalog* catalog = nullptr;  // null = no datasets; needed by dataset routes
  const PolicyWorld* policy = nullptr;        // null = roles alone decide, nothing is masked
  budget::Book* budgets = nullptr;            // null = nothing is limited
  // Null, either of them: no data of another tenant than the caller's are opened.
  transparency::Gate* gate = nullptr;
  transparency::Recorder* recorder = nullptr;
  budget::Journal* journal = nullptr;          // of the book; null = what it decides is not kept
  const admission::Settings* seats = nullptr;  // null = the defaults
  const PlanShares* shares = nullptr;          // null, or a plan is not in it: PlanShare{}
  tap::Board* taps = nullptr;                  // null = nothing is held back
  burn::Usage* usage = nullptr;                // null = what tenants do is not counted
  share::Share* share = nullptr;               // null = nodes share no budgets
  budget::OnLoss on_store_loss = {};           // of shared budgets that say nothing themselves
  // Of personsDP; null = there are none. Any thread.
  dataset::PrivateAnswers* private_answers = nullptr;
};

struct RouteStatus {
  std::string path;
  std::string kind;      // "datasets" or "upstream"
  std::string upstream;  // host:port, "" for datasets
  bool healthy = true;
  std::string why;  // of an unhealthy route
  // Since the start: requests that an upstream was sent, and those that it failed; of datasets
  // those that were read.
  std::int64_t asked = 0, failed = 0;
};

class Gateway final : public net::Handler {
 public:
  // Reads schema and document files; errors name the route and the file.
  static Result<std::unique_ptr<Gateway>> make(const GatewayConfig& config,
                                               const GatewayWorld& world);
  ~Gateway() override;

  // Who sent a request without Authorization, as the browsers of people do. Null is nobody; an
  // error is the answer. Before requests come; a request without it needs a bearer token.
  using FindCaller =
      std::function<Result<std::shared_ptr<const identity::Caller>>(const net::Request& request)>;
  void set_browsers(FindCaller find);

  // The one set that writes the sources of this process; null without datasets.
  dataset::Writers* writers() const;
  // Requests are held against the regions of their tenants, and counted, from then on: before they
  // come. It outlives them.
  void set_residency(residency::Residency& residency);
  // Makes the upstream pools. Requests before this call are answered with 503.
  void attach(net::Server& server);
  bool owns(std::string_view path) const;  // is it the path of a route?
  void handle(std::shared_ptr<net::Exchange> exchange) override;
  // Active health checks; blocks up to a second for each upstream. For a maintenance thread.
  void check_health();
  std::vector<RouteStatus> status() const;
  // A dataset or a route as policies see it; null when there is none, or no policies decide.
  const access::Resource* find_resource(std::string_view kind, std::string_view name) const;
  Traffic& traffic();
  admission::Snapshot admission() const;  // of the queue for seats
  // While an error budget burns too fast tenants get less of what others leave, and overload is
  // met earlier (admission/controller.h).
  void set_slo_guard(bool on);
  // What else is short than seats, about once a second (admission/pressure.h).
  void report(const admission::Pressures& pressures);
  // Whether requests are held against limits of this dimension.
  static bool counts(budget::Dimension dimension);
  // Finishes what is queued and ends the threads. Call after the server has drained.
  void stop();

  struct Core;  // private to the module

 private:
  explicit Gateway(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace mc::gateway
