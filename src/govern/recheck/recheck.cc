#include "recheck/recheck.h"

#include <optional>
#include <utility>

#include "recheck/count.h"
#include "recheck/steps.h"

namespace mc::recheck {
namespace {

constexpr std::string_view kFirstSteps[] = {"form", "digest", "columns"};
constexpr std::string_view kUnread = "the file cannot be read to its end as the manifest says";

std::string hex_of(const crypto::Digest& digest) {
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Result<std::string> check_digest(const Manifest& manifest, const Count& count) {
  const std::string hex = hex_of(count.digest());
  if (count.bytes() != manifest.release.bytes) {
    return fail(Code::corrupt, "the file has " + std::to_string(count.bytes()) +
                                   " bytes, the manifest " +
                                   std::to_string(manifest.release.bytes));
  }
  if (hex == manifest.release.sha256) return "sha256:" + hex;
  return fail(Code::corrupt,
              "the file is sha256:" + hex + ", the manifest has " + manifest.release.sha256);
}

Result<std::string> check_rows(const Manifest& manifest, const Count& count) {
  if (count.rows() == manifest.release.rows) return std::to_string(count.rows());
  return fail(Code::corrupt, "the file has " + std::to_string(count.rows()) +
                                 " rows, the manifest " + std::to_string(manifest.release.rows));
}

Result<std::string> with_detail(const Status& status, std::string_view detail) {
  return status.map([&](std::monostate) { return std::string(detail); });
}

}  // namespace

struct Recheck::State {
  explicit State(const Question& question)
      : read(parse_manifest(question.manifest)),
        manifest_digest(crypto::Sha256().add(question.manifest).finish()),
        hierarchies(question.hierarchies),
        limits(question.limits) {
    if (read) count.emplace(*read, limits, question.secret);
  }

  void add_counted(proof::Report& report);
  void add_hierarchies(proof::Report& report, const Release& release,
                       const Result<Hierarchies>& found) const;

  Result<Manifest> read;
  crypto::Digest manifest_digest;
  std::vector<std::string> hierarchies;
  Limits limits;
  std::optional<Count> count;  // looks into `read`
};

Recheck::Recheck(const Question& question) : state_(std::make_unique<State>(question)) {}
Recheck::~Recheck() = default;
Recheck::Recheck(Recheck&&) noexcept = default;
Recheck& Recheck::operator=(Recheck&&) noexcept = default;

Recheck::More Recheck::add(std::string_view bytes) {
  if (!state_->count) return More::useless;
  state_->count->add(bytes);
  return More::wanted;
}

void Recheck::State::add_hierarchies(proof::Report& report, const Release& release,
                                     const Result<Hierarchies>& found) const {
  bool all = true;
  for (const Column& column : read->columns) {
    all = all && (column.role != Role::quasi_identifier || column.hierarchy);
  }
  if (hierarchies.empty()) {
    for (const char* const name : {"hierarchies", "levels", "loss"}) {
      report.skip(name, "the hierarchies were not given");
    }
    return;
  }
  report.found("hierarchies", "hierarchy_unknown", found.map([](const Hierarchies& some) {
    return std::to_string(some.size()) + " by their digests";
  }));
  if (!found) {
    report.skip("levels", "a hierarchy is missing");
    report.skip("loss", "a hierarchy is missing");
    return;
  }
  report.found("levels", "level_mismatch", check_levels(release, *found));
  if (!all || read->input.rows == 0) {
    report.skip("loss",
                all ? "no row was to be released"
                    : "a quasi-identifier has no hierarchy, so nothing is known of its loss");
    return;
  }
  report.found("loss", "loss_mismatch", check_loss(release, *found));
}

void Recheck::State::add_counted(proof::Report& report) {
  const Release release(*read, *count);
  const Result<Hierarchies> found =
      hierarchies.empty() ? Result<Hierarchies>(Hierarchies())
                          : find_hierarchies(*read, hierarchies, limits.hierarchy_bytes_max);
  const bool usable = !hierarchies.empty() && found;
  report.found("k", "k_violated", check_k(release));
  report.found("suppression", "suppression_violated", check_suppression(release));
  for (const Criterion& criterion : read->criteria) {
    if (criterion.kind == CriterionKind::k_anonymity) continue;
    if (criterion.column) {
      add_criterion(report, release, criterion, usable ? &*found : nullptr);
    } else {
      report.skip(criterion_name(criterion.kind),
                  "it is about a population that is not in the release");
    }
  }
  report.found("histogram", "histogram_mismatch", check_histogram(release));
  report.found("root", "root_mismatch", check_root(release));
  add_hierarchies(report, release, found);
}

proof::Report Recheck::report() {
  proof::Report out("kanon-release");
  if (!state_->read) {
    out.found("manifest", "manifest_invalid", tl::unexpected<Error>(state_->read.error()));
    for (const std::string_view name : kFirstSteps) out.skip(name, "the manifest cannot be read");
    return out;
  }
  const Manifest& manifest = *state_->read;
  Count& count = *state_->count;
  count.finish();
  out.found("manifest", "", "version 1, sha256:" + hex_of(state_->manifest_digest));
  out.found("form", "form_invalid", with_detail(count.form(), "UTF-8, one form for every row"));
  out.found("digest", "digest_mismatch", check_digest(manifest, count));
  if (count.has_header()) {
    out.found("columns", "columns_mismatch",
              with_detail(count.columns(), std::to_string(manifest.columns.size())));
  } else {
    out.skip("columns", kUnread);
  }
  if (!count.form() || !count.columns()) {
    for (const char* const name : {"rows", "k", "suppression", "histogram", "root"}) {
      out.skip(name, kUnread);
    }
    return out;
  }
  out.found("rows", "rows_mismatch", check_rows(manifest, count));
  if (!count.limits()) {
    out.found("k", "limit_passed", tl::unexpected<Error>(count.limits().error()));
    return out;
  }
  state_->add_counted(out);
  out.skip("input", "the snapshot sha256:" + manifest.input.sha256 + " is not here");
  out.skip("search", "that no other release loses less cannot be seen in this one");
  return out;
}

}  // namespace mc::recheck
