#include <cmath>
#include <cstdio>

#include "recheck/decimal.h"
#include "recheck/steps.h"

namespace mc::recheck {
namespace {

constexpr double kTolerance = 1e-9;

std::string hex_of(const crypto::Digest& digest) {
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string twelve(double number) {
  char out[40];
  std::snprintf(out, sizeof out, "%.12f", number);
  return out;
}

// Losses that the classes can have: a text that stands at several levels leaves it open.
struct Losses {
  double least = 0;
  double most = 0;
};

// d of one quasi-identifier: (leaves under its cells, summed over rows, - N) / (N * (D - 1)).
Losses loss_of_column(const Release& release, const Leaves& leaves, std::size_t place) {
  const auto n = static_cast<double>(release.manifest.input.rows);
  const auto all = static_cast<double>(leaves.count);
  if (leaves.count < 2) return {};
  const bool local = release.manifest.recoding.kind == RecodingKind::local;
  const double suppressed = static_cast<double>(release.manifest.suppression.rows) * all;
  Losses sum = {suppressed, suppressed};
  for (std::size_t i = 0; i < release.rows.size(); ++i) {
    if (release.rows[i] == 0) continue;
    const std::string_view text = release.text(i, place);
    Leaves::Span under;
    if (local) {
      under = leaves.under_anywhere(text);
    } else {
      const auto level = static_cast<std::size_t>(release.manifest.recoding.levels[place]);
      under.least = under.most = leaves.under(level, text);
    }
    sum.least += static_cast<double>(under.least) * static_cast<double>(release.rows[i]);
    sum.most += static_cast<double>(under.most) * static_cast<double>(release.rows[i]);
  }
  const double whole = n * (all - 1);
  return {(sum.least - n) / whole, (sum.most - n) / whole};
}

Status compare(std::string_view member, const std::string& said, const Losses& found) {
  MC_TRY(const Decimal decimal, parse_decimal(said, kLossPlacesMax));
  const double value = decimal.approximate();
  if (value >= found.least - kTolerance && value <= found.most + kTolerance) return ok();
  return fail(Code::corrupt, std::string(member) + ": the manifest has " + said + ", the file " +
                                 twelve(found.least));
}

}  // namespace

Result<Hierarchies> find_hierarchies(const Manifest& manifest,
                                     const std::vector<std::string>& files, std::size_t bytes_max) {
  std::map<std::string, const std::string*> by_digest;
  for (const std::string& file : files) {
    by_digest.emplace(hex_of(crypto::Sha256().add(file).finish()), &file);
  }
  Hierarchies out;
  for (std::size_t i = 0; i < manifest.columns.size(); ++i) {
    const Column& column = manifest.columns[i];
    if (!column.hierarchy) continue;
    const std::string name = "'" + excerpt(column.name) + "': ";
    const auto found = by_digest.find(column.hierarchy->sha256);
    if (found == by_digest.end()) {
      return fail(Code::corrupt,
                  name + "no file that was given has the digest " + column.hierarchy->sha256);
    }
    if (found->second->size() > bytes_max) {
      return fail(Code::corrupt,
                  name + "its hierarchy has more than " + std::to_string(bytes_max) + " bytes");
    }
    Result<Leaves> leaves = read_leaves(*found->second, *column.hierarchy);
    if (!leaves) return fail(Code::corrupt, name + leaves.error().what);
    out.emplace(i, *std::move(leaves));
  }
  return out;
}

Result<std::string> check_levels(const Release& release, const Hierarchies& hierarchies) {
  const Recoding& recoding = release.manifest.recoding;
  std::size_t place = 0, checked = 0;
  for (std::size_t field = 0; field < release.manifest.columns.size(); ++field) {
    if (release.manifest.columns[field].role != Role::quasi_identifier) continue;
    const std::size_t at = place++;
    const auto found = hierarchies.find(field);
    if (found == hierarchies.end()) continue;
    ++checked;
    for (std::size_t i = 0; i < release.rows.size(); ++i) {
      if (release.rows[i] == 0) continue;
      const std::string_view text = release.text(i, at);
      const bool local = recoding.kind == RecodingKind::local;
      const std::int64_t under =
          local ? found->second.under_anywhere(text).most
                : found->second.under(static_cast<std::size_t>(recoding.levels[at]), text);
      if (under > 0) continue;
      return fail(Code::corrupt,
                  "'" + excerpt(release.manifest.columns[field].name) + "': '" + excerpt(text) +
                      (local ? "' stands at no level of its hierarchy"
                             : "' does not stand at level " + std::to_string(recoding.levels[at])));
    }
  }
  return "every value of " + std::to_string(checked) + " columns";
}

Result<std::string> check_loss(const Release& release, const Hierarchies& hierarchies) {
  Losses product = {1, 1}, sum;
  std::size_t place = 0;
  for (std::size_t field = 0; field < release.manifest.columns.size(); ++field) {
    if (release.manifest.columns[field].role != Role::quasi_identifier) continue;
    const Losses one = loss_of_column(release, hierarchies.at(field), place++);
    product = {product.least * (1 + one.least), product.most * (1 + one.most)};
    sum = {sum.least + one.least, sum.most + one.most};
  }
  const auto columns = static_cast<double>(place);
  const Losses geometric = {std::pow(product.least, 1 / columns) - 1,
                            std::pow(product.most, 1 / columns) - 1};
  const Losses arithmetic = {sum.least / columns, sum.most / columns};
  const Quality& said = release.manifest.quality;
  MC_TRY_OK(compare("loss", said.loss, geometric));
  MC_TRY_OK(compare("loss_arithmetic", said.loss_arithmetic, arithmetic));
  return said.loss;
}

}  // namespace mc::recheck
