#include "recheck/recheck.h"

#include <doctest/doctest.h>

#include <random>

#include "recheck/root.h"
#include "recheck/twin.h"
#include "sys/sys.h"

namespace {

using namespace mc;           // NOLINT(google-build-using-namespace)
using namespace mc::recheck;  // NOLINT(google-build-using-namespace)
using twin::check;
using twin::csv;
using twin::failures;
using twin::manifest_of;
using twin::Table;

Table people() {
  Table out;
  out.columns = {{.name = "sex", .role = Role::quasi_identifier},
                 {.name = "age", .role = Role::quasi_identifier},
                 {.name = "illness", .role = Role::sensitive},
                 {.name = "note", .role = Role::insensitive}};
  out.rows = {{"m", "30-39", "flu", ""},
              {"m", "30-39", "cold", "a, b"},
              {"m", "30-39", "flu", "\"q\""},
              {"w", "40-49", "cold", "\xC3\xA9"},
              {"w", "40-49", "flu", "x"}};
  out.criteria = {{.column = "illness", .kind = CriterionKind::distinct_l, .l = "2"}};
  return out;
}

// The file and manifest of `table`, after `change` of the manifest.
template <class Change>
std::string with_manifest(const Table& table, const Change& change) {
  Manifest manifest = manifest_of(table);
  change(manifest);
  return failures(check(print_manifest(manifest), csv(table)));
}

// What an attacker does who also writes the digest anew.
std::string with_file(const Manifest& manifest, const std::string& file) {
  Manifest out = manifest;
  out.release.bytes = static_cast<std::int64_t>(file.size());
  out.release.sha256 = twin::hex_sha(file);
  return failures(check(print_manifest(out), file));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("recheck: a release that is as its manifest says passes, however its bytes arrive") {
  const Table table = people();
  const std::string manifest = print_manifest(manifest_of(table));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
    const proof::Report report = check(manifest, csv(table), {}, piece);
    CHECK(failures(report) == "");
    CHECK(report.verified());
    for (const char* const name : {"manifest", "form", "digest", "columns", "rows", "k",
                                   "suppression", "distinct-l", "histogram", "root"}) {
      CAPTURE(name);
      REQUIRE(twin::find(report, name) != nullptr);
      CHECK(twin::find(report, name)->outcome == proof::Outcome::passed);
    }
    for (const char* const name : {"hierarchies", "levels", "loss", "input", "search"}) {
      CAPTURE(name);
      CHECK(twin::find(report, name)->outcome == proof::Outcome::skipped);
    }
  }
}

TEST_CASE("recheck: one changed cell, one row removed, one added are refused, digest or not") {
  const Table table = people();
  const Manifest manifest = manifest_of(table);
  const std::string text = print_manifest(manifest);
  const std::string file = csv(table);
  Table changed = table;
  changed.rows[0][1] = "40-49";
  CHECK(failures(check(text, csv(changed))) ==
        "digest_mismatch k_violated l_violated histogram_mismatch root_mismatch");
  CHECK(with_file(manifest, csv(changed)) ==
        "k_violated l_violated histogram_mismatch root_mismatch");
  Table removed = table;
  removed.rows.pop_back();
  CHECK(with_file(manifest, csv(removed)) ==
        "rows_mismatch k_violated l_violated histogram_mismatch root_mismatch");
  removed = table;
  removed.rows.erase(removed.rows.begin());
  CHECK(with_file(manifest, csv(removed)) == "rows_mismatch histogram_mismatch root_mismatch");
  Table added = table;
  added.rows.push_back(table.rows[0]);
  CHECK(with_file(manifest, csv(added)) == "rows_mismatch histogram_mismatch root_mismatch");
  // What no criterion is about is kept by the digest alone.
  changed = table;
  changed.rows[4][3] = "y";
  CHECK(failures(check(text, csv(changed))) == "digest_mismatch");
}

TEST_CASE("recheck: a class below k is refused though all else is true, and is named") {
  Table table = people();
  table.k = 3;
  const proof::Report report = check(print_manifest(manifest_of(table)), csv(table));
  CHECK(failures(report) == "k_violated");
  CHECK(report.failure()->detail ==
        "1 of 2 classes have fewer than k = 3 rows; the smallest is (w, 40-49) with 2");
}

TEST_CASE("recheck: the form of the file is one, and each other is refused with its line") {
  const Table table = people();
  const Manifest manifest = manifest_of(table);
  const std::string file = csv(table);
  const std::string first = "m,30-39,flu,\"\"\n";
  struct {
    const char* name;
    std::string file;
    const char* said;
  } const rows[] = {
      {"NUL", replaced(file, first, std::string("m,30-39,fl\0,\"\"\n", 15)),
       "line 2: it has a NUL byte"},
      {"CRLF", replaced(file, first, "m,30-39,flu,\"\"\r\n"), "line 2: it ends with CR LF"},
      {"needless quotes", replaced(file, first, "m,30-39,\"flu\",\"\"\n"),
       "quoted that need not be"},
      {"bare empty", replaced(file, first, "m,30-39,flu,\n"), "line 2: an empty field"},
      {"stray quote", replaced(file, first, "m,30-39,fl\"u,\n"), "line 2: field 3: a quote inside"},
      {"open quote", replaced(file, first, "m,30-39,\"flu,\n"),
       "line 2: field 3: the quoted field"},
      {"newline in quotes", replaced(file, "\"a, b\"", "\"a,\nb\""), "line 3: field 4: the quoted"},
      {"control", replaced(file, first, "m,30-39,f\x07lu,\"\"\n"), "line 2: field 3: a control"},
      {"control C1", replaced(file, first, "m,30-39,f\xC2\x85u,\"\"\n"),
       "line 2: field 3: a control"},
      {"no UTF-8", replaced(file, first, "m,30-39,f\xFFlu,\"\"\n"), "line 2: field 3: a control"},
      {"BOM", "\xEF\xBB\xBF" + file, "line 1: it begins with a byte order mark"},
      {"blank line", replaced(file, first, first + "\n"), "line 3: it is blank"},
      {"fewer fields", replaced(file, first, "m,30-39,flu\n"), "line 2: it has 3 fields, not 4"},
      {"more fields", replaced(file, first, "m,30-39,flu,x,y\n"), "line 2: it has 5 fields, not 4"},
      {"cut", file.substr(0, file.size() - 3), "line 6: the file ends in the middle of it"},
      {"empty", "", "the file is empty"},
      {"long", replaced(file, first, std::string(70'000, 'x') + "\n"), "line 2: it has more than"}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Manifest honest = manifest;
    honest.release.bytes = static_cast<std::int64_t>(row.file.size());
    honest.release.sha256 = twin::hex_sha(row.file);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1} << 20}) {
      const proof::Report report = check(print_manifest(honest), row.file, {}, piece);
      CHECK(failures(report) == "form_invalid");
      CHECK(report.failure()->detail.find(row.said) != std::string::npos);
      if (report.failure()->detail.find(row.said) == std::string::npos) {
        MESSAGE(report.failure()->detail);
      }
    }
  }
  // Cut between two rows: the form is right, the rows are not.
  const std::string cut = file.substr(0, file.rfind("\nw,") + 1);
  CHECK(failures(check(print_manifest(manifest), cut)) ==
        "digest_mismatch rows_mismatch k_violated l_violated histogram_mismatch root_mismatch");
}

TEST_CASE("recheck: a header that is not the manifest's ends the reading of rows") {
  const Table table = people();
  const Manifest manifest = manifest_of(table);
  CHECK(with_file(manifest, replaced(csv(table), "age", "agf")) == "columns_mismatch");
  CHECK(with_file(manifest, replaced(csv(table), "sex,age", "age,sex")) == "columns_mismatch");
  CHECK(with_file(manifest, replaced(csv(table), ",note", "")) == "columns_mismatch");
}

TEST_CASE("recheck: a histogram, a root, a count or a digest that lies is refused") {
  const Table table = people();
  const std::string zeros(64, '0');
  CHECK(with_manifest(table, [&](Manifest& m) { m.classes.root = zeros; }) == "root_mismatch");
  CHECK(with_manifest(table, [&](Manifest& m) { m.release.sha256 = zeros; }) == "digest_mismatch");
  CHECK(with_manifest(table, [&](Manifest& m) { ++m.release.bytes; }) == "digest_mismatch");
  CHECK(with_manifest(table, [](Manifest& m) {
          m.classes.histogram = {{1, 5}};
          m.classes.count = 1;
          m.classes.min = 5;
        }) == "histogram_mismatch");
  // Whole classes that are gone: the last size, and one of several of a size.
  Table more = table;
  for (const char* const age : {"50-59", "60-69"}) {
    more.rows.push_back({"w", age, "flu", ""});
    more.rows.push_back({"w", age, "cold", ""});
  }
  const Manifest whole = manifest_of(more);
  const std::string gone = "rows_mismatch histogram_mismatch root_mismatch";
  Table less = more;
  less.rows.erase(less.rows.begin(), less.rows.begin() + 3);
  CHECK(with_file(whole, csv(less)) == gone);
  less = more;
  less.rows.resize(less.rows.size() - 2);
  CHECK(with_file(whole, csv(less)) == gone);
  // Of the right number of rows, as parse_manifest() wants it, and yet not those of the file.
  CHECK(with_manifest(table, [](Manifest& m) {
          m.release.rows = m.input.rows = 6;
          m.classes.histogram = {{3, 2}};
          m.classes.count = 3;
        }) == "rows_mismatch histogram_mismatch");
}

TEST_CASE("recheck: suppression past its limit is refused") {
  Table table = people();
  table.dropped = 5;
  table.limit = "0.5";
  CHECK(failures(check(print_manifest(manifest_of(table)), csv(table))) == "");
  table.limit = "0.499999999";
  CHECK(failures(check(print_manifest(manifest_of(table)), csv(table))) == "suppression_violated");
}

TEST_CASE("recheck: starred rows are none or at least k, and as many as said") {
  const auto starred = [](int stars, std::int64_t said, const char* illness = "*") {
    Table table = people();
    Manifest manifest = manifest_of(table);
    for (int i = 0; i < stars; ++i) table.rows.push_back({"*", "*", illness, ""});
    const Manifest full = manifest_of(table);
    manifest.release = full.release;
    manifest.input.rows = full.input.rows;
    manifest.suppression = {SuppressionForm::starred, "1", said};
    return failures(check(print_manifest(manifest), csv(table)));
  };
  // The manifest does not add up when its classes and starred rows are not the rows.
  CHECK(starred(2, 2) == "");
  CHECK(starred(0, 0) == "");
  CHECK(starred(2, 2, "flu") == "suppression_violated l_violated");
  CHECK(starred(1, 1) == "suppression_violated");
  CHECK(starred(2, 1) == "manifest_invalid");
  CHECK(starred(1, 2) == "manifest_invalid");
}

TEST_CASE("recheck: what cannot be read as a manifest is refused, and nothing else is looked at") {
  const Table table = people();
  const std::string file = csv(table);
  const std::string good = print_manifest(manifest_of(table));
  REQUIRE(good.find("\"version\":1,") != std::string::npos);
  struct {
    const char* name;
    std::string manifest;
    const char* said;
  } const rows[] = {
      {"no JSON", "x", ""},
      {"empty", "", ""},
      {"another kind", replaced(good, "mc.kanon-release", "mc.kanon-releasf"), "kind: it is not"},
      {"a later version", replaced(good, "\"version\":1,", "\"version\":2,"),
       "version: this program"},
      {"a version of text", replaced(good, "\"version\":1,", "\"version\":\"1\","), "version:"},
      {"an unknown member", replaced(good, "{\"classes\"", "{\"also\":1,\"classes\""), "also"},
      {"a space", replaced(good, "\"k\":2", "\"k\": 2"), "RFC 8785"},
      {"a newline behind it", good + "\n", "RFC 8785"},
      {"a null", replaced(good, "{\"name\":\"sex\"", "{\"hierarchy\":null,\"name\":\"sex\""),
       "null"},
      {"a double name", replaced(good, "\"k\":2", "\"k\":2,\"k\":2"), "k"},
      {"k of one", replaced(replaced(good, "\"k\":2", "\"k\":1"), "\"k\":2", "\"k\":1"),
       "less than 2"},
      {"another k", replaced(good, "\"k\":2", "\"k\":3"), "another k"},
      {"a fraction", replaced(good, "\"rows\":5", "\"rows\":5.5"), "rows"},
      {"too many rows", replaced(good, "\"rows\":5", "\"rows\":1073741825"), "1073741825"},
      {"another smallest", replaced(good, "\"min\":2", "\"min\":3"), "classes.min"},
      {"another count", replaced(good, "\"count\":2", "\"count\":3"), "classes.count"},
      {"a model", replaced(good, "syntactic", "semantic"), "model"},
      {"no warning", replaced(good, "\"downcoding\",", ""), "warnings"},
      {"a limit of two", replaced(good, "\"limit\":\"1\"", "\"limit\":\"2\""), "suppression.limit"},
      {"a limit of text", replaced(good, "\"limit\":\"1\"", "\"limit\":\"1e0\""), "no decimal"},
      {"a wrong column", replaced(good, "\"column\":\"illness\"", "\"column\":\"sex\""),
       "sensitive"},
      {"no l", replaced(good, ",\"l\":\"2\"", ""), "l: missing"}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const proof::Report report = check(row.manifest, file);
    CHECK(failures(report) == "manifest_invalid");
    CHECK(report.failure()->detail.find(row.said) != std::string::npos);
    if (report.failure()->detail.find(row.said) == std::string::npos) {
      MESSAGE(report.failure()->detail);
    }
  }
}

TEST_CASE("recheck: past its limits a verifier refuses, and says which") {
  const Table table = people();
  const std::string manifest = print_manifest(manifest_of(table));
  Limits few_classes, few_pairs, small;
  few_classes.classes_max = 1;
  few_pairs.pairs_max = 3;
  small.class_bytes_max = 20;
  for (const Limits& limits : {few_classes, few_pairs, small}) {
    Recheck recheck({manifest, {}, limits, 2});
    recheck.add(csv(table));
    const proof::Report report = recheck.report();
    CHECK(failures(report) == "limit_passed");
    CHECK(!report.verified());
  }
}

TEST_CASE("recheck: random tables and random tampering: refused, or the twin finds it true") {
  std::mt19937 random(20261130);
  const auto below = [&](std::size_t n) { return random() % n; };
  int refused = 0, valid = 0;
  for (int round = 0; round < 3000; ++round) {
    Table table;
    table.columns = {{.name = "a", .role = Role::quasi_identifier},
                     {.name = "s", .role = Role::sensitive},
                     {.name = "b", .role = Role::quasi_identifier}};
    table.criteria = {{.column = "s", .kind = CriterionKind::distinct_l, .l = "2"}};
    const std::size_t size = 4 + below(20);
    const auto text = [&](std::size_t kinds) {
      return std::string(1, static_cast<char>('a' + below(kinds)));
    };
    for (std::size_t i = 0; i < size; ++i) table.rows.push_back({text(2), text(3), text(1)});
    const Manifest manifest = manifest_of(table);
    Table other = table;
    for (std::size_t i = below(3); i > 0; --i) {
      const std::size_t row = below(other.rows.size());
      const std::size_t what = below(4);
      if (what == 0) other.rows[row][below(3)] = text(2);
      if (what == 1) other.rows.erase(other.rows.begin() + static_cast<std::ptrdiff_t>(row));
      if (what == 2) other.rows.push_back(other.rows[row]);
      if (what == 3) std::swap(other.rows[row], other.rows[0]);
    }
    // The twin: what is in the file, class by class.
    const auto classes = twin::classes_of(other);
    bool holds = other.rows.size() == table.rows.size() && classes == twin::classes_of(table);
    std::map<twin::Row, std::set<std::string>> values;
    for (const twin::Row& row : other.rows) values[twin::key_of(other, row)].insert(row[1]);
    for (const auto& [key, rows] : classes) holds = holds && rows >= 2 && values[key].size() >= 2;
    CAPTURE(round);
    CAPTURE(csv(other));
    const std::string found = with_file(manifest, csv(other));
    CHECK(found.empty() == holds);
    ++(holds ? valid : refused);
    // The first manifest takes the first file alone.
    const bool same = csv(other) == csv(table);
    if (!same) CHECK(!check(print_manifest(manifest), csv(other)).verified());
  }
  CHECK(refused > 500);
  CHECK(valid > 100);
}

TEST_CASE("recheck: the example of docs/formats/kanon-release.md is as it is written there") {
  const auto page = sys::real_files()->read_all("docs/formats/kanon-release.md");
  REQUIRE(page);
  CHECK(page->find("```\n" + csv(people()) + "```") != std::string::npos);
  CHECK(page->find("\n" + print_manifest(manifest_of(people())) + "\n") != std::string::npos);
  std::string first, second;
  for (const char* const text : {"m", "30-39"}) append_key_text(first, text);
  for (const char* const text : {"w", "40-49"}) append_key_text(second, text);
  const crypto::Digest root = root_of({{second, 2}, {first, 3}});
  CHECK(page->find("key   " + to_hex(first) + "\n") != std::string::npos);
  CHECK(page->find("root  " + to_hex({reinterpret_cast<const char*>(root.data()), 32}) + "\n") !=
        std::string::npos);
}
