#include "net/station.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <climits>
#include <exception>
#include <string>
#include <utility>

#include "net/connection.h"

namespace mc::net {
namespace {

constexpr int kBacklog = 4096;
constexpr std::int64_t kRefusedMax = 64;  // connections over the limit that still get a 503
constexpr int kAcceptedInTurnMax = 64;    // before other work of the loop runs
constexpr Nanos kAcceptRetry = millis(50);

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

std::string peer_text(const asio::ip::tcp::endpoint& peer) {
  const std::string address = peer.address().to_string();
  const std::string port = std::to_string(peer.port());
  return peer.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

}  // namespace

Station::Station(Place place, const ServerConfig& config, Handler& handler, Tally& tally,
                 asio::ssl::context* tls)
    : loop_(std::move(place.loop)),
      index_(place.index),
      config_(config),
      handler_(handler),
      tally_(tally),
      tls_(tls),
      acceptor_(loop_->executor()),
      retry_timer_(loop_->executor()) {}

Station::~Station() = default;

error_code Station::listen(const asio::ip::tcp::endpoint& at, bool shared) {
  error_code error;
  acceptor_.open(at.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && shared) acceptor_.set_option(ReusePort(true), error);
  if (!error) acceptor_.bind(at, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (!error) acceptor_.non_blocking(true, error);
  return error;
}

asio::ip::tcp::endpoint Station::local() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored);
}

void Station::start_accepting() {
  loop_->post([this] { accept_next(); });
}

void Station::accept_next() {
  acceptor_.async_wait(Acceptor::wait_read, [this](error_code error) {
    if (!acceptor_.is_open()) return;
    if (!error) error = accept_waiting(kAcceptedInTurnMax);
    if (error == boost::system::errc::too_many_files_open ||
        error == boost::system::errc::too_many_files_open_in_system ||
        error == boost::system::errc::no_buffer_space ||
        error == boost::system::errc::not_enough_memory) {
      return retry_accept();
    }
    accept_next();
  });
}

error_code Station::accept_waiting(int most) {
  for (int i = 0; i < most; ++i) {
    asio::ip::tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    const int descriptor =
        ::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      peer.resize(size);
      accepted(descriptor, peer);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return {errno, boost::system::system_category()};
    }
  }
  return {};
}

// Out of descriptors or memory: asking again at once would spin.
void Station::retry_accept() {
  retry_timer_.expires_after(std::chrono::nanoseconds(kAcceptRetry.count));
  retry_timer_.async_wait([this](error_code error) {
    if (!error && acceptor_.is_open()) accept_next();
  });
}

void Station::accepted(int descriptor, const asio::ip::tcp::endpoint& peer) {
  constexpr int kOn = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
  tally_.total.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t open = tally_.open.load(std::memory_order_relaxed);
  if (open >= config_.connections_max + kRefusedMax) {
    ::close(descriptor);
    return;
  }
  const int refuse_status = open >= config_.connections_max ? 503 : 0;
  std::shared_ptr<Wire> wire;
  if (tls_ == nullptr) {
    wire = make_plain_wire(*loop_, descriptor);
  } else {
    error_code error;
    Socket socket(loop_->executor());
    socket.assign(peer.protocol(), descriptor, error);
    if (error) {
      ::close(descriptor);
      return;
    }
    wire = make_tls_wire(*loop_, std::move(socket), *tls_, "");
  }
  auto connection =
      std::make_shared<Connection>(*this, std::move(wire), peer_text(peer), tls_ != nullptr);
  add(*connection);
  asio::co_spawn(loop_->executor(), Connection::run(std::move(connection), refuse_status),
                 [](const std::exception_ptr& failure) {
                   // Only exhausted memory throws here.
                   if (failure) std::rethrow_exception(failure);
                 });
}

void Station::add(Connection& connection) {
  connection.index = connections_.size();
  connections_.push_back(&connection);
  tally_.open.fetch_add(1, std::memory_order_relaxed);
}

void Station::remove(Connection& connection) {
  connections_.back()->index = connection.index;
  std::swap(connections_[connection.index], connections_.back());
  connections_.pop_back();
  tally_.open.fetch_sub(1, std::memory_order_relaxed);
  check_empty();
}

void Station::check_empty() {
  if (draining_ && connections_.empty() && empty_) std::exchange(empty_, nullptr)();
}

void Station::begin_drain(Nanos idle_grace, std::function<void()> empty) {
  loop_->post([this, idle_grace, empty = std::move(empty)]() mutable {
    draining_ = true;
    accept_waiting(INT_MAX);  // connections that the kernel has accepted are ours to serve
    error_code ignored;
    acceptor_.close(ignored);
    retry_timer_.cancel();
    empty_ = std::move(empty);
    retry_timer_.expires_after(std::chrono::nanoseconds(idle_grace.count));
    retry_timer_.async_wait([this](error_code error) {
      if (error) return;
      const std::vector<Connection*> now = connections_;
      for (Connection* connection : now) connection->close_if_idle();
      check_empty();
    });
  });
}

void Station::cut(std::function<void(int)> busy) {
  loop_->post([this, busy = std::move(busy)] {
    int count = 0;
    const std::vector<Connection*> now = connections_;
    for (Connection* connection : now) {
      if (connection->busy()) ++count;
      connection->cut();
    }
    busy(count);
  });
}

}  // namespace mc::net
