// What is done at once when the client of a call leaves, by how far the call has come.
//
// An Exchange keeps one hook, and a client may leave at any time, on its loop's thread, while
// another one takes the call further. So a call hooks itself once, when it first waits for
// something, and says here at each step what leaving means from then on. Steps only go forward:
// what is said late, by a thread that was overtaken, is dropped. What is done may find that it is
// too late for it; whoever took the call further then looks at Exchange::cancelled().
//
// Threads: any. Nothing is called, and nothing is destroyed, while the lock is held.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace mc::gateway {

struct Call;
using CallPtr = std::shared_ptr<Call>;

class Leaving {
 public:
  enum class Step : std::uint8_t {
    begun,
    parser,  // it waits for one
    seat,    // it waits for one
    run,     // a session of its own works for it
  };
  // On the call's loop, or in tell(); once for each step at most.
  using Act = std::function<void(const CallPtr&)>;

  // From now on `act` is what to do: at once, before this returns, when the client has left before.
  static void tell(const CallPtr& call, Step step, Act act);

 private:
  static void left(const CallPtr& call);

  std::mutex mutex_;  // of all below
  Act act_;
  Step step_ = Step::begun;
  bool hooked_ = false;
  bool gone_ = false;
};

}  // namespace mc::gateway
