// Decisions of the policies over OPA's REST API (OPA docs, "REST API"), for enforcement points and
// clients that speak it already.
//
//   POST GET /v1/data/{path}   {"input": ...} -> {"result": ..., "decision_id": ...}
//   POST GET /v0/data/{path}   the input -> the bare value, or 404
//   POST /                     the same for the default decision
//   POST /v1/batch/data/{path} {"inputs": {id: input}} -> {"responses": {id: ...}}
//   GET /v1/policies[/{id}] /v1/status /v1/config      scope `admin:read`
//   GET /health[?bundles&plugins]                      for anybody; /health/{path} with a token
//
// Policies and data come in bundles: whatever would change them is refused, and so are queries that
// the caller writes (/v1/query) and partial evaluation (/v1/compile). A `result` that is missing
// means undefined, and who enforces must deny then.
//
// An evaluation takes microseconds, so it is made on the event loop, which has an Evaluator of its
// own. It is one of the policies of its moment, from its first to its last instruction.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/base.h"
#include "identity/identity.h"
#include "log/log.h"
#include "metric/metric.h"
#include "net/net.h"
#include "opa/config.h"  // IWYU pragma: export
#include "policy/policy.h"
#include "sys/sys.h"

namespace mc::opa {

// What the API borrows; everything outlives it.
struct DataWorld {
  sys::Clock& clock;
  sys::Random& random;
  log::Log& log;
  metric::Registry& metrics;
  const identity::Directory& directory;
  const policy::Engine& engine;
  std::string version = {};  // of this server, told in provenance
};

// Everything of one decision. The views and values live for the call only.
struct Decision {
  std::string_view id;        // "dec_..."
  std::string_view batch_id;  // "" = it is not of a batch
  std::string_view path;      // "a/b/c", as it was asked: with percent escapes
  term::Value input;          // undefined = none was sent
  term::Value result;         // undefined = the policies say nothing
  term::Value fixed_answers;  // of functions without a fixed answer
  const vm::EvalError* error = nullptr;
  const policy::Policies& policies;          // who decided
  const identity::Caller* caller = nullptr;  // null without authentication
  std::string_view peer;
  WallTime at;
  Nanos took;  // of the evaluation
  std::int64_t instructions = 0;
};

class DataApi final : public net::Handler {
 public:
  // `invalid`: a default decision that is no path.
  static Result<std::unique_ptr<DataApi>> make(const DataWorld& world, const OpaConfig& config);
  ~DataApi() override;

  // Called on the loop for each decision, before it is answered, by several loops at once: must
  // neither block nor ask this API. Set it before requests come; without it nothing is measured
  // for it.
  using OnDecision = std::function<void(const Decision& decision)>;
  void on_decision(OnDecision hook);

  void handle(std::shared_ptr<net::Exchange> exchange) override;

  struct Core;  // private to the module

 private:
  explicit DataApi(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

// The listener that the API is served on.
net::ServerConfig to_server_config(const OpaConfig& config);

}  // namespace mc::opa
