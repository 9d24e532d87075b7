#include "net/relay.h"

#include <algorithm>
#include <boost/asio/ip/basic_resolver.hpp>
#include <utility>

namespace mc::net {
namespace {

constexpr std::size_t kJoinBytesMax = 8 << 10;  // less is copied behind the head for one write
constexpr int kInterimMax = 8;                  // 1xx replies before the real one
constexpr http1::HeadLimits kReplyLimits{64 << 10, 0, 200};
constexpr std::size_t kEndpointsMax = 4;

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

struct Lookup {
  explicit Lookup(Executor executor) : resolver(executor) {}
  Resolver resolver;
  std::vector<asio::ip::address> addresses;
  bool done = false;
};

bool takes_a_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

Relay::Relay(std::shared_ptr<Wire> client, std::unique_ptr<ForwardAnswer> answer,
             const http1::ReplyShape& shape, Nanos client_write_timeout)
    : client_(std::move(client)),
      answer_(std::move(answer)),
      shape_(shape),
      client_write_timeout_(client_write_timeout),
      config_(answer_->upstream->config()),
      pool_(answer_->upstream->pool(client_->loop())),
      loop_(client_->loop()),
      started_(loop_.now()) {
  MC_CHECK(pool_ != nullptr);
}

Relay::~Relay() {
  drop_upstream();
}

void Relay::client_gone() {
  gone_ = true;
  if (wire_) wire_->close();
}

void Relay::fail_with(std::string_view why) {
  if (!result_.error.empty()) return;
  if (gone_) {
    result_.error = kClientGone;
  } else if (loop_.now() >= forward().deadline) {
    result_.error = "deadline passed";
  } else {
    result_.error = why;
  }
}

MonoTime Relay::within(Nanos limit) const {
  return std::min(loop_.now() + limit, answer_->forward.deadline);
}

void Relay::drop_upstream() {
  if (wire_) wire_->close();
  wire_.reset();
  if (counted_) pool_->closed_one();
  counted_ = false;
}

// Pools the connection when nothing about its end is in doubt.
void Relay::finish_upstream() {
  if (!head_.keep_alive || !wire_->inbox.empty() || wire_->end() != Wire::End::open ||
      wire_->failed()) {
    drop_upstream();
    return;
  }
  counted_ = false;
  pool_->give_back(std::move(wire_));
  wire_.reset();
}

std::string_view Relay::body() const {
  const Forward& forward = answer_->forward;
  return forward.body ? std::string_view(*forward.body) : answer_->request_body;
}

// False when what the handler gave cannot stand in a head.
bool Relay::sendable() const {
  const Forward& forward = answer_->forward;
  return http1::is_token(forward.method) && http1::is_origin_target(forward.target) &&
         forward.fields.sendable();
}

// Head and, when it is small, body in one piece.
void Relay::build_request() {
  constexpr std::size_t kAround = 128;  // of the request line, Host and Content-Length
  const Forward& forward = answer_->forward;
  const std::string_view whole = body();
  const std::string& host = answer_->upstream->host_field();
  out_.clear();
  out_.reserve(kAround + forward.target.size() + forward.fields.text().size() + host.size() +
               std::min(whole.size(), kJoinBytesMax));
  out_.append(forward.method).append(" ").append(forward.target).append(" HTTP/1.1\r\n");
  http1::append_field(out_, "Host", host);
  out_.append(forward.fields.text());
  if (!whole.empty() || takes_a_body(forward.method)) {
    http1::append_number_field(out_, "Content-Length", static_cast<std::int64_t>(whole.size()));
  }
  out_.append("\r\n");
  if (whole.size() <= kJoinBytesMax) out_.append(whole);
}

Task<Relay::Outcome> Relay::run() {
  if (!answer_->upstream->broken().empty()) fail_with(answer_->upstream->broken());
  if (loop_.now() >= forward().deadline) fail_with("deadline passed");
  if (!sendable()) fail_with("the request cannot be sent");
  if (!result_.error.empty()) co_return Outcome::unanswered;
  wire_ = pool_->take_idle();
  counted_ = wire_ != nullptr;
  bool reused = counted_;
  while (true) {
    if (!reused) {
      const bool connected = co_await connect();
      if (!connected) break;
    }
    const Got got = co_await get_head();
    if (got == Got::head) {
      Outcome outcome = Outcome::unanswered;
      if (forward().on_reply) {
        outcome = co_await collect();
      } else {
        outcome = co_await stream();
      }
      co_return outcome;
    }
    drop_upstream();
    // The one failure that says nothing about the upstream: it closed a connection that we had
    // kept for too long.
    const bool again = got == Got::nothing && reused && forward().idempotent && !gone_;
    if (!again) break;
    result_.error.clear();
    result_.retried = true;
    reused = false;
  }
  result_.total = loop_.now() - started_;
  drop_upstream();
  co_return gone_ ? Outcome::cut : Outcome::unanswered;
}

Task<bool> Relay::connect() {
  if (!pool_->open_one()) {
    fail_with("no free connection");
    co_return false;
  }
  counted_ = true;
  addresses_.clear();
  if (answer_->upstream->address()) {
    addresses_.push_back(*answer_->upstream->address());
  } else {
    const bool resolved = co_await resolve();
    if (!resolved) co_return false;
  }
  std::string why;
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    const bool connected = co_await connect_to(addresses_[i]);
    if (connected) co_return true;
    if (gone_) break;
    // The last address tells why.
    if (i + 1 < addresses_.size()) result_.error.clear();
  }
  co_return false;
}

Task<bool> Relay::resolve() {
  // The wire is not connected yet: it only lends its deadline and its sleep.
  wire_ = answer_->upstream->make_wire(loop_);
  auto lookup = std::make_shared<Lookup>(loop_.executor());
  auto resolved = [lookup, wire = wire_](error_code error, const Resolver::results_type& found) {
    lookup->done = true;
    for (const auto& entry : found) {
      if (!error && lookup->addresses.size() < kEndpointsMax) {
        lookup->addresses.push_back(entry.endpoint().address());
      }
    }
    wire->wake();
  };
  lookup->resolver.async_resolve(config_.host, std::to_string(config_.port), std::move(resolved));
  wire_->set_deadline(within(config_.connect_timeout));
  while (!lookup->done && !wire_->timed_out() && !gone_) {
    co_await wire_->wait();
  }
  const bool timed_out = !lookup->done;
  if (timed_out) lookup->resolver.cancel();
  addresses_ = std::move(lookup->addresses);
  wire_->close();
  if (addresses_.empty() || timed_out) {
    fail_with(timed_out ? "resolve timed out" : "host not found");
    co_return false;
  }
  co_return true;
}

Task<bool> Relay::connect_to(asio::ip::address address) {
  wire_ = answer_->upstream->make_wire(loop_);
  wire_->set_deadline(within(config_.connect_timeout));
  const asio::ip::tcp::endpoint endpoint(address, config_.port);
  wire_->start_connect(endpoint);
  while (wire_->busy() && !wire_->timed_out() && !wire_->closed()) {
    co_await wire_->wait();
  }
  const bool connected = !wire_->busy() && !wire_->failed();
  if (connected) {
    wire_->start_handshake();
    while (wire_->busy() && !wire_->timed_out() && !wire_->closed()) {
      co_await wire_->wait();
    }
  }
  if (!wire_->busy() && !wire_->failed()) co_return true;
  if (wire_->busy()) {
    fail_with("connect timed out");
  } else if (connected) {
    fail_with("TLS handshake failed: " + wire_->error().message());
  } else if (wire_->error() == asio::error::connection_refused) {
    fail_with("connect refused");
  } else {
    fail_with("connect failed: " + wire_->error().message());
  }
  wire_->close();
  co_return false;
}

// Sends the request and reads up to the end of a final head. `nothing` = the connection ended
// before any byte of a reply.
Task<Relay::Got> Relay::get_head() {
  build_request();
  wire_->start_read(kUpstreamBlock, kUpstreamBlock);
  if (wire_->should_wait_to_send()) {
    co_await wire_->wait_to_send();
  }
  const std::string_view whole = body();
  Slices rest(out_, whole.size() > kJoinBytesMax ? whole : std::string_view());
  bool sent = wire_->try_write(rest);
  if (!sent && !wire_->failed()) {
    sent = co_await wire_->write_rest(rest, config_.first_byte_timeout, forward().deadline);
  }
  scanner_.reset();
  wire_->set_deadline(within(config_.first_byte_timeout));
  while (true) {
    const Got got = look_at_head();
    if (got == Got::failed) co_return got;
    if (got == Got::head) {
      // A request that was not taken whole leaves the connection in the middle of a message.
      if (!sent) head_.keep_alive = false;
      co_return got;
    }
    if (wire_->end() != Wire::End::open || wire_->closed()) {
      const bool nothing = wire_->inbox.empty() && interim_ == 0;
      fail_with(nothing ? end_of_upstream() : "bad framing: the head broke off");
      co_return nothing ? Got::nothing : Got::failed;
    }
    if (wire_->timed_out()) {
      fail_with("timed out before the first byte");
      co_return Got::failed;
    }
    if (!sent && !wire_->reading()) {
      fail_with("reset");
      co_return Got::nothing;
    }
    wire_->start_read(static_cast<std::size_t>(kReplyLimits.head_bytes_max) + 1, kUpstreamBlock);
    co_await wire_->wait();
  }
}

std::string_view Relay::end_of_upstream() const {
  return wire_->end() == Wire::End::eof ? "closed by the upstream" : "reset";
}

// `nothing` = more bytes are needed.
Relay::Got Relay::look_at_head() {
  while (true) {
    const std::string_view bytes = wire_->inbox.view();
    const http1::HeadScanner::State state = scanner_.scan(bytes);
    if (state == http1::HeadScanner::State::more) {
      if (bytes.size() <= static_cast<std::size_t>(kReplyLimits.head_bytes_max)) {
        return Got::nothing;
      }
      fail_with("bad framing: head too large");
      return Got::failed;
    }
    http1::Verdict verdict{502, "bare LF in the head"};
    if (state == http1::HeadScanner::State::found) {
      verdict = http1::parse_response_head(bytes.substr(0, scanner_.head_size()), kReplyLimits,
                                           forward().method, head_);
    }
    if (verdict.good() && head_.status == 101) verdict = {502, "unasked protocol switch"};
    if (!verdict.good()) {
      fail_with("bad framing: " + std::string(verdict.why));
      return Got::failed;
    }
    if (head_.status >= 200) return Got::head;
    if (++interim_ > kInterimMax) {
      fail_with("bad framing: too many interim replies");
      return Got::failed;
    }
    wire_->inbox.consume(scanner_.head_size());
    scanner_.reset();
  }
}

// How the body goes to the client, given how it comes.
BodyPump::Out Relay::client_framing() {
  if (shape_.head_only) return BodyPump::Out::discard;
  switch (head_.framing) {
    case http1::Framing::chunked:
      if (shape_.minor == 1) return BodyPump::Out::as_is;
      shape_.keep_alive = false;
      return BodyPump::Out::dechunk;
    case http1::Framing::until_close:
      if (shape_.minor == 1) return BodyPump::Out::enchunk;
      shape_.keep_alive = false;
      return BodyPump::Out::as_is;
    default:
      return BodyPump::Out::as_is;
  }
}

void Relay::build_reply_head() {
  const FieldLines& added = answer_->forward.response_fields;
  // The length of a bodiless reply (HEAD, 304) is information, not framing, and passes.
  const bool length_passes = head_.framing == http1::Framing::none && head_.status != 204;
  const HopFields hop(head_.headers);
  out_.clear();
  out_.reserve(512 + wire_->inbox.size());
  http1::append_status_line(out_, head_.status);
  bool dated = false;
  for (const HeaderView& field : head_.headers) {
    const bool passes = length_passes && equals_ignoring_case(field.name, "content-length");
    if ((!passes && hop.take(field.name)) || added.has(field.name)) continue;
    dated = dated || equals_ignoring_case(field.name, "date");
    http1::append_field(out_, field.name, field.value);
  }
  out_.append(added.text());
  if (!dated) http1::append_field(out_, "Date", shape_.date);
  if (head_.framing == http1::Framing::length) {
    http1::append_number_field(out_, "Content-Length", head_.content_length);
  } else if (head_.framing != http1::Framing::none && shape_.minor == 1) {
    http1::append_field(out_, "Transfer-Encoding", "chunked");
  }
  if (!shape_.keep_alive) {
    http1::append_field(out_, "Connection", "close");
  } else if (shape_.minor == 0) {
    http1::append_field(out_, "Connection", "keep-alive");
  }
  out_.append("\r\n");
}

// Ends a reply that cannot be completed. A body that ends with the connection must be reset, or
// what there is would look whole.
Relay::Outcome Relay::cut(std::string_view why) {
  fail_with(why);
  drop_upstream();
  result_.total = loop_.now() - started_;
  client_->reset();
  return Outcome::cut;
}

// A reply of which the client has seen nothing yet can still be replaced by another.
Relay::Outcome Relay::give_up(std::string_view why) {
  if (begun_ || gone_) return cut(why);
  fail_with(why);
  drop_upstream();
  result_.total = loop_.now() - started_;
  return Outcome::unanswered;
}

Task<Relay::Outcome> Relay::stream() {
  result_.status = head_.status;
  result_.first_byte = loop_.now() - started_;
  if (!forward().response_fields.sendable()) co_return give_up("bad response_fields");
  if (head_.content_length > forward().response_bytes_max) co_return give_up("reply too large");
  pump_.start(head_, client_framing());
  build_reply_head();
  wire_->inbox.consume(scanner_.head_size());
  while (true) {
    BodyPump::Piece piece = pump_.take(wire_->inbox.view(), out_);
    result_.bytes += piece.payload;
    if (piece.state == BodyPump::State::bad) co_return give_up("bad framing: bad chunk");
    if (result_.bytes > forward().response_bytes_max) co_return give_up("reply too large");
    if (piece.direct.size() <= kJoinBytesMax) {
      out_.append(std::exchange(piece.direct, {})).append(std::exchange(piece.suffix, {}));
    }
    // With bytes still to be sent behind out_, the end is written in the next round.
    const bool all_ends =
        wire_->end() == Wire::End::eof && piece.direct.empty() && pump_.finish(out_);
    const bool body_ends = piece.state == BodyPump::State::done || all_ends;
    begun_ = true;
    if (client_->should_wait_to_send()) {
      co_await client_->wait_to_send();
    }
    Slices rest(out_, piece.direct, piece.suffix);
    bool sent = client_->try_write(rest);
    if (!sent && !client_->failed()) {
      sent = co_await client_->write_rest(rest, client_write_timeout_, forward().deadline);
    }
    if (!sent) co_return cut("client does not read");
    out_.clear();
    wire_->inbox.consume(piece.used);
    if (body_ends) break;
    if (wire_->end() != Wire::End::open || wire_->closed()) {
      if (wire_->end() == Wire::End::eof && head_.framing == http1::Framing::until_close) continue;
      co_return cut(std::string(end_of_upstream()) + " in the middle of the reply");
    }
    const bool more = co_await more_of_body();
    if (!more) co_return cut("timed out in the middle of the reply");
  }
  finish_upstream();
  result_.total = loop_.now() - started_;
  result_.complete = true;
  co_return Outcome::replied;
}

void Relay::keep_reply_head() {
  const HopFields hop(head_.headers);
  reply_.status = head_.status;
  for (const HeaderView& field : head_.headers) {
    if (!hop.take(field.name)) reply_.headers.emplace_back(field.name, field.value);
  }
}

// As stream(), but nothing goes to the client, so that whatever fails can still be answered.
Task<Relay::Outcome> Relay::collect() {
  result_.status = head_.status;
  result_.first_byte = loop_.now() - started_;
  if (head_.content_length > forward().response_bytes_max) co_return give_up("reply too large");
  pump_.start(head_, BodyPump::Out::dechunk);
  keep_reply_head();
  wire_->inbox.consume(scanner_.head_size());
  while (true) {
    const BodyPump::Piece piece = pump_.take(wire_->inbox.view(), reply_.body);
    result_.bytes += piece.payload;
    if (piece.state == BodyPump::State::bad) co_return give_up("bad framing: bad chunk");
    if (result_.bytes > forward().response_bytes_max) co_return give_up("reply too large");
    reply_.body.append(piece.direct);
    wire_->inbox.consume(piece.used);
    if (piece.state == BodyPump::State::done) break;
    if (wire_->end() != Wire::End::open || wire_->closed()) {
      if (wire_->end() == Wire::End::eof && pump_.finish(reply_.body)) break;
      co_return give_up(std::string(end_of_upstream()) + " in the middle of the reply");
    }
    const bool more = co_await more_of_body();
    if (!more) co_return give_up("timed out in the middle of the reply");
  }
  if (gone_) co_return cut(kClientGone);
  finish_upstream();
  result_.total = loop_.now() - started_;
  co_return Outcome::collected;
}

// Sleeps until the upstream has sent more or has ended; false when it was silent for too long.
Task<bool> Relay::more_of_body() {
  wire_->set_deadline(within(config_.idle_read_timeout));
  wire_->start_read(kUpstreamBlock, kUpstreamBlock);
  while (wire_->inbox.empty() && wire_->reading() && !wire_->timed_out()) {
    co_await wire_->wait();
  }
  co_return !wire_->timed_out();
}

}  // namespace mc::net
