// Keep-alive connections to one origin: an Upstream is the handle that handlers hold, with one
// Pool on each loop. A Pool belongs to its loop's thread; the Upstream itself is immutable.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "net/net.h"
#include "net/wire.h"

namespace mc::net {

inline constexpr std::size_t kUpstreamBlock = 32 << 10;  // read at once from an upstream

class Pool final : public WheelEntry, public std::enable_shared_from_this<Pool> {
 public:
  Pool(Loop& loop, const UpstreamConfig& config) : loop_(loop), config_(config) {}

  // The connection that became idle last and still lives; null when there is none.
  std::shared_ptr<Wire> take_idle();
  // A connection whose reply was complete. It keeps reading, so its end is noticed at once.
  void give_back(std::shared_ptr<Wire> wire);
  // Accounts for a connection that is about to be made; false at connections_max.
  bool open_one();
  void closed_one() { --open_; }
  void close_all();

 private:
  struct Idle {
    std::shared_ptr<Wire> wire;
    MonoTime since;
  };
  void expired() override;
  void drop(std::size_t index);
  void lost(const Wire* wire);

  Loop& loop_;
  const UpstreamConfig config_;
  std::vector<Idle> idle_;  // the newest is the last
  int open_ = 0;            // idle and in use
};

class Upstream {
 public:
  Upstream(const UpstreamConfig& config, std::vector<std::shared_ptr<Loop>> loops);
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  ~Upstream();  // any thread

  const UpstreamConfig& config() const { return config_; }
  const std::string& host_field() const { return host_field_; }  // value of Host
  // Set when no connection can ever be made (bad ca_file); the reason.
  const std::string& broken() const { return broken_; }
  // The configured host when it is an IP address.
  const std::optional<asio::ip::address>& address() const { return address_; }
  std::shared_ptr<Pool> pool(const Loop& loop) const;  // null for a loop of another server
  std::shared_ptr<Wire> make_wire(Loop& loop) const;
  // On the loop, before it ends.
  void close_pool(const Loop& loop) const;

 private:
  struct Place {
    std::weak_ptr<Loop> loop;
    const Loop* key;
    std::shared_ptr<Pool> pool;
  };
  const UpstreamConfig config_;
  std::string host_field_;
  std::string broken_;
  std::optional<asio::ip::address> address_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::vector<Place> places_;
};

}  // namespace mc::net
