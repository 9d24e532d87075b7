#include "admission/limiter.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mc::admission {
namespace {

constexpr Nanos kSlotLength = seconds(10);
constexpr std::uint64_t kSlotLeast = 30;  // answers of which a median is taken
constexpr std::size_t kQuietLeast = 3;    // slots that may say what is normal
constexpr double kNoLoadShare = 0.05;
// A decision: after so many answers and so long, or with few of them after longer.
constexpr std::int64_t kWindowAnswers = 200, kWindowFew = 30;
constexpr Nanos kWindowShort = millis(200), kWindowLong = seconds(2), kWindowMost = seconds(10);
constexpr std::uint64_t kClassLeast = 10;  // answers of a class in a window, to be heard
// Of a median's relative error, times the root of the number of answers: one deviation where times
// are spread exponentially.
constexpr double kErrorFactor = 1.5, kSureFactor = 6;
constexpr double kFailedShare = 0.1, kFailedCut = 0.1;
constexpr double kCutMost = 0.3;                                   // of the seats, at once
constexpr double kCutEvidence = 0.7, kSlower = 0.9, kWorse = 1.1;  // of seats, of slowness
constexpr double kBinding = 0.7;                                   // of the seats, in use

}  // namespace

Limiter::Limiter(const LimiterSettings& settings) {
  reset(settings);
}

void Limiter::reset(const LimiterSettings& settings) {
  settings_ = settings;
  seats_ =
      static_cast<double>(std::clamp(settings.seats_start, settings.seats_min, settings.seats_max));
  for (auto& of : classes_) of.reset();
  begun_ = false;
  cut_from_ = 0;
}

Nanos Limiter::no_load(std::uint32_t route_class) const {
  const auto& of = classes_[std::min(route_class, kRouteClassesMax - 1)];
  return of == nullptr ? Nanos{} : Nanos{of->no_load};
}

std::size_t Limiter::bytes() const {
  const auto made = std::ranges::count_if(classes_, [](const auto& of) { return of != nullptr; });
  return static_cast<std::size_t>(made) * sizeof(RouteClass);
}

bool Limiter::add(const Sample& sample) {
  if (!begun_) {
    begun_ = true;
    window_ = {.begin = sample.now};
    slot_begin_ = sample.now;
    slot_in_use_most_ = 0;
  }
  if (sample.now - slot_begin_ >= kSlotLength) close_slots(sample.now);
  window_.in_use_sum += sample.in_use;
  window_.in_use_most = std::max(window_.in_use_most, sample.in_use);
  slot_in_use_most_ = std::max(slot_in_use_most_, sample.in_use);
  auto& of = classes_[std::min(sample.route_class, kRouteClassesMax - 1)];
  if (of == nullptr) of = std::make_unique<RouteClass>();
  if (sample.ok) {
    of->window.add(sample.service);
    of->slot.add(sample.service);
    ++window_.answered;
  } else {
    ++window_.failed;
    ++of->failed;
  }
  if (!due(sample.now)) return false;
  const std::int64_t before = seats();
  if (window_.answered + window_.failed >= kWindowFew) decide();
  for (auto& each : classes_) {
    if (each == nullptr) continue;
    if (each->window.count() > 0) each->window.clear();
    each->failed = 0;
  }
  window_ = {.begin = sample.now};
  return seats() != before;
}

bool Limiter::due(MonoTime now) const {
  const Nanos age = now - window_.begin;
  const std::int64_t count = window_.answered + window_.failed;
  return (count >= kWindowAnswers && age >= kWindowShort) ||
         (count >= kWindowFew && age >= kWindowLong) || age >= kWindowMost;
}

void Limiter::close_slots(MonoTime now) {
  const bool quiet = 2 * slot_in_use_most_ <= seats();
  const std::int64_t passed = (now - slot_begin_).count / kSlotLength.count;
  for (auto& of : classes_) {
    if (of != nullptr) of->slot_quiet = of->slot_quiet && quiet;
  }
  for (std::int64_t i = 0; i < std::min<std::int64_t>(passed, kSlots); ++i) {
    slot_at_ = (slot_at_ + 1) % kSlots;
    for (auto& of : classes_) {
      if (of != nullptr) close_slot(*of);
    }
  }
  slot_begin_ = slot_begin_ + kSlotLength * passed;
  slot_in_use_most_ = 0;
}

// A slot with too few answers goes on in the next one.
void Limiter::close_slot(RouteClass& of) {
  of.slots[slot_at_] = {};
  if (of.slot.count() < kSlotLeast) return;
  of.slots[slot_at_] = {of.slot.quantile(0.5).count, of.slot_quiet};
  of.slot.clear();
  of.slot_quiet = true;
  std::vector<std::int64_t> all, quiet;
  for (const Slot& slot : of.slots) {
    if (slot.median == 0) continue;
    all.push_back(slot.median);
    if (slot.quiet) quiet.push_back(slot.median);
  }
  const bool by_quiet = quiet.size() >= kQuietLeast;
  std::vector<std::int64_t>& from = by_quiet ? quiet : all;
  const auto rank = static_cast<std::ptrdiff_t>(static_cast<double>(from.size()) * kNoLoadShare);
  std::nth_element(from.begin(), from.begin() + rank, from.end());
  const std::int64_t found = from[static_cast<std::size_t>(rank)];
  of.no_load = by_quiet || of.no_load == 0 ? found : std::min(of.no_load, found);
}

// no_load / now over all classes, by the time that they take; with the margin, as much of it as may
// be chance is not counted.
double Limiter::quickness(bool with_margin) {
  double sum = 0, weights = 0;
  for (auto& of : classes_) {
    if (of == nullptr || of->window.count() < kClassLeast) continue;
    const auto count = static_cast<double>(of->window.count());
    const double median = std::max(1.0, static_cast<double>(of->window.quantile(0.5).count));
    if (of->no_load == 0) of->no_load = static_cast<std::int64_t>(median);
    const double margin = with_margin ? 1 + kErrorFactor / std::sqrt(count) : 1;
    const double ratio = static_cast<double>(of->no_load) * margin / median;
    sum += count * median * (with_margin ? std::min(1.0, ratio) : ratio);
    weights += count * median;
  }
  return weights == 0 ? 1 : std::max(sum / weights, 1e-9);
}

// Of two windows the first has answers from before.
bool Limiter::learns_faster() {
  bool any = false;
  for (auto& of : classes_) {
    if (of == nullptr || of->window.count() < kClassLeast || of->no_load == 0) continue;
    const Nanos median = of->window.quantile(0.5);
    const double sure = 1 + kSureFactor / std::sqrt(static_cast<double>(of->window.count()));
    const bool faster = static_cast<double>(median.count) * sure < static_cast<double>(of->no_load);
    if (faster && of->faster) of->no_load = std::max<std::int64_t>(1, median.count);
    of->faster = faster && !of->faster;
    any = any || of->faster;
  }
  return any;
}

bool Limiter::fails() const {
  const auto too_many = [](std::int64_t failed, std::int64_t all) {
    return static_cast<double>(failed) >= kFailedShare * static_cast<double>(all);
  };
  if (!too_many(window_.failed, window_.answered + window_.failed)) return false;
  for (const auto& of : classes_) {
    if (of == nullptr) continue;
    const std::int64_t all = static_cast<std::int64_t>(of->window.count()) + of->failed;
    if (all >= static_cast<std::int64_t>(kClassLeast) && !too_many(of->failed, all)) return false;
  }
  return true;
}

void Limiter::decide() {
  const auto count = static_cast<double>(window_.answered + window_.failed);
  const double in_use = static_cast<double>(window_.in_use_sum) / count;
  if (fails()) {
    seats_ = std::max(static_cast<double>(settings_.seats_min), seats_ * (1 - kFailedCut));
    return;
  }
  if (learns_faster()) return;
  const double slowness = 1 / quickness(false);
  const double queued = in_use * (1 - quickness(true));
  const double step = std::max(1.0, std::log10(seats_));
  const double few = 3 * step, many = 6 * step;
  if (queued > many) {
    shrink(std::clamp((queued - many) / 2, step, kCutMost * seats_), slowness, in_use);
    return;
  }
  if (2 * window_.in_use_most < seats() || queued >= few) return;
  cut_from_ = 0;
  seats_ =
      std::min(static_cast<double>(settings_.seats_max), seats_ + (queued <= step ? many : step));
}

void Limiter::shrink(double by, double slowness, double in_use) {
  if (cut_from_ == 0 || slowness > kWorse * cut_slowness_) {  // it begins
    cut_from_ = seats_;
    cut_slowness_ = slowness;
  } else if (seats_ <= kCutEvidence * cut_from_ && in_use >= kBinding * seats_) {
    if (slowness >= kSlower * cut_slowness_) {
      take_as_normal();
      return;
    }
    cut_from_ = seats_;
    cut_slowness_ = slowness;
  }
  seats_ = std::max(static_cast<double>(settings_.seats_min), seats_ - by);
}

void Limiter::take_as_normal() {
  for (auto& of : classes_) {
    if (of == nullptr) continue;
    const auto median = of->window.count() >= kClassLeast ? of->window.quantile(0.5).count : 0;
    of->slots = {};
    of->slot.clear();
    of->slot_quiet = true;
    of->no_load = median;
  }
  cut_from_ = 0;
}

}  // namespace mc::admission
