// Readiness of plain sockets, told once for each change (edge-triggered epoll). Asio tries every
// read before it waits, which costs a failed recv() a read; here a socket that was read to its end
// is not read again before the kernel has said so. See docs/adr/0008.
//
// One descriptor of the loop's io_context stands for all watched sockets. Loop thread only.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mc::net {

// Owns a socket that a Poller watches; leaves the Poller before it closes the socket.
class Pollable {
 public:
  // EPOLLIN, EPOLLOUT, EPOLLRDHUP ... as reported. May end any Pollable, also itself.
  virtual void ready(std::uint32_t events) = 0;
  // After Poller::hold().
  virtual void released() = 0;

 protected:
  ~Pollable() = default;
};

class Poller {
 public:
  // Reports readiness as soon as the context runs.
  explicit Poller(boost::asio::io_context& context);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // False when the kernel refuses (no memory, no room for watches); errno says why.
  bool watch(int descriptor, Pollable& owner);
  // No ready() or released() of `owner` comes any more. Its socket stays with the kernel's set
  // until it is closed.
  void forget(Pollable& owner);

  // Messages that are sent one right after the other wake their receivers once, not each time they
  // have fallen asleep again. So while other sockets of this turn are still to be reported, a
  // message may be held: `owner` is released with a few others, at the end of the turn at the
  // latest. Not when already held.
  bool holds() const { return reported_ < count_; }
  void hold(Pollable& owner) { held_.push_back(&owner); }

  // Another number for each call of ready() or released() while it runs, 0 outside of them.
  std::uint64_t event() const { return event_; }

 private:
  static constexpr std::size_t kTurnMax = 128;  // events before other work of the loop runs
  static constexpr std::size_t kHeldMax = 16;   // released together: bounds what a message waits
  void wait();
  void turn();
  void release();

  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> set_;
  std::array<epoll_event, kTurnMax> events_{};
  std::size_t count_ = 0;  // of events_, while they are reported
  std::size_t reported_ = 0;
  std::uint64_t events_total_ = 0;
  std::uint64_t event_ = 0;
  std::vector<Pollable*> held_;
  std::vector<Pollable*> releasing_;
};

}  // namespace mc::net
