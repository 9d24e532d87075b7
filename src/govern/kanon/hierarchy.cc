#include "kanon/hierarchy.h"

#include <algorithm>
#include <numeric>

#include "kanon/csv_lines.h"
#include "kanon/dictionary.h"

namespace mc::kanon {

struct HierarchyBuilder {
  using Fields = std::vector<csv::Field>;
  static constexpr std::uint32_t kNoParent = 0xffffffff;

  const HierarchyOptions& options;
  std::string name;
  std::vector<Dictionary> seen;  // by level
  std::vector<Hierarchy::Level> levels = {};
  // By level and value, the first line that has it.
  std::vector<std::vector<std::uint32_t>> first_lines = {};

  tl::unexpected<Error> refuse(std::int64_t line, const std::string& why) const {
    return fail(Code::invalid,
                "hierarchy '" + excerpt(name) + "', line " + std::to_string(line) + ": " + why);
  }

  Status start(const Fields& fields, std::int64_t line) {
    if (fields.size() > options.levels_max) {
      return refuse(line, "more levels than " + std::to_string(options.levels_max));
    }
    if (fields[0].text.starts_with("\xef\xbb\xbf")) {
      return refuse(line, "begins with a byte order mark; it must be UTF-8 without one");
    }
    seen.resize(fields.size());
    levels.resize(fields.size());
    first_lines.resize(fields.size());
    return ok();
  }

  Status check(const Fields& fields, std::int64_t line) const {
    if (fields.size() != levels.size()) {
      return refuse(line, std::to_string(fields.size()) + " values where the first line has " +
                              std::to_string(levels.size()));
    }
    if (seen[0].size() == options.leaves_max) {
      return refuse(line, "more leaves than " + std::to_string(options.leaves_max));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::string at = "the value at level " + std::to_string(i);
      if (fields[i].text.empty() && !fields[i].quoted) {
        return refuse(line, at + " is missing; the empty text is written \"\"");
      }
      if (fields[i].text.size() > options.cell_bytes_max) {
        return refuse(line, at + " has more bytes than " + std::to_string(options.cell_bytes_max));
      }
      if (!is_valid_utf8(fields[i].text)) return refuse(line, at + " is not UTF-8");
    }
    return ok();
  }

  std::uint32_t number(std::size_t level, std::string_view text, std::int64_t line) {
    const std::uint32_t known = seen[level].find(text);
    if (known != Dictionary::kNone) return known;
    levels[level].parents.push_back(kNoParent);
    levels[level].under.push_back(0);
    first_lines[level].push_back(static_cast<std::uint32_t>(line));
    return seen[level].add(text);
  }

  Status take(const Fields& fields, std::int64_t line) {
    if (levels.empty()) MC_TRY_OK(start(fields, line));
    MC_TRY_OK(check(fields, line));
    const std::uint32_t known = seen[0].find(fields[0].text);
    if (known != Dictionary::kNone) {
      return refuse(line, "the leaf '" + excerpt(fields[0].text) + "' is on line " +
                              std::to_string(first_lines[0][known]) + " already");
    }
    std::uint32_t below = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::uint32_t value = number(i, fields[i].text, line);
      levels[i].of_leaf.push_back(value);
      ++levels[i].under[value];
      if (i > 0) {
        std::uint32_t& parent = levels[i - 1].parents[below];
        if (parent != kNoParent && parent != value) {
          return refuse(line, "level " + std::to_string(i) + " parts what level " +
                                  std::to_string(i - 1) + " joins: '" +
                                  excerpt(fields[i - 1].text) + "' is under '" +
                                  excerpt(seen[i].text(parent)) + "' on line " +
                                  std::to_string(first_lines[i - 1][below]));
        }
        parent = value;
      }
      below = value;
    }
    return ok();
  }

  Result<Hierarchy> finish(std::string_view text) {
    if (levels.empty()) return fail(Code::invalid, "hierarchy '" + excerpt(name) + "' is empty");
    Hierarchy out;
    out.name_ = std::move(name);
    out.digest_ = crypto::Sha256().add(text).finish();
    for (std::size_t i = 0; i < levels.size(); ++i) {
      levels[i].labels = std::move(seen[i]).take();
    }
    levels.back().parents.clear();
    out.levels_ = std::move(levels);
    const std::vector<std::string>& leaves = out.levels_[0].labels;
    out.sorted_leaves_.resize(leaves.size());
    std::iota(out.sorted_leaves_.begin(), out.sorted_leaves_.end(), 0u);
    std::sort(out.sorted_leaves_.begin(), out.sorted_leaves_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return leaves[a] < leaves[b]; });
    return out;
  }
};

Result<Hierarchy> Hierarchy::read(std::string name, std::string_view text,
                                  const HierarchyOptions& options) {
  HierarchyBuilder builder{options, std::move(name), {}};
  if (text.size() > options.bytes_max) {
    return fail(Code::invalid, "hierarchy '" + excerpt(builder.name) + "' has more bytes than " +
                                   std::to_string(options.bytes_max));
  }
  CsvLines lines(options.delimiter, options.cell_bytes_max * (options.levels_max + 1));
  Status read =
      lines.add(text, true, [&](const std::vector<csv::Field>& fields, std::int64_t line) {
        return builder.take(fields, line);
      });
  if (!read) {
    Error error = std::move(read).error();
    if (!error.what.starts_with("hierarchy ")) {
      error.what = "hierarchy '" + excerpt(builder.name) + "', " + error.what;
    }
    return tl::unexpected<Error>(std::move(error));
  }
  return builder.finish(text);
}

std::optional<std::uint32_t> Hierarchy::find_leaf(std::string_view text) const {
  const std::vector<std::string>& leaves = levels_[0].labels;
  const auto at = std::lower_bound(
      sorted_leaves_.begin(), sorted_leaves_.end(), text,
      [&](std::uint32_t leaf, std::string_view wanted) { return leaves[leaf] < wanted; });
  if (at == sorted_leaves_.end() || leaves[*at] != text) return std::nullopt;
  return *at;
}

}  // namespace mc::kanon
