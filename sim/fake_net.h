// An in-memory twin of net's Exchange: a request is built from strings, the answer is
// waited for, and a forwarded request is answered by the test in the upstream's place.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/net.h"
#include "sim/fake_server.h"

namespace mc::sim {

struct FakeRequest {
  std::string method = "POST";
  std::string target = "/graphql";
  net::Headers headers = {};
  std::string body = {};
  std::string peer = "192.0.2.7:4711";
  bool tls = false;
  MonoTime received = {};
};

// The lines of a forward or a response, as pairs.
inline net::Headers fields_of(const net::FieldLines& lines) {
  net::Headers out;
  for (std::string_view line : split(lines.text(), '\n')) {
    if (line.empty()) continue;
    line.remove_suffix(1);  // CR
    const std::size_t colon = line.find(": ");
    out.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return out;
}

// Owns the bytes of its request. reply() and forward() may come from any thread; the first wins.
// A forward that takes the reply whole is followed by a reply, once the test has given it one.
class FakeExchange final : public net::Exchange {
 public:
  explicit FakeExchange(FakeRequest given) : given_(std::move(given)) {
    body_ = given_.body + std::string(64, '\0');
    request_.method = given_.method;
    request_.target = given_.target;
    const std::size_t question = request_.target.find('?');
    request_.path = request_.target.substr(0, question);
    if (question != std::string_view::npos) request_.query = request_.target.substr(question + 1);
    for (const auto& [name, value] : given_.headers) request_.headers.push_back({name, value});
    request_.body = std::string_view(body_).substr(0, given_.body.size());
    request_.peer = given_.peer;
    request_.tls = given_.tls;
    request_.received = given_.received;
  }
  FakeExchange(const FakeExchange&) = delete;
  FakeExchange& operator=(const FakeExchange&) = delete;

  const net::Request& request() const override { return request_; }
  void reply(net::Response response) override {
    const std::lock_guard lock(mutex_);
    ++answers_;
    if (response_ || (forward_ && !given_reply_)) return;
    for (auto& field : fields_of(response.fields)) response.headers.push_back(std::move(field));
    response_ = std::move(response);
    answered_.notify_all();
  }
  void forward(std::shared_ptr<net::Upstream>, net::Forward forward) override {
    const std::lock_guard lock(mutex_);
    ++answers_;
    if (response_ || forward_) return;
    forward_ = std::move(forward);
    answered_.notify_all();
  }
  bool cancelled() const override { return cancelled_.load(std::memory_order_acquire); }
  void on_cancel(std::function<void()> hook) override {
    {
      const std::lock_guard lock(mutex_);
      if (leaves_when_hooked_) cancelled_.store(true, std::memory_order_release);
      if (!cancelled()) {
        hook_ = std::move(hook);
        return;
      }
    }
    hook();
  }

  std::size_t loop() const override { return 0; }
  void after_turn(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    after_turn_.push_back(std::move(work));
    answered_.notify_all();
  }
  void turn() {  // what is to be done after this turn of the loop, whose thread calls
    std::unique_lock lock(mutex_);
    const auto works = std::exchange(after_turn_, {});
    lock.unlock();
    for (const std::function<void()>& work : works) work();
  }

  // The client leaves.
  void cancel() {
    std::function<void()> hook;
    {
      const std::lock_guard lock(mutex_);
      cancelled_.store(true, std::memory_order_release);
      hook = std::exchange(hook_, nullptr);
    }
    if (hook) hook();
  }

  // The client leaves just before the gateway asks to be told of it.
  void leave_when_hooked() { leaves_when_hooked_ = true; }

  // Blocks until there is an answer; false after ten seconds without one. Its thread is the loop.
  bool wait() {
    const auto moves = [this] { return response_ || forward_ || !after_turn_.empty(); };
    for (turn();; turn()) {
      std::unique_lock lock(mutex_);
      if (!answered_.wait_for(lock, std::chrono::seconds(10), moves)) return false;
      if (response_ || forward_) return true;
    }
  }
  // After wait(). The status of a missing answer is 0.
  net::Response response() const {
    const std::lock_guard lock(mutex_);
    return response_.value_or(net::Response{.status = 0, .headers = {}, .body = {}});
  }
  bool forwarded() const {
    const std::lock_guard lock(mutex_);
    return forward_.has_value();
  }
  // Of a forwarded request, whose callbacks the test calls in the place of the loop.
  net::Forward& forwarding() { return *forward_; }
  // Gives a forward that takes it whole the upstream's reply, and waits for what the client gets;
  // false after ten seconds without.
  bool give_reply(net::Response reply) {
    {
      const std::lock_guard lock(mutex_);
      given_reply_ = true;
    }
    forward_->on_reply(std::move(reply));
    std::unique_lock lock(mutex_);
    return answered_.wait_for(lock, std::chrono::seconds(10),
                              [&] { return response_.has_value(); });
  }
  // Lets go of the forward, whose callbacks own this exchange as long as it is kept here.
  void release() {
    std::optional<net::Forward> dropped;
    const std::lock_guard lock(mutex_);
    dropped.swap(forward_);
  }
  int answers() const {
    const std::lock_guard lock(mutex_);
    return answers_;
  }

 private:
  FakeRequest given_;
  std::string body_;  // with the spare bytes that a parser may read
  net::Request request_;
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<net::Response> response_;
  std::optional<net::Forward> forward_;
  bool given_reply_ = false;
  std::function<void()> hook_;
  std::vector<std::function<void()>> after_turn_;
  std::atomic<bool> cancelled_ = false;
  bool leaves_when_hooked_ = false;  // set before it is handled
  int answers_ = 0;
};

inline std::string header_of(const net::Headers& headers, std::string_view name) {
  for (const auto& [held, value] : headers) {
    if (equals_ignoring_case(held, name)) return value;
  }
  return {};
}

// Seeded like SimRandom, and safe for several threads.
class LockedRandom final : public sys::Random {
 public:
  explicit LockedRandom(sys::Random& inner) : inner_(inner) {}
  void fill(std::span<std::uint8_t> out) override {
    const std::lock_guard lock(mutex_);
    inner_.fill(out);
  }

 private:
  std::mutex mutex_;
  sys::Random& inner_;
};

}  // namespace mc::sim
