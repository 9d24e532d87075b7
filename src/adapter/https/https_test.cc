#include "https/https.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <thread>

#include "contract/tiny_server.h"

namespace mc::https {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-One: a\r\n\r\nok";

// A transport and a server that answers each connection by the script.
struct World {
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<kms::Transport> client = transport(*clock);

  kms::HttpRequest request(const std::string& url, Nanos within = seconds(10)) {
    kms::HttpRequest out;
    out.url = url;
    out.body = "{}";
    out.deadline = clock->mono() + within;
    return out;
  }
  Result<kms::HttpReply> send(const std::string& url, Nanos within = seconds(10)) {
    return client->send(request(url, within));
  }
};

TEST_CASE("https: sends the request as it is, and gives the reply with names in lower case") {
  World world;
  test::TinyServer server({{std::string(kOk)}});
  kms::HttpRequest request = world.request(server.url() + "/a?b=c");
  request.headers = {{"X-Amz-Target", "TrentService.Encrypt"}, {"X-Empty", ""}, {"Host", "kms"}};
  request.body = std::string("a\0b", 3);
  const auto reply = world.client->send(request);
  REQUIRE(reply.has_value());
  CHECK(reply->status == 200);
  CHECK(reply->body == "ok");
  CHECK(reply->header("x-one") == "a");
  CHECK(server.taken().at(0) ==
        "POST /a?b=c HTTP/1.1\r\nHost: kms\r\nX-Amz-Target: TrentService.Encrypt\r\nX-Empty:\r\n"
        "Content-Length: 3\r\n\r\n" +
            request.body);
}

TEST_CASE("https: other methods, with a body and without") {
  World world;
  test::TinyServer server({{std::string(kOk), std::string(kOk)}});
  kms::HttpRequest request = world.request(server.url());
  request.method = "GET";
  request.body = "";
  REQUIRE(world.client->send(request).has_value());
  request.method = "DELETE";
  REQUIRE(world.client->send(request).has_value());
  CHECK(server.taken().at(0).starts_with("GET / HTTP/1.1\r\nHost: 127.0.0.1:"));
  CHECK(server.taken().at(1).starts_with("DELETE / HTTP/1.1\r\n"));
  CHECK(server.connections() == 1);  // kept for the second
}

TEST_CASE("https: URLs that are not for keys are refused before anything is sent") {
  World world;
  for (const char* url :
       {"", "kms.example", "ftp://127.0.0.1/", "file:///etc/passwd", "http://kms.example/",
        "http://localhost/", "http://127.evil.example/", "http://2130706433.evil/",
        "http://user:secret@127.0.0.1/", "https://user@kms.example/", "https://",
        "http://127.0.0.1:1/a b", "http://127.0.0.1:1/\r\nHost: x", "http://[::2]/",
        "gopher://127.0.0.1/", "http://10.0.0.1/", "http://0.0.0.0/"}) {
    CAPTURE(url);
    const auto reply = world.send(url);
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == Code::invalid);
    CHECK(reply.error().what.find("secret") == std::string::npos);
  }
}

TEST_CASE("https: headers and methods that would change the request are refused") {
  World world;
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"X-A", "b\r\nX-C: d"},  {"X-A: b\r\nX-C", "d"},           {"", "x"},
      {"Content-Length", "9"}, {"transfer-encoding", "chunked"}, {"X-A", std::string("a\0b", 3)}};
  for (const auto& header : headers) {
    CAPTURE(header.first);
    kms::HttpRequest request = world.request("http://127.0.0.1:9/");
    request.headers = {header};
    CHECK(world.client->send(request).error().code == Code::invalid);
  }
  for (const char* method : {"", "HEAD", "CONNECT", "GET / HTTP/1.1\r\nX: y", "P OST"}) {
    kms::HttpRequest request = world.request("http://127.0.0.1:9/");
    request.method = method;
    CHECK(world.client->send(request).error().code == Code::invalid);
  }
}

TEST_CASE("https: the limit of a reply is exact, whether its length is told or not") {
  const std::string full(kms::kReplyBytesMax, 'x');
  struct Row {
    const char* name;
    std::string reply;
    bool taken;
  };
  const auto told = [](std::size_t size) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  };
  const std::string untold = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const Row rows[] = {
      {"told, full", told(full.size()) + full, true},
      {"told, over", told(full.size() + 1), false},
      {"untold, full", untold + full, true},
      {"untold, over", untold + full + "x", false},
      {"in chunks, full", chunked + "10000\r\n" + full + "\r\n0\r\n\r\n", true},
      {"in chunks, over", chunked + "10001\r\n" + full + "x\r\n0\r\n\r\n", false},
      {"headers", "HTTP/1.1 200 OK\r\nX-A: " + std::string(kHeaderBytesMax, 'x') + "\r\n\r\n",
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    test::TinyServer server({{row.reply}});
    const auto reply = world.send(server.url());
    REQUIRE(reply.has_value() == row.taken);
    if (row.taken) CHECK(reply->body == full);
    if (!row.taken) CHECK(reply.error().code == Code::corrupt);
  }
}

TEST_CASE("https: an endless body and endless interim replies end at the limit") {
  World world;
  const std::string begin = "HTTP/1.1 200 OK\r\n\r\n";
  for (const std::string& endless :
       {begin + test::kEndless, "HTTP/1.1 100 Continue\r\n\r\n" + std::string(test::kEndless)}) {
    test::TinyServer server({{endless}});
    CHECK(world.send(server.url()).error().code == Code::corrupt);
  }
}

TEST_CASE("https: what is no HTTP is corrupt") {
  for (const std::string& bytes :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string(64, '\0'), std::string("{\"a\":1}"),
        std::string("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), std::string("HTTP/9.9 999\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\na b: c\r\n\r\n"),
        std::string("\x15\x03\x01\x00\x02\x02\x16")}) {
    CAPTURE(bytes);
    World world;
    test::TinyServer server({{bytes}});
    CHECK(world.send(server.url()).error().code == Code::corrupt);
  }
}

TEST_CASE("https: a reply that is not whole is unavailable") {
  for (const std::string& bytes :
       {std::string(), std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc")}) {
    CAPTURE(bytes);
    World world;
    test::TinyServer server({{bytes}});
    CHECK(world.send(server.url()).error().code == Code::unavailable);
  }
}

TEST_CASE("https: a redirect is a reply like any other") {
  World world;
  test::TinyServer other({{std::string(kOk)}});
  test::TinyServer server({{"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: " +
                            other.url() + "/\r\n\r\n"}});
  const auto reply = world.send(server.url());
  REQUIRE(reply.has_value());
  CHECK(reply->status == 307);
  CHECK(other.connections() == 0);
}

TEST_CASE("https: proxies of the environment are not used") {
  World world;
  test::TinyServer proxy({{std::string(kOk)}});
  test::TinyServer server({{std::string(kOk)}});
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    ::setenv(name, proxy.url().c_str(), 1);
  }
  CHECK(world.send(server.url()).has_value());
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
  CHECK(proxy.connections() == 0);
}

TEST_CASE("https: a server that says nothing is unavailable at the deadline") {
  World world;
  test::TinyServer silent({{std::string(test::kSilent)}});
  CHECK(world.send(silent.url(), millis(30)).error().code == Code::unavailable);
  test::TinyServer half(
      {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc" + std::string(test::kSilent)}});
  CHECK(world.send(half.url(), millis(30)).error().code == Code::unavailable);
  // Taken by the system alone: nobody speaks TLS there.
  test::TinyServer deaf({{std::string(test::kSilent)}});
  std::string url = deaf.url();
  CHECK(world.send(url.replace(0, 4, "https"), millis(30)).error().code == Code::unavailable);
  const auto over = world.send(silent.url(), Nanos{0});
  CHECK(over.error().what.find("deadline") != std::string::npos);
}

TEST_CASE("https: nobody there is unavailable") {
  World world;
  std::string url;
  {
    test::TinyServer server({});
    url = server.url();
  }
  CHECK(world.send(url).error().code == Code::unavailable);
}

TEST_CASE("https: a request is not sent twice when a kept connection dies") {
  World world;
  test::TinyServer server({{std::string(kOk), ""}, {std::string(kOk)}, {std::string(kOk)}});
  REQUIRE(world.send(server.url()).has_value());
  const auto reply = world.send(server.url());  // read, and the connection closed without a word
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == Code::unavailable);
  CHECK(server.taken().size() == 2);
  CHECK(world.send(server.url()).has_value());
}

TEST_CASE("https: TLS to a server of the given authority, by its name alone") {
  World world;
  const test::TlsFiles files;
  test::TinyServer server({{std::string(kOk)}}, &files.right);
  kms::HttpRequest request = world.request(server.url());
  request.ca_file = files.authority;
  const auto reply = world.client->send(request);
  REQUIRE(reply.has_value());
  CHECK(reply->body == "ok");
}

TEST_CASE("https: TLS that is not to be trusted is unavailable, and is sent nothing") {
  const test::TlsFiles files;
  struct Row {
    const char* name;
    const test::TlsIdentity* server;
    std::string authority;
  };
  const Row rows[] = {
      {"the system's authorities", &files.right, ""},
      {"another authority", &files.right, files.other_authority},
      {"another name", &files.wrong_name, files.authority},
      {"a file that is none", &files.right, "/nowhere/ca.pem"},
      {"TLS 1.1", &files.old, files.authority},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    test::TinyServer server({{std::string(kOk)}}, row.server);
    kms::HttpRequest request = world.request(server.url());
    request.ca_file = row.authority;
    const auto reply = world.client->send(request);
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == Code::unavailable);
    CHECK(server.taken().empty());
  }
}

TEST_CASE("https: shows its certificate to a server that asks for one, and only if told to") {
  const test::TlsFiles files;
  World world;
  test::TinyServer server({{std::string(kOk)}, {std::string(kOk)}, {std::string(kOk)}},
                          &files.asking);
  kms::HttpRequest request = world.request(server.url());
  request.ca_file = files.authority;
  CHECK(world.client->send(request).error().code == Code::unavailable);
  request.client_cert_file = files.client;
  CHECK(world.client->send(request).has_value());
  // A connection with the certificate is not for a request without it.
  request.client_cert_file = "";
  CHECK(world.client->send(request).error().code == Code::unavailable);
  request.client_cert_file = "/nowhere/client.pem";
  CHECK(world.client->send(request).error().code == Code::unavailable);
}

TEST_CASE("https: many threads at once get their own replies") {
  World world;
  constexpr int kThreads = 8;
  std::vector<std::unique_ptr<test::TinyServer>> servers;
  std::vector<std::string> bodies(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(i);
    servers.push_back(
        std::make_unique<test::TinyServer>(test::Connections{std::vector<std::string>(5, reply)}));
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 5; ++n) {
        if (const auto reply = world.send(servers[i]->url())) bodies[i] += reply->body;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < kThreads; ++i) {
    CHECK(bodies[i] == std::string(5, static_cast<char>('0' + i)));
    CHECK(servers[i]->connections() == 1);
  }
}

}  // namespace
}  // namespace mc::https
