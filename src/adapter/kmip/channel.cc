#include "kmip/channel.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kmip/message.h"
#include "kmip/ttlv.h"

namespace mc::kmip {
namespace {

constexpr std::size_t kCredentialBytesMax = 256 << 10;
constexpr std::size_t kHead = 8;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

int slot_of_alerts() {
  static const int slot =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}
void on_event(const SSL* tls, int where, int value) {
  constexpr int kCloseNotify = 0;
  if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT) return;
  auto* alert = static_cast<int*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(tls), slot_of_alerts()));
  if (alert != nullptr && (value & 0xff) != kCloseNotify) *alert = value & 0xff;
}
CURLcode on_context(CURL*, void* context, void* alert) {
  auto* tls = static_cast<SSL_CTX*>(context);
  if (SSL_CTX_set_ex_data(tls, slot_of_alerts(), alert) != 1) return CURLE_OUT_OF_MEMORY;
  SSL_CTX_set_info_callback(tls, on_event);
  return CURLE_OK;
}

// libcurl looks the name up within the deadline, connects and speaks TLS; KMIP is ours.
class TlsChannel final : public Channel {
 public:
  TlsChannel(const Binding& binding, const kms::ProviderWorld& world)
      : binding_(binding), world_(world) {}

  Result<std::string> exchange(const std::string& request, MonoTime deadline) override {
    if (!easy_) MC_TRY_OK(connect(deadline));
    MC_TRY_OK(send(request, deadline));
    std::string head(kHead, '\0');
    MC_TRY_OK(receive(head.data(), head.size(), deadline));
    MC_TRY(const std::size_t size, message_size(head, tag::kResponse));
    std::string reply(size, '\0');
    std::copy(head.begin(), head.end(), reply.begin());
    if (const Status done = receive(reply.data() + kHead, size - kHead, deadline); !done) {
      wipe(reply);
      return tl::unexpected(done.error());
    }
    return reply;
  }

 private:
  Result<std::string> credential(const char* name, const std::string& path) const {
    Result<std::string> text = world_.files.read_all(path, kCredentialBytesMax);
    if (text && !text->empty()) return text;
    return fail(Code::unavailable, std::string("the file of '") + name + "' cannot be read");
  }

  Status connect(MonoTime deadline) {
    MC_TRY(std::string cert, credential("cert", binding_.cert_file));
    MC_TRY(std::string ca, credential("ca", binding_.ca_file));
    MC_TRY(std::string key_text, credential("key", binding_.key_file));
    const Secret key(std::move(key_text));
    const std::int64_t left = to_millis(deadline - world_.clock.mono());
    if (left <= 0) return fail(Code::unavailable, "the deadline is over");
    easy_.reset(curl_easy_init());
    if (!easy_) return fail(Code::unavailable, "libcurl has no memory");
    const std::string url = "https://" + binding_.host + ":" + binding_.port + "/";
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_CONNECT_ONLY, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(left));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(left));
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_PROTOCOLS_STR, "https");
    set(CURLOPT_SSL_ENABLE_ALPN, 0L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set_blob(CURLOPT_CAINFO_BLOB, ca);
    set_blob(CURLOPT_SSLCERT_BLOB, cert);
    set_blob(CURLOPT_SSLKEY_BLOB, key.reveal(RevealToken()));
    set(CURLOPT_SSL_CTX_FUNCTION, on_context);
    set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(&alert_));
    if (!good_) return fail(Code::unavailable, "libcurl refuses a bound of the contract");
    const CURLcode code = curl_easy_perform(easy_.get());
    if (code != CURLE_OK) return failed(curl_easy_strerror(code));
    return ok();
  }

  Status send(std::string_view bytes, MonoTime deadline) {
    while (!bytes.empty()) {
      std::size_t sent = 0;
      const CURLcode code = curl_easy_send(easy_.get(), bytes.data(), bytes.size(), &sent);
      if (code != CURLE_OK && code != CURLE_AGAIN) {
        // By TLS 1.3 the client's certificate is looked at when the client thinks that all is done:
        // the refusal is still to be read.
        std::size_t got = 0;
        char byte = 0;
        curl_easy_recv(easy_.get(), &byte, 1, &got);
        return failed("the connection was lost");
      }
      bytes.remove_prefix(code == CURLE_OK ? sent : 0);
      if (code == CURLE_AGAIN) MC_TRY_OK(wait(POLLOUT, deadline));
    }
    return ok();
  }

  Status receive(char* out, std::size_t size, MonoTime deadline) {
    while (size > 0) {
      std::size_t got = 0;
      const CURLcode code = curl_easy_recv(easy_.get(), out, size, &got);
      if (code == CURLE_AGAIN) {
        MC_TRY_OK(wait(POLLIN, deadline));
        continue;
      }
      if (code != CURLE_OK || got == 0) return failed("the connection was lost");
      out += got;
      size -= got;
    }
    return ok();
  }

  Status wait(short events, MonoTime deadline) {
    const std::int64_t left = to_millis(deadline - world_.clock.mono());
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
        socket == CURL_SOCKET_BAD) {
      return failed("the connection was lost");
    }
    if (left <= 0) return fail(Code::unavailable, "no reply by the deadline");
    pollfd one = {.fd = socket, .events = events, .revents = 0};
    poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));  // a signal is no harm
    return ok();
  }

  tl::unexpected<Error> failed(const char* why) const {
    if (alert_ < 0) return fail(Code::unavailable, why);
    const Code code = code_of_alert(alert_);
    return fail(code, std::string(code == Code::denied ? "the server refuses the certificate: "
                                                       : "the server ends TLS: ") +
                          SSL_alert_desc_string_long(alert_));
  }

  template <class T>
  void set(CURLoption option, T value) {
    good_ = good_ && curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
  }
  void set_blob(CURLoption option, std::string_view bytes) {
    curl_blob blob = {const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
    set(option, &blob);
  }

  const Binding& binding_;
  const kms::ProviderWorld& world_;
  int alert_ = -1;  // outlives the handle, which writes it
  bool good_ = true;
  std::unique_ptr<CURL, FreeEasy> easy_;
};

}  // namespace

Code code_of_alert(int description) {
  constexpr std::array kDenials = {SSL_AD_BAD_CERTIFICATE,
                                   SSL_AD_UNSUPPORTED_CERTIFICATE,
                                   SSL_AD_CERTIFICATE_REVOKED,
                                   SSL_AD_CERTIFICATE_UNKNOWN,
                                   SSL_AD_UNKNOWN_CA,
                                   SSL_AD_ACCESS_DENIED,
                                   TLS13_AD_CERTIFICATE_REQUIRED};
  const bool denied = std::find(kDenials.begin(), kDenials.end(), description) != kDenials.end();
  return denied ? Code::denied : Code::unavailable;
}

std::unique_ptr<Channel> tls_channel(const Binding& binding, const kms::ProviderWorld& world) {
  return std::make_unique<TlsChannel>(binding, world);
}

}  // namespace mc::kmip
