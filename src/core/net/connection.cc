#include "net/connection.h"

#include <algorithm>
#include <utility>

#include "net/http1_body.h"
#include "net/http1_write.h"
#include "net/relay.h"

namespace mc::net {
namespace {

constexpr Nanos kLinger = seconds(2);
constexpr std::size_t kReadAheadMax = 64 << 10;      // of pipelined bytes while a request runs
constexpr std::size_t kMoveBytesMin = 64 << 10;      // a smaller request is copied, not moved
constexpr std::size_t kOneBufferBytesMax = 8 << 10;  // a smaller body is sent with its head
constexpr std::size_t kKeptFieldsMax = 32;           // memory kept between replies
constexpr MonoTime kNever{INT64_MAX};

}  // namespace

Connection::Connection(Station& station, std::shared_ptr<Wire> wire, std::string peer, bool tls)
    : station_(station), wire_(std::move(wire)), link_(std::make_shared<Link>()) {
  link_->loop = station.loop();
  link_->sink = this;
  link_->loop_index = station.index();
  link_->peer = std::move(peer);
  link_->tls = tls;
}

Connection::~Connection() = default;

Task<void> Connection::run(std::shared_ptr<Connection> self, int refuse_status) {
  Wire& wire = *self->wire_;
  wire.on_end = [connection = self.get()] { connection->client_gone(); };
  wire.set_deadline(wire.loop().now() + self->station_.config().head_timeout);
  wire.start_handshake();
  while (wire.busy() && !wire.timed_out()) {
    co_await wire.wait();
  }
  if (!wire.busy() && !wire.failed()) {
    if (refuse_status != 0) {
      self->keep_alive_ = false;
      co_await self->send_refusal(refuse_status, "too many connections");
    } else {
      co_await self->serve();
    }
  }
  // From here on nobody may reach the connection any more.
  wire.on_end = nullptr;
  self->link_->sink = nullptr;
  if (const auto exchange = self->current_.lock()) exchange->cancel();
  wire.close();
  self->station_.remove(*self);
}

Task<void> Connection::serve() {
  Wire& wire = *wire_;
  while (true) {
    Next next = co_await read_head();
    if (next == Next::go_on && waits_for_body()) {
      next = co_await read_body();
    }
    if (next == Next::refuse) {
      co_await send_refusal(refuse_status_, refuse_why_);
    }
    if (next != Next::go_on) co_return;
    const bool whole = co_await answer_request();
    if (!whole) co_return;
    if (!keep_alive_) {
      co_await wire.linger(kLinger);
      co_return;
    }
    if (++served_in_turn_ >= station_.config().pipelined_max) {
      // Other connections get their turn before more of a long pipeline.
      served_in_turn_ = 0;
      wire.wake();
      co_await wire.wait();
    }
  }
}

http1::HeadLimits Connection::limits() const {
  const ServerConfig& config = station_.config();
  return {config.head_bytes_max, config.target_bytes_max, config.headers_max};
}

Connection::Next Connection::refuse(int status, std::string_view why) {
  refuse_status_ = status;
  refuse_why_ = why;
  return Next::refuse;
}

// Reads up to the end of a head and parses it.
Task<Connection::Next> Connection::read_head() {
  Wire& wire = *wire_;
  scanner_.reset();
  phase_ = Phase::idle;
  wire.read_ahead(0);
  // RFC 9112 section 2.2: one empty line before a request is skipped.
  bool may_skip_line = true;
  while (true) {
    std::string_view bytes = wire.inbox.view();
    if (may_skip_line && bytes.size() >= 2) {
      may_skip_line = false;
      if (bytes.substr(0, 2) == "\r\n") wire.inbox.consume(2);
      bytes = wire.inbox.view();
    }
    const bool lone_cr = may_skip_line && bytes == "\r";
    if (!bytes.empty() && !lone_cr) {
      const http1::HeadScanner::State state = scanner_.scan(bytes);
      const Next next = check_head(state);
      if (next != Next::go_on || state == http1::HeadScanner::State::found) co_return next;
    }
    if (wire.timed_out() && phase_ == Phase::receiving) co_return refuse(408, "head too slow");
    if (wire.end() != Wire::End::open || wire.timed_out() || wire.closed()) co_return Next::close;
    if (!bytes.empty() && phase_ == Phase::idle) {
      phase_ = Phase::receiving;
      wire.set_deadline(wire.loop().now() + station_.config().head_timeout);
    } else if (phase_ == Phase::idle) {
      wire.set_deadline(wire.loop().now() + station_.config().idle_timeout);
      served_in_turn_ = 0;
    }
    wire.start_read(static_cast<std::size_t>(station_.config().head_bytes_max) + 1);
    co_await wire.wait();
  }
}

// Judges what the scanner has seen; a complete head is parsed into head_.
Connection::Next Connection::check_head(http1::HeadScanner::State state) {
  const std::string_view bytes = wire_->inbox.view();
  const ServerConfig& config = station_.config();
  if (state == http1::HeadScanner::State::bad) return refuse(400, "bare LF in the head");
  if (state == http1::HeadScanner::State::more) {
    // 64 bytes leave room for the method and the version around the target.
    const auto line_max = static_cast<std::size_t>(config.target_bytes_max) + 64;
    if (!scanner_.first_line_done() && bytes.size() > line_max) {
      return refuse(414, "target too long");
    }
    if (bytes.size() > static_cast<std::size_t>(config.head_bytes_max)) {
      return refuse(431, "head too large");
    }
    return Next::go_on;
  }
  phase_ = Phase::receiving;
  received_ = wire_->loop().now();
  head_size_ = scanner_.head_size();
  const http1::Verdict verdict =
      http1::parse_request_head(bytes.substr(0, head_size_), limits(), head_);
  if (!verdict.good()) return refuse(verdict.status, verdict.why);
  minor_ = head_.minor;
  head_only_ = head_.method == "HEAD";
  keep_alive_ = head_.keep_alive;
  body_size_ = 0;
  message_size_ = head_size_;
  if (head_.content_length > config.body_bytes_max) return refuse(413, "body too large");
  if (!head_.chunked) {
    body_size_ = static_cast<std::size_t>(head_.content_length);
    message_size_ += body_size_;
  }
  return Next::go_on;
}

bool Connection::waits_for_body() const {
  return head_.chunked || wire_->inbox.size() < message_size_;
}

// A body must come within body_timeout, and after a grace at body_bytes_per_s_min.
void Connection::watch_body(MonoTime since) {
  const ServerConfig& config = station_.config();
  const auto bytes = static_cast<std::int64_t>(wire_->inbox.size() - head_size_);
  MonoTime last = since + config.body_timeout;
  if (config.body_bytes_per_s_min > 0) {
    const Nanos earned{static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) /
                                                 static_cast<double>(config.body_bytes_per_s_min))};
    last = std::min(last, since + config.body_rate_grace + earned);
  }
  wire_->set_deadline(last);
}

Task<bool> Connection::send_continue() {
  Slices rest("HTTP/1.1 100 Continue\r\n\r\n");
  bool sent = wire_->try_write(rest);
  if (!sent) {
    sent = co_await wire_->write_rest(rest, station_.config().write_timeout, kNever);
  }
  co_return sent;
}

Task<Connection::Next> Connection::read_body() {
  Wire& wire = *wire_;
  if (head_.expect_continue && wire.inbox.size() == head_size_) {
    const bool sent = co_await send_continue();
    if (!sent) co_return Next::close;
  }
  if (head_.chunked) {
    const Next next = co_await read_chunked_body();
    co_return next;
  }
  // The views of head_ point into the inbox, which moves when it grows.
  const char* old_base = wire.inbox.data();
  if (!wire.reading() && wire.inbox.room() + wire.inbox.size() < message_size_) {
    wire.inbox.reserve(message_size_);
  }
  const MonoTime since = wire.loop().now();
  while (wire.inbox.size() < message_size_) {
    if (wire.end() != Wire::End::open || wire.closed()) co_return Next::close;
    watch_body(since);
    wire.start_read(message_size_);
    co_await wire.wait();
    if (wire.timed_out()) co_return refuse(408, "body too slow");
  }
  if (wire.inbox.data() != old_base) {
    http1::parse_request_head(wire.inbox.view().substr(0, head_size_), limits(), head_);
  }
  co_return Next::go_on;
}

// Decodes in place: the payload moves up to the end of the head.
Task<Connection::Next> Connection::read_chunked_body() {
  Wire& wire = *wire_;
  const char* old_base = wire.inbox.data();
  const auto body_max = static_cast<std::size_t>(station_.config().body_bytes_max);
  const MonoTime since = wire.loop().now();
  http1::ChunkDecoder decoder;
  while (true) {
    using Step = http1::ChunkDecoder::Step;
    auto piece = decoder.next(wire.inbox.view().substr(message_size_));
    message_size_ += piece.used;
    if (piece.step == Step::end) break;
    if (piece.step == Step::bad) co_return refuse(400, "bad chunked body");
    if (body_size_ + piece.data.size() > body_max) co_return refuse(413, "body too large");
    char* to = wire.inbox.data() + head_size_ + body_size_;
    if (!piece.data.empty()) std::memmove(to, piece.data.data(), piece.data.size());
    body_size_ += piece.data.size();
    if (piece.step != Step::more) continue;
    if (wire.end() != Wire::End::open || wire.closed()) co_return Next::close;
    if (!wire.reading()) {
      message_size_ = head_size_ + body_size_;
      wire.inbox.truncate(message_size_);
    }
    watch_body(since);
    wire.start_read(SIZE_MAX);
    co_await wire.wait();
    if (wire.timed_out()) co_return refuse(408, "body too slow");
  }
  if (wire.inbox.data() != old_base) {
    http1::parse_request_head(wire.inbox.view().substr(0, head_size_), limits(), head_);
  }
  co_return Next::go_on;
}

std::shared_ptr<ExchangeImpl> Connection::make_exchange() {
  Buffer& inbox = wire_->inbox;
  const std::size_t size = head_size_ + body_size_;
  const char* base = inbox.data();
  Buffer bytes;
  if (size >= kMoveBytesMin && !wire_->reading()) {
    Buffer rest;
    rest.append(inbox.view().substr(message_size_));
    bytes = std::exchange(inbox, std::move(rest));
    bytes.truncate(size);
  } else {
    bytes.append(inbox.view().substr(0, size));
    inbox.consume(message_size_);
  }
  auto exchange = std::make_shared<ExchangeImpl>(link_, std::move(bytes), base, head_, body_size_);
  exchange->set_received(received_);
  return exchange;
}

Task<bool> Connection::answer_request() {
  Wire& wire = *wire_;
  wire.clear_deadline();
  phase_ = Phase::answering;
  answer_ = std::monostate();
  auto exchange = make_exchange();
  current_ = exchange;
  if (wire.end() != Wire::End::open) exchange->cancel();
  station_.tally().requests.fetch_add(1, std::memory_order_relaxed);
  station_.handler().handle(std::move(exchange));
  if (std::holds_alternative<std::monostate>(answer_)) {
    wire.read_ahead(kReadAheadMax);
    while (std::holds_alternative<std::monostate>(answer_)) {
      if (wire.end() == Wire::End::failed || wire.closed()) co_return false;
      co_await wire.wait();
    }
  }
  Answer answer = std::exchange(answer_, std::monostate());
  bool whole = false;
  if (auto* response = std::get_if<Response>(&answer)) {
    whole = co_await send_response(std::move(*response));
  } else {
    auto forwarded = std::move(std::get<std::unique_ptr<ForwardAnswer>>(answer));
    whole = co_await forward(std::move(forwarded));
  }
  if (const auto rest = current_.lock()) rest->finish();
  current_.reset();
  co_return whole;
}

void Connection::take_answer(Answer answer) {
  answer_ = std::move(answer);
  // Inside handle() nobody waits yet, so waking would be wasted.
  if (phase_ == Phase::answering) wire_->wake_waiter();
}

void Connection::client_gone() {
  if (relay_ != nullptr) relay_->client_gone();
  if (const auto exchange = current_.lock()) exchange->cancel();
}

Task<bool> Connection::send_response(Response response) {
  keep_alive_ = keep_alive_ && !station_.draining();
  const http1::ReplyShape shape{minor_, keep_alive_, head_only_, wire_->loop().date()};
  out_.clear();
  const bool with_body = http1::append_response_head(out_, response, shape);
  std::string_view body = with_body ? std::string_view(response.body) : std::string_view();
  if (body.size() <= kOneBufferBytesMax) {
    out_.append(body);
    body = {};
  }
  if (wire_->should_wait_to_send()) {
    co_await wire_->wait_to_send();
  }
  Slices rest(out_, body);
  bool sent = wire_->try_write(rest);
  if (!sent) {
    sent = co_await wire_->write_rest(rest, station_.config().write_timeout, kNever);
  }
  if (!sent) wire_->reset();
  co_return sent;
}

Task<bool> Connection::forward(std::unique_ptr<ForwardAnswer> answer) {
  Wire& wire = *wire_;
  keep_alive_ = keep_alive_ && !station_.draining();
  const http1::ReplyShape shape{minor_, keep_alive_, head_only_, wire.loop().date()};
  if (answer->upstream == nullptr || answer->upstream->pool(wire.loop()) == nullptr) {
    Response response = http1::refusal(502, "no upstream on this server");
    const bool sent = co_await send_response(std::move(response));
    if (answer->forward.on_done) answer->forward.on_done(ForwardResult{});
    co_return sent;
  }
  Relay relay(wire_, std::move(answer), shape, station_.config().write_timeout);
  // Data behind the request may wait; the client's end must be noticed.
  wire.read_ahead(kReadAheadMax);
  relay_ = &relay;
  if (wire.end() != Wire::End::open) relay.client_gone();
  relay.trade_memory(out_, reply_fields_);
  const Relay::Outcome outcome = co_await relay.run();
  relay.trade_memory(out_, reply_fields_);
  if (out_.capacity() > 2 * kOneBufferBytesMax) std::string().swap(out_);
  if (reply_fields_.capacity() > kKeptFieldsMax) std::vector<HeaderView>().swap(reply_fields_);
  relay_ = nullptr;
  bool whole = outcome == Relay::Outcome::replied;
  if (whole) keep_alive_ = relay.keeps_alive();
  if (outcome == Relay::Outcome::collected) {
    whole = co_await hand_over(relay);
    ForwardResult result = relay.result();
    result.complete = whole;
    if (!whole) result.error = kClientGone;
    if (relay.forward().on_done) relay.forward().on_done(result);
    co_return whole;
  }
  if (outcome == Relay::Outcome::unanswered) {
    Response response = relay.forward().on_failure ? relay.forward().on_failure(relay.result())
                                                   : http1::refusal(502, relay.result().error);
    whole = co_await send_response(std::move(response));
  }
  if (relay.forward().on_done) relay.forward().on_done(relay.result());
  co_return whole;
}

// Gives a reply that was taken whole to who forwarded, and sends what comes back. Nothing here
// holds the exchange while it waits, so that one that is dropped says so.
Task<bool> Connection::hand_over(Relay& relay) {
  Wire& wire = *wire_;
  answer_ = std::monostate();
  if (const auto exchange = current_.lock()) {
    exchange->reopen();
  } else {
    co_return false;
  }
  std::exchange(relay.forward().on_reply, nullptr)(std::move(relay.reply()));
  relay.release();
  while (std::holds_alternative<std::monostate>(answer_)) {
    if (wire.end() == Wire::End::failed || wire.closed()) co_return false;
    co_await wire.wait();
  }
  Answer answer = std::exchange(answer_, std::monostate());
  if (std::holds_alternative<std::unique_ptr<ForwardAnswer>>(answer)) {
    drop(answer, "forwarded twice");
    answer = http1::refusal(500, "forwarded twice");
  }
  Response response = std::move(std::get<Response>(answer));
  const bool whole = co_await send_response(std::move(response));
  co_return whole;
}

Task<void> Connection::send_refusal(int status, std::string_view why) {
  station_.tally().refused.fetch_add(1, std::memory_order_relaxed);
  keep_alive_ = false;
  head_only_ = false;
  Response response = http1::refusal(status, why);
  const bool sent = co_await send_response(std::move(response));
  if (sent) {
    co_await wire_->linger(kLinger);
  }
}

void Connection::close_if_idle() {
  if (phase_ == Phase::idle && wire_->inbox.empty() && !wire_->readable()) wire_->close();
}

}  // namespace mc::net
