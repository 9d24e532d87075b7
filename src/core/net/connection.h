// One client connection of a server: reads requests one after the other, hands each to the
// handler as an Exchange, writes its answer, and starts again. Pipelined requests wait in the
// inbox, so answers keep their order. Loop thread only; lives in its own coroutine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/exchange.h"
#include "net/http1_head.h"
#include "net/station.h"
#include "net/wire.h"

namespace mc::net {

class Relay;

class Connection final : public AnswerSink, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Station& station, std::shared_ptr<Wire> wire, std::string peer, bool tls);
  ~Connection();

  // Runs the connection to its end. `refuse_status` != 0: only says that and closes.
  static Task<void> run(std::shared_ptr<Connection> self, int refuse_status);

  void close_if_idle();
  void cut() { wire_->reset(); }
  bool busy() const { return phase_ == Phase::answering; }
  std::size_t index = 0;  // in the station's list

  void take_answer(Answer answer) override;

 private:
  enum class Phase : std::uint8_t { idle, receiving, answering };
  enum class Next : std::uint8_t { go_on, close, refuse };

  Task<void> serve();
  Task<Next> read_head();
  Task<Next> read_body();
  Task<Next> read_chunked_body();
  Task<bool> send_continue();
  Task<bool> answer_request();
  Task<bool> send_response(Response response);
  Task<bool> forward(std::unique_ptr<ForwardAnswer> answer);
  Task<bool> hand_over(Relay& relay);
  Task<void> send_refusal(int status, std::string_view why);

  Next check_head(http1::HeadScanner::State state);
  Next refuse(int status, std::string_view why);
  bool waits_for_body() const;
  void watch_body(MonoTime since);
  std::shared_ptr<ExchangeImpl> make_exchange();
  void client_gone();
  http1::HeadLimits limits() const;

  Station& station_;
  std::shared_ptr<Wire> wire_;
  std::shared_ptr<Link> link_;
  http1::RequestHead head_;
  http1::HeadScanner scanner_;
  std::size_t head_size_ = 0;
  std::size_t body_size_ = 0;     // decoded
  std::size_t message_size_ = 0;  // what the whole request takes of the inbox
  MonoTime received_;
  std::weak_ptr<ExchangeImpl> current_;
  Relay* relay_ = nullptr;  // while forwarding
  Answer answer_;
  std::string out_;
  std::vector<HeaderView> reply_fields_;  // memory of a Relay
  int refuse_status_ = 0;
  std::string_view refuse_why_;
  int served_in_turn_ = 0;
  Phase phase_ = Phase::idle;
  bool head_only_ = false;
  bool keep_alive_ = true;
  int minor_ = 1;
};

}  // namespace mc::net
