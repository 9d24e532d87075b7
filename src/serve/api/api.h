// The HTTP face: operations endpoints, the status page, the /v1 admin API, and the dispatcher that
// hands guarded paths to the gateway.
//
//   GET /              the portal             GET /livez /readyz /version /status
//   GET /metrics       scope `metrics`        /v1/...  admin API, JSON and problem+json (RFC 9457)
//   GET /ledger/...    checkpoint and tiles     POST /witness/add-checkpoint
//   (c2sp.org/tlog-witness)
//   /api/v2/..., /api/v1/timestamp, /signing/trusted_root.json: Sigstore's APIs
//
// Admin work blocks on the database, so it runs on a small pool of its own. People of the system
// tenant with role operator or platform administer every tenant; a tenant-admin administers the
// principals and tokens of the own tenant; everybody else reads at most the own tenant. A tenant
// that the caller may not know of answers 404 like one that does not exist.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/budget_desk.h"
#include "api/portal_config.h"  // IWYU pragma: export
#include "api/privacy_desk.h"
#include "base/base.h"
#include "dataset/dataset.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "log/log.h"
#include "metric/metric.h"
#include "net/net.h"
#include "notify/notify.h"
#include "policy/updater.h"
#include "residency/residency.h"
#include "search/search.h"
#include "signing/signing.h"
#include "sys/sys.h"
#include "transparency/transparency.h"
#include "witness/witness.h"

namespace mc::tap {
class Desk;
}  // namespace mc::tap

namespace mc::exporting {
class Exports;
}  // namespace mc::exporting

namespace mc::api {

struct AdminWorld;
struct Asset;

struct BuildInfo {
  std::string version;   // "0.1.0"
  std::string database;  // of the state, "SQLite 3.40.1"
};

// The policies of the server and what they decided, for those who look at them.
struct PolicyDesk {
  const policy::Engine& engine;
  policy::Updater& updater;
  access::DecisionLog& decisions;
  access::FindResource find;  // as they are now
  sys::Random& random;
  const access::Remote* remote = nullptr;  // decides instead of the engine; null = it does not
};

struct ApiWorld {
  sys::Clock& clock;
  log::Log& log;
  metric::Registry& metrics;
  identity::Directory& directory;
  gateway::Gateway& gateway;
  const dataset::Catalog* catalog = nullptr;
  BuildInfo build;
  bool metrics_public = false;
  bool demo = false;  // marks the status page
  const identity::IssuerConfig* oidc = nullptr;
  identity::CodeLogin* code_login = nullptr;  // null without a provider for the portal
  PortalConfig portal = {};
  const notify::Secrets* secrets = nullptr;    // of webhook endpoints; null: none can be made
  sys::Random* random = nullptr;               // null: nothing is notified, ids can be guessed
  transparency::Recorder* recorder = nullptr;  // null: nothing is recorded
  witness::Witness* witness = nullptr;         // null: no log is witnessed
  signing::Signing* signing = nullptr;         // null: nothing is signed
  bool signing_open = false;                   // entries and timestamps without a token
  transparency::Gate* gate = nullptr;          // null: no warrants are asked for
  search::Index* index = nullptr;              // null: records are not searched
  const PolicyDesk* policy = nullptr;          // null: no policies decide
  residency::Residency* residency = nullptr;   // null: nothing is proven of where data lie
  BudgetDesk budgets = {};
  tap::Desk* taps = nullptr;  // null: nothing is held back
  PrivacyDesk privacy = {};
  exporting::Exports* exports = nullptr;  // null: nothing is exported
};

class Api final : public net::Handler {
 public:
  explicit Api(ApiWorld world);
  ~Api() override;
  void handle(std::shared_ptr<net::Exchange> exchange) override;

  // Readiness as /readyz tells it; false from the first moment of a shutdown.
  void set_ready(bool ready) { ready_.store(ready, std::memory_order_relaxed); }
  // For the figures of the status page.
  void attach(net::Server& server) { server_.store(&server, std::memory_order_release); }
  void stop();

 private:
  struct Identified;
  std::string_view cookie_of(const net::Request& request) const;
  // The person of a session that asks the gateway; null without one.
  Result<std::shared_ptr<const identity::Caller>> browser_of(const net::Request& request) const;
  void reply(net::Exchange& exchange, net::Response response, std::string_view request_id);
  // Problem details, also in the log.
  void refuse(net::Exchange& exchange, const Error& error, std::string_view request_id);
  void refuse(net::Exchange& exchange, net::Response problem, std::string_view request_id);
  // Of what anybody may ask for: without the machine's paths, which the log has.
  void refuse_outside(net::Exchange& exchange, const Error& error, std::string_view request_id);
  void serve_metrics(const std::shared_ptr<net::Exchange>& exchange);
  void serve_ledger(const std::shared_ptr<net::Exchange>& exchange);
  void serve_witness(const std::shared_ptr<net::Exchange>& exchange);
  void serve_signatures(const std::shared_ptr<net::Exchange>& exchange);
  void serve_admin(const std::shared_ptr<net::Exchange>& exchange);
  void run_admin(const std::shared_ptr<net::Exchange>& exchange, const Identified& who);
  // False when the request is not of a session; then the page is like any other asset.
  bool serve_first_page(const std::shared_ptr<net::Exchange>& exchange, const Asset& page);
  AdminWorld admin_world() const;
  // `hidden` is why, where the answer does not say.
  void log_done(const net::Request& request, const Identified& who, int status,
                std::string_view hidden);
  std::string status_page() const;
  net::Response status_reply() const;
  bool simple(const net::Request& request, net::Response& out) const;

  ApiWorld world_;
  MonoTime started_;
  sys::IdMaker request_ids_;
  std::atomic<bool> ready_ = false;
  std::atomic<net::Server*> server_ = nullptr;
  std::unique_ptr<net::Workers> workers_;
  std::unique_ptr<net::Workers> provider_workers_;  // for what waits for the OpenID provider
  std::unique_ptr<net::Workers> signing_workers_;
};

std::string_view status_css();

// One admin request without a server, with an operator's rights: for the command line on a data
// directory that no server holds. `path` begins with /v1/ and may carry a query.
struct LocalRequest {
  std::string method;
  std::string path;
  std::string body;
  net::Headers headers;
};
struct LocalWorld {
  sys::Clock& clock;
  identity::Directory& directory;
  transparency::Recorder& recorder;
  signing::Signing& signing;
  transparency::Gate& gate;
  search::Index& index;
};
net::Response serve_locally(const LocalWorld& world, const LocalRequest& request);

// The endpoints of the admin API, with parameters in braces; openapi.yaml describes each.
struct Endpoint {
  std::string_view method;
  std::string_view path;
  bool anonymous = false;  // needs no caller
  bool calls_provider = false;
  bool reads = false;  // a POST that changes nothing: its query is its own
};
std::vector<Endpoint> endpoints();

// The one table from error codes to HTTP.
int http_status(Code code);
// RFC 9457 problem details with `code`, `request_id`, `retry_after_s`.
net::Response problem(const Error& error, std::string_view request_id);
net::Response problem(int status, const Error& error, std::string_view request_id);

}  // namespace mc::api
