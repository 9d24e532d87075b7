// Source: random bytes for noise, buffered, never shared with a forked process.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "fixed/fixed.h"
#include "sys/secret_memory.h"
#include "sys/sys.h"

namespace mc::noise {

// What manifests say of this build: "csprng", or "test-seed" when it was configured with
// MC_NOISE_TEST_SEED: then every Source repeats the same known bytes, and verifiers refuse what it
// released.
std::string_view noise_source();

// One thread at a time. The buffer (64 KiB of sys::Random) and how much of it is left stand in
// memory that the kernel empties in a forked process, which so begins with bytes of its own. Bytes
// are overwritten when they are used, and all of them when the Source goes.
class Source {
 public:
  explicit Source(sys::Random& random);  // borrowed for life

  std::uint16_t next_16() { return take<std::uint16_t>(); }
  std::uint32_t next_32() { return take<std::uint32_t>(); }
  std::uint64_t next_64() { return take<std::uint64_t>(); }
  fixed::Uint128 next_128() { return fixed::Uint128{next_64()} << 64 | next_64(); }
  bool coin() { return (take<std::uint8_t>() & 1) != 0; }

  // Uniform below `end`, which is at least 1 (Lemire 2019, with its exact rejection).
  std::uint64_t below(std::uint64_t end);
  // True with probability numerator/denominator exactly; needs 2 bytes on average, for it compares
  // the digits of the fraction with random ones until they differ. The denominator is from 1 to
  // 2^127; from the denominator on it is always true.
  bool bernoulli(fixed::Uint128 numerator, fixed::Uint128 denominator);
  bool bernoulli(fixed::Probability p);  // exactly p, in constant time
  // True with probability e^(-numerator/denominator) exactly (Canonne, Kamath, Steinke 2020,
  // algorithm 1). The denominator is from 1 to 2^127, the numerator anything.
  bool bernoulli_exp(fixed::Uint128 numerator, fixed::Uint128 denominator);

  std::int64_t taken() const { return taken_; }  // bytes, in all; for tests and benches

 private:
  static constexpr std::size_t kBytes = 64 << 10;
  struct Buffer {
    std::uint64_t left;  // bytes of the end that are not used yet; 0 in a forked process
    std::uint8_t bytes[kBytes];
  };
  template <class T>
  T take() {
    Buffer& buffer = *buffer_;
    if (buffer.left < sizeof(T)) [[unlikely]]
      refill();
    T out = 0;
    std::uint8_t* at = buffer.bytes + (kBytes - buffer.left);
    std::memcpy(&out, at, sizeof(T));
    std::memset(at, 0, sizeof(T));
    buffer.left -= sizeof(T);
    taken_ += sizeof(T);
    return out;
  }
  void refill();
  bool bernoulli_exp_within_1(fixed::Uint128 numerator, fixed::Uint128 denominator);

  std::unique_ptr<sys::Random> own_;  // of a build with a test seed
  sys::Random& random_;
  sys::SecretMemory memory_;
  Buffer* buffer_;
  std::int64_t taken_ = 0;
};

}  // namespace mc::noise
