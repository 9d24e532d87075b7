#include "net/client_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mc::net {
namespace {

constexpr Nanos kLeast = millis(1);  // for a request whose time has gone into the wait

}  // namespace

ClientPool::ClientPool(std::size_t clients_max, Make make)
    : clients_max_(std::max<std::size_t>(1, clients_max)), make_(std::move(make)) {}

Result<Response> ClientPool::fetch(ClientRequest request) {
  const auto begin = std::chrono::steady_clock::now();
  std::unique_ptr<Client> client = take(request.timeout);
  if (client == nullptr) {
    return fail(Code::exhausted, "all " + std::to_string(clients_max_) + " connections are in use");
  }
  const std::chrono::nanoseconds waited = std::chrono::steady_clock::now() - begin;
  request.timeout = std::max(kLeast, request.timeout - Nanos{waited.count()});
  Result<Response> out = client->fetch(request);
  give_back(std::move(client));
  return out;
}

// Null when none was free in time.
std::unique_ptr<Client> ClientPool::take(Nanos wait) {
  std::unique_lock lock(mutex_);
  const bool is_free = free_.wait_for(lock, std::chrono::nanoseconds(wait.count),
                                      [this] { return !idle_.empty() || made_ < clients_max_; });
  if (!is_free) return nullptr;
  if (idle_.empty()) {
    ++made_;
    lock.unlock();
    return make_();
  }
  std::unique_ptr<Client> out = std::move(idle_.back());
  idle_.pop_back();
  return out;
}

void ClientPool::give_back(std::unique_ptr<Client> client) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(client));
  }
  free_.notify_one();
}

}  // namespace mc::net
