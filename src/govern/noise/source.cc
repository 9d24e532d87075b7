#include "noise/source.h"

#include <bit>
#include <span>

namespace mc::noise {

using fixed::Probability;
using fixed::Uint128;

#ifdef MC_NOISE_TEST_SEED
namespace {

// SplitMix64 (Steele, Lea, Flood 2014) from a known start: for builds that are compared, never
// shipped.
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

}  // namespace

std::string_view noise_source() {
  return "test-seed";
}
#else
std::string_view noise_source() {
  return "csprng";
}
#endif

}  // namespace mc::noise
