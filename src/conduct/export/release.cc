#include "export/release.h"

#include <algorithm>

#include "json/json.h"
#include "recheck/recheck.h"
#include "tlog/tlog.h"

namespace mc::exporting {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kHierarchyBytesMax = 256 << 20;

// RFC 4180, with quotes where they must be.
void append_cell(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_line(std::string& out, const std::vector<std::string>& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += ',';
    append_cell(out, row[i]);
  }
  out += '\n';
}

std::string hex_of(const crypto::Digest& digest) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

kanon::Kind engine_kind(CriterionKind kind) {
  switch (kind) {
    case CriterionKind::distinct_l:
      return kanon::Kind::distinct_l;
    case CriterionKind::entropy_l:
      return kanon::Kind::entropy_l;
    case CriterionKind::recursive_cl:
      return kanon::Kind::recursive_cl;
    case CriterionKind::t_equal:
      return kanon::Kind::t_equal;
    case CriterionKind::t_hierarchical:
      return kanon::Kind::t_hierarchical;
    case CriterionKind::t_ordered:
      return kanon::Kind::t_ordered;
  }
  return kanon::Kind::distinct_l;
}

kanon::Role engine_role(Role role) {
  switch (role) {
    case Role::quasi:
      return kanon::Role::quasi;
    case Role::sensitive:
      return kanon::Role::sensitive;
    case Role::insensitive:
      return kanon::Role::insensitive;
  }
  return kanon::Role::identifying;
}

// The values of a sensitive column in all rows that were read, sorted by bytes as the codes are.
std::vector<recheck::ValueRows> distribution_of(const kanon::Column& column,
                                                const kanon::Sensitive& sensitive) {
  std::vector<recheck::ValueRows> out;
  for (std::size_t code = 0; code < sensitive.totals.size(); ++code) {
    if (sensitive.totals[code] == 0) continue;
    out.push_back({static_cast<std::int64_t>(sensitive.totals[code]), column.values[code]});
  }
  return out;
}

std::vector<std::string> order_of(const kanon::Column& column, const kanon::Sensitive& sensitive) {
  std::vector<std::string> out;
  for (const std::uint32_t code : sensitive.by_rank) out.push_back(column.values[code]);
  return out;
}

recheck::Criterion criterion_of(const kanon::Criterion& from, const kanon::Column& column) {
  using recheck::CriterionKind;
  recheck::Criterion out;
  out.column = column.name;
  switch (from.kind) {
    case kanon::Kind::distinct_l:
      out.kind = CriterionKind::distinct_l;
      break;
    case kanon::Kind::entropy_l:
      out.kind = CriterionKind::entropy_l;
      break;
    case kanon::Kind::recursive_cl:
      out.kind = CriterionKind::recursive_l;
      out.c = kanon::to_text(from.c);
      break;
    case kanon::Kind::t_equal:
    case kanon::Kind::t_hierarchical:
    case kanon::Kind::t_ordered:
      out.kind = CriterionKind::t_closeness;
      out.t = kanon::to_text(from.t);
      out.distance = from.kind == kanon::Kind::t_equal          ? recheck::Distance::equal
                     : from.kind == kanon::Kind::t_hierarchical ? recheck::Distance::hierarchical
                                                                : recheck::Distance::ordered;
      return out;
  }
  out.l = kanon::to_text(from.l);
  return out;
}

// docs/formats/kanon-release.md, "Root".
std::string root_of(const kanon::Problem& problem, const kanon::Classes& classes) {
  const auto append_number = [](std::string& out, std::uint64_t number, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> (8 * i) & 0xff);
  };
  const std::vector<kanon::Quasi>& quasi = problem.quasi();
  std::vector<std::pair<crypto::Digest, std::uint32_t>> hashed;
  std::string key;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    key.clear();
    const auto cells = classes.cells_of(i, quasi.size());
    for (std::size_t q = 0; q < quasi.size(); ++q) {
      const std::string& label = quasi[q].hierarchy.label(cells[q].level, cells[q].value);
      append_number(key, label.size(), 4);
      key += label;
    }
    hashed.emplace_back(crypto::Sha256().add(key).finish(), classes.rows[i]);
  }
  std::sort(hashed.begin(), hashed.end());
  tlog::Frontier tree;
  std::string leaf;
  for (const auto& [hash, rows] : hashed) {
    leaf.assign(hash.begin(), hash.end());
    append_number(leaf, rows, 8);
    tree.append(tlog::leaf_hash(leaf));
  }
  return hex_of(tree.head().root);
}

std::vector<recheck::Column> columns_of(const kanon::Problem& problem, const Profile& profile) {
  std::vector<recheck::Column> out;
  for (const std::size_t index : problem.released_columns()) {
    recheck::Column one;
    one.name = problem.table().columns[index].name;
    for (const kanon::Quasi& quasi : problem.quasi()) {
      if (quasi.column != index) continue;
      one.hierarchy = recheck::HierarchyOf{static_cast<std::int64_t>(quasi.hierarchy.leaves()),
                                           static_cast<std::int64_t>(quasi.hierarchy.levels()),
                                           hex_of(quasi.hierarchy.digest())};
    }
    switch (profile.columns.at(one.name).role) {
      case Role::quasi:
        one.role = recheck::Role::quasi_identifier;
        break;
      case Role::sensitive:
        one.role = recheck::Role::sensitive;
        break;
      case Role::insensitive:
        one.role = recheck::Role::insensitive;
        break;
    }
    out.push_back(std::move(one));
  }
  return out;
}

// The distribution of the input less that of the release are the values of what was suppressed: it
// stands there only when nothing was. An order stands there when all its values are in the release.
std::vector<recheck::Criterion> criteria_of(const kanon::Problem& problem,
                                            const kanon::Classes& classes) {
  const bool told = classes.suppressed == 0;
  std::vector<recheck::Criterion> out;
  recheck::Criterion k;
  k.kind = recheck::CriterionKind::k_anonymity;
  k.k = problem.sizes().k;
  out.push_back(std::move(k));
  for (const kanon::Sensitive& sensitive : problem.sensitive()) {
    for (const kanon::Criterion& each : sensitive.criteria) {
      const kanon::Column& column = problem.table().columns[sensitive.column];
      out.push_back(criterion_of(each, column));
      const bool closeness = out.back().kind == recheck::CriterionKind::t_closeness;
      if (closeness && told) out.back().distribution = distribution_of(column, sensitive);
      if (each.kind == kanon::Kind::t_ordered &&
          kanon::all_values_released(problem, classes, sensitive)) {
        out.back().order = order_of(column, sensitive);
      }
    }
  }
  return out;
}

recheck::Classes classes_part(const kanon::Problem& problem, const kanon::Classes& classes) {
  recheck::Classes out;
  out.count = static_cast<std::int64_t>(classes.size());
  for (const kanon::SizeCount& each : kanon::size_histogram(classes)) {
    out.histogram.push_back({static_cast<std::int64_t>(each.classes), each.rows});
  }
  out.min = out.histogram.empty() ? 0 : out.histogram.front().rows;
  out.root = root_of(problem, classes);
  return out;
}

}  // namespace

Intake::Intake(const std::vector<std::string>& columns, std::string_view salt,
               std::int64_t bytes_max)
    : reader_(kanon::TableOptions{}), bytes_max_(bytes_max) {
  hash_.add(salt);
  append_line(buffer_, columns);
}

Status Intake::flush() {
  bytes_ += static_cast<std::int64_t>(buffer_.size());
  if (bytes_ > bytes_max_) {
    return fail(Code::exhausted, "the rows are more than " + std::to_string(bytes_max_) +
                                     " bytes (exports.bytes_max)");
  }
  hash_.add(buffer_);
  MC_TRY_OK(reader_.add(buffer_));
  buffer_.clear();
  return ok();
}

Status Intake::add(const std::vector<std::string>& row) {
  append_line(buffer_, row);
  ++rows_;
  return buffer_.size() < kBufferBytes ? ok() : flush();
}

Result<Intake::Taken> Intake::finish() {
  MC_TRY_OK(flush());
  MC_TRY(kanon::Table table, reader_.finish());
  const crypto::Digest digest = hash_.finish();
  return Taken{std::move(table),
               std::string(reinterpret_cast<const char*>(digest.data()), digest.size())};
}

kanon::Config config_of(const Profile& profile, const std::string& key) {
  kanon::Config out;
  out.k = profile.k;
  out.suppression = profile.suppression;
  out.row_key = key;
  out.columns[key].role = kanon::Role::identifying;
  for (const auto& [name, column] : profile.columns) {
    kanon::ColumnConfig& one = out.columns[name];
    one.role = engine_role(column.role);
    one.hierarchy = column.hierarchy;
    for (const CriterionSettings& each : column.criteria) {
      one.criteria.push_back({engine_kind(each.kind), each.l, each.c, each.t});
    }
  }
  return out;
}

Result<std::map<std::string, kanon::Hierarchy>> read_hierarchies(sys::Files& files,
                                                                 const Profile& profile) {
  std::map<std::string, kanon::Hierarchy> out;
  for (const auto& [name, column] : profile.columns) {
    if (column.hierarchy.empty()) continue;
    const Result<std::string> text = files.read_all(column.hierarchy, kHierarchyBytesMax);
    if (!text) {
      return fail(text.error().code == Code::unavailable ? Code::unavailable : Code::invalid,
                  "the hierarchy of column '" + name + "' cannot be read");
    }
    MC_TRY(kanon::Hierarchy one, kanon::Hierarchy::read(name, *text));
    out.emplace(name, std::move(one));
  }
  return out;
}

Result<std::unique_ptr<Release>> Release::make(
    Intake::Taken taken, const Profile& profile,
    std::map<std::string, kanon::Hierarchy> hierarchies) {
  std::unique_ptr<Release> out(new Release());
  out->table_ = std::make_unique<kanon::Table>(std::move(taken.table));
  out->snapshot_ = std::move(taken.snapshot);
  const std::string key = out->table_->columns.front().name;
  MC_TRY(kanon::Problem problem,
         kanon::Problem::make(*out->table_, config_of(profile, key), std::move(hierarchies)));
  out->problem_.emplace(std::move(problem));
  return out;
}

Status Release::search(const kanon::Watch& watch) {
  kanon::SearchOptions options;
  options.watch = watch;
  MC_TRY(kanon::Solution found, kanon::search(*problem_, options));
  MC_TRY_OK(kanon::check(*problem_, found.classes));
  if (found.classes.size() == 0) {
    return fail(Code::denied,
                "export-empty: no row is left when the profile's k, criteria and "
                "suppression hold");
  }
  solution_.emplace(std::move(found));
  return ok();
}

std::int64_t Release::rows_out() const {
  return static_cast<std::int64_t>(solution_->classes.released());
}

Status Release::write_csv(const kanon::Sink& sink) const {
  return kanon::write_csv(*problem_, solution_->classes, {}, sink);
}

Status Release::write_jsonl(const kanon::Sink& sink) const {
  std::vector<std::string> names;
  std::string buffer;
  MC_TRY_OK(kanon::each_released_row(*problem_, solution_->classes,
                                     [&](std::span<const std::string_view> cells) -> Status {
                                       if (names.empty()) {
                                         for (const std::string_view name : cells)
                                           names.emplace_back(name);
                                         return ok();
                                       }
                                       json::Writer writer(buffer);
                                       writer.begin_object();
                                       for (std::size_t i = 0; i < cells.size(); ++i)
                                         writer.member(names[i], cells[i]);
                                       writer.end_object();
                                       buffer += '\n';
                                       if (buffer.size() < kBufferBytes) return ok();
                                       MC_TRY_OK(sink(buffer));
                                       buffer.clear();
                                       return ok();
                                     }));
  return buffer.empty() ? ok() : sink(buffer);
}

Result<recheck::Manifest> Release::manifest(const Profile& profile,
                                            const recheck::ReleaseFile& file,
                                            const std::string& engine) const {
  const kanon::Classes& classes = solution_->classes;
  recheck::Manifest out;
  out.classes = classes_part(*problem_, classes);
  out.columns = columns_of(*problem_, profile);
  out.criteria = criteria_of(*problem_, classes);
  out.engine = engine;
  out.input = {rows_in(), to_hex(snapshot_)};
  out.k = profile.k;
  out.quality = {kanon::pico_text(solution_->loss.geometric_pico),
                 kanon::pico_text(solution_->loss.arithmetic_pico)};
  for (const std::uint8_t level : solution_->levels) out.recoding.levels.push_back(level);
  out.release = file;
  out.search = {kanon::pico_text(solution_->stats.bound_pico),
                static_cast<std::int64_t>(solution_->stats.nodes_looked), solution_->stats.optimal};
  out.suppression = {recheck::SuppressionForm::dropped, profile.suppression,
                     static_cast<std::int64_t>(classes.suppressed)};
  MC_TRY_OK(out.check());
  return out;
}

Status recheck_written(std::string_view manifest, std::string_view table, std::uint64_t secret) {
  recheck::Recheck recheck({.manifest = manifest, .secret = secret});
  for (std::size_t at = 0; at < table.size(); at += kPieceBytes) {
    if (recheck.add(table.substr(at, kPieceBytes)) == recheck::Recheck::More::useless) break;
  }
  const proof::Report report = recheck.report();
  if (report.verified()) return ok();
  const proof::Step* const failed = report.failure();
  return fail(Code::invalid, "export-recheck: the verifier would refuse it: " +
                                 (failed == nullptr ? "nothing was checked"
                                                    : failed->reason + ", " + failed->detail));
}

std::vector<std::string> criteria_lines(const Profile& profile) {
  std::vector<std::string> out = {"k-anonymity(k " + std::to_string(profile.k) + ")"};
  for (const auto& [name, column] : profile.columns) {
    if (column.role != Role::sensitive) continue;
    if (column.criteria.empty()) out.push_back("distinct-l(l 2) of " + name);
    for (const CriterionSettings& each : column.criteria) {
      out.push_back(each.text() + " of " + name);
    }
  }
  return out;
}

}  // namespace mc::exporting
