#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "net/net.h"
#include "net/test_tools.h"

namespace mc::net {
namespace {

using test::body_of;
using test::FunctionHandler;
using test::Mailbox;
using test::RawSocket;
using test::status_of;

// A new self-signed certificate for 127.0.0.1 and localhost, in two files of a scratch folder.
class Certificate {
 public:
  Certificate() {
    char pattern[] = "/tmp/net_tls_test_XXXXXX";
    folder_ = ::mkdtemp(pattern);
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    X509_NAME* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_add_ext(x509, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(x509, key, EVP_sha256());
    std::FILE* out = std::fopen(certificate().c_str(), "w");
    PEM_write_X509(out, x509);
    std::fclose(out);
    out = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    X509_free(x509);
    EVP_PKEY_free(key);
  }
  ~Certificate() {
    ::unlink(certificate().c_str());
    ::unlink(key_file().c_str());
    ::rmdir(folder_.c_str());
  }
  std::string certificate() const { return folder_ + "/certificate.pem"; }
  std::string key_file() const { return folder_ + "/key.pem"; }

 private:
  std::string folder_;
};

ServerConfig tls_config(const Certificate& certificate) {
  ServerConfig config;
  config.tls_certificate_file = certificate.certificate();
  config.tls_key_file = certificate.key_file();
  return config;
}

TEST_CASE("TLS: the same server, and a client that checks the certificate") {
  const Certificate certificate;
  const auto clock = sys::real_clock();
  FunctionHandler handler(test::echo);
  auto server = Server::start(tls_config(certificate), handler, *clock);
  REQUIRE(server.has_value());
  ClientRequest request;
  request.url = "https://127.0.0.1:" + std::to_string((*server)->port()) + "/t";
  request.method = "POST";
  request.body = std::string(300'000, 'b');
  request.ca_file = certificate.certificate();
  auto client = Client::make();
  for (int i = 0; i < 3; ++i) {
    const Result<Response> response = client->fetch(request);
    REQUIRE(response.has_value());
    CHECK(response->body == "POST /t " + request.body);
  }
  CHECK((*server)->counters().connections_total == 1);
  request.ca_file.clear();
  CHECK(client->fetch(request).error().code == Code::unavailable);
}

TEST_CASE("TLS: forwards from and to it, and refuses an upstream of another authority") {
  const Certificate certificate;
  const auto clock = sys::real_clock();
  FunctionHandler echo(test::echo);
  auto origin = Server::start(tls_config(certificate), echo, *clock);
  REQUIRE(origin.has_value());
  std::shared_ptr<Upstream> upstream;
  Mailbox<ForwardResult> results;
  FunctionHandler gate([&](const std::shared_ptr<Exchange>& exchange) {
    Forward forward;
    forward.on_done = [&](const ForwardResult& result) { results.put(result); };
    exchange->forward(upstream, std::move(forward));
  });
  auto server = Server::start(tls_config(certificate), gate, *clock);
  REQUIRE(server.has_value());
  UpstreamConfig config;
  config.host = "127.0.0.1";
  config.port = (*origin)->port();
  config.tls = true;
  config.ca_file = certificate.certificate();
  upstream = (*server)->upstream(config);
  ClientRequest request;
  request.url = "https://localhost:" + std::to_string((*server)->port()) + "/";
  request.method = "POST";
  request.body = std::string(200'000, 'f');
  request.ca_file = certificate.certificate();
  auto client = Client::make();
  for (int i = 0; i < 3; ++i) {
    const Result<Response> response = client->fetch(request);
    REQUIRE(response.has_value());
    CHECK(response->body == "POST /graphql " + request.body);
    CHECK(results.take().complete);
  }
  CHECK((*origin)->counters().connections_total == 1);
  // The same server, but another authority is trusted.
  const Certificate other;
  config.ca_file = other.certificate();
  upstream = (*server)->upstream(config);
  const Result<Response> refused = client->fetch(request);
  REQUIRE(refused.has_value());
  CHECK(refused->status == 502);
  CHECK(results.take().error.find("TLS handshake failed") == 0);
}

TEST_CASE("TLS: a peer that does not speak it is dropped, a silent one too") {
  const Certificate certificate;
  const auto clock = sys::real_clock();
  FunctionHandler handler(test::echo);
  ServerConfig config = tls_config(certificate);
  config.head_timeout = millis(50);
  auto server = Server::start(config, handler, *clock);
  REQUIRE(server.has_value());
  RawSocket plain = RawSocket::connect((*server)->port());
  plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(status_of(plain.receive_all()) == 0);
  RawSocket silent = RawSocket::connect((*server)->port());
  CHECK(silent.at_end());
  CHECK((*server)->counters().requests_total == 0);
}

TEST_CASE("TLS: chooses http/1.1 by ALPN and refuses a client without it") {
  const Certificate certificate;
  const auto clock = sys::real_clock();
  FunctionHandler handler(test::echo);
  auto server = Server::start(tls_config(certificate), handler, *clock);
  REQUIRE(server.has_value());
  for (const std::string& offer : {std::string("\x02h2\x08http/1.1"), std::string("\x02h2")}) {
    RawSocket socket = RawSocket::connect((*server)->port());
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* session = SSL_new(context);
    SSL_set_alpn_protos(session, reinterpret_cast<const unsigned char*>(offer.data()),
                        static_cast<unsigned>(offer.size()));
    SSL_set_fd(session, socket.descriptor());
    const bool agreed = SSL_connect(session) == 1;
    CHECK(agreed == (offer.size() > 3));
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(session, &chosen, &size);
    if (agreed) CHECK(std::string(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
    SSL_free(session);
    SSL_CTX_free(context);
  }
}

TEST_CASE("TLS: files that are no certificate stop the start") {
  const Certificate certificate;
  const Certificate other;
  const auto clock = sys::real_clock();
  FunctionHandler handler(test::echo);
  ServerConfig config = tls_config(certificate);
  config.tls_key_file = other.key_file();
  CHECK(Server::start(config, handler, *clock).error().what.find("tls_key_file") == 0);
  config.tls_certificate_file = "/nonexistent.pem";
  CHECK(Server::start(config, handler, *clock).error().what.find("tls_certificate_file") == 0);
}

}  // namespace
}  // namespace mc::net
