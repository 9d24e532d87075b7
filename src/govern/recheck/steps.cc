#include "recheck/steps.h"

#include <algorithm>

#include "recheck/decimal.h"

namespace mc::recheck {
namespace {

constexpr std::size_t kShownMax = 160;  // bytes of a class in a message

std::string number_of(std::int64_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string(what);
}

// Rows whose quasi-identifiers are stars, and this sensitive column too.
std::int64_t stars_of(const Release& release, const SensitiveCount& column) {
  for (std::size_t i = 0; i < column.values.size() && release.starred; ++i) {
    if (column.values.text(i) != kStar) continue;
    return column.pairs.rows(*release.starred, static_cast<std::uint32_t>(i));
  }
  return 0;
}

}  // namespace

Release::Release(const Manifest& of, const Count& in) : manifest(of), count(in) {
  for (std::size_t i = 0; i < in.classes().size(); ++i) rows.push_back(in.classes().rows(i));
  if (of.suppression.form != SuppressionForm::starred) return;
  for (std::size_t i = 0; i < rows.size() && !starred; ++i) {
    const std::vector<std::string_view> all = texts(i);
    if (std::all_of(all.begin(), all.end(), [](std::string_view text) { return text == kStar; })) {
      starred = static_cast<std::uint32_t>(i);
    }
  }
  starred_rows = starred ? rows[*starred] : 0;
  missing_stars = std::max<std::int64_t>(0, of.suppression.rows - starred_rows);
  if (starred) rows[*starred] -= std::min(starred_rows, of.suppression.rows);
}

std::vector<std::string_view> Release::texts(std::size_t number) const {
  std::string_view key = count.classes().text(number);
  std::vector<std::string_view> out;
  while (!key.empty()) out.push_back(take_key_text(key));
  return out;
}

std::string_view Release::text(std::size_t number, std::size_t place) const {
  std::string_view key = count.classes().text(number);
  for (; place > 0; --place) take_key_text(key);
  return take_key_text(key);
}

std::string Release::shown(std::size_t number) const {
  std::string out;
  for (const std::string_view text : texts(number)) {
    out.append(out.empty() ? "(" : ", ").append(text);
  }
  return excerpt(out, kShownMax) + ")";
}

Result<std::string> check_k(const Release& release) {
  const std::int64_t k = release.manifest.k;
  std::int64_t below = 0, classes = 0;
  std::size_t least = 0;
  for (std::size_t i = 0; i < release.rows.size(); ++i) {
    if (release.rows[i] == 0) continue;
    ++classes;
    if (release.rows[i] < k) ++below;
    if (release.rows[least] == 0 || release.rows[i] < release.rows[least]) least = i;
  }
  if (below > 0) {
    return fail(Code::corrupt, number_of(below, "of ") + std::to_string(classes) +
                                   " classes have fewer than k = " + std::to_string(k) +
                                   " rows; the smallest is " + release.shown(least) + " with " +
                                   std::to_string(release.rows[least]));
  }
  if (classes == 0) return std::string("no row is released");
  return number_of(classes, "classes, the smallest has ") + std::to_string(release.rows[least]) +
         " rows, k = " + std::to_string(k);
}

Result<std::string> check_suppression(const Release& release) {
  const Suppression& said = release.manifest.suppression;
  MC_TRY(const Decimal limit, parse_decimal(said.limit, kPlacesMax));
  const std::int64_t rows = release.manifest.input.rows;
  const std::int64_t most = share_of_rows(limit, rows);
  std::string shown = std::to_string(said.rows) + " of " + number_of(rows, "rows") + ", at most " +
                      std::to_string(most);
  if (said.rows > most) return fail(Code::corrupt, shown);
  if (said.form == SuppressionForm::dropped) return shown;
  if (release.missing_stars > 0) {
    return fail(Code::corrupt, "the file has " + number_of(release.starred_rows, "starred rows") +
                                   ", the manifest " + std::to_string(said.rows));
  }
  for (const SensitiveCount& column : release.count.sensitive()) {
    if (stars_of(release, column) >= said.rows) continue;
    return fail(Code::corrupt, "starred rows have values of '" + excerpt(column.name) + "'");
  }
  if (said.rows > 0 && said.rows < release.manifest.k) {
    return fail(Code::corrupt, number_of(said.rows, "starred rows are fewer than k = ") +
                                   std::to_string(release.manifest.k));
  }
  return shown + ", starred";
}

Result<std::string> check_histogram(const Release& release) {
  std::map<std::int64_t, std::int64_t> sizes;
  for (const std::int64_t rows : release.rows) {
    if (rows > 0) ++sizes[rows];
  }
  const std::vector<SizeClasses>& said = release.manifest.classes.histogram;
  auto at = said.begin();
  for (const auto& [rows, classes] : sizes) {
    const bool same = at != said.end() && at->rows == rows && at->classes == classes;
    if (!same) {
      return fail(Code::corrupt, "the file has " + number_of(classes, "classes of ") +
                                     number_of(rows, "rows, the manifest another number"));
    }
    ++at;
  }
  if (at != said.end()) {
    return fail(Code::corrupt, "the manifest has " + number_of(at->classes, "classes of ") +
                                   number_of(at->rows, "rows, the file none"));
  }
  return number_of(static_cast<std::int64_t>(sizes.size()), "sizes of ") +
         number_of(release.manifest.classes.count, "classes");
}

Result<std::string> check_root(const Release& release) {
  std::vector<ClassRows> classes;
  for (std::size_t i = 0; i < release.rows.size(); ++i) {
    if (release.rows[i] > 0) classes.push_back({release.count.classes().text(i), release.rows[i]});
  }
  const crypto::Digest root = root_of(classes);
  std::string hex = to_hex({reinterpret_cast<const char*>(root.data()), root.size()});
  if (hex == release.manifest.classes.root) return hex;
  return fail(Code::corrupt, "the classes of the file have the root " + hex);
}

}  // namespace mc::recheck
