#include "dataset/import.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>

#include "dataset/import_types.h"
#include "dataset/tables.h"
#include "sim/sim.h"

namespace mc::dataset {
namespace {

// A database in memory and a disk in memory with one file.
struct Bench {
  std::unique_ptr<sql::Connection> connection;
  sim::SimFiles files;

  Bench() {
    auto opened = sql::sqlite_driver()->open("sqlite::memory:", {});
    REQUIRE(opened.has_value());
    connection = std::move(*opened);
  }
  void put(const std::string& path, const std::string& bytes) {
    auto file = files.open(path, sys::OpenMode::truncate);
    REQUIRE(file.has_value());
    REQUIRE((*file)->write(bytes).has_value());
  }
  Result<ImportReport> import(const std::string& path, const ImportOptions& options) {
    return import_file(*connection, files, path, options);
  }
  // All rows, values joined by |, rows by a line end; "-" for missing.
  std::string rows(const std::string& table, const std::string& tenant = "alpha") {
    auto found = connection->query(
        "SELECT * FROM " + sql::quoted(table) + " WHERE tenant_id = ?1 ORDER BY id", {tenant});
    if (!found) return found.error().what;
    std::string out;
    for (;;) {
      const auto more = (*found)->next();
      REQUIRE(more.has_value());
      if (!*more) return out;
      for (int i = 1; i < (*found)->columns(); ++i) {
        if (i > 1) out += '|';
        switch ((*found)->type(i)) {
          case sql::Type::null:
            out += '-';
            break;
          case sql::Type::integer:
            out += std::to_string((*found)->integer(i));
            break;
          case sql::Type::real:
            json::append_double(out, (*found)->real(i));
            break;
          default:
            out += (*found)->text(i);
        }
      }
      out += '\n';
    }
  }
  bool clean() {  // nothing of an import is left behind
    auto found = connection->query(
        "SELECT name FROM sqlite_schema WHERE name LIKE 'mc_import_%' "
        "AND name <> 'mc_import_checkpoint' AND type = 'table'",
        {});
    return found.has_value() && !*(*found)->next();
  }
};

ImportOptions into(const std::string& table) {
  return {.tenant = TenantId("alpha"), .table = table, .create = CreateTable::if_absent};
}

TEST_CASE("import: makes a table, detects types, numbers the rows") {
  Bench bench;
  bench.put("a.csv",
            "\xEF\xBB\xBFName;Age;big;Score;ok;day;at;zip code\n"
            "Ann;3;5000000000;1.5;true;2026-01-02;2026-01-02T03:04:05+01:00;0123\n"
            "\"B;b\";-4;1;2;false;2026-01-03;2026-01-02T03:04:05Z;99\n"
            "\"\";;;;;;;\n");
  const auto report = bench.import("a.csv", into("people"));
  REQUIRE_MESSAGE(report.has_value(), report.error().what);
  CHECK(report->rows == 3);
  CHECK(report->delimiter == ';');
  CHECK(report->table_created);
  CHECK(bench.rows("people") ==
        "1|Ann|3|5000000000|1.5|1|2026-01-02|2026-01-02T02:04:05.000Z|0123\n"
        "2|B;b|-4|1|2|0|2026-01-03|2026-01-02T03:04:05.000Z|99\n"
        "3||-|-|-|-|-|-|-\n");
  CHECK(bench.clean());
  const Dataset& dataset = report->dataset;
  CHECK(dataset.key == "id");
  CHECK(dataset.column("id")->storage == Storage::integer);
  struct Row {
    const char* name;
    const char* column;
    ColumnType type;
    bool nullable;
  };
  const Row columns[] = {{"name", "name", ColumnType::string, false},
                         {"age", "age", ColumnType::int_, true},
                         {"big", "big", ColumnType::long_, true},
                         {"score", "score", ColumnType::float_, true},
                         {"ok", "ok", ColumnType::boolean, true},
                         {"day", "day", ColumnType::date, true},
                         {"at", "at", ColumnType::datetime, true},
                         {"zipCode", "zip_code", ColumnType::string, true}};
  for (const Row& row : columns) {
    CAPTURE(std::string(row.name));
    const Column* column = dataset.column(row.name);
    REQUIRE(column != nullptr);
    CHECK(column->column == row.column);
    CHECK(column->type == row.type);
    CHECK(column->nullable == row.nullable);
  }
  Model model{.sources = {{"main", "sqlite:/x.db", ""}}, .datasets = {dataset}};
  model.datasets[0].source = "main";
  const Result<Model> again = parse_model(to_yaml(model), "made.yaml");
  REQUIRE_MESSAGE(again.has_value(), again.error().what);
  CHECK(*again == model);
}

TEST_CASE("import: JSON lines, with nested values and keys that come later") {
  Bench bench;
  bench.put("a.jsonl",
            "{\"id\":\"x\",\"n\":1,\"tags\":[\"a\"]}\r\n\n"
            "{\"id\":\"y\",\"n\":2.5,\"more\":true}\n"
            "{\"id\":\"z\",\"n\":null,\"tags\":{\"b\":null},\"more\":false}");
  const auto report = bench.import("a.jsonl", into("t"));
  REQUIRE_MESSAGE(report.has_value(), report.error().what);
  CHECK(bench.rows("t") == "x|1|[\"a\"]|-\ny|2.5|-|1\nz|-|{\"b\":null}|0\n");
  CHECK(report->dataset.column("tags")->type == ColumnType::json);
  CHECK_FALSE(report->dataset.column("tags")->filterable);
  CHECK(report->dataset.column("id")->storage == Storage::natural);
}

TEST_CASE("import: bad rows are named by line and column, up to the limit") {
  struct Row {
    const char* name;
    const char* bytes;
    std::int64_t bad_rows_max;
    const char* error;  // "" = imported
  };
  const Row rows[] = {
      {"wrong number of fields", "id,n\n1,2\n3\n", 0, "line 3: 1 fields, the header has 2"},
      {"wrong type", "id,n\n1,2\n2,3\n3,x\n", 0, "line 4, column 'n': 'x' is not a 32-bit integer"},
      {"one allowed", "id,n\n1,2\n2,3\n3,x\n", 1, ""},
      {"one too many", "id,n\n1,2\n2,3\n3,x\n\n4,y\n", 1,
       "line 6, column 'n': 'y' is not a 32-bit integer (more than 1 bad rows)"},
      {"line ends inside", "id,n\n1,2\n\"2\n\n\",3\n3,x\n", 0, "line 6, column 'n'"},
      {"not UTF-8", "id,s\n1,a\n2,\xff\n", 0, "line 3, column 's': is not valid UTF-8"},
      {"missing key", "id,n\n1,2\n,3\n", 0,
       "line 3, column 'id': '' is missing, but it is the key"},
      {"a stray quote", "id,s\n1,a\n2,b\"c\n3,d\n", 0,
       "line 3, column 's': a quote inside an unquoted field"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    Bench bench;
    bench.put("a.csv", row.bytes);
    ImportOptions options = into("t");
    options.bad_rows_max = row.bad_rows_max;
    options.sample_rows = 2;
    options.types = {};
    const auto report = bench.import("a.csv", options);
    CHECK(report.has_value() == (*row.error == '\0'));
    if (report) {
      CHECK(report->bad_rows == 1);
      CHECK(report->bad[0] == BadRow{4, "n", "'x' is not a 32-bit integer"});
      continue;
    }
    CHECK(report.error().code == Code::invalid);
    CHECK_MESSAGE(report.error().what.starts_with(row.error), report.error().what);
    // Nothing is there, not even the table.
    CHECK(bench.rows("t").find("no such table") != std::string::npos);
  }
}

TEST_CASE("import: refuses what cannot be imported at all") {
  struct Row {
    const char* name;
    const char* bytes;
    const char* error;
  };
  const Row rows[] = {
      {"empty", "", "the file is empty"},
      {"a header twice", "a,a\n", "two columns are called 'a'"},
      {"no header name", "a,\n", "a column has no name"},
      {"the same column", "A b,a_b\n", "are both column a_b"},
      {"the tenant column", "tenant_id,a\nx,y\n", "must not hold the tenant column"}};
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    Bench bench;
    bench.put("a.csv", row.bytes);
    const auto report = bench.import("a.csv", into("t"));
    REQUIRE_FALSE(report.has_value());
    CHECK_MESSAGE(report.error().what.find(row.error) != std::string::npos, report.error().what);
  }
  Bench bench;
  bench.put("a.csv", "id\n1\n");
  CHECK(bench.import("a.csv", {.tenant = TenantId(), .table = "t"}).error().code == Code::denied);
  CHECK(bench.import("a.csv", {.tenant = TenantId("alpha"), .table = "t"}).error().code ==
        Code::not_found);
  CHECK(bench.import("b.csv", into("t")).error().code == Code::not_found);
  ImportOptions colon = into("t");
  colon.delimiter = ':';
  CHECK(bench.import("a.csv", colon).error().code == Code::invalid);
  ImportOptions typed = into("t");
  typed.types = {{"nothing", ColumnType::int_}};
  CHECK(bench.import("a.csv", typed).error().code == Code::invalid);
}

TEST_CASE("import: append adds, replace replaces, and only the tenant's rows") {
  Bench bench;
  bench.put("a.csv", "n\n10\n11\n");
  bench.put("b.csv", "n\n12\n");
  bench.put("keys.csv", "id,n\n2,99\n");
  ImportOptions bravo = into("t");
  bravo.tenant = TenantId("bravo");
  REQUIRE(bench.import("a.csv", into("t")).has_value());
  REQUIRE(bench.import("a.csv", bravo).has_value());
  REQUIRE(bench.import("b.csv", into("t")).has_value());
  CHECK(bench.rows("t") == "1|10\n2|11\n3|12\n");
  const auto taken = bench.import("keys.csv", into("t"));
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().code == Code::conflict);
  CHECK(bench.rows("t") == "1|10\n2|11\n3|12\n");
  ImportOptions replace = into("t");
  replace.mode = ImportMode::replace;
  REQUIRE(bench.import("keys.csv", replace).has_value());
  CHECK(bench.rows("t") == "2|99\n");
  CHECK(bench.rows("t", "bravo") == "1|10\n2|11\n");
  CHECK(forget_import(*bench.connection, "keys.csv", into("t")).has_value());
  CHECK(bench.clean());
}

TEST_CASE("import: goes on where it was stopped, after any batch, and ends the same") {
  std::string text = "id,n\n";
  for (int i = 0; i < 25; ++i)
    text += "k" + std::to_string(100 + i) + "," + std::to_string(i) + "\n";
  Bench whole;
  whole.put("a.csv", text);
  REQUIRE(whole.import("a.csv", into("t")).has_value());
  const std::string expected = whole.rows("t");
  for (int stop = 1; stop <= 7; ++stop) {
    CAPTURE(stop);
    Bench bench;
    bench.put("a.csv", text);
    ImportOptions options = into("t");
    options.batch_rows = 5;
    int calls = 0;
    options.progress = [&](const ImportProgress& progress) {
      CHECK(progress.bytes_done <= progress.bytes_total);
      return ++calls != stop;
    };
    const auto stopped = bench.import("a.csv", options);
    REQUIRE_FALSE(stopped.has_value());
    CHECK(stopped.error().code == Code::unavailable);
    CHECK(bench.rows("t").find("no such table") != std::string::npos);
    std::int64_t first_seen = -1;
    options.progress = [&](const ImportProgress& progress) {
      if (first_seen < 0) first_seen = progress.rows;
      return true;
    };
    const auto report = bench.import("a.csv", options);
    REQUIRE_MESSAGE(report.has_value(), report.error().what);
    CHECK(report->resumed_at > 0);
    CHECK(report->rows == 25);
    CHECK(first_seen >= std::min(stop * 5, 25));
    CHECK(bench.rows("t") == expected);
    CHECK(bench.clean());
  }
}

TEST_CASE("import: a file that changed meanwhile starts over") {
  Bench bench;
  bench.put("a.csv", "id,n\n1,1\n2,2\n");
  ImportOptions options = into("t");
  options.batch_rows = 1;
  options.progress = [](const ImportProgress&) { return false; };
  REQUIRE_FALSE(bench.import("a.csv", options).has_value());
  bench.put("a.csv", "id,n\n7,1\n8,2\n");
  options.progress = {};
  const auto report = bench.import("a.csv", options);
  REQUIRE(report.has_value());
  CHECK(report->resumed_at == 0);
  CHECK(bench.rows("t") == "7|1\n8|2\n");
}

TEST_CASE("import: the same key twice in a file imports nothing") {
  Bench bench;
  bench.put("a.csv", "id,n\n1,1\n1,2\n");
  const auto report = bench.import("a.csv", into("t"));
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().code == Code::conflict);
  CHECK(bench.rows("t").find("no such table") != std::string::npos);
}

TEST_CASE("import: an existing table takes columns by header or by made name") {
  Bench bench;
  REQUIRE(bench.connection
              ->script("CREATE TABLE t (tenant_id TEXT NOT NULL, id TEXT NOT NULL, \"Job Title\" "
                       "TEXT, home_town TEXT, PRIMARY KEY (tenant_id, id))")
              .has_value());
  bench.put("a.csv", "id,Job Title,Home town\nx,cook,Graz\n");
  const auto report = bench.import("a.csv", {.tenant = TenantId("alpha"), .table = "t"});
  REQUIRE_MESSAGE(report.has_value(), report.error().what);
  CHECK_FALSE(report->table_created);
  CHECK(bench.rows("t") == "x|cook|Graz\n");
  bench.put("b.csv", "id,other\nx,1\n");
  CHECK(bench.import("b.csv", {.tenant = TenantId("alpha"), .table = "t"}).error().code ==
        Code::invalid);
}

TEST_CASE("types: detected from all values of a sample") {
  struct Row {
    const char* name;
    std::vector<const char*> values;
    ColumnType type;
  };
  const Row rows[] = {{"ints", {"1", "-5", "2147483647"}, ColumnType::int_},
                      {"longs", {"1", "2147483648"}, ColumnType::long_},
                      {"beyond 64 bits", {"9223372036854775808"}, ColumnType::float_},
                      {"floats", {"1", "2.5", "1e3"}, ColumnType::float_},
                      {"leading zeros are texts", {"007", "1"}, ColumnType::string},
                      {"plus signs are texts", {"+1"}, ColumnType::string},
                      {"infinity is a text", {"inf", "nan"}, ColumnType::string},
                      {"flags", {"true", "false"}, ColumnType::boolean},
                      {"0 and 1 are numbers", {"0", "1"}, ColumnType::int_},
                      {"dates", {"2026-01-02"}, ColumnType::date},
                      {"a wrong date", {"2026-01-02", "2026-02-30"}, ColumnType::string},
                      {"moments", {"2026-01-02T00:00:00Z"}, ColumnType::datetime},
                      {"mixed", {"1", "a"}, ColumnType::string},
                      {"nothing", {}, ColumnType::string}};
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    TypeGuess guess;
    guess.see({});
    for (const char* value : row.values) guess.see({RecordCell::Kind::text, value});
    CHECK(guess.type() == row.type);
    for (const char* value : row.values) {
      sql::Param out;
      CHECK(convert({RecordCell::Kind::text, value}, row.type, out) == nullptr);
    }
  }
}

TEST_CASE("import: the adult census file") {
  const std::string folder = sys::environment("MC_DATA", "../shared/data");
  const std::string path = std::filesystem::absolute(folder + "/adult/adult.csv").string();
  if (!std::filesystem::exists(path)) {
    std::printf("skipped, no adult/adult.csv under MC_DATA: the adult census file\n");
    return;
  }
  Bench bench;
  const auto files = sys::real_files();
  const auto report = import_file(*bench.connection, *files, path, into("adult"));
  REQUIRE_MESSAGE(report.has_value(), report.error().what);
  CHECK(report->rows == 30'162);
  CHECK(report->bad_rows == 0);
  CHECK(report->delimiter == ';');
  CHECK(report->dataset.column("maritalStatus")->column == "marital_status");
  CHECK(report->dataset.column("age")->type == ColumnType::int_);
  CHECK_FALSE(report->dataset.column("age")->nullable);
  CHECK(table_columns(*bench.connection, "adult")->size() == 11);
}

}  // namespace
}  // namespace mc::dataset
