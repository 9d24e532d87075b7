// A PyKMIP server of our own on a free port, with an authority of its own; for tests.
#pragma once

#include <memory>
#include <string>

#include "kms/kms.h"

namespace mc::kmip::test {

bool is_installed();  // Debian's python3-pykmip

// PEM files in a folder of its own, for as long as it lives.
struct Certificates {
  Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  ~Certificates();
  // Of an authority that signs "client", "other" (of the same authority) and "server" (of
  // 127.0.0.1); "stranger" is a client of another authority, "other_ca".
  std::string at(const std::string& name) const { return folder + "/" + name; }
  kms::Credentials credentials(const std::string& client = "client") const;

  std::string folder;
};

// The child process, killed at the end.
class Server {
 public:
  explicit Server(const Certificates& certificates);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  void end();
  int port() const { return port_; }
  std::string log() const;

 private:
  bool begin(int port);  // false: it ended before it took a connection

  const Certificates& certificates_;
  int port_ = 0;
  int pid_ = 0;
};

}  // namespace mc::kmip::test
