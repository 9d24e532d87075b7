// For tests: a server on loopback that answers bytes by a script, plain or by TLS, and certificates
// for it. What it takes are HTTP requests with Content-Length or without a body.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mc::test {

// At the end of a reply: it comes again and again until the client has gone; nothing more comes,
// and the connection stays open until then.
inline constexpr const char* kEndless = "<endless>";
inline constexpr const char* kSilent = "<silent>";

// The replies of each connection, in their order; after the last one it is closed.
using Connections = std::vector<std::vector<std::string>>;

struct TlsIdentity {
  std::string file;       // PEM: certificate and key
  std::string client_ca;  // "" = no certificate is asked for
  bool old = false;       // TLS 1.1 at most
};
// PEM files in a folder of their own, for as long as it lives: an authority, one that is another,
// and what the first has signed.
struct TlsFiles {
  TlsFiles();
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;
  ~TlsFiles();

  std::string folder;
  std::string authority;
  std::string other_authority;
  std::string client;      // certificate and key of a client
  TlsIdentity right;       // of 127.0.0.1
  TlsIdentity wrong_name;  // of another host
  TlsIdentity asking;
  TlsIdentity old;
};

// One connection at a time, in a thread of its own, which the destructor ends.
class TinyServer {
 public:
  explicit TinyServer(Connections script, const TlsIdentity* tls = nullptr);
  ~TinyServer();
  std::string url() const;                 // "http://127.0.0.1:PORT"
  std::vector<std::string> taken() const;  // requests that came whole
  int connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mc::test
