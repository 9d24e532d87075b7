#include "https/https.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace mc::https {
namespace {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  std::string out(text);
  curl_free(text);
  return out;
}

// libcurl has written short and odd forms of an IPv4 address ("127.1") in full by now.
bool is_loopback(const std::string& host) {
  if (host == "[::1]") return true;
  const auto digit_or_dot = [](char c) { return c == '.' || (c >= '0' && c <= '9'); };
  return host.starts_with("127.") && std::all_of(host.begin(), host.end(), digit_or_dot) &&
         std::count(host.begin(), host.end(), '.') == 3;
}

// The URL as libcurl itself reads it, so that what was checked is what is used.
Result<Url> read_url(const std::string& text) {
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (!std::all_of(text.begin(), text.end(), printable)) {
    return fail(Code::invalid, "the URL of a request has other than printable ASCII characters");
  }
  Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER) != 0) {
    return fail(Code::invalid, "the URL of a request is not an absolute one without a user");
  }
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  const bool plain = scheme == "http" && is_loopback(part_of(url.get(), CURLUPART_HOST));
  if (scheme != "https" && !plain) {
    return fail(Code::invalid, "the URL of a request must be https, or http of 127.0.0.1 or [::1]");
  }
  return url;
}

bool is_token(std::string_view text) {  // RFC 9110 section 5.6.2
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' && byte != 0x7f;
  });
}

bool is_named(const std::pair<std::string, std::string>& header, std::string_view name) {
  return equals_ignoring_case(header.first, name);
}

Status check(const kms::HttpRequest& request) {
  if (!is_token(request.method) || request.method == "HEAD" || request.method == "CONNECT") {
    return fail(Code::invalid, "the method of a request is none that can be sent");
  }
  for (const auto& header : request.headers) {
    if (!is_token(header.first) || !is_field_value(header.second)) {
      return fail(Code::invalid, "a header of a request is malformed");
    }
    if (is_named(header, "content-length") || is_named(header, "transfer-encoding")) {
      return fail(Code::invalid, "the length of a request is not for its maker to say");
    }
  }
  return ok();
}

// The headers of the request and no others: those that libcurl would add are taken out.
List header_list(const kms::HttpRequest& request) {
  std::vector<std::string> lines = {"Expect:"};
  for (const char* added : {"Accept", "Content-Type"}) {
    const bool given = std::any_of(request.headers.begin(), request.headers.end(),
                                   [&](const auto& header) { return is_named(header, added); });
    if (!given) lines.push_back(std::string(added) + ":");
  }
  for (const auto& [name, value] : request.headers) {
    // "Name:" would take one out.
    lines.emplace_back(name).append(value.empty() ? ";" : ": ").append(value);
  }
  List list;
  for (std::string& line : lines) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    wipe(line);  // may be a credential
    if (longer == nullptr) return nullptr;
    if (!list) list.reset(longer);  // else it is the same
  }
  return list;
}

// One exchange: what libcurl hands over is collected here, within the bounds.
struct Exchange {
  kms::HttpReply reply;
  std::size_t header_bytes = 0;
  int sent = 0;
  bool over = false;    // a bound was passed
  bool broken = false;  // a header that is none

  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { wipe(reply.body); }

  std::size_t take_header(std::string_view line) {
    header_bytes += line.size();
    over = over || header_bytes > kHeaderBytesMax;
    if (over) return 0;
    const std::size_t whole = line.size();
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {  // of the next reply: an interim one came before
      reply.headers.clear();
      return whole;
    }
    if (line.empty() || !reply.body.empty()) return whole;  // what follows a body is not used
    const std::size_t colon = line.find(':');
    broken = broken || colon == std::string_view::npos || !is_token(line.substr(0, colon));
    if (broken) return 0;
    reply.headers.emplace_back(to_lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    return whole;
  }
  std::size_t take_body(std::string_view bytes) {
    over = over || reply.body.size() + bytes.size() > kms::kReplyBytesMax;
    if (over) return 0;
    // Room for the whole at once: a string that grows leaves copies behind that nobody wipes.
    if (reply.body.capacity() < kms::kReplyBytesMax) reply.body.reserve(kms::kReplyBytesMax);
    reply.body.append(bytes);
    return bytes.size();
  }
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->take_header({data, size * count});
}
std::size_t on_body(char* data, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->take_body({data, size * count});
}
// Called when there is a connection and the request is about to leave. libcurl would send it again
// on a new connection when a kept one dies without an answer.
int before_request(void* exchange, char*, char*, int, int) {
  return static_cast<Exchange*>(exchange)->sent++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

Error failure(CURLcode code, const Exchange& exchange, const std::string& host) {
  const std::string who = "the reply of " + excerpt(host);
  if (exchange.over || code == CURLE_FILESIZE_EXCEEDED) {
    return {Code::corrupt, who + " is over the limit of " + std::to_string(kms::kReplyBytesMax) +
                               " bytes, or its headers of " + std::to_string(kHeaderBytesMax)};
  }
  // libcurl says UNSUPPORTED_PROTOCOL of HTTP/0.9, which is anything without a status line.
  if (exchange.broken || code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL) {
    return {Code::corrupt, who + " is no HTTP"};
  }
  if (exchange.sent > 1) {
    return {Code::unavailable, excerpt(host) + ": the connection was lost before the reply"};
  }
  return {Code::unavailable, excerpt(host) + ": " + curl_easy_strerror(code)};
}

// Sets options; one that libcurl does not take, and be it a bound, must not go unnoticed.
class Options {
 public:
  explicit Options(CURL* easy) : easy_(easy) { curl_easy_reset(easy); }
  template <class T>
  void set(CURLoption option, T value) {
    good_ = good_ && curl_easy_setopt(easy_, option, value) == CURLE_OK;
  }
  bool good() const { return good_; }

 private:
  CURL* easy_;
  bool good_ = true;
};

void set_bounds(Options& options, const kms::HttpRequest& request, Nanos left) {
  constexpr Nanos kLongest = seconds(3'600);
  options.set(CURLOPT_NOSIGNAL, 1L);
  // At the deadline a look-up that hangs is left behind; libcurl would wait for its end.
  options.set(CURLOPT_QUICK_EXIT, 1L);
  options.set(CURLOPT_TIMEOUT_MS,
              std::max(1L, static_cast<long>(to_millis(std::min(left, kLongest)))));
  options.set(CURLOPT_MAXFILESIZE, static_cast<long>(kms::kReplyBytesMax));
  options.set(CURLOPT_MAXCONNECTS, 1L);
  options.set(CURLOPT_FOLLOWLOCATION, 0L);
  options.set(CURLOPT_PROXY, "");
  options.set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  options.set(CURLOPT_PROTOCOLS_STR, "http,https");
  options.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  options.set(CURLOPT_HTTP09_ALLOWED, 0L);
  options.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  options.set(CURLOPT_SSL_VERIFYPEER, 1L);
  options.set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!request.ca_file.empty()) {
    options.set(CURLOPT_CAINFO, request.ca_file.c_str());
    options.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // else the system's as well
  }
  if (!request.client_cert_file.empty()) {
    options.set(CURLOPT_SSLCERT, request.client_cert_file.c_str());
    options.set(CURLOPT_SSLKEY, request.client_cert_file.c_str());
  }
}

void set_request(Options& options, const kms::HttpRequest& request, CURLU* url,
                 curl_slist* headers) {
  options.set(CURLOPT_CURLU, url);
  options.set(CURLOPT_HTTPHEADER, headers);
  if (request.method == "GET" && request.body.empty()) {
    options.set(CURLOPT_HTTPGET, 1L);
    return;
  }
  options.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  options.set(CURLOPT_POSTFIELDS, request.body.data());  // not copied
  options.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

// Handles that are idle, each with the connection of its last exchange; the oldest first.
class Idle {
 public:
  Easy take(const std::string& server) {
    return kept_.with([&](std::vector<Kept>& kept) {
      const auto found = std::find_if(kept.rbegin(), kept.rend(),
                                      [&](const Kept& one) { return one.server == server; });
      if (found == kept.rend()) return Easy(curl_easy_init());
      Easy easy = std::move(found->easy);
      kept.erase(std::next(found).base());
      return easy;
    });
  }
  void give(const std::string& server, Easy easy) {
    Easy surplus;  // closed outside of the lock
    kept_.with([&](std::vector<Kept>& kept) {
      if (kept.size() == kConnectionsMax) {
        surplus = std::move(kept.front().easy);
        kept.erase(kept.begin());
      }
      kept.push_back({server, std::move(easy)});
    });
  }

 private:
  struct Kept {
    std::string server;
    Easy easy;
  };
  Guarded<std::vector<Kept>> kept_;
};

class CurlTransport final : public kms::Transport {
 public:
  explicit CurlTransport(sys::Clock& clock) : clock_(clock) {}

  Result<kms::HttpReply> send(const kms::HttpRequest& request) override {
    MC_TRY(const Url url, read_url(request.url));
    MC_TRY_OK(check(request));
    const std::string host = part_of(url.get(), CURLUPART_HOST);
    const Nanos left = request.deadline - clock_.mono();
    if (left <= Nanos{0}) return fail(Code::unavailable, excerpt(host) + ": the deadline is over");

    const std::string server = host + ":" + part_of(url.get(), CURLUPART_PORT);
    Easy easy = idle_.take(server);
    const List headers = header_list(request);
    if (!easy || !headers) return fail(Code::unavailable, "libcurl has no memory");
    Exchange exchange;
    Options options(easy.get());
    set_bounds(options, request, left);
    set_request(options, request, url.get(), headers.get());
    options.set(CURLOPT_HEADERFUNCTION, on_header);
    options.set(CURLOPT_HEADERDATA, &exchange);
    options.set(CURLOPT_WRITEFUNCTION, on_body);
    options.set(CURLOPT_WRITEDATA, &exchange);
    options.set(CURLOPT_PREREQFUNCTION, before_request);
    options.set(CURLOPT_PREREQDATA, &exchange);
    if (!options.good()) return fail(Code::unavailable, "libcurl refuses a bound of the contract");

    const CURLcode code = curl_easy_perform(easy.get());
    if (code != CURLE_OK) return tl::unexpected(failure(code, exchange, host));
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    idle_.give(server, std::move(easy));
    exchange.reply.status = static_cast<int>(status);
    return std::move(exchange.reply);
  }

 private:
  sys::Clock& clock_;
  Idle idle_;
};

}  // namespace

std::unique_ptr<kms::Transport> transport(sys::Clock& clock) {
  return std::make_unique<CurlTransport>(clock);
}

}  // namespace mc::https
