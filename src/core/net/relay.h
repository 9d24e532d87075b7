// One forwarded request: takes or makes an upstream connection, sends the request in one write,
// streams the reply to the client, and tells truth about how it ended. Loop thread only.
//
// A reply that breaks off is never made to look whole: the client's connection is closed instead.
// Backpressure is natural: nothing is read from the upstream while a write to the client waits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/exchange.h"
#include "net/http1_body.h"
#include "net/http1_head.h"
#include "net/http1_write.h"
#include "net/upstream.h"
#include "net/wire.h"

namespace mc::net {

// Turns received body bytes into what the client gets, one piece at a time. Sans-IO.
class BodyPump {
 public:
  enum class Out : std::uint8_t { as_is, dechunk, enchunk, discard };
  enum class State : std::uint8_t { going, done, bad };

  void start(const http1::ResponseHead& head, Out out);
  // Reads a piece of `in` and appends to `prefix` what stands before `direct`, a view into `in`.
  struct Piece {
    State state = State::going;
    std::size_t used = 0;
    std::int64_t payload = 0;
    std::string_view direct;
    std::string_view suffix;
  };
  Piece take(std::string_view in, std::string& prefix);
  // The connection has ended in good order: true when that ends this body. Appends what the
  // client needs to see the end.
  bool finish(std::string& prefix);

 private:
  Piece take_chunked(std::string_view in, std::string& prefix);

  http1::Framing framing_ = http1::Framing::none;
  Out out_ = Out::as_is;
  std::int64_t left_ = 0;
  http1::ChunkDecoder decoder_;
  bool last_seen_ = false;
};

class Relay {
 public:
  enum class Outcome : std::uint8_t {
    replied,     // the whole reply was written; the client's connection can go on
    unanswered,  // nothing was written; the caller replies
    collected,   // the whole reply is in reply(); nothing was written
    cut,         // the client's connection is unusable and closed
  };
  Relay(std::shared_ptr<Wire> client, std::unique_ptr<ForwardAnswer> answer,
        const http1::ReplyShape& shape, Nanos client_write_timeout);
  ~Relay();

  Task<Outcome> run();
  void client_gone();  // ends the upstream's work
  // Before run() and behind it: the memory messages are sent from is kept for the next request.
  void trade_memory(std::string& memory, std::vector<HeaderView>& fields) {
    out_.swap(memory);
    out_.clear();
    head_.headers.swap(fields);
  }
  const ForwardResult& result() const { return result_; }
  Response& reply() { return reply_; }
  bool keeps_alive() const { return shape_.keep_alive; }
  Forward& forward() { return answer_->forward; }
  // After run(): holds the request no longer, nor what would still answer it.
  void release() {
    answer_->forward.on_failure = nullptr;
    answer_->request_body = {};
    answer_->request = nullptr;
  }

 private:
  enum class Got : std::uint8_t { head, nothing, failed };

  std::string_view body() const;
  bool sendable() const;
  void build_request();
  Task<bool> connect();
  Task<bool> resolve();
  Task<bool> connect_to(asio::ip::address address);
  Task<Got> get_head();
  Task<Outcome> stream();
  Task<Outcome> collect();
  Task<bool> more_of_body();

  Got look_at_head();
  BodyPump::Out client_framing();
  void build_reply_head();
  void keep_reply_head();
  void fail_with(std::string_view why);
  Outcome cut(std::string_view why);
  Outcome give_up(std::string_view why);
  std::string_view end_of_upstream() const;
  MonoTime within(Nanos limit) const;
  void drop_upstream();
  void finish_upstream();

  std::shared_ptr<Wire> client_;
  std::unique_ptr<ForwardAnswer> answer_;
  http1::ReplyShape shape_;
  Nanos client_write_timeout_;
  const UpstreamConfig& config_;
  std::shared_ptr<Pool> pool_;
  std::shared_ptr<Wire> wire_;  // the upstream's
  Loop& loop_;
  std::vector<asio::ip::address> addresses_;
  std::string out_;  // the request, later the reply, as they are sent
  http1::HeadScanner scanner_;
  http1::ResponseHead head_;
  BodyPump pump_;
  Response reply_;  // when it is collected
  ForwardResult result_;
  MonoTime started_;
  int interim_ = 0;
  bool counted_ = false;  // in the pool
  bool begun_ = false;    // something was written to the client
  bool gone_ = false;
};

}  // namespace mc::net
