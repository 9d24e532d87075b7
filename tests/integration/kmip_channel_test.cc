// The connection to a KMIP server against servers that do not speak KMIP, or speak it badly.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "kmip/channel.h"
#include "kmip/message.h"
#include "kmip_peer.h"

namespace mc::kmip::test {
namespace {

const Certificates& certificates() {
  static const Certificates one;
  return one;
}

// Takes one connection, reads something, answers with `reply`, and keeps still until the other side
// has gone, or ends at once.
class OddServer {
 public:
  enum class Then : std::uint8_t { close, keep };
  OddServer(std::string reply, Then then, bool asks = true)
      : reply_(std::move(reply)), then_(then), asks_(asks) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(listener_, raw, size) == 0);
    REQUIRE(listen(listener_, 4) == 0);
    REQUIRE(getsockname(listener_, raw, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~OddServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  OddServer(const OddServer&) = delete;
  OddServer& operator=(const OddServer&) = delete;
  int port() const { return port_; }

 private:
  void serve() {
    signal(SIGPIPE, SIG_IGN);  // of a client that has gone before it read all
    const int socket = accept(listener_, nullptr, nullptr);
    if (socket < 0) return;
    const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_server_method()),
                                                               SSL_CTX_free);
    SSL_CTX_use_certificate_file(context.get(), certificates().at("server.pem").c_str(),
                                 SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context.get(), certificates().at("server.key").c_str(),
                                SSL_FILETYPE_PEM);
    SSL_CTX_load_verify_file(context.get(), certificates().at("ca.pem").c_str());
    if (asks_) {
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    const std::unique_ptr<SSL, void (*)(SSL*)> tls(SSL_new(context.get()), SSL_free);
    SSL_set_fd(tls.get(), socket);
    char buffer[4'096];
    if (SSL_accept(tls.get()) == 1 && SSL_read(tls.get(), buffer, sizeof(buffer)) > 0) {
      if (!reply_.empty()) {
        SSL_write(tls.get(), reply_.data(), static_cast<int>(reply_.size()));
      }
      while (then_ == Then::keep && SSL_read(tls.get(), buffer, sizeof(buffer)) > 0) {
      }
    }
    close(socket);
  }

  const std::string reply_;
  const Then then_;
  const bool asks_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

struct NoTransport final : kms::Transport {
  Result<kms::HttpReply> send(const kms::HttpRequest&) override {
    return fail(Code::unavailable, "none");
  }
};

struct Client {
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();
  std::unique_ptr<sys::Files> files = sys::real_files();
  NoTransport transport;
  kms::ProviderWorld world{*clock, *random, *files, transport};

  Result<std::string> exchange(int port, const std::string& client = "client",
                               const std::string& host = "127.0.0.1", Nanos time = seconds(10)) {
    const auto binding = read_binding("kmip:" + host + ":" + std::to_string(port) + "/1",
                                      certificates().credentials(client));
    REQUIRE(binding.has_value());
    return tls_channel(*binding, world)
        ->exchange(write_request(4, Operation::decrypt, {}), clock->mono() + time);
  }
};

std::string message(std::size_t length, std::size_t sent) {
  std::string out = {0x42, 0x00, 0x7b, 0x01};
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(length >> shift & 0xff);
  return out + std::string(sent, '\0');
}

TEST_CASE("kmip: a whole message is read, in however many records it comes") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{8}, kMessageBytesMax - 8}) {
    const OddServer server(message(size, size), OddServer::Then::keep);
    const auto reply = Client().exchange(server.port());
    REQUIRE_MESSAGE(reply.has_value(), reply.error().what);
    CHECK(*reply == message(size, size));
  }
}

TEST_CASE("kmip: what is no message is corrupt, what does not come whole is unavailable") {
  struct Row {
    const char* name;
    std::string reply;
    OddServer::Then then;
    Code code;
  };
  using enum OddServer::Then;
  const Row rows[] = {
      {"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", close, Code::corrupt},
      {"garbage", std::string(100, 'x'), keep, Code::corrupt},
      {"a byte over the limit", message(kMessageBytesMax, 8), keep, Code::corrupt},
      {"four gigabytes", message(0xffffffff, 8), keep, Code::corrupt},
      {"cut off", message(64, 32), close, Code::unavailable},
      {"half a head", "\x42", close, Code::unavailable},
      {"nothing", "", close, Code::unavailable},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const OddServer server(row.reply, row.then);
    const auto reply = Client().exchange(server.port());
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == row.code);
  }
}

TEST_CASE("kmip: a server that falls silent is unavailable at the deadline") {
  for (const std::string& reply : {std::string(), message(64, 32)}) {
    const OddServer server(reply, OddServer::Then::keep);
    const auto got = Client().exchange(server.port(), "client", "127.0.0.1", millis(300));
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error() == Error{Code::unavailable, "no reply by the deadline"});
  }
}

TEST_CASE("kmip: by TLS 1.3 the refusal of a certificate comes late, and is a denial too") {
  const OddServer server(message(8, 8), OddServer::Then::close);
  const auto reply = Client().exchange(server.port(), "stranger");
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == Code::denied);
}

TEST_CASE("kmip: a certificate of another name is not spoken to") {
  const OddServer server(message(8, 8), OddServer::Then::close);
  const auto reply = Client().exchange(server.port(), "client", "localhost");
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == Code::unavailable);
}

TEST_CASE("kmip: credentials that cannot be read, or are none, are unavailable") {
  Client client;
  const OddServer server(message(8, 8), OddServer::Then::close, false);
  kms::Credentials credentials = certificates().credentials();
  const auto code_with = [&](const char* name, const std::string& path) {
    kms::Credentials changed = credentials;
    changed.files[name] = path;
    const auto binding =
        read_binding("kmip:127.0.0.1:" + std::to_string(server.port()) + "/1", changed);
    const auto reply =
        tls_channel(*binding, client.world)
            ->exchange(write_request(4, Operation::decrypt, {}), client.clock->mono() + seconds(5));
    REQUIRE_FALSE(reply.has_value());
    return reply.error().code;
  };
  for (const char* name : {"cert", "key", "ca"}) {
    CAPTURE(name);
    CHECK(code_with(name, certificates().at("absent")) == Code::unavailable);
  }
  CHECK(code_with("key", certificates().at("client.ext")) == Code::unavailable);
}

TEST_CASE("kmip: a port that nobody listens at is unavailable") {
  int port = 0;
  {
    port = OddServer("", OddServer::Then::close).port();
  }
  const auto reply = Client().exchange(port);
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == Code::unavailable);
}

}  // namespace
}  // namespace mc::kmip::test
