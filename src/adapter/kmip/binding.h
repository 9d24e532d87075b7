// What a binding of KMIP says: `kmip:HOST:PORT/UNIQUE-IDENTIFIER`, its files and options.
#pragma once

#include <string>

#include "base/base.h"
#include "kms/kms.h"

namespace mc::kmip {

struct Binding {
  std::string uri;
  std::string host;  // a name, an IPv4 address, or an IPv6 address in brackets
  std::string port;
  std::string id;
  std::string cert_file;
  std::string key_file;
  std::string ca_file;
  bool cbc = false;
};
// `invalid` names the part, the option or the file that is unknown, missing or malformed.
Result<Binding> read_binding(const std::string& uri, const kms::Credentials& credentials);

}  // namespace mc::kmip
