#include "noise/source.h"

#include <memory>
#include <span>

namespace mc::noise {

using fixed::Probability;
using fixed::Uint128;

namespace {

#ifdef MC_NOISE_TEST_SEED
constexpr std::string_view kNoiseSource = "test-seed";

// SplitMix64 (Steele, Lea, Flood 2014) from a known start, whatever randomness there is.
class KnownBytes final : public sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) {
      std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      byte = static_cast<std::uint8_t>(z >> 56);
    }
  }

 private:
  std::uint64_t state_ = 0;
};

std::unique_ptr<sys::Random> own_random() {
  return std::make_unique<KnownBytes>();
}
#else
constexpr std::string_view kNoiseSource = "csprng";

std::unique_ptr<sys::Random> own_random() {
  return nullptr;
}
#endif

// A probability is compared digit by digit of this many bits, as long as it fits in 128 of them.
constexpr int kDigitBits = 16;
constexpr Uint128 kDigitDenominatorMost = Uint128{1} << (128 - kDigitBits);

// P(1 + a run of this length) is 1/1024!: a longer one means that the randomness is broken.
constexpr std::uint64_t kRunMost = 1024;

}  // namespace

std::string_view noise_source() {
  return kNoiseSource;
}

Source::Source(sys::Random& random)
    : own_(own_random()),
      random_(own_ == nullptr ? random : *own_),
      memory_(sizeof(Buffer)),
      buffer_(reinterpret_cast<Buffer*>(memory_.data())) {}

// Bytes that are left over are too few for what is asked, and are not used.
void Source::refill() {
  random_.fill(buffer_->bytes);
  buffer_->left = kBytes;
}

std::uint64_t Source::below(std::uint64_t end) {
  MC_CHECK(end > 0);
  if (end <= UINT32_MAX) {
    const auto small = static_cast<std::uint32_t>(end);
    std::uint64_t product = std::uint64_t{next_32()} * small;
    if (static_cast<std::uint32_t>(product) < small) [[unlikely]] {
      const std::uint32_t least = (0 - small) % small;
      while (static_cast<std::uint32_t>(product) < least) {
        product = std::uint64_t{next_32()} * small;
      }
    }
    return product >> 32;
  }
  Uint128 product = Uint128{next_64()} * end;
  if (static_cast<std::uint64_t>(product) < end) [[unlikely]] {
    const std::uint64_t least = (0 - end) % end;
    while (static_cast<std::uint64_t>(product) < least) product = Uint128{next_64()} * end;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

// The digits of numerator/denominator come by long division, those of a uniform number by chance;
// the first that differ tell which is less.
bool Source::bernoulli(Uint128 numerator, Uint128 denominator) {
  MC_CHECK(denominator > 0 && denominator <= Uint128{1} << 127);
  if (numerator >= denominator) return true;
  if (denominator < std::uint64_t{1} << (64 - kDigitBits)) {
    const auto by = static_cast<std::uint64_t>(denominator);
    for (auto rest = static_cast<std::uint64_t>(numerator);;) {
      if (rest == 0) return false;
      const std::uint64_t digit = (rest << kDigitBits) / by;
      const std::uint64_t chance = next_16();
      if (chance != digit) return chance < digit;
      rest = (rest << kDigitBits) - digit * by;
    }
  }
  const int bits = denominator <= kDigitDenominatorMost ? kDigitBits : 1;
  for (Uint128 rest = numerator;;) {
    if (rest == 0) return false;
    const Uint128 digit = (rest << bits) / denominator;
    const Uint128 chance = bits == 1 ? Uint128{coin()} : Uint128{next_16()};
    if (chance != digit) return chance < digit;
    rest = (rest << bits) - digit * denominator;
  }
}

bool Source::bernoulli(Probability p) {
  return next_128() >> 1 < p.raw();
}

// True when the first k with a false Bernoulli(n/d/k) is odd. The factor 1/k is drawn apart, which
// keeps the denominator as it is.
bool Source::bernoulli_exp_within_1(Uint128 numerator, Uint128 denominator) {
  for (std::uint64_t k = 1;; ++k) {
    MC_CHECK(k < kRunMost);
    const bool one_in_k = k == 1 || (k == 2 ? coin() : bernoulli(1, k));
    if (!one_in_k || !bernoulli(numerator, denominator)) return (k & 1) != 0;
  }
}

bool Source::bernoulli_exp(Uint128 numerator, Uint128 denominator) {
  MC_CHECK(denominator > 0 && denominator <= Uint128{1} << 127);
  for (; numerator > denominator; numerator -= denominator) {
    if (!bernoulli_exp_within_1(1, 1)) return false;
  }
  return bernoulli_exp_within_1(numerator, denominator);
}

}  // namespace mc::noise
