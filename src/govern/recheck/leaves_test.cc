#include "recheck/leaves.h"

#include <doctest/doctest.h>

#include <cmath>

#include "recheck/twin.h"

namespace {

using namespace mc;           // NOLINT(google-build-using-namespace)
using namespace mc::recheck;  // NOLINT(google-build-using-namespace)

const std::string kAge = "31;30-39;*\n35;30-39;*\n41;40-49;*\n";
const std::string kSex = "m;*\nw;*\n";

HierarchyOf of(const std::string& file, std::int64_t leaves, std::int64_t levels) {
  return {leaves, levels, twin::hex_sha(file)};
}

twin::Table ages() {
  twin::Table out;
  out.columns = {{of(kSex, 2, 2), "sex", Role::quasi_identifier},
                 {of(kAge, 3, 3), "age", Role::quasi_identifier}};
  out.rows = {{"*", "30-39"}, {"*", "30-39"}, {"*", "40-49"}, {"*", "40-49"}};
  return out;
}

std::string twelve(double number) {
  char out[40];
  std::snprintf(out, sizeof out, "%.12f", number);
  return out;
}

}  // namespace

TEST_CASE("recheck: a hierarchy is read when it is as large as the manifest says") {
  const Leaves leaves = *read_leaves(kAge, of(kAge, 3, 3));
  CHECK(leaves.count == 3);
  CHECK(leaves.under(0, "31") == 1);
  CHECK(leaves.under(1, "30-39") == 2);
  CHECK(leaves.under(2, "*") == 3);
  CHECK(leaves.under(1, "31") == 0);
  CHECK(leaves.under(3, "*") == 0);
  CHECK(leaves.under_anywhere("30-39").least == 2);
  CHECK(leaves.under_anywhere("x").most == 0);
  // Other delimiters, CRLF, quotes: whatever gives the rows and columns.
  for (const char* const file :
       {"31,30-39,*\r\n35,30-39,*\r\n41,40-49,*\r\n", "\"31\"|30-39|*\n35|30-39|*\n41|40-49|*"}) {
    CHECK(read_leaves(file, of(file, 3, 3))->under(1, "30-39") == 2);
  }
  const std::string quoted = "\"a;b\";\"\"\nc;\"\"\n";
  CHECK(read_leaves(quoted, of(quoted, 2, 2))->under(1, "") == 2);
}

TEST_CASE("recheck: a hierarchy that is none is refused with the line") {
  struct {
    const char* name;
    std::string file;
    const char* said;
  } const rows[] = {{"a leaf twice", "a;x;*\na;x;*\nb;x;*\n", "line 2: its leaf is there twice"},
                    {"unequal depth", "a;x;*\nb;x\nc;x;*\n", "line 2: it is not of 3 lines"},
                    {"too few", "a;x;*\nb;x;*\n", "fewer lines"},
                    {"too many", "a;x;*\nb;x;*\nc;x;*\nd;x;*\n", "line 4"},
                    {"parted", "a;x;*\nb;y;*\nc;x;+\n", "line 3: a level parts"},
                    {"a stray quote", "a;x;*\nb;x\";*\nc;x;*\n", "line 2: a quote inside"},
                    {"empty", "", "fewer lines"}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto read = read_leaves(row.file, of(row.file, 3, 3));
    REQUIRE(!read);
    CHECK(read.error().what.find(row.said) != std::string::npos);
  }
}

TEST_CASE("recheck: with the hierarchies, levels and losses are checked too") {
  const twin::Table table = ages();
  Manifest manifest = twin::manifest_of(table, {1, 1});
  // sex: 4 rows of 2 leaves, d = (8 - 4) / (4 * 1) = 1; age: S = 2 * 2 + 2 * 1, d = (6 - 4) / 8.
  manifest.quality = {twelve(std::sqrt(2.0 * 1.25) - 1), "0.625"};
  const auto failures = [&](const std::vector<std::string>& files) {
    return twin::failures(twin::check(print_manifest(manifest), twin::csv(table), files));
  };
  const std::vector<std::string> both = {kAge, kSex, "something;else\n"};
  CHECK(failures(both) == "");
  const auto report = twin::check(print_manifest(manifest), twin::csv(table), both);
  for (const char* const name : {"hierarchies", "levels", "loss"}) {
    CHECK(twin::find(report, name)->outcome == proof::Outcome::passed);
  }
  CHECK(failures({kAge}) == "hierarchy_unknown");
  CHECK(failures({kAge + "\n", kSex}) == "hierarchy_unknown");
  manifest.quality.loss_arithmetic = "0.625000002";
  CHECK(failures(both) == "loss_mismatch");
  manifest.quality.loss_arithmetic = "0.625";
  manifest.quality.loss = "0.5";
  CHECK(failures(both) == "loss_mismatch");
  manifest.quality.loss = twelve(std::sqrt(2.0 * 1.25) - 1);
  manifest.recoding.levels = {1, 2};
  CHECK(failures(both) == "level_mismatch loss_mismatch");
  manifest.recoding.levels = {1, 0};  // it says that raw ages are out, and they are not
  CHECK(failures(both) == "level_mismatch loss_mismatch");
  manifest.recoding.levels = {1, 3};
  CHECK(failures(both) == "manifest_invalid");
}

TEST_CASE("recheck: suppressed rows have lost all, and local recoding stands at any level") {
  twin::Table table = ages();
  table.rows[2][1] = table.rows[3][1] = "*";
  table.dropped = 2;
  Manifest manifest = twin::manifest_of(table);
  manifest.recoding = {"top-down/1", RecodingKind::local, {}};
  // sex: S = 6 * 2, N = 6, d = 1; age: S = 2 * 2 + 2 * 3 + 2 * 3 = 16, d = 10 / 12.
  manifest.quality = {twelve(std::sqrt(2.0 * (1 + 10.0 / 12)) - 1), twelve((1 + 10.0 / 12) / 2)};
  const std::vector<std::string> both = {kAge, kSex};
  CHECK(twin::failures(twin::check(print_manifest(manifest), twin::csv(table), both)) == "");
  table.rows[2][1] = table.rows[3][1] = "30-49";
  Manifest other = twin::manifest_of(table);
  other.recoding = manifest.recoding;
  other.quality = manifest.quality;
  CHECK(twin::failures(twin::check(print_manifest(other), twin::csv(table), both)) ==
        "level_mismatch loss_mismatch");
}

TEST_CASE("recheck: a quasi-identifier without a hierarchy leaves the loss unknown") {
  twin::Table table = ages();
  table.columns[0].hierarchy.reset();
  const auto report =
      twin::check(print_manifest(twin::manifest_of(table, {0, 1})), twin::csv(table), {kAge});
  CHECK(report.verified());
  CHECK(twin::find(report, "levels")->outcome == proof::Outcome::passed);
  CHECK(twin::find(report, "loss")->outcome == proof::Outcome::skipped);
}
