#include "maestro/tap_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "tap/line.h"

namespace mc::app {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr int kBacklog = 16;
constexpr auto kAnswerTime = std::chrono::seconds(30);  // a disk that is slow to sync

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

tl::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const int number = errno;
  return fail(Code::unavailable, std::string(what) + " " + path + ": " + std::strerror(number));
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  if (path.size() >= sizeof(out.sun_path)) {
    return fail(Code::invalid, path + ": the path of a socket has at most " +
                                   std::to_string(sizeof(out.sun_path) - 1) + " bytes");
  }
  std::copy(path.begin(), path.end(), std::begin(out.sun_path));
  return out;
}

const sockaddr* plain(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Status clear(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0)
    return errno == ENOENT ? ok() : Status(failed("stat", path));
  if (!S_ISSOCK(info.st_mode)) return fail(Code::conflict, path + ": it is there, and no socket");
  return ::unlink(path.c_str()) == 0 ? ok() : Status(failed("unlink", path));
}

// Waits until it can be read or written; false when the time is over.
bool wait_for(int fd, short events, SteadyTime deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd one{fd, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

bool send_all(int fd, std::string_view bytes, SteadyTime deadline) {
  while (!bytes.empty()) {
    if (!wait_for(fd, POLLOUT, deadline)) return false;
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Up to the line feed, which is left out; false when it does not come, or does too late.
bool receive_line(int fd, std::string& out, std::size_t bytes_max, SteadyTime deadline) {
  std::array<char, 4'096> part{};
  while (out.size() <= bytes_max) {
    if (!wait_for(fd, POLLIN, deadline)) return false;
    const ssize_t got = ::recv(fd, part.data(), part.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return false;
    out.append(part.data(), static_cast<std::size_t>(got));
    const std::size_t end = out.find('\n', out.size() - static_cast<std::size_t>(got));
    if (end == std::string::npos) continue;
    out.resize(end);
    return out.size() <= bytes_max;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<TapSocket>> TapSocket::start(const std::string& path, Answer answer) {
  MC_TRY(const sockaddr_un address, address_of(path));
  MC_TRY_OK(clear(path));
  Descriptor listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listening.get() < 0) return failed("socket", path);
  if (::bind(listening.get(), plain(address), sizeof(address)) != 0) return failed("bind", path);
  // Nobody can connect before listen().
  if (::chmod(path.c_str(), 0600) != 0) return failed("chmod", path);
  if (::listen(listening.get(), kBacklog) != 0) return failed("listen", path);
  const int waking = ::eventfd(0, EFD_CLOEXEC);
  if (waking < 0) return failed("eventfd", path);
  return std::unique_ptr<TapSocket>(
      new TapSocket(path, listening.release(), waking, std::move(answer)));
}

TapSocket::TapSocket(std::string path, int listening, int waking, Answer answer)
    : path_(std::move(path)),
      listening_(listening),
      waking_(waking),
      answer_(std::move(answer)),
      thread_([this] { run(); }) {}

TapSocket::~TapSocket() {
  const std::uint64_t one = 1;
  (void)!::write(waking_, &one, sizeof(one));
  thread_.join();
  ::close(listening_);
  ::close(waking_);
  ::unlink(path_.c_str());
}

void TapSocket::run() {
  std::array<pollfd, 2> waits{pollfd{waking_, POLLIN, 0}, pollfd{listening_, POLLIN, 0}};
  while (true) {
    const int ready = ::poll(waits.data(), waits.size(), -1);
    if (ready < 0) continue;  // EINTR
    if (waits[0].revents != 0) return;
    const Descriptor peer(::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.get() >= 0) serve(peer.get());
  }
}

void TapSocket::serve(int peer) {
  ucred who{};
  socklen_t size = sizeof(who);
  if (::getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return;
  if (who.uid != 0 && who.uid != ::geteuid()) return;
  const auto until = [] {
    return std::chrono::steady_clock::now() + std::chrono::nanoseconds(kPeerTime.count);
  };
  std::string line;
  if (!receive_line(peer, line, tap::kLineBytesMax, until())) return;
  send_all(peer, answer_(line, who.uid) + "\n", until());
}

Result<std::string> ask_tap_socket(const std::string& path, std::string_view line) {
  MC_TRY(const sockaddr_un address, address_of(path));
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return failed("socket", path);
  if (::connect(socket.get(), plain(address), sizeof(address)) != 0) {
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    if (!nobody) return failed("connect", path);
    return fail(Code::unavailable,
                "no server listens at " + path +
                    "; one that runs elsewhere is reached by --url, or by a file of `tap sign`");
  }
  const SteadyTime deadline = std::chrono::steady_clock::now() + kAnswerTime;
  std::string out;
  if (!send_all(socket.get(), std::string(line) + "\n", deadline) ||
      !receive_line(socket.get(), out, tap::kAnswerBytesMax, deadline)) {
    return fail(Code::unavailable,
                path + ": the server did not answer; whether it has done it `tap list` says");
  }
  return out;
}

}  // namespace mc::app
