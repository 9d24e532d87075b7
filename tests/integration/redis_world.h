// Real redis-servers on loopback, a proxy before each node that stalls, cuts, delays or answers as
// something else, and nodes that share budgets through it. One thread drives the nodes, so what
// they admit has an order.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/base.h"
#include "contract/share_world.h"
#include "redis/redis.h"
#include "share/share.h"

namespace mc::redis::test {

bool there_is_a_server();  // the command redis-server; prints that the test is skipped otherwise
MonoTime now();
// True when `condition` held within the time; it is looked at each millisecond.
bool wait_until(Nanos time, const std::function<bool()>& condition);

// A server without persistence, in a process of its own that ends with this one.
class Server {
 public:
  explicit Server(std::vector<std::string> options = {});
  ~Server() { kill(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  void start();  // again at the same port, empty
  void kill();   // SIGKILL
  std::uint16_t port() const { return port_; }
  // One line sent, all that comes until the first line end (of bulk answers: their length).
  std::string say(const std::string& command) const;

 private:
  std::vector<std::string> options_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

class Proxy {
 public:
  enum class Mode : std::uint8_t { pass, stall, cut, http };

  explicit Proxy(std::uint16_t target);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  std::uint16_t port() const { return port_; }
  void set(Mode mode) { mode_ = mode; }
  void set_delay(Nanos delay) { delay_ns_ = delay.count; }  // of each way
  void set_target(std::uint16_t target) { target_ = target; }

 private:
  struct Pair;
  void work();
  void accept_one(std::vector<std::unique_ptr<Pair>>& pairs);
  bool move(Pair& pair, Mode mode);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint16_t> target_;
  std::atomic<Mode> mode_ = Mode::pass;
  std::atomic<std::int64_t> delay_ns_ = 0;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

// Nodes that are asked for one key all the time.
class Nodes {
 public:
  struct Options {
    std::size_t count = 3;
    share::Spec spec = {};
    share::Mode mode = share::Mode::lease;
    // Longer than in life where a busy machine must not look like a lost store.
    Nanos op_timeout = seconds(1);
  };
  Nodes(Server& server, Options options);

  // Each node is asked for one each half a millisecond.
  void press(Nanos time);
  // The same until the condition holds; false when it does not within the time.
  bool press_until(Nanos time, const std::function<bool()>& condition);
  void turn();  // all of them, and nothing is asked for
  void end(std::size_t i);
  // Waits for the answer.
  share::Outcome take(std::size_t i, std::int64_t amount);
  std::int64_t own_in(std::size_t i, Nanos before) const;  // what i admitted in the time before now
  bool all(bool lost) const;                               // have lost the store, or have it

  struct Node {
    std::unique_ptr<Proxy> proxy;
    std::unique_ptr<share::Store> store;
    std::unique_ptr<share::Share> share;
    std::shared_ptr<share::Line> line;
    std::vector<share::Event> events;
    std::vector<std::pair<MonoTime, std::int64_t>> admitted;
    std::int64_t alone = 0, denied = 0;
  };
  std::vector<std::unique_ptr<Node>> nodes;
  share::contract::Meter meter;
  std::vector<std::int64_t> waits_ns;  // of each that was asked for

 private:
  void ask(Node& node);
  Options options_;
  MonoTime next_;
};

}  // namespace mc::redis::test
