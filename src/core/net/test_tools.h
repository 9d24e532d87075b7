// Raw loopback sockets and handlers for the tests of this module. Everything blocks with a
// deadline, so that a wrong server fails a test instead of hanging it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/net.h"

namespace mc::net::test {

// One blocking TCP connection, closed when destroyed.
class RawSocket {
 public:
  RawSocket() = default;
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {}
  RawSocket(RawSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RawSocket& operator=(RawSocket&& other) noexcept;
  ~RawSocket() { close(); }
  static RawSocket connect(std::uint16_t port, int receive_buffer = 0);

  bool open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  bool send(std::string_view bytes);
  void send_end();  // FIN
  void reset();     // RST
  void close();
  std::string receive(std::size_t bytes_max = 65536);  // one read; "" at the end or time-out
  std::string receive_all();                           // up to the end
  std::string receive_until(std::string_view mark);    // up to and with `mark`, or what came
  // One reply with Content-Length: head and body. Bytes behind it are kept for the next call.
  std::string receive_reply();
  bool at_end();  // nothing more comes: the peer has closed or reset

 private:
  int descriptor_ = -1;
  std::string pending_;
};

// Listens on an ephemeral loopback port; accepts on demand.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  std::uint16_t port() const { return port_; }
  RawSocket accept();

 private:
  int descriptor_ = -1;
  std::uint16_t port_ = 0;
};

class FunctionHandler final : public Handler {
 public:
  using Function = std::function<void(std::shared_ptr<Exchange>)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  void handle(std::shared_ptr<Exchange> exchange) override { function_(std::move(exchange)); }

 private:
  Function function_;
};

// A value handed from one thread to another; take() waits up to ten seconds.
template <class T>
class Mailbox {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    filled_.notify_all();
  }
  T take() {
    std::unique_lock lock(mutex_);
    if (!filled_.wait_for(lock, std::chrono::seconds(10), [&] { return !values_.empty(); })) {
      return T{};
    }
    T value = std::move(values_.front());
    values_.erase(values_.begin());
    return value;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return values_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<T> values_;
};

// Replies "METHOD TARGET BODY".
void echo(const std::shared_ptr<Exchange>& exchange);
int status_of(std::string_view reply);
std::string_view body_of(std::string_view reply);

}  // namespace mc::net::test
