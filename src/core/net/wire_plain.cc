#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "net/wire.h"

namespace mc::net {
namespace {

error_code last_error() {
  return {errno, boost::system::system_category()};
}

class PlainWire final : public Wire, public Pollable {
 public:
  PlainWire(Loop& loop, int descriptor) : Wire(loop), descriptor_(descriptor) {
    if (descriptor_ >= 0 && !loop_.poller().watch(descriptor_, *this)) fail_with(last_error());
  }
  ~PlainWire() override { leave(); }

  bool try_write(Slices& rest) override;
  void start_connect(const asio::ip::tcp::endpoint& to) override;

 private:
  void ready(std::uint32_t events) override;
  void released() override {
    const auto self = shared_from_this();
    on_released();
  }
  bool should_wait_to_send() const override { return loop_.poller().holds(); }
  void hold() override { loop_.poller().hold(*this); }
  void read_some() override;
  void read_now();
  void write_now();
  void start_write(const Slices& rest) override { left_ = rest; }
  void start_shutdown() override;
  void close_socket() override;
  int descriptor() const override { return descriptor_; }
  void connected();
  void leave();

  int descriptor_;
  bool readable_ = false;  // bytes or the end may be waiting in the kernel
  bool hung_up_ = false;   // the peer has ended its side: no later event will tell of the end
  Slices left_{{}};        // of a write under way; alive as long as somebody waits for it
};

bool PlainWire::try_write(Slices& rest) {
  while (!failed() && !rest.empty()) {
    std::array<iovec, 3> vectors;
    std::size_t count = 0;
    for (const std::string_view part : rest.parts()) {
      if (part.empty()) continue;
      vectors[count++] = {const_cast<char*>(part.data()), part.size()};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t sent = count == 1 ? ::send(descriptor_, vectors[0].iov_base, vectors[0].iov_len,
                                             MSG_NOSIGNAL | MSG_DONTWAIT)
                                    : ::sendmsg(descriptor_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      rest.advance(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      return false;
    } else if (errno != EINTR) {
      fail_with(last_error());
    }
  }
  return rest.empty();
}

void PlainWire::start_connect(const asio::ip::tcp::endpoint& to) {
  set_busy();
  descriptor_ =
      ::socket(to.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  constexpr int kOn = 1;
  const bool begun = descriptor_ >= 0 &&
                     ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn) == 0 &&
                     (::connect(descriptor_, to.data(), static_cast<socklen_t>(to.size())) == 0 ||
                      errno == EINPROGRESS) &&
                     // Not before connect(): a socket without a peer counts as hung up.
                     loop_.poller().watch(descriptor_, *this);
  if (begun) return;
  loop_.post([this, self = shared_from_this(), error = last_error()] {
    if (busy()) on_ready(error);
  });
}

void PlainWire::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  on_ready(error_code(error, boost::system::system_category()));
}

void PlainWire::ready(std::uint32_t events) {
  const auto self = shared_from_this();
  constexpr std::uint32_t kEnds = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  readable_ = readable_ || (events & (EPOLLIN | kEnds)) != 0;
  hung_up_ = hung_up_ || (events & kEnds) != 0;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
    if (busy()) {
      connected();
    } else if (writing()) {
      write_now();
    }
  }
  if (reading() && readable_ && !closed()) read_now();
}

void PlainWire::read_some() {
  if (!readable_) return;  // ready() reads
  loop_.post([this, self = shared_from_this()] {
    if (reading() && !closed()) read_now();
  });
}

void PlainWire::read_now() {
  while (true) {
    const std::size_t room = inbox.room();
    const ssize_t got = ::recv(descriptor_, inbox.end(), room, MSG_DONTWAIT);
    if (got > 0) {
      // Less than there was room for: read to the end. What comes now is a new event.
      readable_ = hung_up_ || static_cast<std::size_t>(got) == room;
      return on_read({}, static_cast<std::size_t>(got));
    }
    if (got == 0) return on_read(asio::error::eof, 0);
    if (errno == EAGAIN) {
      readable_ = false;
      return;
    }
    if (errno != EINTR) return on_read(last_error(), 0);
  }
}

void PlainWire::write_now() {
  const std::size_t before = left_.size();
  try_write(left_);
  const std::size_t sent = before - left_.size();
  if (sent > 0 || failed()) on_written({}, sent);
}

void PlainWire::start_shutdown() {
  ::shutdown(descriptor_, SHUT_WR);
  on_ready({});
}

void PlainWire::close_socket() {
  leave();
  if (!reading()) return;
  loop_.post([this, self = shared_from_this()] { on_read(asio::error::operation_aborted, 0); });
}

void PlainWire::leave() {
  if (descriptor_ < 0) return;
  loop_.poller().forget(*this);
  ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace

std::shared_ptr<Wire> make_plain_wire(Loop& loop, int descriptor) {
  return std::make_shared<PlainWire>(loop, descriptor);
}

}  // namespace mc::net
