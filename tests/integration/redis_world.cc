#include "redis_world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>

namespace mc::redis::test {
namespace {

constexpr Nanos kPace = micros(500);  // each node is asked for one

void rest(Nanos time) {
  const timespec wait = {.tv_sec = 0, .tv_nsec = std::max<std::int64_t>(0, time.count)};
  ppoll(nullptr, 0, &wait, nullptr);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out = {};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

std::pair<int, std::uint16_t> listen_somewhere() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  MC_CHECK(bind(socket, raw, size) == 0);
  MC_CHECK(listen(socket, 64) == 0);
  MC_CHECK(getsockname(socket, raw, &size) == 0);
  return {socket, ntohs(address.sin_port)};
}

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return socket;
  }
  ::close(socket);
  return -1;
}

std::string random_name() {
  static std::mt19937_64 random(std::random_device{}());
  return "node" + std::to_string(random());
}

}  // namespace

bool there_is_a_server() {
  const bool there = access("/usr/bin/redis-server", X_OK) == 0;
  if (!there) std::printf("skipped, there is no /usr/bin/redis-server (package redis-server)\n");
  return there;
}

MonoTime now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

bool wait_until(Nanos time, const std::function<bool()>& condition) {
  for (const MonoTime until = now() + time; !condition(); rest(millis(1))) {
    if (now() >= until) return false;
  }
  return true;
}

Server::Server(std::vector<std::string> options) : options_(std::move(options)) {
  const auto [socket, port] = listen_somewhere();
  ::close(socket);
  port_ = port;
  start();
}

void Server::start() {
  kill();
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    std::to_string(port_),
                                    "--bind",
                                    "127.0.0.1",
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no",
                                    "--dir",
                                    "/tmp",
                                    "--logfile",
                                    "/dev/null"};
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  process_ = fork();
  MC_CHECK(process_ >= 0);
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    execv("/usr/bin/redis-server", arguments.data());
    _exit(1);
  }
  MC_CHECK(wait_until(seconds(10), [this] {
    const std::string said = say("PING");
    return said.starts_with("+PONG") || said.starts_with("-NOAUTH");
  }));
}

void Server::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

std::string Server::say(const std::string& command) const {
  const int socket = connect_to(port_);
  if (socket < 0) return {};
  const std::string line = command + "\r\n";
  std::string out;
  if (send(socket, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) {
    char bytes[512];
    while (out.find('\n') == std::string::npos) {
      pollfd watched = {.fd = socket, .events = POLLIN, .revents = 0};
      if (poll(&watched, 1, 2'000) <= 0) break;
      const ssize_t got = recv(socket, bytes, sizeof(bytes), 0);
      if (got <= 0) break;
      out.append(bytes, static_cast<std::size_t>(got));
    }
  }
  ::close(socket);
  return out;
}

// A connection of a node, and the one to the server that it is passed on to.
struct Proxy::Pair {
  struct Way {
    struct Piece {
      std::string bytes;
      MonoTime due;
    };
    int from = -1, to = -1;
    std::deque<Piece> pieces;
  };
  Pair(int client, int server) : there{client, server, {}}, back{server, client, {}} {}
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    ::close(there.from);
    if (there.to >= 0) ::close(there.to);
  }
  Way there, back;
};

Proxy::Proxy(std::uint16_t target) : target_(target) {
  std::tie(listener_, port_) = listen_somewhere();
  thread_ = std::thread([this] { work(); });
}

Proxy::~Proxy() {
  ends_ = true;
  thread_.join();
  ::close(listener_);
}

void Proxy::accept_one(std::vector<std::unique_ptr<Pair>>& pairs) {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const Mode mode = mode_;
  const int server = mode == Mode::http ? -1 : connect_to(target_);
  if (mode == Mode::cut || (server < 0 && mode != Mode::http)) {
    ::close(client);
    if (server >= 0) ::close(server);
    return;
  }
  pairs.push_back(std::make_unique<Pair>(client, server));
}

// False when the pair has ended.
bool Proxy::move(Pair& pair, Mode mode) {
  if (mode == Mode::cut) return false;
  if (mode == Mode::stall) return true;
  char bytes[16 * 1024];
  for (Pair::Way* way : {&pair.there, &pair.back}) {
    if (way->from < 0) continue;
    const ssize_t got = recv(way->from, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
    if (got > 0 && pair.there.to < 0) {  // no server behind
      const std::string answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
      send(way->from, answer.data(), answer.size(), MSG_NOSIGNAL);
    } else if (got > 0) {
      way->pieces.push_back({std::string(bytes, static_cast<std::size_t>(got)),
                             test::now() + Nanos{delay_ns_.load()}});
    }
    while (!way->pieces.empty() && way->pieces.front().due <= test::now()) {
      const std::string& piece = way->pieces.front().bytes;
      if (send(way->to, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) return false;
      way->pieces.pop_front();
    }
  }
  return true;
}

void Proxy::work() {
  std::vector<std::unique_ptr<Pair>> pairs;
  while (!ends_) {
    std::vector<pollfd> watched = {{.fd = listener_, .events = POLLIN, .revents = 0}};
    const Mode mode = mode_;
    bool delayed = mode == Mode::stall;
    for (const auto& pair : pairs) {
      for (const Pair::Way* way : {&pair->there, &pair->back}) {
        if (mode != Mode::stall && way->from >= 0) {
          watched.push_back({.fd = way->from, .events = POLLIN, .revents = 0});
        }
        delayed = delayed || !way->pieces.empty();
      }
    }
    const timespec wait = {.tv_sec = 0, .tv_nsec = delayed ? 300'000 : 2'000'000};
    ppoll(watched.data(), watched.size(), &wait, nullptr);
    if (watched[0].revents != 0) accept_one(pairs);
    std::erase_if(pairs, [&](const auto& pair) { return !move(*pair, mode_); });
  }
}

Nodes::Nodes(Server& server, Options options)
    : meter(*share::shape_of(options.spec)), options_(std::move(options)), next_(now()) {
  for (std::size_t i = 0; i < options_.count; ++i) {
    auto node = std::make_unique<Node>();
    node->proxy = std::make_unique<Proxy>(server.port());
    node->store = *redis_store(
        {.host = "127.0.0.1", .port = node->proxy->port(), .op_timeout = options_.op_timeout},
        Secret());
    Node* raw = node.get();
    node->share = *share::Share::make(
        {.mode = options_.mode, .op_timeout = options_.op_timeout, .node = random_name()},
        *node->store,
        {.on_event = [raw](const share::Event& event) { raw->events.push_back(event); }});
    node->line = *node->share->line("{alpha}tenant:test", options_.spec);
    nodes.push_back(std::move(node));
  }
  // They have found each other.
  const auto count = static_cast<std::int64_t>(options_.count);
  wait_until(seconds(3), [&] {
    turn();
    return std::ranges::all_of(
        nodes, [&](const auto& node) { return node->share->stats().nodes == count; });
  });
}

void Nodes::turn() {
  for (const auto& node : nodes) {
    if (node->share) node->share->turn(now());
  }
}

void Nodes::ask(Node& node) {
  const MonoTime asked = now();
  auto later = [this, &node, asked](const share::Outcome& outcome) {
    const MonoTime at = now();
    waits_ns.push_back((at - asked).count);
    if (!outcome.ok()) {
      ++node.denied;
      return;
    }
    meter.admit(1, at.nanos / 1'000);
    node.admitted.emplace_back(at, 1);
    if (outcome.alone) ++node.alone;
  };
  std::vector<share::Need> needs = {{node.line, 1}};
  const share::Outcome outcome = node.share->take(needs, asked);
  if (outcome.state != share::Outcome::State::wait) return later(outcome);
  node.share->wait(std::move(needs), asked, later);
}

bool Nodes::press_until(Nanos time, const std::function<bool()>& condition) {
  next_ = now();
  for (const MonoTime until = next_ + time; now() < until;) {
    if (condition()) return true;
    for (; next_ <= now(); next_ = next_ + kPace) {
      for (const auto& node : nodes) {
        if (node->share) ask(*node);
      }
    }
    turn();
    rest(micros(100));
  }
  return condition();
}

void Nodes::press(Nanos time) {
  press_until(time, [] { return false; });
}

void Nodes::end(std::size_t i) {
  nodes[i]->share.reset();
  nodes[i]->store.reset();
}

share::Outcome Nodes::take(std::size_t i, std::int64_t amount) {
  std::vector<share::Need> needs = {{nodes[i]->line, amount}};
  const share::Outcome first = nodes[i]->share->take(needs, now());
  if (first.state != share::Outcome::State::wait) return first;
  std::optional<share::Outcome> out;
  nodes[i]->share->wait(std::move(needs), now(), [&](const share::Outcome& done) { out = done; });
  MC_CHECK(wait_until(seconds(5), [&] {
    turn();
    return out.has_value();
  }));
  return *out;
}

std::int64_t Nodes::own_in(std::size_t i, Nanos before) const {
  std::int64_t out = 0;
  for (const auto& [at, amount] : nodes[i]->admitted) out += at >= now() - before ? amount : 0;
  return out;
}

bool Nodes::all(bool lost) const {
  return std::ranges::all_of(nodes, [lost](const auto& node) {
    return !node->share || node->share->stats().lost == lost;
  });
}

}  // namespace mc::redis::test
