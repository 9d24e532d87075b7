#include "net/test_tools.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace mc::net::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void set_deadlines(int descriptor) {
  const timeval limit{10, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

RawSocket& RawSocket::operator=(RawSocket&& other) noexcept {
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  pending_ = std::move(other.pending_);
  return *this;
}

RawSocket RawSocket::connect(std::uint16_t port, int receive_buffer) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) {
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  set_deadlines(descriptor);
  const sockaddr_in address = loopback(port);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(descriptor);
    return RawSocket();
  }
  return RawSocket(descriptor);
}

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawSocket::send_end() {
  ::shutdown(descriptor_, SHUT_WR);
}

void RawSocket::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close();
}

void RawSocket::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

std::string RawSocket::receive(std::size_t bytes_max) {
  if (!pending_.empty()) return std::exchange(pending_, {});
  std::string bytes(bytes_max, '\0');
  const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

std::string RawSocket::receive_all() {
  std::string all;
  for (std::string part = receive(); !part.empty(); part = receive()) all += part;
  return all;
}

std::string RawSocket::receive_until(std::string_view mark) {
  std::string all;
  while (all.find(mark) == std::string::npos) {
    const std::string part = receive();
    if (part.empty()) return all;
    all += part;
  }
  const std::size_t end = all.find(mark) + mark.size();
  pending_ = all.substr(end) + pending_;
  all.resize(end);
  return all;
}

std::string RawSocket::receive_reply() {
  std::string reply = receive_until("\r\n\r\n");
  const std::size_t at = reply.find("Content-Length: ");
  if (at == std::string::npos) return reply;
  const auto size = static_cast<std::size_t>(std::atoll(reply.c_str() + at + 16));
  const std::size_t whole = reply.find("\r\n\r\n") + 4 + size;
  while (reply.size() < whole) {
    const std::string part = receive();
    if (part.empty()) return reply;
    reply += part;
  }
  pending_ = reply.substr(whole) + pending_;
  reply.resize(whole);
  return reply;
}

bool RawSocket::at_end() {
  char byte = 0;
  const ssize_t got = ::recv(descriptor_, &byte, 1, 0);
  return pending_.empty() && (got == 0 || (got < 0 && errno == ECONNRESET));
}

RawListener::RawListener() {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ::listen(descriptor_, 64);
  socklen_t size = sizeof(address);
  ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  set_deadlines(descriptor_);
}

RawListener::~RawListener() {
  ::close(descriptor_);
}

RawSocket RawListener::accept() {
  const int descriptor = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor < 0) return RawSocket();
  set_deadlines(descriptor);
  return RawSocket(descriptor);
}

void echo(const std::shared_ptr<Exchange>& exchange) {
  const Request& request = exchange->request();
  Response response;
  response.body = std::string(request.method) + " " + std::string(request.target) + " " +
                  std::string(request.body);
  exchange->reply(std::move(response));
}

int status_of(std::string_view reply) {
  if (reply.size() < 12 || reply.substr(0, 9) != "HTTP/1.1 ") return 0;
  return std::atoi(std::string(reply.substr(9, 3)).c_str());
}

std::string_view body_of(std::string_view reply) {
  const std::size_t end = reply.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view() : reply.substr(end + 4);
}

}  // namespace mc::net::test
