// The upstream of bench/net and bench/gateway: one epoll thread that answers every HTTP/1.1 request
// with the same GraphQL reply. It only counts Content-Length; it is a load target, not a server.
//
// Usage: net_bench_upstream PORT BODY_BYTES
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

constexpr std::string_view kLength = "Content-Length: ";

// Bytes of the first whole request in `in`, 0 when it is not whole yet.
std::size_t request_size(std::string_view in) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  std::size_t size = end + 4;
  for (const std::string_view name : {kLength, std::string_view("content-length: ")}) {
    const std::size_t at = in.substr(0, end).find(name);
    if (at == std::string_view::npos) continue;
    size += static_cast<std::size_t>(std::atoll(in.data() + at + name.size()));
    break;
  }
  return in.size() >= size ? size : 0;
}

// False once the peer has gone.
bool serve(int descriptor, std::string& in, const std::string& reply) {
  std::array<char, 16384> block;
  const ssize_t got = ::recv(descriptor, block.data(), block.size(), 0);
  if (got <= 0) return false;
  in.append(block.data(), static_cast<std::size_t>(got));
  for (std::size_t size = request_size(in); size > 0; size = request_size(in)) {
    in.erase(0, size);
    std::string_view rest = reply;
    while (!rest.empty()) {
      const ssize_t sent = ::send(descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  return true;
}

int listen_on(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return -1;
  return ::listen(listener, 1024) == 0 ? listener : -1;
}

void loop(int listener, const std::string& reply) {
  const int poll = ::epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener;
  ::epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  std::unordered_map<int, std::string> inboxes;
  std::array<epoll_event, 256> events;
  while (true) {
    const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == listener) {
        const int peer = ::accept(listener, nullptr, nullptr);
        const int on = 1;
        ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        event.data.fd = peer;
        ::epoll_ctl(poll, EPOLL_CTL_ADD, peer, &event);
      } else if (!serve(descriptor, inboxes[descriptor], reply)) {
        inboxes.erase(descriptor);
        ::close(descriptor);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int listener = listen_on(std::atoi(argv[1]));
  if (listener < 0) {
    std::perror("net_bench_upstream");
    return 1;
  }
  const std::string around = R"({"data":{"hello":""}})";
  const auto size = static_cast<std::size_t>(std::atoll(argv[2]));
  std::string body = around;
  body.insert(around.size() - 3, size > around.size() ? size - around.size() : 0, 'x');
  loop(listener, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n" + body);
}
