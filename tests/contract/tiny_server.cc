#include "contract/tiny_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

namespace mc::test {
namespace {

template <auto function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Free<SSL_free>>;
using File = std::unique_ptr<std::FILE, Free<std::fclose>>;

struct Authority {
  Key key{EVP_EC_gen("P-256")};
  Certificate certificate;
};

void extend(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Of an authority itself where `names` is empty ("IP:127.0.0.1", "DNS:example.org").
Certificate certify(EVP_PKEY* key, const Authority& by, const char* common_name,
                    const std::string& names) {
  static long serial = 1;
  Certificate out(X509_new());
  X509_set_version(out.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), 3'600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  const X509* issuer = by.certificate ? by.certificate.get() : out.get();
  X509_set_issuer_name(out.get(), X509_get_subject_name(issuer));
  X509_set_pubkey(out.get(), key);
  extend(out.get(), NID_basic_constraints, names.empty() ? "critical,CA:TRUE" : "CA:FALSE");
  if (!names.empty()) extend(out.get(), NID_subject_alt_name, names.c_str());
  REQUIRE(X509_sign(out.get(), by.key.get(), EVP_sha256()) > 0);
  return out;
}

void write(const std::string& path, X509* certificate, EVP_PKEY* key) {
  const File file(std::fopen(path.c_str(), "w"));
  REQUIRE(file != nullptr);
  PEM_write_X509(file.get(), certificate);
  if (key != nullptr) {
    PEM_write_PKCS8PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  }
}

Authority make_authority(const char* name, const std::string& path) {
  Authority out;
  out.certificate = certify(out.key.get(), out, name, "");
  write(path, out.certificate.get(), nullptr);
  return out;
}

std::string make_identity(const Authority& by, const std::string& names, const std::string& path) {
  const Key key(EVP_EC_gen("P-256"));
  write(path, certify(key.get(), by, "one", names).get(), key.get());
  return path;
}

Context context_of(const TlsIdentity& identity) {
  Context out(SSL_CTX_new(TLS_server_method()));
  REQUIRE(SSL_CTX_use_certificate_file(out.get(), identity.file.c_str(), SSL_FILETYPE_PEM) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey_file(out.get(), identity.file.c_str(), SSL_FILETYPE_PEM) == 1);
  if (identity.old) {
    SSL_CTX_set_cipher_list(out.get(), "DEFAULT:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(out.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(out.get(), TLS1_1_VERSION);
  }
  if (!identity.client_ca.empty()) {
    SSL_CTX_set_verify(out.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_session_cache_mode(out.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_load_verify_locations(out.get(), identity.client_ca.c_str(), nullptr);
  }
  return out;
}

// One end of a connection, plain or not.
struct Wire {
  int socket = -1;
  SSL* tls = nullptr;

  int read(char* out, int size) const {
    if (tls != nullptr) return SSL_read(tls, out, size);
    return static_cast<int>(::recv(socket, out, static_cast<std::size_t>(size), 0));
  }
  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const int size = static_cast<int>(bytes.size());
      const int sent = tls != nullptr
                           ? SSL_write(tls, bytes.data(), size)
                           : static_cast<int>(::send(socket, bytes.data(), bytes.size(), 0));
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // A whole request; "" = the client has gone.
  std::string read_request() const {
    constexpr std::string_view kLength = "Content-Length: ";
    std::string out;
    std::size_t wanted = std::string::npos;
    while (out.size() < wanted) {
      char bytes[4'096];
      const int size = read(bytes, sizeof bytes);
      if (size <= 0) return "";
      out.append(bytes, static_cast<std::size_t>(size));
      const std::size_t end = out.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const std::size_t length = out.find(kLength);
      wanted = end + 4;
      if (length < end) wanted += std::strtoul(out.c_str() + length + kLength.size(), nullptr, 10);
    }
    return out;
  }
};

}  // namespace

TlsFiles::TlsFiles() {
  std::string name = (std::filesystem::temp_directory_path() / "mc_tls_XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  folder = name;
  authority = folder + "/authority.pem";
  other_authority = folder + "/other.pem";
  const Authority own = make_authority("An authority", authority);
  make_authority("Another authority", other_authority);
  client = make_identity(own, "DNS:client.example", folder + "/client.pem");
  right.file = make_identity(own, "IP:127.0.0.1", folder + "/right.pem");
  wrong_name.file = make_identity(own, "DNS:kms.example,IP:127.0.0.2", folder + "/wrong.pem");
  asking = {right.file, authority, false};
  old = {right.file, "", true};
}

TlsFiles::~TlsFiles() {
  std::filesystem::remove_all(folder);
}

struct TinyServer::State {
  Connections script;
  Context context;
  int listener = -1;
  int port = 0;
  mutable std::mutex mutex;  // of what follows
  int current = -1;          // the connection that is served
  bool ended = false;
  int connections = 0;
  std::vector<std::string> taken;
  std::thread thread;

  template <class F>
  decltype(auto) locked(F&& use) const {
    const std::lock_guard lock(mutex);
    return std::forward<F>(use)();
  }

  void run() {
    // A client that has gone is no reason to end this process.
    sigset_t pipes;
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipes, nullptr);
    for (;;) {
      const int socket = ::accept(listener, nullptr, nullptr);
      if (socket < 0) return;
      const int number = locked([&] {
        current = socket;
        if (ended) ::shutdown(socket, SHUT_RDWR);
        return connections++;
      });
      if (static_cast<std::size_t>(number) < script.size()) {
        serve(socket, script[static_cast<std::size_t>(number)]);
      }
      locked([&] { current = -1; });
      ::close(socket);
    }
  }

  void serve(int socket, const std::vector<std::string>& replies) {
    Tls tls;
    if (context) {
      tls.reset(SSL_new(context.get()));
      SSL_set_fd(tls.get(), socket);
      if (SSL_accept(tls.get()) != 1) return;
    }
    const Wire wire{socket, tls.get()};
    for (const std::string& reply : replies) {
      std::string request = wire.read_request();
      if (request.empty()) return;
      locked([&] { taken.push_back(std::move(request)); });
      if (!answer(wire, reply)) return;
    }
    if (tls) SSL_shutdown(tls.get());
  }

  static bool answer(const Wire& wire, const std::string& reply) {
    const std::size_t endless = reply.find(kEndless);
    const std::size_t silent = reply.find(kSilent);
    const std::string bytes = reply.substr(0, std::min(endless, silent));
    bool good = wire.write(bytes);
    while (good && endless != std::string::npos) good = wire.write(bytes);
    char rest = 0;
    if (silent != std::string::npos) wire.read(&rest, 1);
    return good;
  }
};

TinyServer::TinyServer(Connections script, const TlsIdentity* tls)
    : state_(std::make_unique<State>()) {
  state_->script = std::move(script);
  if (tls != nullptr) state_->context = context_of(*tls);
  state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(state_->listener, generic, size) == 0);
  REQUIRE(::listen(state_->listener, 16) == 0);
  REQUIRE(::getsockname(state_->listener, generic, &size) == 0);
  state_->port = ntohs(address.sin_port);
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

TinyServer::~TinyServer() {
  state_->locked([&] {
    state_->ended = true;
    if (state_->current >= 0) ::shutdown(state_->current, SHUT_RDWR);
  });
  ::shutdown(state_->listener, SHUT_RDWR);
  state_->thread.join();
  ::close(state_->listener);
}

std::string TinyServer::url() const {
  return std::string(state_->context ? "https" : "http") +
         "://127.0.0.1:" + std::to_string(state_->port);
}
std::vector<std::string> TinyServer::taken() const {
  return state_->locked([&] { return state_->taken; });
}
int TinyServer::connections() const {
  return state_->locked([&] { return state_->connections; });
}

}  // namespace mc::test
