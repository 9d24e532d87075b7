// What `maestro login` keeps: a token for each server, in a file only its owner can read.
#pragma once

#include <optional>
#include <string>

#include "base/base.h"
#include "identity/identity.h"
#include "sys/sys.h"

namespace mc::app {

class Credentials {
 public:
  // $XDG_CONFIG_HOME/maestro/credentials.json, or ~/.config/maestro/credentials.json. `invalid`
  // when neither variable is set.
  static Result<std::string> default_path();
  explicit Credentials(sys::Files& files, std::string path)
      : files_(files), path_(std::move(path)) {}

  // Nothing when there was no sign-in at this server; `corrupt` when the file is no such file.
  Result<std::optional<identity::AccessToken>> find(const std::string& url);
  Status put(const std::string& url, const identity::AccessToken& token);
  Result<bool> remove(const std::string& url);  // false when there was none

 private:
  sys::Files& files_;
  std::string path_;
};

}  // namespace mc::app
