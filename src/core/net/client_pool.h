// Blocking clients that threads share, at most so many; each keeps its connection. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "net/net.h"

namespace mc::net {

class ClientPool {
 public:
  using Make = std::function<std::unique_ptr<Client>()>;
  ClientPool(std::size_t clients_max, Make make);
  // As Client::fetch(), by the client that was given back last. Waiting for one takes from the
  // request's time; `exhausted` when none was free in all of it.
  Result<Response> fetch(ClientRequest request);

 private:
  std::unique_ptr<Client> take(Nanos wait);
  void give_back(std::unique_ptr<Client> client);

  const std::size_t clients_max_;
  const Make make_;
  std::mutex mutex_;  // of the next two
  std::vector<std::unique_ptr<Client>> idle_;
  std::size_t made_ = 0;
  std::condition_variable free_;
};

}  // namespace mc::net
