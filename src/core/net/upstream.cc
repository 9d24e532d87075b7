#include "net/upstream.h"

#include <openssl/ssl.h>

#include <algorithm>

namespace mc::net {

std::shared_ptr<Wire> Pool::take_idle() {
  while (!idle_.empty()) {
    Idle idle = std::move(idle_.back());
    idle_.pop_back();
    idle.wire->on_end = nullptr;
    const bool fresh = loop_.now() - idle.since < config_.idle_age_max;
    // Bytes that nobody asked for would be taken for the next reply.
    if (fresh && idle.wire->end() == Wire::End::open && idle.wire->inbox.empty()) {
      return std::move(idle.wire);
    }
    idle.wire->close();
    closed_one();
  }
  return nullptr;
}

void Pool::give_back(std::shared_ptr<Wire> wire) {
  if (idle_.size() >= static_cast<std::size_t>(config_.idle_connections_max)) {
    wire->close();
    closed_one();
    return;
  }
  wire->clear_deadline();
  wire->on_end = [this, key = wire.get()] { lost(key); };
  wire->start_read(kUpstreamBlock, kUpstreamBlock);
  const MonoTime now = loop_.now();
  if (idle_.empty()) loop_.arm(*this, now + config_.idle_age_max);
  idle_.push_back({std::move(wire), now});
}

bool Pool::open_one() {
  if (open_ >= config_.connections_max) return false;
  ++open_;
  return true;
}

void Pool::drop(std::size_t index) {
  const std::shared_ptr<Wire> wire = std::move(idle_[index].wire);
  idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(index));
  wire->on_end = nullptr;
  wire->close();
  closed_one();
}

void Pool::lost(const Wire* wire) {
  for (std::size_t i = 0; i < idle_.size(); ++i) {
    if (idle_[i].wire.get() == wire) return drop(i);
  }
}

void Pool::expired() {
  const MonoTime now = loop_.now();
  while (!idle_.empty() && now - idle_.front().since >= config_.idle_age_max) drop(0);
  if (!idle_.empty()) loop_.arm(*this, idle_.front().since + config_.idle_age_max);
}

void Pool::close_all() {
  loop_.disarm(*this);
  while (!idle_.empty()) drop(idle_.size() - 1);
}

Upstream::Upstream(const UpstreamConfig& config, std::vector<std::shared_ptr<Loop>> loops)
    : config_(config), host_field_(config.host) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(config_.host, error);
  if (!error) address_ = address;
  if (address_ && address_->is_v6()) host_field_ = "[" + config_.host + "]";
  if (config_.port != (config_.tls ? 443 : 80)) host_field_ += ":" + std::to_string(config_.port);
  if (config_.tls) {
    tls_ = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(tls_->native_handle(), TLS1_2_VERSION);
    if (config_.ca_file.empty()) {
      tls_->set_default_verify_paths(error);
    } else {
      tls_->load_verify_file(config_.ca_file, error);
      if (error) broken_ = "ca_file " + config_.ca_file + " is not readable as PEM";
    }
  }
  for (const std::shared_ptr<Loop>& loop : loops) {
    places_.push_back({loop, loop.get(), std::make_shared<Pool>(*loop, config_)});
  }
}

Upstream::~Upstream() {
  for (Place& place : places_) {
    const std::shared_ptr<Loop> loop = place.loop.lock();
    // The loop closes its connections itself; a loop that has ended did so before.
    if (loop) loop->post([pool = std::move(place.pool)] { pool->close_all(); });
  }
}

std::shared_ptr<Pool> Upstream::pool(const Loop& loop) const {
  for (const Place& place : places_) {
    if (place.key == &loop) return place.pool;
  }
  return nullptr;
}

std::shared_ptr<Wire> Upstream::make_wire(Loop& loop) const {
  if (tls_) return make_tls_wire(loop, Socket(loop.executor()), *tls_, config_.host);
  return make_plain_wire(loop, -1);
}

void Upstream::close_pool(const Loop& loop) const {
  if (const std::shared_ptr<Pool> found = pool(loop)) found->close_all();
}

}  // namespace mc::net
