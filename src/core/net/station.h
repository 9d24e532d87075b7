// One loop's share of a server: its acceptor, its connections, its counters. Loop thread only,
// except the counters and begin_drain()/cut(), which post themselves.
#pragma once

#include <atomic>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "net/loop.h"
#include "net/net.h"
#include "net/wire.h"

namespace mc::net {

class Connection;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

// Counted over all loops of a server.
struct Tally {
  std::atomic<std::int64_t> open{0};
  std::atomic<std::int64_t> total{0};
  std::atomic<std::int64_t> requests{0};
  std::atomic<std::int64_t> refused{0};
};

class Station {
 public:
  // `index` of the loop among those of the server.
  struct Place {
    std::shared_ptr<Loop> loop;
    std::size_t index = 0;
  };
  Station(Place place, const ServerConfig& config, Handler& handler, Tally& tally,
          asio::ssl::context* tls);
  Station(const Station&) = delete;
  Station& operator=(const Station&) = delete;
  ~Station();

  // Before the loop's thread starts. `shared` = other stations listen on the same address.
  error_code listen(const asio::ip::tcp::endpoint& at, bool shared);
  asio::ip::tcp::endpoint local() const;
  void start_accepting();

  // Any thread. Stops accepting; connections end after their running request, idle ones after
  // `idle_grace`. `empty` is called on the loop once none is left.
  void begin_drain(Nanos idle_grace, std::function<void()> empty);
  // Any thread, after begin_drain(): ends what is left. `busy` gets the number of requests cut.
  void cut(std::function<void(int)> busy);

  bool draining() const { return draining_; }
  const std::shared_ptr<Loop>& loop() const { return loop_; }
  std::size_t index() const { return index_; }
  const ServerConfig& config() const { return config_; }
  Handler& handler() { return handler_; }
  Tally& tally() { return tally_; }

  void add(Connection& connection);
  void remove(Connection& connection);

 private:
  void accept_next();
  void accepted(int descriptor, const asio::ip::tcp::endpoint& peer);
  // Takes what the kernel has accepted, at most `most`.
  error_code accept_waiting(int most);
  void retry_accept();
  void check_empty();

  std::shared_ptr<Loop> loop_;
  std::size_t index_;
  const ServerConfig& config_;
  Handler& handler_;
  Tally& tally_;
  asio::ssl::context* tls_;
  Acceptor acceptor_;
  Timer retry_timer_;
  std::vector<Connection*> connections_;
  std::function<void()> empty_;
  bool draining_ = false;
};

}  // namespace mc::net
