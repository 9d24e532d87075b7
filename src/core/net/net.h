// HTTP server, streaming forwarder and blocking client. Asio, TLS and the wire codec stay inside;
// this header is all that other modules see.
//
// A Server runs one event loop a thread (SO_REUSEPORT). It reads a head and, up to a limit, the
// body, then calls Handler::handle on the loop. The handler answers at once, hands the Exchange to
// a worker thread that answers later, or forwards it to an Upstream, whose reply is streamed
// through without being buffered. Every limit is in ServerConfig; breaking one gives the status
// named beside it and closes the connection. Framing follows RFC 9112 strictly: anything ambiguous
// is refused with 400, never repaired.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "net/address.h"  // IWYU pragma: export
#include "net/fields.h"   // IWYU pragma: export
#include "sys/sys.h"

namespace mc::net {

// Views into the connection's buffer, valid as long as the Exchange lives.
struct Request {
  std::string_view method;
  std::string_view target;  // origin form, as sent
  std::string_view path;    // target up to '?'
  std::string_view query;   // after '?', maybe empty
  std::vector<HeaderView> headers;
  std::string_view body;  // followed by 64 readable spare bytes (simdjson)
  std::string_view peer;  // "127.0.0.1:4711"
  bool tls = false;
  MonoTime received;  // when the head was complete

  std::string_view header(std::string_view name) const;  // first value, "" when absent
};

struct Response {
  int status = 200;
  Headers headers;         // Content-Length, Date, Connection are set by the server
  FieldLines fields = {};  // more of them, where their number counts
  std::string body;
};

// A pool of keep-alive connections to one HTTP/1.1 origin, one pool a loop. Thread-safe handle.
struct UpstreamConfig {
  std::string host;
  std::uint16_t port = 80;
  bool tls = false;
  std::string ca_file;            // empty = system roots
  int idle_connections_max = 64;  // a loop
  int connections_max = 1024;     // a loop
  Nanos idle_age_max = seconds(30);
  Nanos connect_timeout = seconds(3);
  Nanos first_byte_timeout = seconds(30);
  Nanos idle_read_timeout = seconds(30);
};
class Upstream;

struct ForwardResult {
  int status = 0;          // 0 = no reply head came
  std::int64_t bytes = 0;  // of the reply body
  Nanos first_byte;
  Nanos total;
  bool complete = false;  // the whole reply reached the client
  bool retried = false;
  std::string error;  // "connect refused", "timed out", "reset", "bad framing", ...
};

struct Forward {
  std::string method = "POST";
  std::string target = "/graphql";
  FieldLines fields;                // the whole set to send; Host and framing are added inside
  std::optional<std::string> body;  // none = the bytes of the request's own
  bool idempotent = false;          // may be sent again after a failure before the first reply byte
  MonoTime deadline{INT64_MAX};
  std::int64_t response_bytes_max = INT64_MAX;
  FieldLines response_fields;  // added to the reply (request id, ...); the upstream's give way
  // When set, the reply is not streamed but taken whole, without the fields that end here, and
  // given to this on the loop. Exchange::reply() is owed then; an Exchange dropped gives 500.
  std::function<void(Response)> on_reply;
  // Called on the loop when no usable head came, or a reply for on_reply broke off: makes another.
  std::function<Response(const ForwardResult&)> on_failure;
  // Called exactly once at the end, also after a client disconnect; on the loop, or by forward()
  // itself when the server has gone. An Exchange that it holds never counts as dropped.
  std::function<void(const ForwardResult&)> on_done;
};

// One request and its single answer. Shared between the loop and whoever answers; all members
// are thread-safe, `request` is immutable.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const Request& request() const = 0;
  virtual void reply(Response response) = 0;  // the second answer is ignored
  virtual void forward(std::shared_ptr<Upstream> upstream, Forward forward) = 0;
  // True once the client has gone; `hook` is called on the loop when that happens, at most once.
  virtual bool cancelled() const = 0;
  virtual void on_cancel(std::function<void()> hook) = 0;
  virtual std::size_t loop() const = 0;  // of Server::loops(), the one that calls the handler
  // Runs `work` on the loop after the requests that are at hand now, before it waits for others.
  virtual void after_turn(std::function<void()> work) = 0;
};

class Handler {
 public:
  virtual ~Handler() = default;
  // On a loop thread, several loops at once. Must not block.
  virtual void handle(std::shared_ptr<Exchange> exchange) = 0;
};

struct ServerConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0 = any free one; see Server::port
  int threads = 1;
  std::string tls_certificate_file;  // PEM; empty = plain HTTP
  std::string tls_key_file;
  std::int64_t head_bytes_max = 64 << 10;   // 431
  int headers_max = 100;                    // 431
  std::int64_t target_bytes_max = 8 << 10;  // 414
  std::int64_t body_bytes_max = 1 << 20;    // 413
  int connections_max = 20'000;             // accepted and closed with 503
  int pipelined_max = 64;
  Nanos head_timeout = seconds(10);         // 408, from the first byte of a head to its end
  Nanos body_timeout = seconds(30);         // 408
  std::int64_t body_bytes_per_s_min = 128;  // slow senders: 408, once the grace is over
  Nanos body_rate_grace = seconds(5);
  Nanos idle_timeout = seconds(75);   // closed silently
  Nanos write_timeout = seconds(30);  // slow readers: reset
  Status check() const;
};

struct ServerCounters {
  std::int64_t connections_open = 0;
  std::int64_t connections_total = 0;
  std::int64_t requests_total = 0;
  std::int64_t refused_total = 0;  // protocol errors and broken limits
};

// Of one loop, since it was last asked.
struct LoopLoad {
  Nanos late;             // half of the time a timer ran so late, or later
  std::int64_t busy = 0;  // thousandths of the time that its thread had a processor
};

class Server {
 public:
  virtual ~Server() = default;
  // Binds and starts the loops. `unavailable` names the address when it is taken.
  static Result<std::unique_ptr<Server>> start(const ServerConfig& config, Handler& handler,
                                               sys::Clock& clock);
  virtual std::uint16_t port() const = 0;
  virtual std::size_t loops() const = 0;
  virtual ServerCounters counters() const = 0;
  virtual std::vector<LoopLoad> take_loads() = 0;  // until drain()
  // Stops accepting, closes idle connections, lets running requests finish (their replies carry
  // `Connection: close`) for at most `limit`, then stops the loops. True when none was cut.
  virtual bool drain(Nanos limit) = 0;
  // Runs `work` on a loop thread after `delay`; for timers of the layers above.
  virtual void post_after(Nanos delay, std::function<void()> work) = 0;
  virtual std::shared_ptr<Upstream> upstream(const UpstreamConfig& config) = 0;
};

// A fixed pool of threads with a bounded queue. submit() is false when the queue is full.
class Workers {
 public:
  virtual ~Workers() = default;
  static std::unique_ptr<Workers> start(int threads, std::size_t queue_max);
  virtual bool submit(std::function<void(int worker)> work) = 0;
  virtual std::size_t queued() const = 0;
  virtual void stop() = 0;  // finishes what is queued
};

// Blocking client for everything off the hot path (CLI, exporters, demo driver); libcurl inside.
struct ClientRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  Nanos timeout = seconds(30);
  std::int64_t response_bytes_max = 64 << 20;
  std::string ca_file;
  const AddressRule* addresses = nullptr;  // null = any; outlives the client's connections
};
class Client {  // keeps connections alive; one thread at a time
 public:
  virtual ~Client() = default;
  static std::unique_ptr<Client> make();
  virtual Result<Response> fetch(const ClientRequest& request) = 0;
};

// Percent-decoding of a query string into pairs ("a=1&b=%20"); invalid on a bad escape.
Result<Headers> parse_query(std::string_view query);

}  // namespace mc::net
