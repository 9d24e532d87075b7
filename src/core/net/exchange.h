// The Exchange handed to a handler. It owns the bytes of its request, so it may outlive the
// connection and even the server; answers travel to the connection over a Link.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/base.h"
#include "net/buffer.h"
#include "net/http1_head.h"
#include "net/net.h"

namespace mc::net {

class Loop;

struct ForwardAnswer {
  std::shared_ptr<Upstream> upstream;
  Forward forward;
  std::string_view request_body;
  std::shared_ptr<void> request;  // holds the bytes of `request_body`
};
using Answer = std::variant<std::monostate, Response, std::unique_ptr<ForwardAnswer>>;

inline constexpr std::string_view kClientGone = "client gone";  // the error of a ForwardResult
// For an answer that is not given. A forward is owed its end all the same: it may hold a circuit
// open.
void drop(Answer& answer, std::string_view why);

class AnswerSink {
 public:
  virtual void take_answer(Answer answer) = 0;  // on the loop, at most once an exchange

 protected:
  ~AnswerSink() = default;
};

// Shared by a connection and its exchanges. `sink` is the loop's: null once the connection ended.
struct Link {
  std::weak_ptr<Loop> loop;
  AnswerSink* sink = nullptr;
  std::string peer;
  std::size_t loop_index = 0;
  bool tls = false;
};

class ExchangeImpl final : public Exchange, public std::enable_shared_from_this<ExchangeImpl> {
 public:
  // `bytes` starts with the head, the body of `body_size` bytes follows; `head` points into
  // memory at `old_base` that held the same bytes.
  ExchangeImpl(std::shared_ptr<Link> link, Buffer bytes, const char* old_base,
               http1::RequestHead& head, std::size_t body_size);
  ~ExchangeImpl() override;  // an exchange dropped unanswered is answered with 500

  const Request& request() const override { return request_; }
  void set_received(MonoTime time) { request_.received = time; }
  void reply(Response response) override;
  void forward(std::shared_ptr<Upstream> upstream, Forward forward) override;
  bool cancelled() const override { return cancelled_.load(std::memory_order_acquire); }
  void on_cancel(std::function<void()> hook) override;
  std::size_t loop() const override { return link_->loop_index; }
  void after_turn(std::function<void()> work) override;

  // Loop only. cancel() runs the hook; finish() drops it, as no cancel will come any more. reopen()
  // takes back that it was answered.
  void cancel();
  void finish();
  void reopen() { answered_.store(false); }

 private:
  struct Hook {
    std::function<void()> call;
    bool over = false;
  };
  void deliver(Answer answer);

  std::shared_ptr<Link> link_;
  Buffer bytes_;
  Request request_;
  std::atomic<bool> answered_{false};
  std::atomic<bool> cancelled_{false};
  Guarded<Hook> hook_;
};

}  // namespace mc::net
