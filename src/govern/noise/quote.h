// What a release will be off by, for quotes and error bars: by formula, rounded outwards.
#pragma once

#include <cstdint>

#include "noise/mechanism.h"

namespace mc::noise {

// The true value is from `low` to `high`.
struct Bounds {
  fixed::Fixed low, high;
};

// 2p/(1-p)^2 with p = e^(-1/scale). `high` is infinite from 2^63 on; the deviation always fits.
Bounds variance(const DiscreteLaplace& noise);
Bounds deviation(const DiscreteLaplace& noise);  // the standard deviation: the RMSE of a release
// By its sum up to sigma 64, then within e^-80000 of sigma^2.
Bounds variance(const DiscreteGaussian& noise);
Bounds deviation(const DiscreteGaussian& noise);

// A bound of P(|X| >= t); t < 0 counts as 0.
fixed::Probability tail(const DiscreteLaplace& noise, std::int64_t t, fixed::Round round);
fixed::Probability tail(const DiscreteGaussian& noise, std::int64_t t, fixed::Round round);

// A w with P(|X| <= w) >= confidence, so that value +- w is an interval of that confidence: the
// least one, or one more where the bounds of the tail do not tell.
std::int64_t half_width(const DiscreteLaplace& noise, fixed::Probability confidence);
std::int64_t half_width(const DiscreteGaussian& noise, fixed::Probability confidence);
fixed::Probability confidence_95();

}  // namespace mc::noise
