// A seat for each request that runs: taken when all else is known of it, given back when it ends.
#include <algorithm>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

constexpr std::int64_t kCreditsOfSeat = 100;  // an operation that costs more takes more seats
constexpr std::string_view kLeft = "left";    // in the place of a Why

}  // namespace

const PlanShare& Gateway::Core::share_of(const Call& call) const {
  static const PlanShare kUsual;
  if (world.shares == nullptr) return kUsual;
  const auto share = world.shares->find(call.caller->plan);
  return share == world.shares->end() ? kUsual : share->second;
}

bool Gateway::Core::take_seat(const CallPtr& call) {
  admission::Arrival arrival;
  arrival.tenant = call->caller->tenant.get();
  const PlanShare& share = share_of(*call);
  arrival.weight = share.weight;
  const access::Terms* const terms = call->budget.terms.get();
  arrival.priority = terms == nullptr ? share.priority : share.priority_for(terms->class_name);
  arrival.seats = admission::seats_for(call->budget.priced.credits, kCreditsOfSeat);
  // Reads and changes of one route; not those that run at once, on the loop.
  const std::size_t route = payer_of(*call).who.route;
  arrival.route_class = static_cast<std::uint32_t>(2 * route + (call->mutates ? 1 : 0));
  arrival.deadline = call->deadline;
  return entrance.enter(call, arrival);
}

// It has waited. What is forwarded goes on right here, on the thread that gave the seat back; for
// all else its loop or parser does something else now, so a worker goes on with it.
void Gateway::Core::start_waited(const CallPtr& call) {
  budgets.note_wait(payer_of(*call), call->budget, call->waited, "");
  const bool reads = call->route->config.kind == RouteKind::datasets;
  if (!reads && !decisions_block()) {
    if (call->exchange->cancelled()) return finish(call, 499, "");
    return forward(call);
  }
  const bool queued = workers->submit([this, call](int worker) {
    if (call->exchange->cancelled()) return finish(call, 499, "");
    const auto index = static_cast<std::size_t>(worker);
    if (call->route->config.kind == RouteKind::datasets) return execute_on_worker(call, index);
    if (may_forward(call, *deciders[index])) forward(call);
  });
  if (!queued) overloaded(call);
}

// It got no seat, or no parser.
void Gateway::Core::turn_away(const CallPtr& call, admission::Why why) {
  if (call->exchange->cancelled()) return drop_waiting(call);
  budgets.note_wait(payer_of(*call), call->budget, call->waited, admission::why_name(why));
  meters.turned_away.at({admission::why_name(why)}).add();
  if (world.clock.mono() >= call->deadline) {
    return refuse(call, {504, "DEADLINE_EXCEEDED", "the deadline passed before it could begin"});
  }
  overloaded(call);
}

// Everybody is told the same, of whatever there was too little: a seat, a parser, a worker, room
// for the answer. What others do is nobody's business.
void Gateway::Core::overloaded(const CallPtr& call) {
  if (call->exchange->cancelled()) return finish(call, 499, "");
  const std::uint64_t spread = world.random.next_u64() % 3;
  refuse(call, {503, "OVERLOADED", "the server is at its limit; retry"},
         {{"Retry-After", std::to_string(1 + spread)}});
}

// Its client has left while it waited, for a seat or for a parser.
void Gateway::Core::drop_waiting(const CallPtr& call) {
  budgets.note_wait(payer_of(*call), call->budget, call->waited, kLeft);
  meters.turned_away.at({kLeft}).add();
  finish(call, 499, "");
}

void Gateway::Core::give_seat_back(Call& call, int status) {
  const bool gone = status == 499;
  entrance.leave(call, status < 500, call.began && !gone && !call.ran_on_loop);
}

}  // namespace mc::gateway
