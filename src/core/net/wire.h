// A byte stream on the loop, plain TCP (wire_plain.cc) or TLS (wire_tls.cc), for one coroutine at a
// time.
//
// Operations are started, not awaited; each that ends wakes the coroutine in wait(), which looks
// again at the state it cares about. So a connection can read and write at once, notice that the
// peer has left while it waits for something else, and needs one timer only. Loop thread only.
// close() or reset() ends every operation; a wire is destroyed after its last one has ended.
#pragma once

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/buffer.h"
#include "net/loop.h"

namespace mc::net {

// Lets one coroutine sleep until set(). There is no memory: the sleeper checks its condition
// first, and on one thread nothing can happen between the check and the sleep.
class Signal {
 public:
  Task<void> wait();
  // Resumes the sleeper inside this call; only from the top of the loop.
  void set();
  bool has_waiter() const { return waiter_.has_value(); }

 private:
  using Handler = asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;
  std::optional<Handler> waiter_;
};

// Up to three pieces that are sent as one.
class Slices {
 public:
  explicit Slices(std::string_view a, std::string_view b = {}, std::string_view c = {})
      : parts_{a, b, c} {}
  bool empty() const { return size() == 0; }
  std::size_t size() const { return parts_[0].size() + parts_[1].size() + parts_[2].size(); }
  void advance(std::size_t count);
  const std::array<std::string_view, 3>& parts() const { return parts_; }

 private:
  std::array<std::string_view, 3> parts_;
};

class Wire : public WheelEntry, public std::enable_shared_from_this<Wire> {
 public:
  enum class End : std::uint8_t { open, eof, failed };

  explicit Wire(Loop& loop);
  ~Wire() override;

  Buffer inbox;  // received, not consumed; end() and room() belong to a running read
  std::function<void()> on_end;  // once, when the reading side ends

  // Reads once into the inbox, compacting it first; no-op while reading, at the end, or when
  // the inbox holds `inbox_bytes_max`. `block` = least memory to have.
  void start_read(std::size_t inbox_bytes_max, std::size_t block = kBlock);
  // From now on reads by itself until the inbox holds this much; 0 = off. The owner must not
  // keep views into the inbox meanwhile.
  void read_ahead(std::size_t inbox_bytes_max);
  bool reading() const { return reading_; }
  End end() const { return end_; }

  // Sends what the socket takes at once and drops it from `rest`; true when nothing is left.
  virtual bool try_write(Slices& rest) = 0;
  // Whether a message had better wait for wait_to_send(): see Poller::hold().
  virtual bool should_wait_to_send() const { return false; }
  Task<void> wait_to_send();
  // Sends all of it; false when the stream failed, no byte moved for `stall` or `last` came.
  Task<bool> write_rest(Slices rest, Nanos stall, MonoTime last);

  virtual void start_connect(const asio::ip::tcp::endpoint& to) = 0;
  // TLS only; a plain wire is done at once.
  virtual void start_handshake() {}
  bool busy() const { return busy_; }      // connecting or shaking hands
  bool failed() const { return failed_; }  // by a write, connect or handshake, or closed
  const error_code& error() const { return error_; }

  Task<void> wait() { return signal_.wait(); }
  void wake();  // from anywhere on the loop: posts
  void wake_waiter() {
    if (signal_.has_waiter()) wake();
  }

  void set_deadline(MonoTime deadline);
  void clear_deadline() {
    timed_out_ = false;
    loop_.disarm(*this);
  }
  bool timed_out() const { return timed_out_; }

  void close();
  void reset();  // close with RST: the peer must not take what it has for complete
  bool closed() const { return closed_; }
  // Ends our side, then throws away what still comes until the peer closes or `limit`, so that
  // no RST overtakes the last reply (RFC 9112 section 9.6). Then closes.
  Task<void> linger(Nanos limit);
  // Bytes are waiting in the kernel, or the peer has closed.
  bool readable() const;

  Loop& loop() { return loop_; }

  static constexpr std::size_t kBlock = 4096 - Buffer::kSpare - 32;  // one page with malloc's head

 protected:
  virtual int descriptor() const = 0;
  // Each ends in on_read(), on_written() or on_ready(), from the top of the loop.
  virtual void read_some() = 0;
  virtual void start_write(const Slices& rest) = 0;
  virtual void start_shutdown() = 0;
  // Reading and shutting down exclude each other: end the running read first.
  virtual bool cancel_read_for_shutdown() { return false; }
  virtual void close_socket() = 0;
  virtual void hold() {}
  void on_released();

  void expired() override;
  void on_read(error_code error, std::size_t size);
  void on_written(error_code error, std::size_t size);
  void on_ready(error_code error);  // connected, handshake or shutdown done
  void fail_with(error_code error);
  void set_busy() { busy_ = true; }
  bool writing() const { return writing_ && !failed_ && !timed_out_; }

  Loop& loop_;

 private:
  Signal signal_;
  error_code error_;
  std::size_t written_ = 0;  // by the last asynchronous write
  std::size_t read_ahead_max_ = 0;
  End end_ = End::open;
  bool reading_ = false;
  bool writing_ = false;
  bool busy_ = false;
  bool failed_ = false;
  bool timed_out_ = false;
  bool closed_ = false;
  bool wake_posted_ = false;
  bool held_ = false;
};

// An accepted connection, or with -1 one that start_connect() makes. Takes the descriptor.
std::shared_ptr<Wire> make_plain_wire(Loop& loop, int descriptor);
// `verify_host` not empty: a client that demands a certificate for this name.
std::shared_ptr<Wire> make_tls_wire(Loop& loop, Socket socket, asio::ssl::context& context,
                                    const std::string& verify_host);

}  // namespace mc::net
