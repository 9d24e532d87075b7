#include "kmip_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace mc::kmip::test {
namespace {

void write(const std::string& path, const std::string& content) {
  std::ofstream out(path, std::ios::trunc);
  out << content;
  MC_CHECK(out.good());
}

void run(const std::string& command) {
  if (std::system((command + " >/dev/null 2>&1").c_str()) == 0) return;
  std::fprintf(stderr, "failed: %s\n", command.c_str());
  MC_CHECK(false);
}

sockaddr_in loopback(int port) {
  sockaddr_in out = {};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  MC_CHECK(bind(socket, raw, size) == 0);
  MC_CHECK(getsockname(socket, raw, &size) == 0);
  close(socket);
  return ntohs(address.sin_port);
}

bool takes_connections(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool out =
      connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(socket);
  return out;
}

}  // namespace

bool is_installed() {
  return std::filesystem::exists("/usr/lib/python3/dist-packages/kmip/services/server");
}

Certificates::Certificates() {
  std::string pattern = (std::filesystem::temp_directory_path() / "mc_kmip_XXXXXX").string();
  MC_CHECK(mkdtemp(pattern.data()) != nullptr);
  folder = pattern;
  write(at("server.ext"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
  write(at("client.ext"), "extendedKeyUsage=clientAuth\n");
  const auto key = [&](const std::string& name) {
    return " -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + at(name + ".key") +
           " -subj /CN=" + name;
  };
  for (const char* name : {"ca", "other_ca"}) {
    run("openssl req -x509 -days 2" + key(name) + " -out " + at(std::string(name) + ".pem"));
  }
  const auto certify = [&](const std::string& name, const std::string& by, const char* kind) {
    run("openssl req -new" + key(name) + " -out " + at(name + ".csr"));
    run("openssl x509 -req -days 2 -CAcreateserial -in " + at(name + ".csr") + " -CA " +
        at(by + ".pem") + " -CAkey " + at(by + ".key") + " -extfile " + at(kind) + " -out " +
        at(name + ".pem"));
  };
  certify("server", "ca", "server.ext");
  certify("client", "ca", "client.ext");
  certify("other", "ca", "client.ext");
  certify("stranger", "other_ca", "client.ext");
}

Certificates::~Certificates() {
  std::filesystem::remove_all(folder);
}

kms::Credentials Certificates::credentials(const std::string& client) const {
  kms::Credentials out;
  out.files = {{"cert", at(client + ".pem")}, {"key", at(client + ".key")}, {"ca", at("ca.pem")}};
  return out;
}

// Somebody else may take a port between its being found free and PyKMIP's taking it.
Server::Server(const Certificates& certificates) : certificates_(certificates) {
  constexpr int kPortsTried = 20;
  std::filesystem::create_directories(certificates_.at("policies"));
  for (int i = 0; i < kPortsTried; ++i) {
    if (begin(free_port())) return;
  }
  std::ifstream said(certificates_.at("output"));
  std::fprintf(stderr, "PyKMIP does not start: %s\n",
               std::string(std::istreambuf_iterator<char>(said), {}).c_str());
  MC_CHECK(false);
}

bool Server::begin(int port) {
  const auto at = [&](const char* name) { return certificates_.at(name); };
  port_ = port;
  write(at("server.conf"),
        "[server]\nhostname=127.0.0.1\nport=" + std::to_string(port_) +
            "\ncertificate_path=" + at("server.pem") + "\nkey_path=" + at("server.key") +
            "\nca_path=" + at("ca.pem") + "\nauth_suite=TLS1.2\npolicy_path=" + at("policies") +
            "\nenable_tls_client_auth=True\nlogging_level=INFO\ndatabase_path=" + at("database") +
            "\ntls_cipher_suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\n");
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(at("output").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, 1);
    dup2(out, 2);
    // By its whole name also to itself: else it looks for its modules beside another python3.
    execl("/usr/bin/python3", "/usr/bin/python3", "-W", "ignore", "-c",
          "from kmip.services.server.server import main; main()", "-f", at("server.conf").c_str(),
          "-l", at("log").c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  for (int i = 0; i < 3'000; ++i) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) return false;
    if (takes_connections(port_)) return true;
    poll(nullptr, 0, 10);
  }
  MC_CHECK(false);
  return false;
}

Server::~Server() {
  end();
}

void Server::end() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::string Server::log() const {
  std::ifstream in(certificates_.at("log"));
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace mc::kmip::test
