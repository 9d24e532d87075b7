// AWS Signature Version 4, by libkms_message: the canonical request, the text that is signed, and
// the Authorization header. Pure but for what the library allocates.
//
// Neither the secret key nor the body of a request gets into memory of the library, which wipes
// nothing: it is given stand-ins of the same length, and asks us for its hashes. Of the library's
// code only the request builder is used; its readers of replies have known faults in 1.7.2.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.h"

namespace mc::aws {

struct SigningRequest {
  std::string method = "POST";
  std::string target = "/";  // path and query, not encoded
  // As they are sent, without X-Amz-Date; with Host. Content-Length is added and signed where there
  // is a body and it is not among them.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;
  std::string region;
  std::string service;
  WallTime time{};  // whole seconds of it are signed
};
struct SigningKeys {
  std::string_view access_key;
  std::string_view secret_key;
};
struct Signed {
  std::string canonical;
  std::string string_to_sign;
  std::string authorization;  // the value of the header
  std::string date;           // of X-Amz-Date: "20150830T123600Z"
};

// `invalid`: a query that is not made of name=value pairs, a NUL, or a time that has no such form.
Result<Signed> sign(const SigningRequest& request, const SigningKeys& keys);

}  // namespace mc::aws
