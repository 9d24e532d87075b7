#include "export/guard.h"

#include <algorithm>
#include <charconv>

namespace mc::exporting {
namespace {

constexpr std::string_view kPromise = "k=";
constexpr std::size_t kDigestBytes = 32;

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

std::string with(const kanon::Exposure& exposure, const Earlier& earlier) {
  return exposure.earlier ? "export " + earlier.of_map(*exposure.earlier) : "all earlier exports";
}

std::string told_text(const kanon::Exposure& worst) {
  const std::string group = "apart a group of " + std::to_string(worst.smallest);
  if (worst.criterion.empty()) return group + ", and " + std::to_string(worst.k) + " is the least";
  return group + " that has not " + worst.criterion;
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
  if (out.empty()) out = "none was found";
  return verdict.complete ? out : out + "; the search for one ended early (300 tries, or 5 s)";
}

}  // namespace

Status Earlier::add(const Classes& classes) {
  if (classes.bytes.empty()) return ok();
  std::string_view bytes = classes.bytes;
  const std::uint32_t k = take_k(bytes);
  const auto corrupt = [&](const std::string& why) {
    return fail(Code::corrupt, "the classes of export " + classes.id + ": " + why);
  };
  // The digest that it ends with is of all before it; decode() holds it against that.
  const std::string digest(bytes.substr(bytes.size() - std::min(bytes.size(), kDigestBytes)));
  const auto known = by_digest_.find(digest);
  ids_.push_back(classes.id);
  if (known != by_digest_.end()) {
    kanon::ClassMap& map = maps_[known->second];
    if (map.encode() != bytes) return corrupt("they are not what their digest says");
    map.promise(std::max(map.k(), k));
    return ok();
  }
  const std::optional<std::uint64_t> rows = kanon::ClassMap::rows_in(bytes);
  if (!rows) return corrupt("they are cut short");
  rows_ += static_cast<std::int64_t>(*rows);
  if (rows_ > rows_max_) {
    return fail(Code::denied, "export-guard-limit: the dataset's earlier exports have more than " +
                                  std::to_string(rows_max_) +
                                  " rows to be held against (exports.guard_rows_max)");
  }
  Result<kanon::ClassMap> map = kanon::ClassMap::decode(bytes);
  if (!map) return corrupt(map.error().what);
  map->promise(k);
  by_digest_.emplace(digest, maps_.size());
  maps_.push_back(std::move(*map));
  first_.push_back(classes.id);
  return ok();
}

Result<std::string> check_earlier(const Release& release, const Secret& secret,
                                  const Earlier& earlier, const std::function<bool()>& goes_on) {
  MC_TRY(const kanon::RowKeys keys, kanon::RowKeys::make(release.problem(), secret));
  const kanon::Solution& solution = release.solution();
  const kanon::GuardVerdict verdict =
      kanon::guard({release.problem(), keys, solution.classes, solution.levels}, earlier.maps(),
                   {.goes_on = goes_on});
  if (verdict.passes()) {
    return std::string(kPromise) + std::to_string(release.problem().sizes().k) + "\n" +
           verdict.map.encode();
  }
  const kanon::Exposure& worst = verdict.exposed.front();
  return fail(Code::denied,
              "export-intersects: together with " + with(worst, earlier) + " it would tell " +
                  told_text(worst) +
                  "; the smallest change that would pass: " + change_text(release, verdict));
}

}  // namespace mc::exporting
