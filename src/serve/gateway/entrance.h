// Where requests that their budgets let through get their seats, wait for them, or are turned away.
//
// The controller decides (admission/controller.h); here its tokens are calls, and what it says of
// those that waited is done: on the thread that gave a seat back, or on a loop when one has waited
// too long.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "admission/controller.h"
#include "base/base.h"
#include "net/net.h"
#include "sys/sys.h"

namespace mc::gateway {

struct Call;
using CallPtr = std::shared_ptr<Call>;

class Entrance {
 public:
  struct Hooks {
    std::function<void(const CallPtr&)> start;  // it has waited and runs now
    std::function<void(const CallPtr&, admission::Why)> turn_away;
    std::function<void(const CallPtr&)> left;  // its client has, while it waited
  };
  Entrance(const admission::Settings& settings, sys::Clock& clock, Hooks hooks);
  // Once, before requests come; without it nobody who waits is told that it was too long.
  void attach(net::Server& server) { server_ = &server; }

  // True: it runs, and goes on here. False: it waits, and one of the hooks is called for it, later
  // or already, or was turned away, and that hook was called. `arrival` without its token and its
  // time.
  bool enter(const CallPtr& call, admission::Arrival arrival);
  // Of a call that was let in. `measured`: its time says something of the service behind.
  void leave(Call& call, bool ok, bool measured);

  admission::Controller& controller() { return controller_; }

 private:
  void withdraw(const CallPtr& call, admission::Ticket ticket, MonoTime since);
  void act(const admission::Effects& effects);
  void arm(MonoTime when);
  void tick();

  admission::Controller controller_;
  sys::Clock& clock_;
  const Hooks hooks_;
  net::Server* server_ = nullptr;
  std::atomic<std::int64_t> armed_ = INT64_MAX;  // when the next tick is
};

}  // namespace mc::gateway
