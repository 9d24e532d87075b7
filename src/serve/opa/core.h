// The API at work: what all loops share, what each has for itself. Private to the module.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "opa/opa.h"
#include "opa/reply.h"
#include "opa/request.h"
#include "policy/decision_ids.h"

namespace mc::opa {

inline constexpr std::size_t kLoopsMax = 256;  // as many as OpaConfig::threads may say

struct Meters {
  explicit Meters(metric::Registry& registry);
  metric::Family<metric::Counter> decisions;  // outcome
  metric::Counter& with_result;
  metric::Counter& undefined;
  metric::Counter& failed;
  metric::Family<metric::Counter> refused;  // status
  metric::Histogram& duration;
};

// Of one event loop.
struct LoopState {
  LoopState(const DataWorld& world)
      : evaluator(world.engine, world.clock, world.random), ids(world.clock, world.random) {}
  policy::Evaluator evaluator;
  policy::DecisionIds ids;
  PathNames names;
  term::Arena batch;  // the inputs of a batch, which outlive its decisions
};

// One request on its way.
struct Ask {
  net::Exchange& exchange;
  const net::Request& request;
  Route route;
  LoopState& loop;
  std::shared_ptr<const identity::Caller> caller = nullptr;
  Flags flags = {};
};

struct DataApi::Core {
  Core(const DataWorld& data_world, const OpaConfig& opa_config);

  void handle(net::Exchange& exchange);
  LoopState& loop_state(std::size_t index);
  Read<std::monostate> admit(Ask& ask) const;
  void serve(Ask& ask);

  // data.cc
  void serve_data(Ask& ask);
  void serve_value(Ask& ask, std::string_view path);  // v0, and the default decision
  struct Asked {
    std::string_view id, batch_id;
    std::string_view path;  // escaped
    policy::Path names;
    term::Value input;
  };
  // Decides, counts and tells. `measured` may be null.
  tl::expected<policy::Evaluation, vm::EvalError> decide(const Ask& ask, const Asked& asked,
                                                         const policy::EvaluateOptions& options,
                                                         Measured* measured);
  // batch.cc
  void serve_batch(Ask& ask);
  // The members of one answer, without braces; false when it is an error. `left` is of the batch.
  bool answer_item(const Ask& ask, const Asked& asked, Nanos left, std::string& out);
  policy::EvaluateOptions options_of(const Ask& ask) const;
  void refuse_evaluation(const Ask& ask, std::string_view id, const vm::EvalError& error);

  // served.cc
  void serve_health(Ask& ask);
  void serve_policies(Ask& ask);
  void serve_status(Ask& ask);
  void serve_config(Ask& ask);
  void refuse_change(Ask& ask);  // of policies or data

  void refuse_method(const Ask& ask, std::string_view allowed);
  void reply(const Ask& ask, int status, std::string body);
  void refuse(const Ask& ask, const Refusal& refusal, net::Headers headers = {});

  DataWorld world;
  OpaConfig config;
  Meters meters;
  OnDecision told;  // empty = nobody
  net::FieldLines json_fields;
  std::array<std::unique_ptr<LoopState>, kLoopsMax> loops;  // each made and used by its own loop
};

}  // namespace mc::opa
