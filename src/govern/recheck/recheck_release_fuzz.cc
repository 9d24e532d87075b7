// Released files from anywhere, under manifests with all that can be checked. The report does not
// depend on how the bytes arrive, and no file passes that a manifest was not made of.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/crypto.h"
#include "recheck/recheck.h"

namespace {

using namespace mc::recheck;  // NOLINT(google-build-using-namespace)

const std::string kTree = "m;low;*\nn;low;*\no;high;*\n";

Manifest manifest_of(char delimiter) {
  Manifest out;
  const HierarchyOf tree{3, 3, mc::to_hex([] {
                           const auto digest = mc::crypto::Sha256().add(kTree).finish();
                           return std::string(digest.begin(), digest.end());
                         }())};
  out.columns = {{tree, "a", Role::quasi_identifier}, {tree, "s", Role::sensitive}};
  const auto about_s = [](CriterionKind kind) {
    Criterion criterion;
    criterion.kind = kind;
    criterion.column = "s";
    return criterion;
  };
  Criterion k, entropy = about_s(CriterionKind::entropy_l),
               recursive = about_s(CriterionKind::recursive_l),
               close = about_s(CriterionKind::t_closeness);
  k.k = 2;
  entropy.l = recursive.l = "2";
  recursive.c = "1.5";
  close.distance = Distance::hierarchical;
  close.t = "0.3";
  out.criteria = {k, entropy, recursive, close};
  out.k = 2;
  out.engine = "fuzz";
  const std::string zeros(64, '0');
  out.input = {4, zeros};
  out.release = {12, std::string(1, delimiter), 4, zeros};
  out.suppression = {SuppressionForm::starred, "1", 2};
  out.recoding.levels = {1};
  out.classes = {1, {{1, 2}}, 2, zeros};
  out.quality = {"0.5", "0.5"};
  out.search = {"0", 1, true};
  return out;
}

std::string report_of(const std::string& manifest, std::string_view file, std::size_t piece) {
  Recheck recheck({manifest, {kTree}, {.row_bytes_max = 64, .classes_max = 8, .pairs_max = 16}, 5});
  for (std::size_t at = 0; at < file.size(); at += piece) recheck.add(file.substr(at, piece));
  const auto report = recheck.report();
  MC_CHECK(!report.verified());
  return mc::proof::print_json(report);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string manifest = print_manifest(manifest_of(",;|\t"[data[0] % 4]));
  MC_CHECK(parse_manifest(manifest));
  const std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = report_of(manifest, file, file.size() + 1);
  MC_CHECK(whole == report_of(manifest, file, 1));
  MC_CHECK(whole == report_of(manifest, file, 7));
  return 0;
}
