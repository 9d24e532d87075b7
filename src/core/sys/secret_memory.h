// SecretMemory: pages for random bytes and noise that no other process may come to see.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mc::sys {

// Zeroed at first; all zero again in a forked process (MADV_WIPEONFORK), left out of core dumps,
// and overwritten before it is given back. So state that must not be shared, and the count that
// says how much of it is good, stand in here together: a child reads zeros and begins anew. A
// machine that cannot promise this ends the program: noise that two processes share is no noise.
class SecretMemory {
 public:
  explicit SecretMemory(std::size_t bytes);
  SecretMemory(const SecretMemory&) = delete;
  SecretMemory& operator=(const SecretMemory&) = delete;
  ~SecretMemory();
  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace mc::sys
