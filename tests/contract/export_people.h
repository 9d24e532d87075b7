// For tests of exports: a dataset of people in a real SQLite file, its model, hierarchies, and a
// profile over it.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "dataset/dataset.h"
#include "export/profile.h"
#include "sql/sql.h"

namespace mc::exporting {

inline constexpr const char* kPeopleModel = R"(
datasets:
  - name: person
    source: main
    table: person
    plural: persons
    key: id
    tenant: tenant_id
    licence: Open-Data-OK
    limits: {first_default: 50, first_max: 100}
    columns:
      - {name: id, type: id}
      - {name: age, type: int, sensitivity: personal, quasi_identifier: true}
      - {name: sex, type: string, sensitivity: personal, quasi_identifier: true}
      - {name: zip, type: string, sensitivity: personal, quasi_identifier: true}
      - {name: illness, type: string, sensitivity: sensitive}
      - {name: mail, type: string, sensitivity: personal}
      - {name: team, type: string, nullable: true}
)";

// Ages 20 to 59 in tens, then all; sexes; codes of five digits by their first.
inline std::string age_hierarchy() {
  std::string out;
  for (int age = 20; age < 60; ++age) {
    const int ten = age / 10 * 10;
    out += std::to_string(age) + ";" + std::to_string(ten) + "-" + std::to_string(ten + 9) + ";*\n";
  }
  return out;
}
inline std::string zip_hierarchy() {
  std::string out;
  for (int zip = 10; zip < 20; ++zip) {
    out += std::to_string(zip) + "000;" + (zip < 15 ? "low" : "high") + ";*\n";
  }
  return out;
}

inline Profile people_profile() {
  Profile out;
  out.dataset = "person";
  out.purposes = {"training", "demo"};
  out.columns = {
      {"age", {Role::quasi, "/etc/age.csv", {}}},
      {"sex", {Role::quasi, "/etc/sex.csv", {}}},
      {"illness", {Role::sensitive, "", {{.kind = CriterionKind::distinct_l, .l = "2"}}}},
      {"team", {Role::insensitive, "", {}}}};
  return out;
}

class PeopleFile {
 public:
  PeopleFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mc_export_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    auto opened = sql::sqlite_driver()->open(url(), {});
    REQUIRE(opened);
    connection_ = std::move(*opened);
    REQUIRE(connection_->script(
        "CREATE TABLE person (tenant_id TEXT NOT NULL, id TEXT NOT NULL, age INTEGER, sex TEXT, "
        "zip TEXT, illness TEXT, mail TEXT, team TEXT, PRIMARY KEY (tenant_id, id))"));
  }
  PeopleFile(const PeopleFile&) = delete;
  PeopleFile& operator=(const PeopleFile&) = delete;
  ~PeopleFile() {
    connection_.reset();
    std::filesystem::remove_all(path_);
  }
  std::string url() const { return "sqlite:" + path_ + "/people.db"; }
  void add(const std::string& tenant, int number) {
    static const char* const kIllness[] = {"flu", "cold", "gout"};
    const std::string text = std::to_string(number);
    run("INSERT INTO person VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        {tenant, "p" + std::string(5 - text.size(), '0') + text, std::int64_t{20 + number * 7 % 40},
         std::string(number % 2 == 0 ? "m" : "w"), std::to_string(10 + number % 10) + "000",
         std::string(kIllness[number % 3]), "p" + text + "@example.org",
         number % 5 == 0 ? sql::Param() : sql::Param(std::string("red"))});
  }
  void run(std::string_view sql, std::initializer_list<sql::Param> params) {
    REQUIRE(connection_->execute(sql, params));
  }

 private:
  std::string path_;
  std::unique_ptr<sql::Connection> connection_;
};

}  // namespace mc::exporting
