#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "net/client_end.h"
#include "net/http1_head.h"
#include "net/http1_write.h"
#include "net/net.h"

namespace mc::net {
namespace {

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

struct Reply {
  Response response;
  std::int64_t bytes_max = 0;
  std::size_t head_bytes = 0;
  bool too_large = false;
};

// Which addresses may be reached, and whether one that may not was tried.
struct Reach {
  const AddressRule* rule = nullptr;
  bool refused = false;
};

curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& reach = *static_cast<Reach*>(user);
  if (reach.rule != nullptr && !reach.rule->allows(address->addr)) {
    reach.refused = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// libcurl asks about once a second, whether or not bytes come; anything but 0 ends the request.
int has_ended(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(user)->load() ? 1 : 0;
}

constexpr std::size_t kHeadBytesMax = 256 << 10;

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& reply = *static_cast<Reply*>(user);
  if (static_cast<std::int64_t>(reply.response.body.size() + size) > reply.bytes_max) {
    reply.too_large = true;
    return 0;
  }
  reply.response.body.append(bytes, size);
  return size;
}

// One line a call; a status line starts a new head (after 1xx).
std::size_t take_head(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& reply = *static_cast<Reply*>(user);
  reply.head_bytes += size;
  if (reply.head_bytes > kHeadBytesMax) {
    reply.too_large = true;
    return 0;
  }
  std::string_view line(bytes, size);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.substr(0, 5) == "HTTP/") reply.response.headers.clear();
  const std::size_t colon = line.find(':');
  if (line.substr(0, 5) != "HTTP/" && colon != std::string_view::npos) {
    reply.response.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return size;
}

class CurlClient final : public Client {
 public:
  explicit CurlClient(std::shared_ptr<const std::atomic<bool>> ended)
      : easy_(curl_easy_init()), ended_(std::move(ended)) {}

  Result<Response> fetch(const ClientRequest& request) override {
    if (!easy_) return fail(Code::unavailable, "libcurl has no memory");
    if (!http1::is_token(request.method)) return fail(Code::invalid, "method is no token");
    if (!http1::fields_are_clean(request.headers)) {
      return fail(Code::invalid, "headers hold a name or value that cannot be sent");
    }
    Reply reply;
    reply.bytes_max = request.response_bytes_max;
    curl_easy_reset(easy_.get());  // keeps the connections
    set_fixed_options(reply);
    const std::unique_ptr<curl_slist, FreeList> list = set_request(request);
    Reach reach{request.addresses};
    set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    set(CURLOPT_OPENSOCKETDATA, &reach);
    if (ended_ != nullptr) {
      set(CURLOPT_NOPROGRESS, 0L);
      set(CURLOPT_XFERINFOFUNCTION, has_ended);
      set(CURLOPT_XFERINFODATA, ended_.get());
    }
    std::array<char, CURL_ERROR_SIZE> why{};
    set(CURLOPT_ERRORBUFFER, why.data());
    const CURLcode code = curl_easy_perform(easy_.get());
    if (code != CURLE_OK && reach.refused) return refused(request);
    if (code != CURLE_OK) return failure(request, code, reply.too_large, why.data());
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    reply.response.status = static_cast<int>(status);
    return std::move(reply.response);
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy_.get(), option, value);
  }

  // Nothing from the environment or from the server sends a request elsewhere.
  void set_fixed_options(Reply& reply) {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_WRITEFUNCTION, take_body);
    set(CURLOPT_WRITEDATA, &reply);
    set(CURLOPT_HEADERFUNCTION, take_head);
    set(CURLOPT_HEADERDATA, &reply);
  }

  std::unique_ptr<curl_slist, FreeList> set_request(const ClientRequest& request) {
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_TIMEOUT_MS,
        static_cast<long>(std::max<std::int64_t>(1, to_millis(request.timeout))));
    if (!request.ca_file.empty()) set(CURLOPT_CAINFO, request.ca_file.c_str());
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
               request.method == "PATCH") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    // curl's own guesses are turned off; the caller's headers follow.
    curl_slist* list = curl_slist_append(nullptr, "Expect:");
    bool typed = false;
    for (const auto& [name, value] : request.headers) {
      typed = typed || equals_ignoring_case(name, "content-type");
      // A field without a value is written "Name;" for curl.
      const std::string line = value.empty() ? name + ";" : name + ": " + value;
      list = curl_slist_append(list, line.c_str());
    }
    if (!typed) list = curl_slist_append(list, "Content-Type:");
    set(CURLOPT_HTTPHEADER, list);
    return std::unique_ptr<curl_slist, FreeList>(list);
  }

  static tl::unexpected<Error> refused(const ClientRequest& request) {
    const std::string where = request.url.substr(0, request.url.find_first_of("?#"));
    return fail(Code::denied, excerpt(where, 200) + " has an address that may not be reached");
  }

  static tl::unexpected<Error> failure(const ClientRequest& request, CURLcode code, bool too_large,
                                       const char* why) {
    // The URL's query may hold secrets and is left out.
    const std::string where = request.url.substr(0, request.url.find_first_of("?#"));
    if (too_large) {
      return fail(Code::exhausted, "reply of " + excerpt(where, 200) + " is larger than " +
                                       std::to_string(request.response_bytes_max) + " bytes");
    }
    const std::string_view text = *why != '\0' ? why : curl_easy_strerror(code);
    const bool wrong = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
                       code == CURLE_SSL_CACERT_BADFILE;
    return fail(wrong ? Code::invalid : Code::unavailable,
                excerpt(where, 200) + ": " + std::string(text));
  }

  std::unique_ptr<CURL, FreeEasy> easy_;
  std::shared_ptr<const std::atomic<bool>> ended_;  // null = never
};

}  // namespace

std::unique_ptr<Client> Client::make() {
  return make_client(nullptr);
}

std::unique_ptr<Client> make_client(std::shared_ptr<const std::atomic<bool>> ended) {
  // libcurl's own global state, set up before any thread uses it.
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  return std::make_unique<CurlClient>(std::move(ended));
}

}  // namespace mc::net
