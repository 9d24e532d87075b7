// The server under test of bench/net: forwards every request to one upstream, or, without one,
// answers 200 bytes by itself.
//
// Usage: net_bench_relay PORT [UPSTREAM_PORT]
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "net/net.h"

namespace {

class Relaying final : public mc::net::Handler {
 public:
  void handle(std::shared_ptr<mc::net::Exchange> exchange) override {
    const mc::net::Request& request = exchange->request();
    if (!upstream) {
      mc::net::Response response;
      response.headers.emplace_back("Content-Type", "application/json");
      response.body.assign(200, 'x');
      return exchange->reply(std::move(response));
    }
    mc::net::Forward forward;
    forward.method = request.method;
    forward.target = request.target;
    forward.fields.pass_on(request.headers, [](std::string_view) { return false; });
    forward.fields.add("X-Forwarded-For", request.peer.substr(0, request.peer.rfind(':')));
    forward.idempotent = true;
    exchange->forward(upstream, std::move(forward));
  }
  std::shared_ptr<mc::net::Upstream> upstream;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto clock = mc::sys::real_clock();
  Relaying handler;
  mc::net::ServerConfig config;
  config.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  config.idle_timeout = mc::seconds(600);
  auto server = mc::net::Server::start(config, handler, *clock);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().what.c_str());
    return 1;
  }
  if (argc > 2) {
    mc::net::UpstreamConfig upstream;
    upstream.host = "127.0.0.1";
    upstream.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
    handler.upstream = (*server)->upstream(upstream);
  }
  ::pause();
}
