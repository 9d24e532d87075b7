#include "gateway/entrance.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

// What a hook does may end its call, which starts another one: one after the other, not deeper and
// deeper.
void do_in_turn(std::function<void()> work) {
  static thread_local std::deque<std::function<void()>> waiting;
  waiting.push_back(std::move(work));
  if (waiting.size() > 1) return;
  for (; !waiting.empty(); waiting.pop_front()) waiting.front()();
}

std::uint64_t token_of(Call& call) {
  return reinterpret_cast<std::uintptr_t>(&call);
}

// A call that waits holds itself; whoever is told of its token takes that over.
CallPtr take_call(std::uint64_t token) {
  return std::move(reinterpret_cast<Call*>(static_cast<std::uintptr_t>(token))->waiting);
}

}  // namespace

Entrance::Entrance(const admission::Settings& settings, sys::Clock& clock, Hooks hooks)
    : controller_(settings), clock_(clock), hooks_(std::move(hooks)) {}

bool Entrance::enter(const CallPtr& call, admission::Arrival arrival) {
  arrival.token = token_of(*call);
  arrival.now = clock_.mono();
  call->waiting = call;  // before others can be told of it
  admission::Effects effects;
  const admission::Arrived arrived = controller_.arrive(arrival, effects);
  if (arrived.answer != admission::Answer::waits) call->waiting = nullptr;
  if (arrived.answer == admission::Answer::runs) call->seat = arrived.ticket;
  act(effects);
  if (arrived.answer == admission::Answer::refused) hooks_.turn_away(call, arrived.why);
  if (arrived.answer == admission::Answer::waits) {
    const auto gone = [this, ticket = arrived.ticket, since = arrival.now](const CallPtr& left) {
      withdraw(left, ticket, since);
    };
    Leaving::tell(call, Leaving::Step::seat, gone);
  }
  return arrived.answer == admission::Answer::runs;
}

void Entrance::leave(Call& call, bool ok, bool measured) {
  const admission::Ticket seat = std::exchange(call.seat, {});
  if (seat == admission::Ticket{}) return;
  admission::Effects effects;
  controller_.finish(
      seat, {.now = clock_.mono(), .service = Nanos{-1}, .ok = ok, .measured = measured}, effects);
  act(effects);
}

// The controller says whose the call is: it waits no longer, or whoever it was started for goes on
// with it.
void Entrance::withdraw(const CallPtr& call, admission::Ticket ticket, MonoTime since) {
  const MonoTime now = clock_.mono();
  admission::Effects effects;
  if (controller_.withdraw(ticket, now, effects)) {
    call->waiting = nullptr;
    call->waited = now - since;
    do_in_turn([this, call] { hooks_.left(call); });
  }
  act(effects);
}

void Entrance::act(const admission::Effects& effects) {
  for (const admission::Effects::Started& started : effects.started) {
    const CallPtr call = take_call(started.token);
    call->seat = started.ticket;
    call->waited = started.waited;
    do_in_turn([this, call] { hooks_.start(call); });
  }
  for (const admission::Effects::Ended& ended : effects.ended) {
    const CallPtr call = take_call(ended.token);
    call->waited = ended.waited;
    do_in_turn([this, call, why = ended.why] { hooks_.turn_away(call, why); });
  }
  arm(effects.next_tick);
}

// The earliest one counts; later ones that were armed before find nothing to do.
void Entrance::arm(MonoTime when) {
  if (server_ == nullptr || when.nanos == INT64_MAX) return;
  std::int64_t before = armed_.load();
  do {
    if (before <= when.nanos) return;
  } while (!armed_.compare_exchange_weak(before, when.nanos));
  const Nanos wait = when - clock_.mono();
  server_->post_after(Nanos{std::max<std::int64_t>(wait.count, 0)}, [this] { tick(); });
}

void Entrance::tick() {
  armed_.store(INT64_MAX);
  admission::Effects effects;
  controller_.tick(clock_.mono(), effects);
  act(effects);
}

}  // namespace mc::gateway
