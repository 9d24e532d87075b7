#include "burn/slo_watch.h"

#include <algorithm>
#include <array>

namespace mc::burn {
namespace {

struct Pair {
  Span of_long, of_short;
  double threshold;
};
constexpr std::array<Pair, kSloPairs> kPairs = {{{Span::hour, Span::minutes_5, 14.4},
                                                 {Span::hours_6, Span::minutes_30, 6},
                                                 {Span::days_3, Span::hours_6, 1}}};

const Pair& of(SloPair pair) {
  return kPairs[static_cast<std::size_t>(pair)];
}

Nanos length_of(Span span) {
  constexpr std::array<Nanos, kSpans> kLengths = {seconds(300), seconds(1'800), seconds(3'600),
                                                  seconds(6LL * 3'600), seconds(72LL * 3'600)};
  return kLengths[static_cast<std::size_t>(span)];
}

double burn_of(const Counts& counts, const Objective& objective) {
  if (counts.events() == 0) return 0;
  const double bad = static_cast<double>(counts.bad()) / static_cast<double>(counts.events());
  return bad / (1 - objective.good);
}

}  // namespace

std::string_view name_of(SloPair pair) {
  constexpr std::array<std::string_view, kSloPairs> kNames = {"fast", "slow", "creeping"};
  return kNames[static_cast<std::size_t>(pair)];
}

bool is_page(SloPair pair) {
  return pair != SloPair::creeping;
}

double threshold_of(SloPair pair) {
  return of(pair).threshold;
}

SloSpans spans_of(SloPair pair) {
  return {length_of(of(pair).of_long), length_of(of(pair).of_short)};
}

void SloWatch::judge(const Usage::Sums& sums, SloPair pair, WallTime wall,
                     std::vector<SloEvent>& events) {
  const auto [span_long, span_short, threshold] = of(pair);
  const Counts& of_long = sums.of[static_cast<std::size_t>(span_long)];
  const Counts& of_short = sums.of[static_cast<std::size_t>(span_short)];
  SloEvent event;
  event.tenant = sums.tenant;
  event.pair = pair;
  event.at = wall;
  event.burn_long = burn_of(of_long, objective_);
  event.burn_short = burn_of(of_short, objective_);
  event.of_long = of_long;
  event.of_short = of_short;
  event.firing =
      event.burn_long > threshold && event.burn_short > threshold && of_long.bad() >= kBadMin;
  bool& firing = firing_[{sums.tenant, pair}];
  if (firing != event.firing) events.push_back(event);
  firing = event.firing;
}

std::vector<SloEvent> SloWatch::look(const Usage& usage, MonoTime now, WallTime wall) {
  std::vector<SloEvent> events;
  Usage::Sums all;
  const auto judge_pairs = [&](const Usage::Sums& sums) {
    for (int i = 0; i < kSloPairs; ++i) judge(sums, static_cast<SloPair>(i), wall, events);
  };
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names = {""};
  for (const Usage::Sums& sums : usage.sums(now)) {
    for (std::size_t i = 0; i < kSpans; ++i) all.of[i].add(sums.of[i]);
    if (sums.tenant == kOtherTenants) continue;
    judge_pairs(sums);
    names.push_back(sums.tenant);
  }
  judge_pairs(all);
  std::erase_if(firing_, [&](const auto& one) {
    return !one.second && !std::ranges::binary_search(names, one.first.first);
  });
  return events;
}

bool SloWatch::guards() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(firing_, [](const auto& one) {
    return one.second && one.first.first.empty() && is_page(one.first.second);
  });
}

}  // namespace mc::burn
