// Pool: noise drawn ahead, so that the time of a release says nothing of its noise.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <variant>

#include "noise/mechanism.h"
#include "sys/secret_memory.h"

namespace mc::noise {

using Noise = std::variant<DiscreteLaplace, DiscreteGaussian>;

// How long an exact sampler runs depends on what it draws (Jin, McMurtry, Rubinstein, Ohrimenko
// 2022). Here samples are drawn kSamples at a time, and a release takes one that is there already:
// a read of memory. When none is left, a whole lot is drawn, whose time is that of kSamples
// samples. Call top_up() when nobody waits, and that time is nobody's.
//
// One thread at a time. Samples stand in memory that a forked process does not get, and each is
// overwritten when it is taken: none is used twice.
class Pool {
 public:
  static constexpr std::size_t kSamples = 256;  // drawn at a time, for each noise
  static constexpr std::size_t kNoises = 64;    // kept; the one not used for longest goes

  explicit Pool(Source& source) : source_(source) {}  // borrowed for life

  std::int64_t take(const Noise& noise);
  void top_up();  // refills what is less than half full
  std::size_t ready(const Noise& noise) const;

 private:
  struct Samples {
    std::uint64_t left;  // 0 in a forked process
    std::array<std::int64_t, kSamples> values;
  };
  struct Lot {
    explicit Lot(const Noise& what) : noise(what), memory(sizeof(Samples)) {}
    Samples& samples() { return *reinterpret_cast<Samples*>(memory.data()); }
    const Samples& samples() const { return *reinterpret_cast<const Samples*>(memory.data()); }
    Noise noise;
    sys::SecretMemory memory;
  };
  void fill(Lot& lot);
  Lot& lot_of(const Noise& noise);

  Source& source_;
  std::deque<std::unique_ptr<Lot>> lots_;  // the one used last stands first
};

}  // namespace mc::noise
