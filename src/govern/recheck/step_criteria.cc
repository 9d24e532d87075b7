#include <algorithm>

#include "recheck/diversity.h"
#include "recheck/steps.h"

namespace mc::recheck {
namespace {

using Verdict = Closeness::Verdict;

const SensitiveCount& column_of(const Release& release, const Criterion& criterion) {
  const std::vector<SensitiveCount>& all = release.count.sensitive();
  const auto found = std::find_if(all.begin(), all.end(), [&](const SensitiveCount& one) {
    return one.name == *criterion.column;
  });
  MC_CHECK(found != all.end());  // Manifest::check() and Count
  return *found;
}

// The values of each class, without starred rows; and the column as a whole.
struct ColumnValues {
  ColumnValues(const Release& release, const SensitiveCount& of) : pairs(of.pairs.sorted()) {
    for (std::size_t i = 0; i < of.values.size(); ++i) {
      table.texts.push_back(of.values.text(i));
      table.rows.push_back(of.values.rows(i));
    }
    // A starred row has a star here too; without one the class keeps its rows, and fails.
    std::int64_t stars = release.starred ? release.manifest.suppression.rows : 0;
    for (Pair& pair : pairs) {
      if (stars == 0 || pair.first != *release.starred || table.texts[pair.second] != kStar) {
        continue;
      }
      stars = std::min(stars, pair.rows);
      pair.rows -= stars;
      table.rows[pair.second] -= stars;
      break;
    }
    for (const std::int64_t rows : table.rows) table.total += rows;
  }
  // `judge` gets the values of a class; the first answer that is not `holds`, with the class.
  template <class Judge>
  std::pair<Verdict, std::uint32_t> each(const Judge& judge) const {
    std::vector<ValueCount> values;
    std::pair<Verdict, std::uint32_t> worst = {Verdict::holds, 0};
    for (std::size_t at = 0; at < pairs.size();) {
      const std::uint32_t number = pairs[at].first;
      values.clear();
      for (; at < pairs.size() && pairs[at].first == number; ++at) {
        if (pairs[at].rows > 0) values.push_back({pairs[at].second, pairs[at].rows});
      }
      if (values.empty()) continue;
      const Verdict verdict = judge(values);
      if (verdict == Verdict::broken) return {verdict, number};
      if (verdict != Verdict::holds) worst = {verdict, number};
    }
    return worst;
  }

  std::vector<Pair> pairs;
  TableValues table;
};

// The values of the input instead of those of the release, when the manifest has them.
Status take_distribution(const Criterion& criterion, TableValues& table) {
  std::map<std::string_view, std::int64_t> left;
  for (const ValueRows& one : *criterion.distribution) left.emplace(one.value, one.rows);
  for (std::size_t i = 0; i < table.texts.size(); ++i) {
    if (table.rows[i] == 0) continue;
    const auto found = left.find(table.texts[i]);
    if (found == left.end() || found->second < table.rows[i]) {
      return fail(Code::corrupt, "the release has more rows with '" + excerpt(table.texts[i]) +
                                     "' than the distribution");
    }
    table.rows[i] = found->second;
    left.erase(found);
  }
  for (const auto& [text, rows] : left) {
    table.texts.push_back(text);
    table.rows.push_back(rows);
  }
  table.total = 0;
  for (const std::int64_t rows : table.rows) table.total += rows;
  return ok();
}

std::string shown(const Criterion& criterion) {
  std::string out = "'" + excerpt(*criterion.column) + "'";
  if (criterion.l) out += " l = " + *criterion.l;
  if (criterion.c) out += " c = " + *criterion.c;
  if (criterion.t) out += " t = " + *criterion.t;
  return out;
}

Result<Verdict> diversity(const Criterion& criterion, std::vector<std::int64_t>& rows) {
  MC_TRY(const Decimal l, parse_decimal(*criterion.l, kPlacesMax));
  bool holds = false;
  if (criterion.kind == CriterionKind::distinct_l) {
    holds = is_distinct(rows, l);
  } else if (criterion.kind == CriterionKind::entropy_l) {
    holds = is_entropic(rows, l);
  } else {
    MC_TRY(const Decimal c, parse_decimal(*criterion.c, kPlacesMax));
    holds = is_recursive(rows, c, l);
  }
  return holds ? Verdict::holds : Verdict::broken;
}

// The worst verdict over all classes, and of which.
Result<std::pair<Verdict, std::uint32_t>> judge(const Criterion& criterion, ColumnValues& values,
                                                const Leaves* leaves) {
  if (criterion.kind != CriterionKind::t_closeness) {
    std::vector<std::int64_t> rows;
    return values.each([&](const std::vector<ValueCount>& counts) {
      rows.clear();
      for (const ValueCount& one : counts) rows.push_back(one.rows);
      return diversity(criterion, rows).value_or(Verdict::broken);
    });
  }
  if (criterion.distribution) MC_TRY_OK(take_distribution(criterion, values.table));
  MC_TRY(const Closeness closeness, Closeness::make(criterion, values.table, leaves));
  return values.each(
      [&](const std::vector<ValueCount>& counts) { return closeness.verdict(counts); });
}

std::string_view reason_of(CriterionKind kind) {
  return kind == CriterionKind::t_closeness ? "t_violated" : "l_violated";
}

}  // namespace

void add_criterion(proof::Report& report, const Release& release, const Criterion& criterion,
                   const Hierarchies* hierarchies) {
  const std::string_view name = criterion_name(criterion.kind);
  const std::string_view reason = reason_of(criterion.kind);
  const SensitiveCount& column = column_of(release, criterion);
  const Leaves* leaves = nullptr;
  if (criterion.distance == Distance::hierarchical) {
    if (!release.manifest.columns[column.field].hierarchy) {
      report.found(name, reason, fail(Code::corrupt, shown(criterion) + ": it has no hierarchy"));
      return;
    }
    if (hierarchies == nullptr) {
      report.skip(name, shown(criterion) + ": its hierarchy was not given");
      return;
    }
    leaves = &hierarchies->at(column.field);
  }
  if (criterion.distance == Distance::ordered && !criterion.order) {
    report.skip(name, shown(criterion) +
                          ": the manifest does not tell the order of its values, "
                          "as some are of suppressed rows alone");
    return;
  }
  ColumnValues values(release, column);
  if (!criterion.distribution) {
    values.table.unknown =
        std::max<std::int64_t>(0, release.manifest.input.rows - values.table.total);
  }
  const auto judged = judge(criterion, values, leaves);
  if (!judged) {
    report.found(name, reason, fail(Code::corrupt, shown(criterion) + ": " + judged.error().what));
    return;
  }
  const auto [verdict, number] = *judged;
  if (verdict == Verdict::open) {
    report.skip(name, shown(criterion) + ": class " + release.shown(number) +
                          " is so near to t that it depends on the suppressed rows, whose values "
                          "neither the release nor the manifest has");
  } else if (verdict == Verdict::holds) {
    report.found(name, reason, shown(criterion));
  } else {
    const char* const why =
        verdict == Verdict::broken ? "class " : "the numbers are too large: class ";
    report.found(name, reason,
                 fail(Code::corrupt, shown(criterion) + ": " + why + release.shown(number)));
  }
}

}  // namespace mc::recheck
