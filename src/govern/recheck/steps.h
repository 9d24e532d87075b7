// The steps of the report, over what was counted.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proof/proof.h"
#include "recheck/closeness.h"
#include "recheck/count.h"
#include "recheck/leaves.h"
#include "recheck/manifest.h"
#include "recheck/root.h"

namespace mc::recheck {

// The classes of a release without its starred rows.
struct Release {
  Release(const Manifest& of, const Count& in);

  const Manifest& manifest;
  const Count& count;
  std::vector<std::int64_t> rows;        // by number of class; 0 of one that only had stars
  std::optional<std::uint32_t> starred;  // the class whose key is stars alone
  std::int64_t starred_rows = 0;         // rows with that key, all of them
  std::int64_t missing_stars = 0;        // starred rows that the file should have and has not
  std::string shown(std::size_t number) const;                         // "(Male, 30-39, *)"
  std::vector<std::string_view> texts(std::size_t number) const;       // of its quasi-identifiers
  std::string_view text(std::size_t number, std::size_t place) const;  // one of them
};

Result<std::string> check_k(const Release& release);
Result<std::string> check_suppression(const Release& release);
Result<std::string> check_histogram(const Release& release);
Result<std::string> check_root(const Release& release);

// By column of the manifest; the hierarchies that were found by their digests.
using Hierarchies = std::map<std::size_t, Leaves>;
Result<Hierarchies> find_hierarchies(const Manifest& manifest,
                                     const std::vector<std::string>& files, std::size_t bytes_max);
Result<std::string> check_levels(const Release& release, const Hierarchies& hierarchies);
Result<std::string> check_loss(const Release& release, const Hierarchies& hierarchies);

// Adds the step of a criterion that is about a column.
void add_criterion(proof::Report& report, const Release& release, const Criterion& criterion,
                   const Hierarchies* hierarchies);

}  // namespace mc::recheck
