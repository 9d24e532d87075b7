#include "export/guard.h"

#include <charconv>

#include "kanon/intersection.h"

namespace mc::exporting {
namespace {

constexpr std::string_view kPromise = "k=";

// Takes "k=10\n" off the front; 0 when it is not there, as in maps of before.
std::uint32_t take_k(std::string_view& bytes) {
  if (!bytes.starts_with(kPromise)) return 0;
  std::uint32_t out = 0;
  const char* const begin = bytes.data() + kPromise.size();
  const auto [end, error] = std::from_chars(begin, bytes.data() + bytes.size(), out);
  if (error != std::errc()) return 0;
  bytes.remove_prefix(static_cast<std::size_t>(end - bytes.data()));
  if (bytes.starts_with('\n')) bytes.remove_prefix(1);
  return out;
}

std::string with(const kanon::Exposure& exposure, const std::vector<Classes>& earlier) {
  return exposure.earlier ? "export " + earlier[*exposure.earlier].id : "all earlier exports";
}

// Columns that are further up than they were.
std::string raised(const kanon::Problem& problem, const kanon::Levels& from,
                   const kanon::Levels& to) {
  std::string out;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == from[i]) continue;
    const kanon::Quasi& quasi = problem.quasi()[i];
    out +=
        (out.empty() ? "" : " and ") + (to[i] + 1U == quasi.hierarchy.levels()
                                            ? "leave out column '" + quasi.name + "'"
                                            : "generalise column '" + quasi.name + "' to level " +
                                                  std::to_string(to[i]) + " of its hierarchy");
  }
  return out;
}

std::string change_text(const Release& release, const kanon::GuardVerdict& verdict) {
  std::string out;
  if (verdict.generalise) {
    out = raised(release.problem(), release.solution().levels, verdict.generalise->levels) +
          " (loss " + kanon::pico_text(verdict.generalise->loss.geometric_pico) + ")";
  }
  if (verdict.suppress) {
    const std::uint64_t more =
        verdict.suppress->classes.suppressed - release.solution().classes.suppressed;
    out += (out.empty() ? "" : ", or ") +
           ("leave " + std::to_string(more) + " more rows out (loss ") +
           kanon::pico_text(verdict.suppress->loss.geometric_pico) + ")";
  }
  return out.empty() ? "none was found" : out;
}

}  // namespace

Result<std::string> check_earlier(const Release& release, const Secret& secret,
                                  const std::vector<Classes>& earlier) {
  std::vector<kanon::ClassMap> maps;
  for (const Classes& each : earlier) {
    std::string_view bytes = each.bytes;
    const std::uint32_t k = take_k(bytes);
    Result<kanon::ClassMap> map = kanon::ClassMap::decode(bytes);
    if (!map) {
      return fail(Code::corrupt,
                  "the classes of export " + each.id + ": " + std::move(map).error().what);
    }
    map->promise(k);
    maps.push_back(std::move(*map));
  }
  MC_TRY(const kanon::RowKeys keys, kanon::RowKeys::make(release.problem(), secret));
  const kanon::Solution& solution = release.solution();
  const kanon::GuardVerdict verdict =
      kanon::guard({release.problem(), keys, solution.classes, solution.levels}, maps);
  if (verdict.passes()) {
    return std::string(kPromise) + std::to_string(release.problem().sizes().k) + "\n" +
           verdict.map.encode();
  }
  const kanon::Exposure& worst = verdict.exposed.front();
  return fail(Code::denied,
              "export-intersects: together with " + with(worst, earlier) +
                  " it would tell apart a group of " + std::to_string(worst.smallest) + ", and " +
                  std::to_string(worst.k) + " is the least; the smallest change that would pass: " +
                  change_text(release, verdict));
}

}  // namespace mc::exporting
