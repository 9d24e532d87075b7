// Secret: bytes that must not be copied, printed or left in memory.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace mc {

// Naming the token at each use makes one search list every place that reads a secret.
struct RevealToken {
  explicit RevealToken() = default;
};

// Overwrites the bytes in a way that the optimiser keeps.
void wipe(std::string& bytes);

// Equal in constant time for equal lengths.
bool equal_constant_time(std::string_view a, std::string_view b);

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    wipe(bytes_);
    bytes_ = std::move(other.bytes_);
    wipe(other.bytes_);
    return *this;
  }
  ~Secret() { wipe(bytes_); }

  std::string_view reveal(RevealToken) const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

}  // namespace mc
