// What AdmissionSim is given and what it counts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "admission/controller.h"

namespace mc::admission {

struct SimSender {  // one tenant
  std::string tenant;
  double per_second = 0;  // on average, at random
  double service_ms = 2;
  bool random_service = true;  // exponential
  std::uint32_t weight = 1, priority = 0, seats = 1;
  Class in = Class::interactive;
  Nanos leaves_after{};  // the client does when it still waits then; 0 = it stays
};
struct SimTally {
  std::uint64_t sent = 0, done = 0, refused = 0, ended = 0, left = 0;
  std::vector<Nanos> waits, totals;  // of those that ran: until then, and until they were done
  void add(const SimTally& of) {
    sent += of.sent;
    done += of.done;
    refused += of.refused;
    ended += of.ended;
    left += of.left;
    waits.insert(waits.end(), of.waits.begin(), of.waits.end());
    totals.insert(totals.end(), of.totals.begin(), of.totals.end());
  }
};

inline Nanos quantile_of(std::vector<Nanos> all, double share) {
  if (all.empty()) return {};
  const auto at = static_cast<std::ptrdiff_t>(static_cast<double>(all.size() - 1) * share);
  std::nth_element(all.begin(), all.begin() + at, all.end());
  return all[static_cast<std::size_t>(at)];
}

inline Settings fixed_seats(std::int64_t seats) {
  Settings settings;
  settings.limiter = {.seats_min = seats, .seats_start = seats, .seats_max = seats};
  return settings;
}

}  // namespace mc::admission
