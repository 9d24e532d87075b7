#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "net/wire.h"

namespace mc::net {
namespace {

constexpr std::size_t kWriteMax = 64 << 10;  // a call, and so the memory of the copy

class TlsWire final : public Wire {
 public:
  TlsWire(Loop& loop, Socket socket, asio::ssl::context& context, const std::string& verify_host)
      : Wire(loop),
        socket_(std::move(socket)),
        stream_(socket_, context),
        client_(!verify_host.empty()) {
    SSL_set_mode(stream_.native_handle(), SSL_MODE_RELEASE_BUFFERS);
    if (!client_) return;
    error_code ignored;
    stream_.set_verify_mode(asio::ssl::verify_peer, ignored);
    stream_.set_verify_callback(asio::ssl::host_name_verification(verify_host), ignored);
    SSL_set_tlsext_host_name(stream_.native_handle(), verify_host.c_str());
  }

  void start_connect(const asio::ip::tcp::endpoint& to) override {
    set_busy();
    socket_.async_connect(to, [this, self = shared_from_this()](error_code error) {
      if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
      on_ready(error);
    });
  }

  void start_handshake() override {
    set_busy();
    stream_.async_handshake(
        client_ ? asio::ssl::stream_base::client : asio::ssl::stream_base::server,
        [this, self = shared_from_this()](error_code error) { on_ready(error); });
  }

  // Encryption needs the record layer's own buffers, so nothing is sent at once.
  bool try_write(Slices& rest) override { return rest.empty(); }

 private:
  void read_some() override {
    stream_.async_read_some(asio::buffer(inbox.end(), inbox.room()),
                            [this, self = shared_from_this()](error_code error, std::size_t size) {
                              // A missing close_notify is an end like any other: HTTP framing tells
                              // truncation.
                              if (error == asio::ssl::error::stream_truncated)
                                error = asio::error::eof;
                              on_read(error, size);
                            });
  }

  void start_write(const Slices& rest) override {
    out_.clear();
    for (const std::string_view part : rest.parts()) {
      out_.append(part.substr(0, kWriteMax - std::min(kWriteMax, out_.size())));
    }
    asio::async_write(stream_, asio::buffer(out_),
                      [this, self = shared_from_this()](error_code error, std::size_t size) {
                        on_written(error, size);
                      });
  }

  // Sends close_notify and waits for the peer's; linger() bounds the wait.
  void start_shutdown() override {
    set_busy();
    stream_.async_shutdown([this, self = shared_from_this()](error_code) { on_ready({}); });
  }
  bool cancel_read_for_shutdown() override {
    error_code ignored;
    socket_.cancel(ignored);
    return true;
  }
  void close_socket() override {
    error_code ignored;
    socket_.close(ignored);
  }
  // Asio's own type for it, which is int here.
  int descriptor() const override { return const_cast<Socket&>(socket_).native_handle(); }

  Socket socket_;
  asio::ssl::stream<Socket&> stream_;
  std::string out_;
  bool client_;
};

}  // namespace

std::shared_ptr<Wire> make_tls_wire(Loop& loop, Socket socket, asio::ssl::context& context,
                                    const std::string& verify_host) {
  return std::make_shared<TlsWire>(loop, std::move(socket), context, verify_host);
}

}  // namespace mc::net
