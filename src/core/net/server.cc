#include <openssl/ssl.h>

#include <atomic>
#include <boost/asio/ssl/context.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <vector>

#include "net/loop.h"
#include "net/net.h"
#include "net/station.h"
#include "net/upstream.h"

namespace mc::net {
namespace {

// An idle keep-alive connection may have a request on its way when a drain begins; it gets this
// long to arrive, and an answer that closes.
constexpr Nanos kDrainIdleGrace = millis(250);

// RFC 7301: picks http/1.1; a client that offers only other protocols is refused.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static const unsigned char kOurs[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_size, kOurs, sizeof(kOurs), offered, offered_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<std::unique_ptr<asio::ssl::context>> make_tls(const ServerConfig& config) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  error_code error;
  context->use_certificate_chain_file(config.tls_certificate_file, error);
  if (error) {
    return fail(Code::invalid, "tls_certificate_file " + config.tls_certificate_file +
                                   " is not readable as PEM: " + error.message());
  }
  context->use_private_key_file(config.tls_key_file, asio::ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(native) != 1) {
    return fail(Code::invalid, "tls_key_file " + config.tls_key_file +
                                   " is not the certificate's key: " + error.message());
  }
  return context;
}

class ServerImpl final : public Server {
 public:
  ServerImpl(const ServerConfig& config, Handler& handler, sys::Clock& clock)
      : config_(config), handler_(handler), clock_(clock) {}
  ~ServerImpl() override { drain(Nanos{0}); }

  Status start() {
    if (!config_.tls_certificate_file.empty()) {
      MC_TRY(tls_, make_tls(config_));
    }
    error_code error;
    const asio::ip::address address = asio::ip::make_address(config_.host, error);
    if (error) return fail(Code::invalid, "host " + config_.host + " is not an IP address");
    asio::ip::tcp::endpoint at(address, config_.port);
    const bool shared = config_.threads > 1;
    while (stations_.size() < static_cast<std::size_t>(config_.threads)) {
      Station::Place place{std::make_shared<Loop>(clock_), stations_.size()};
      stations_.push_back(
          std::make_unique<Station>(std::move(place), config_, handler_, tally_, tls_.get()));
    }
    if (shared && at.port() != 0) {
      // Without SO_REUSEPORT, so that another process on the address is noticed.
      Station probe({stations_[0]->loop()}, config_, handler_, tally_, nullptr);
      error = probe.listen(at, false);
    }
    for (const auto& station : stations_) {
      if (!error) error = station->listen(at, shared);
      if (!error) at.port(station->local().port());
    }
    if (error) {
      return fail(Code::unavailable, "cannot listen on " + config_.host + ":" +
                                         std::to_string(config_.port) + ": " + error.message());
    }
    port_ = at.port();
    for (const auto& station : stations_) {
      station->start_accepting();
      station->loop()->start();
    }
    running_ = true;
    return ok();
  }

  std::uint16_t port() const override { return port_; }

  std::size_t loops() const override { return stations_.size(); }
  ServerCounters counters() const override {
    return {tally_.open.load(), tally_.total.load(), tally_.requests.load(), tally_.refused.load()};
  }

  std::vector<LoopLoad> take_loads() override {
    std::vector<LoopLoad> out;
    for (const auto& station : stations_) out.push_back(station->loop()->take_load());
    return out;
  }

  bool drain(Nanos limit) override;

  void post_after(Nanos delay, std::function<void()> work) override {
    stations_[0]->loop()->post_after(delay, std::move(work));
  }

  std::shared_ptr<Upstream> upstream(const UpstreamConfig& config) override;

 private:
  void close_upstreams();

  const ServerConfig config_;
  Handler& handler_;
  sys::Clock& clock_;
  Tally tally_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::vector<std::unique_ptr<Station>> stations_;
  std::uint16_t port_ = 0;
  bool running_ = false;

  std::mutex mutex_;
  std::condition_variable emptied_;
  std::vector<std::weak_ptr<Upstream>> upstreams_;
  std::size_t empty_ = 0;  // stations without connections
  int cut_ = 0;            // requests ended by force
};

bool ServerImpl::drain(Nanos limit) {
  if (!running_) return true;
  running_ = false;
  const Nanos grace{std::min(kDrainIdleGrace.count, limit.count / 4)};
  for (const auto& station : stations_) {
    station->begin_drain(grace, [this] {
      const std::lock_guard lock(mutex_);
      ++empty_;
      emptied_.notify_all();
    });
  }
  const auto all_empty = [this] { return empty_ == stations_.size(); };
  std::unique_lock lock(mutex_);
  if (!emptied_.wait_for(lock, std::chrono::nanoseconds(limit.count), all_empty)) {
    lock.unlock();
    for (const auto& station : stations_) {
      station->cut([this](int busy) {
        const std::lock_guard guard(mutex_);
        cut_ += busy;
      });
    }
    lock.lock();
    emptied_.wait(lock, all_empty);
  }
  lock.unlock();
  close_upstreams();
  for (const auto& station : stations_) station->loop()->finish();
  for (const auto& station : stations_) station->loop()->join();
  return cut_ == 0;
}

std::shared_ptr<Upstream> ServerImpl::upstream(const UpstreamConfig& config) {
  std::vector<std::shared_ptr<Loop>> loops;
  for (const auto& station : stations_) loops.push_back(station->loop());
  auto made = std::make_shared<Upstream>(config, std::move(loops));
  const std::lock_guard lock(mutex_);
  std::erase_if(upstreams_, [](const auto& known) { return known.expired(); });
  upstreams_.push_back(made);
  return made;
}

// Pooled connections belong to their loops and must not outlive them.
void ServerImpl::close_upstreams() {
  const std::lock_guard lock(mutex_);
  for (const std::weak_ptr<Upstream>& known : upstreams_) {
    const std::shared_ptr<Upstream> upstream = known.lock();
    for (const auto& station : stations_) {
      Loop& loop = *station->loop();
      if (upstream) loop.post([upstream, &loop] { upstream->close_pool(loop); });
    }
  }
}

}  // namespace

Status ServerConfig::check() const {
  struct Row {
    const char* name;
    std::int64_t value;
    std::int64_t least;
  };
  const Row rows[] = {{"threads", threads, 1},
                      {"head_bytes_max", head_bytes_max, 256},
                      {"headers_max", headers_max, 1},
                      {"target_bytes_max", target_bytes_max, 1},
                      {"body_bytes_max", body_bytes_max, 0},
                      {"connections_max", connections_max, 1},
                      {"pipelined_max", pipelined_max, 1},
                      {"head_timeout", head_timeout.count, 1},
                      {"body_timeout", body_timeout.count, 1},
                      {"body_bytes_per_s_min", body_bytes_per_s_min, 0},
                      {"body_rate_grace", body_rate_grace.count, 0},
                      {"idle_timeout", idle_timeout.count, 1},
                      {"write_timeout", write_timeout.count, 1}};
  for (const Row& row : rows) {
    if (row.value < row.least) {
      return fail(Code::invalid, std::string(row.name) + " is below " + std::to_string(row.least));
    }
  }
  if (threads > 256) return fail(Code::invalid, "threads is above 256");
  if (tls_certificate_file.empty() != tls_key_file.empty()) {
    return fail(Code::invalid, "tls_certificate_file and tls_key_file go together");
  }
  return ok();
}

Result<std::unique_ptr<Server>> Server::start(const ServerConfig& config, Handler& handler,
                                              sys::Clock& clock) {
  MC_TRY_OK(config.check());
  try {
    auto server = std::make_unique<ServerImpl>(config, handler, clock);
    MC_TRY_OK(server->start());
    return std::unique_ptr<Server>(std::move(server));
  } catch (const std::exception& failure) {  // Asio's constructors: no descriptors, no threads
    return fail(Code::unavailable, std::string("cannot start the server: ") + failure.what());
  }
}

}  // namespace mc::net
