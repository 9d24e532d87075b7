// The local way to a server's taps: a Unix socket in the data directory, for the machine's own
// people. It needs no token, no state database and no ledger.
//
// A connection is one line each way (tap/line.h). The socket is its owner's alone (mode 0600), and
// the kernel says who is at the other end: the user of the server, or root; everybody else is hung
// up on. A peer has kPeerTime for its line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/base.h"

namespace mc::app {

inline constexpr Nanos kPeerTime = seconds(2);

class TapSocket {
 public:
  using Answer = std::function<std::string(std::string_view line, std::uint32_t uid)>;
  // Takes the place of a socket that a former server has left. `invalid` for a path that is too
  // long for a socket, `conflict` when something else is there.
  static Result<std::unique_ptr<TapSocket>> start(const std::string& path, Answer answer);
  ~TapSocket();  // the socket is gone with it
  TapSocket(const TapSocket&) = delete;
  TapSocket& operator=(const TapSocket&) = delete;

 private:
  TapSocket(std::string path, int listening, int waking, Answer answer);
  void run();
  void serve(int peer);

  const std::string path_;
  const int listening_;
  const int waking_;  // readable once it shall end
  const Answer answer_;
  std::thread thread_;
};

// What such a server answers to `line`. `unavailable` when none listens.
Result<std::string> ask_tap_socket(const std::string& path, std::string_view line);

}  // namespace mc::app
