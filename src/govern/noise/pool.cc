#include "noise/pool.h"

#include <algorithm>

namespace mc::noise {

void Pool::fill(Lot& lot) {
  Samples& samples = lot.samples();
  while (samples.left < kSamples) {
    samples.values[samples.left] =
        std::visit([this](const auto& noise) { return noise.draw(source_); }, lot.noise);
    ++samples.left;
  }
}

Pool::Lot& Pool::lot_of(const Noise& noise) {
  const auto found = std::find_if(lots_.begin(), lots_.end(),
                                  [&](const auto& lot) { return lot->noise == noise; });
  if (found == lots_.end()) {
    if (lots_.size() == kNoises) lots_.pop_back();
    lots_.push_front(std::make_unique<Lot>(noise));
  } else {
    std::rotate(lots_.begin(), found, found + 1);
  }
  return *lots_.front();
}

std::int64_t Pool::take(const Noise& noise) {
  Lot& lot = lot_of(noise);
  Samples& samples = lot.samples();
  if (samples.left == 0) fill(lot);
  std::int64_t& last = samples.values[samples.left - 1];
  const std::int64_t out = last;
  last = 0;
  --samples.left;
  return out;
}

void Pool::top_up() {
  for (const auto& lot : lots_) {
    if (lot->samples().left < kSamples / 2) fill(*lot);
  }
}

std::size_t Pool::ready(const Noise& noise) const {
  const auto found = std::find_if(lots_.begin(), lots_.end(),
                                  [&](const auto& lot) { return lot->noise == noise; });
  return found == lots_.end() ? 0 : static_cast<std::size_t>((*found)->samples().left);
}

}  // namespace mc::noise
