// One request on its way through the gateway, and the core that carries it.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/budgets.h"
#include "gateway/entrance.h"
#include "gateway/gateway.h"
#include "gateway/http_request.h"
#include "gateway/leaving.h"
#include "gateway/mask_answer.h"
#include "gateway/parse_line.h"
#include "gateway/reach.h"
#include "gateway/route.h"
#include "gateway/session_gate.h"
#include "gateway/terms_failures.h"
#include "tap/board.h"

namespace mc::gateway {

// Shared by the loop and whichever thread works on the request; one of them at a time.
struct Call {
  std::shared_ptr<net::Exchange> exchange;
  Route* route = nullptr;
  std::shared_ptr<const identity::Caller> caller;
  std::string request_id;
  std::string purpose;               // that the request states, or its token
  std::vector<Decided> decided;      // by policies
  std::unique_ptr<Reach> reach;      // null = the data are the caller's own tenant's
  std::unique_ptr<Masking> masking;  // of an upstream's answer; null = it is streamed
  std::string_view media_type = kJsonType;
  GraphqlRequest graphql;
  std::vector<std::shared_ptr<const Compiled>> documents;  // of graphql.items
  const graphql::OperationNode* operation = nullptr;       // of the first item, once chosen
  BudgetUse budget;
  tap::Pass taps;          // those that were in force when it came
  admission::Ticket seat;  // once it has one
  CallPtr waiting;         // itself, while it waits for one
  Leaving leaving;
  Nanos waited{};
  MonoTime deadline;
  std::optional<MonoTime> released;  // with private answers: when it ends
  std::optional<trace::Span> span;
  std::optional<trace::Context> parent;  // as received, when no span is recorded
  std::string code;                      // of a refusal, for the log
  std::size_t statements = 0;
  std::size_t rows = 0;
  bool cache_hit = true;
  bool mutates = false;     // any item does
  bool tells_cost = false;  // as the client wants it
  bool began = false;       // its operations run, here or elsewhere
  bool ran_on_loop = false;

  // Whose data it is about.
  const TenantId& tenant() const { return reach ? reach->tenant : caller->tenant; }
  const std::string& region() const { return reach ? reach->region : caller->region; }
};

struct Gateway::Core {
  Core(const GatewayConfig& gateway_config, const GatewayWorld& gateway_world);
  std::unique_ptr<dataset::ConnectionSet> make_connections();
  Route* find_route(std::string_view path);

  void begin(const CallPtr& call);
  bool admit(const CallPtr& call, const ReadFields& fields);
  bool admit_reach(const CallPtr& call, const ReadFields& fields);
  // taps.cc. False when the call was answered.
  bool passes_taps(const CallPtr& call, tap::Stage stage) {
    return !call->taps.is_tested(stage) || test_taps(call, stage);
  }
  bool test_taps(const CallPtr& call, tap::Stage stage);
  Payer payer_of(const Call& call) const;
  // terms.cc: what the policies say of its budgets; nothing when they cannot say.
  void find_terms(Call& call);
  using Then = void (Core::*)(const CallPtr& call, Seat seat);
  bool take_budget(const CallPtr& call, std::size_t operations, Then then);
  bool read_operations(const CallPtr& call, const ReadFields& fields);
  void read_paid(const CallPtr& call, Seat seat);
  // It has waited for budgets that nodes share: goes on with `then`, on its loop when it is to be
  // read, else on the resumer's thread, so that no flood of new documents stands before it.
  void go_on(const CallPtr& call, std::optional<Budgets::Denial> denial, Then then);
  void find_documents(const CallPtr& call, Seat seat);
  // costs.cc: once the operations are known. False when the call was answered.
  bool take_costs(const CallPtr& call);
  const PlanShare& share_of(const Call& call) const;
  // seats.cc. False when the call was answered or waits.
  bool take_seat(const CallPtr& call);
  void start_waited(const CallPtr& call);
  void turn_away(const CallPtr& call, admission::Why why);
  void overloaded(const CallPtr& call);
  void drop_waiting(const CallPtr& call);
  void give_seat_back(Call& call, int status);
  bool resolve_documents(const CallPtr& call);
  // Puts the text that will run into params.query.
  tl::expected<std::monostate, HttpError> find_text(Call& call, Params& params);
  void parse_elsewhere(const CallPtr& call);
  void parse_in_turn(int parser);
  void parse_documents(const CallPtr& call, std::size_t parser);
  void dispatch(const CallPtr& call, Seat seat);
  void run_paid(const CallPtr& call, Seat seat);
  // Whether the policies let it through to the upstream; what they do not is answered.
  bool may_forward(const CallPtr& call, Decider& decider);
  void forward_from_worker(const CallPtr& call);
  bool decisions_block() const {
    return world.policy != nullptr && world.policy->remote != nullptr;
  }
  bool check_operations(const CallPtr& call);

  void run_on_datasets(const CallPtr& call, Place place);
  bool may_run_on_loop(const Call& call) const;
  bool execute_on_loop(const CallPtr& call);  // false: not answered, it needs a worker
  void execute_on_worker(const CallPtr& call, std::size_t worker);
  // `gate` is null when policies do not decide.
  Result<std::unique_ptr<dataset::Session>> make_session(const Call& call,
                                                         dataset::ConnectionSet& set,
                                                         dataset::DatasetGate* gate,
                                                         dataset::BriefLimits brief);
  std::optional<SessionGate> make_gate(Call& call, std::vector<std::unique_ptr<Decider>>& seats,
                                       std::size_t index) const;
  struct Executed {
    std::string body;
    Stage stage = Stage::executed;
    std::size_t errors = 0;
  };
  Executed execute_all(Call& call, dataset::Session& session);
  // conclude.cc
  struct Leave {
    int status = 200;
    std::string body;
    net::Headers extra;
  };
  void conclude(const CallPtr& call, const dataset::SessionReport& report, Executed executed);
  void conclude_in_time(const CallPtr& call, const dataset::SessionReport& report, Leave how);
  // Runs `work` on a loop at the next multiple of private_release_quantum, which is when the call
  // ends as far as anybody is told.
  void release(const CallPtr& call, std::function<void()> work);
  bool tell_run(const CallPtr& call, const dataset::SessionReport& report, int status);
  void leave(const CallPtr& call, Leave how);
  struct Item {
    std::size_t index = 0;
    std::size_t bytes_max = 0;
  };
  graphql::ExecuteResult execute_item(Call& call, const Item& item, dataset::Session& session);
  void note_regions(Call& call, const dataset::SessionReport& report);
  // reach.cc; both block: before anything of the tenant's is touched, and before any of it leaves.
  using Opened = tl::expected<std::monostate, HttpError>;
  Opened open_reach(Call& call, std::size_t worker);
  Opened record_reach(Call& call, const dataset::SessionReport& report, int status);

  void forward(const CallPtr& call);
  net::FieldLines upstream_fields(const Call& call, MonoTime now) const;
  net::Response upstream_failure(Call& call, const net::ForwardResult& result);
  // run_masked.cc. Both are asked before anything is sent, and false when the call was answered.
  bool prepare_masks(const CallPtr& call, Decider& decider, const access::Verdict& verdict);
  bool reserve_room(const CallPtr& call);
  void take_whole(const CallPtr& call, net::Forward& forward);
  void mask_reply(const CallPtr& call, const net::Response& reply);
  void withhold(const CallPtr& call, const net::Response& reply, HttpError error);

  // Answers, logs, counts, ends the span; the last thing that happens to a call.
  void finish(const CallPtr& call, int status, std::string body, net::Headers extra = {});
  void refuse(const CallPtr& call, const HttpError& error, net::Headers extra = {});
  void refuse(const CallPtr& call, Stage stage, const std::vector<graphql::GraphqlError>& errors);
  void record(Call& call, int status, std::int64_t bytes);
  static void add_decisions(const Call& call, net::FieldLines& fields);

  GatewayConfig config;
  GatewayWorld world;
  ByteBudget masked_bytes;  // of answers that are taken whole; outlives every call
  Meters meters;
  Budgets budgets;
  TermsFailures terms_failures;
  Entrance entrance;
  ParseLine parse_line;
  Traffic traffic;
  std::vector<std::unique_ptr<Route>> routes;
  std::unique_ptr<dataset::Writers> writers;
  std::vector<std::unique_ptr<dataset::ConnectionSet>> connections;       // by worker
  std::vector<std::unique_ptr<dataset::ConnectionSet>> loop_connections;  // by Exchange::loop()
  std::vector<access::Resource> resources;                                // by dataset
  std::vector<std::unique_ptr<Decider>> deciders;                         // by worker
  std::vector<std::unique_ptr<Decider>> loop_deciders;                    // by Exchange::loop()
  std::vector<std::unique_ptr<Decider>> parser_deciders;  // by parser; the last is the resumer's
  std::unique_ptr<net::Workers> workers;
  std::unique_ptr<net::Workers> parsers;
  std::unique_ptr<net::Workers> resumer;      // of calls that waited for shared budgets, or null
  residency::Residency* residency = nullptr;  // null = regions are for the policies alone
  FindCaller find_browser;                    // null = none is known
  std::atomic<bool> attached = false;
  net::Server* server = nullptr;  // once attached
  sys::IdMaker request_ids;
};

}  // namespace mc::gateway
