#include "budget/preview.h"

#include <algorithm>
#include <tuple>

#include "budget/replay.h"

namespace mc::budget {

Result<Preview> preview(const Journal& journal, Override wanted, WallTime now) {
  wanted.id = "preview";
  wanted.state = OverrideState::active;
  wanted.from = WallTime{};
  wanted.until = WallTime{INT64_MAX};
  std::optional<Comparison> comparison;
  std::optional<WallTime> first;  // of the decisions that are in the window
  const Between between{now - kPreviewWindow, WallTime{INT64_MAX}};
  MC_TRY_OK(journal.each([&](const JournalEvent& event) -> Status {
    if (const auto* header = std::get_if<JournalHeader>(&event)) {
      comparison.emplace(Comparison::Options{header->settings, "", between, wanted});
    }
    const auto* decision = std::get_if<Decision>(&event);
    if (decision != nullptr && !first && between.has(decision->wall)) first = decision->wall;
    return comparison->run(event);
  }));

  const Comparison::Report& report = comparison->report();
  Preview out;
  if (first && *first < now) out.window = now - *first;
  if (const auto own = report.tenants.find(wanted.tenant); own != report.tenants.end()) {
    const Comparison::Counts& counts = own->second;
    out.decisions = counts.decisions + counts.not_reached;
    out.rejected_before = counts.denied;
    out.admitted_instead = counts.passes;
    out.refused_instead = counts.refused;
    out.rejected_after = counts.denied - counts.passes + counts.refused;
  }
  for (const auto& [tenant, counts] : report.losers) {
    if (tenant != wanted.tenant) out.payers.push_back({tenant, counts.refused});
  }
  out.payers_count = static_cast<std::int64_t>(out.payers.size());
  std::ranges::sort(out.payers, [](const Preview::Payer& a, const Preview::Payer& b) {
    return std::tie(b.refused, a.tenant) < std::tie(a.refused, b.tenant);
  });
  out.payers.resize(std::min(out.payers.size(), kPayersShown));
  return out;
}

}  // namespace mc::budget
