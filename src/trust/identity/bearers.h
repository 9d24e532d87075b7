// Callers of the provider's access tokens. Private to the module.
//
// What a good token says is remembered while neither the directory nor the provider's keys have
// changed, so a signature is checked once. Tokens that are not good are never remembered.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/base.h"
#include "identity/identity.h"
#include "identity/index.h"

namespace mc::identity {

inline constexpr std::size_t kBearersRemembered = 10'000;  // one more forgets all

class Bearers {
 public:
  explicit Bearers(std::shared_ptr<const Issuer> issuer) : issuer_(std::move(issuer)) {}

  // Null when the token is not good, or its tenant or principal not active.
  std::shared_ptr<const Caller> check(std::string_view token,
                                      const std::shared_ptr<const Index>& index, WallTime now);

 private:
  struct Remembered {
    std::shared_ptr<const Index> index;
    std::uint64_t keys = 0;
    std::unordered_map<std::string, std::shared_ptr<const Caller>> callers;  // by raw SHA-256
  };
  std::shared_ptr<const Caller> read(std::string_view token, const std::string& hash,
                                     const Index& index) const;

  std::shared_ptr<const Issuer> issuer_;
  Guarded<Remembered> remembered_;
};

}  // namespace mc::identity
