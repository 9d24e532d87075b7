// How providers speak HTTPS: one exchange at a time, with every bound named. Implemented by an
// adapter over libcurl; tests have one that plays a script.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/base.h"

namespace mc::kms {

inline constexpr std::size_t kReplyBytesMax = 64 << 10;

struct HttpRequest {
  std::string method = "POST";
  std::string url;  // https, or http of a loopback address
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string ca_file = "";           // trusted instead of the system's; "" = the system's
  std::string client_cert_file = "";  // PEM with its key; "" = none
  MonoTime deadline;
};
struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;                                          // at most kReplyBytesMax
  // "" = there is none.
  std::string_view header(std::string_view name) const;
};

// Thread-safe; blocks. Never follows a redirect, never uses a proxy of the environment, checks
// certificates and names always, speaks TLS 1.2 or later. `unavailable`: no whole reply by the
// deadline; `corrupt`: a reply over the limit or that is no HTTP; `invalid`: the URL. Bodies of
// requests and replies are wiped by whoever made them.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<HttpReply> send(const HttpRequest& request) = 0;
};

}  // namespace mc::kms
