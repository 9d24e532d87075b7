// What a binding of a transit engine says.
#pragma once

#include <cstdint>
#include <string>

#include "base/base.h"
#include "kms/kms.h"

namespace mc::transit {

enum class Login : std::uint8_t { token, approle, jwt };
struct Binding {
  std::string uri;
  std::string base;   // "https://vault.example.org:8200/v1/"
  std::string mount;  // "transit", or "team/transit"
  std::string name;
  Login login = Login::token;
  std::string token_file;
  std::string role_id_file;
  std::string secret_id_file;
  std::string jwt_file;
  std::string role;
  std::string auth_mount;
  std::string name_space;  // "" = none
  std::string ca_file;     // "" = the system's
};
// `invalid` names the part, the option or the file that is unknown, missing or malformed.
Result<Binding> read_binding(const std::string& uri, const kms::Credentials& credentials);

}  // namespace mc::transit
