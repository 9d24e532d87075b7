#include "maestro/kanon_manifest.h"

#include <algorithm>
#include <utility>

#include "recheck/root.h"

namespace mc::app {
namespace {

using recheck::Criterion;
using recheck::CriterionKind;

constexpr const char* kLocalRecoding = "mc.local/1";

recheck::Role role_of(kanon::Role role) {
  switch (role) {
    case kanon::Role::quasi:
      return recheck::Role::quasi_identifier;
    case kanon::Role::sensitive:
      return recheck::Role::sensitive;
    case kanon::Role::insensitive:
    case kanon::Role::identifying:
      return recheck::Role::insensitive;
  }
  return recheck::Role::insensitive;
}

std::vector<recheck::ValueRows> distribution_of(const kanon::Problem& problem,
                                                const kanon::Sensitive& sensitive) {
  std::vector<recheck::ValueRows> out;
  const kanon::Column& column = problem.table().columns[sensitive.column];
  for (std::size_t code = 0; code < sensitive.totals.size(); ++code) {
    if (sensitive.totals[code] > 0) out.push_back({sensitive.totals[code], column.values[code]});
  }
  return out;  // as sorted as the column's values
}

std::vector<std::string> order_of(const kanon::Problem& problem,
                                  const kanon::Sensitive& sensitive) {
  std::vector<std::string> out;
  for (const std::uint32_t code : sensitive.by_rank) {
    out.push_back(problem.table().columns[sensitive.column].values[code]);
  }
  return out;
}

void add_closeness(const kanon::Criterion& from, Criterion& to) {
  to.kind = CriterionKind::t_closeness;
  to.t = kanon::to_text(from.t);
  to.distance = from.kind == kanon::Kind::t_equal          ? recheck::Distance::equal
                : from.kind == kanon::Kind::t_hierarchical ? recheck::Distance::hierarchical
                                                           : recheck::Distance::ordered;
}

Criterion criterion_of(const kanon::Sensitive& sensitive, const kanon::Criterion& from) {
  Criterion out;
  out.column = sensitive.name;
  switch (from.kind) {
    case kanon::Kind::distinct_l:
    case kanon::Kind::entropy_l:
      out.kind = from.kind == kanon::Kind::distinct_l ? CriterionKind::distinct_l
                                                      : CriterionKind::entropy_l;
      out.l = kanon::to_text(from.l);
      break;
    case kanon::Kind::recursive_cl:
      out.kind = CriterionKind::recursive_l;
      out.l = kanon::to_text(from.l);
      out.c = kanon::to_text(from.c);
      break;
    case kanon::Kind::t_equal:
    case kanon::Kind::t_hierarchical:
    case kanon::Kind::t_ordered:
      add_closeness(from, out);
      break;
  }
  return out;
}

// An order tells of suppressed rows when one of its values is in no other; so does a distribution.
std::vector<Criterion> criteria_of(const kanon::Problem& problem, const kanon::Classes& classes,
                                   Distribution distribution) {
  const bool told = distribution == Distribution::told;
  const kanon::Sizes& sizes = problem.sizes();
  std::vector<Criterion> out(1);
  out[0].k = sizes.k;
  if (sizes.k_map > 1) {
    out.emplace_back().kind = CriterionKind::k_map;
    out.back().k = sizes.k_map;
  }
  if (sizes.presence) {
    out.emplace_back().kind = CriterionKind::delta_presence;
    out.back().min = kanon::to_text(sizes.presence->min);
    out.back().max = kanon::to_text(sizes.presence->max);
  }
  for (const kanon::Sensitive& sensitive : problem.sensitive()) {
    for (const kanon::Criterion& one : sensitive.criteria) {
      out.push_back(criterion_of(sensitive, one));
      if (told && out.back().t) out.back().distribution = distribution_of(problem, sensitive);
      if (one.kind == kanon::Kind::t_ordered &&
          (told || kanon::all_values_released(problem, classes, sensitive))) {
        out.back().order = order_of(problem, sensitive);
      }
    }
  }
  return out;
}

recheck::Classes classes_of(const kanon::Problem& problem, const kanon::Classes& classes) {
  recheck::Classes out;
  out.count = static_cast<std::int64_t>(classes.size());
  for (const kanon::SizeCount& one : kanon::size_histogram(classes)) {
    out.histogram.push_back({static_cast<std::int64_t>(one.classes), one.rows});
  }
  out.min = out.histogram.empty() ? 0 : out.histogram.front().rows;
  const std::vector<kanon::Quasi>& quasi = problem.quasi();
  std::vector<std::string> keys(classes.size());
  std::vector<recheck::ClassRows> rows;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::span<const kanon::Cell> cells = classes.cells_of(i, quasi.size());
    for (std::size_t column = 0; column < quasi.size(); ++column) {
      const kanon::Cell& cell = cells[column];
      recheck::append_key_text(keys[i], quasi[column].hierarchy.label(cell.level, cell.value));
    }
    rows.push_back({keys[i], classes.rows[i]});
  }
  out.root = hex_of(recheck::root_of(rows));
  return out;
}

std::vector<recheck::Column> columns_of(const KanonInput& input) {
  std::vector<recheck::Column> out;
  for (const std::size_t at : input.problem->released_columns()) {
    const std::string& name = input.table.columns[at].name;
    recheck::Column& column = out.emplace_back();
    column.name = name;
    column.role = role_of(input.config.columns.at(name).role);
    const auto found = input.hierarchies.find(name);
    if (found != input.hierarchies.end()) column.hierarchy = found->second;
  }
  return out;
}

}  // namespace

Result<recheck::Manifest> manifest_of(const KanonInput& input, const KanonOutcome& outcome,
                                      const WrittenRelease& written, Distribution distribution) {
  const kanon::Problem& problem = *input.problem;
  const auto suppressed = static_cast<std::int64_t>(outcome.classes.suppressed);
  const bool starred = problem.suppressed() == kanon::Suppressed::star;
  recheck::Manifest out;
  out.engine = "maestro " + kVersion;
  out.k = problem.sizes().k;
  out.criteria = criteria_of(problem, outcome.classes, distribution);
  out.columns = columns_of(input);
  out.input = {static_cast<std::int64_t>(problem.rows()), input.sha256};
  out.classes = classes_of(problem, outcome.classes);
  out.release = {written.bytes, input.config.delimiter,
                 static_cast<std::int64_t>(outcome.classes.released()) + (starred ? suppressed : 0),
                 written.sha256};
  MC_TRY(const kanon::Decimal limit, kanon::parse_decimal(input.config.suppression));
  out.suppression = {
      starred ? recheck::SuppressionForm::starred : recheck::SuppressionForm::dropped,
      kanon::to_text(limit), suppressed};
  if (outcome.levels) {
    out.recoding.levels.assign(outcome.levels->begin(), outcome.levels->end());
  } else {
    out.recoding = {kLocalRecoding, recheck::RecodingKind::local, {}};
  }
  out.quality = {kanon::pico_text(outcome.loss.geometric_pico),
                 kanon::pico_text(outcome.loss.arithmetic_pico)};
  out.search = outcome.search;
  // What is too long or too many is found by who reads it, so it is read here.
  Result<recheck::Manifest> read = recheck::parse_manifest(recheck::print_manifest(out));
  if (!read) return fail(Code::invalid, "the manifest: " + read.error().what);
  return out;
}

}  // namespace mc::app
