#include "demo/demo.h"

#include <doctest/doctest.h>
#include <stdlib.h>  // mkdtemp

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "demo/rows.h"
#include "demo/words.h"

namespace mc::demo {
namespace {

// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mc-demo-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

struct World {
  World() { drivers.add(sql::sqlite_driver()); }
  Result<DemoReport> make(const std::string& folder, std::uint64_t seed, int scale) {
    return generate({.folder = folder, .seed = seed, .scale = scale}, drivers, *files, {});
  }
  std::unique_ptr<sql::Connection> open(const std::string& folder, const std::string& region) {
    auto connection =
        drivers.open("sqlite:" + folder + "/" + region + ".db", {.access = sql::Access::read_only});
    REQUIRE(connection);
    return std::move(*connection);
  }
  sql::Drivers drivers;
  std::unique_ptr<sys::Files> files = sys::real_files();
};

std::int64_t number(sql::Connection& connection, const std::string& query) {
  CAPTURE(query);
  const auto rows = connection.query(query, {});
  REQUIRE(rows);
  const auto more = (*rows)->next();
  REQUIRE(more);
  REQUIRE(*more);
  return (*rows)->integer(0);
}

// Changing a list, a weight or a draw changes the demo world of everybody: say so in CHANGELOG.md,
// then take the new value from the failing test.
constexpr std::string_view kGoldenDigest =
    "506089827adf594d9d6b7a469bfb5e0384be385559b4aaf20fae1eed7173ef6a";

TEST_CASE("demo: the same seed writes the same rows, and other seeds write others") {
  World world;
  const Folder first;
  const Folder second;
  const Folder third;
  const auto one = world.make(first.path, 42, 2);
  const auto same = world.make(second.path, 42, 2);
  const auto other = world.make(third.path, 43, 2);
  REQUIRE(one);
  REQUIRE(same);
  REQUIRE(other);
  CHECK(one->digest == same->digest);
  CHECK(one->counts == same->counts);
  CHECK(one->digest == kGoldenDigest);
  CHECK(one->digest != other->digest);
}

TEST_CASE("demo: the digest of what stands in the files is that of what was generated") {
  World world;
  const Folder folder;
  const auto report = world.make(folder.path, 7, 1);
  REQUIRE(report);
  const auto stored = stored_digest(folder.path, world.drivers);
  REQUIRE(stored);
  CHECK(*stored == report->digest);

  auto changed = world.drivers.open("sqlite:" + folder.path + "/us.db");
  REQUIRE(changed);
  REQUIRE((*changed)->execute("UPDATE person SET city = 'Atlantis' WHERE id = 'per_0000001'", {}));
  changed->reset();
  CHECK(*stored_digest(folder.path, world.drivers) != report->digest);
}

TEST_CASE("demo: each tenant has its share, and the standard size is over 200,000 rows") {
  std::int64_t rows = 0;
  int shares = 0;
  std::set<std::string_view> names;
  for (const DemoTenant& tenant : demo_tenants()) {
    const Counts counts = counts_of(tenant, 100);
    CHECK(counts.person == 400 * tenant.share);
    rows += counts.person + counts.organisation + counts.asset + counts.event + counts.relation;
    shares += tenant.share;
    names.insert(tenant.name);
  }
  CHECK(rows == 220'000);
  CHECK(shares == 100);
  CHECK(names == std::set<std::string_view>{"alpha", "bravo", "cosmos", "nimbus"});
}

TEST_CASE("demo: foreign keys hold, tenants stay in their region, indexes serve the relations") {
  World world;
  const Folder folder;
  REQUIRE(world.make(folder.path, 42, 3));
  const auto eu = world.open(folder.path, "eu");
  const auto us = world.open(folder.path, "us");
  for (sql::Connection* connection : {eu.get(), us.get()}) {
    CHECK(number(*connection, "SELECT COUNT(*) FROM pragma_foreign_key_check") == 0);
    CHECK(number(*connection,
                 "SELECT COUNT(*) FROM pragma_integrity_check WHERE "
                 "integrity_check <> 'ok'") == 0);
    CHECK(number(*connection,
                 "SELECT COUNT(*) FROM relation WHERE from_person_id = "
                 "to_person_id") == 0);
    CHECK(number(*connection,
                 "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'index' AND sql "
                 "NOT LIKE '%(tenant_id,%'") == 0);
    CHECK(number(*connection,
                 "SELECT COUNT(*) FROM event WHERE json_valid(details) = 0 OR "
                 "occurred_at >= '2026-01-01' OR occurred_at < '2025-10-03'") == 0);
  }
  CHECK(number(*eu, "SELECT COUNT(*) FROM person WHERE tenant_id NOT IN ('alpha','bravo')") == 0);
  CHECK(number(*us, "SELECT COUNT(*) FROM person WHERE tenant_id NOT IN ('cosmos','nimbus')") == 0);
  CHECK(number(*eu, "SELECT COUNT(*) FROM person WHERE region NOT IN ('eu', '')") == 0);
}

TEST_CASE("demo: the shapes are there that the product has something to say about") {
  World world;
  const Folder folder;
  REQUIRE(world.make(folder.path, 42, 5));
  const auto eu = world.open(folder.path, "eu");
  const std::int64_t persons = number(*eu, "SELECT COUNT(*) FROM person");
  const std::int64_t relations = number(*eu, "SELECT COUNT(*) FROM relation");
  REQUIRE(persons == 1'300);
  // Links are skewed: the best linked tenth of the persons begins over half of them.
  CHECK(number(*eu,
               "SELECT SUM(n) FROM (SELECT COUNT(*) AS n FROM relation GROUP BY tenant_id, "
               "from_person_id ORDER BY n DESC LIMIT 130)") > relations / 2);
  // Weekends are quieter: two of seven days carry less than two sevenths.
  const std::int64_t events = number(*eu, "SELECT COUNT(*) FROM event");
  const std::int64_t weekend =
      number(*eu, "SELECT COUNT(*) FROM event WHERE strftime('%w', occurred_at) IN ('0', '6')");
  CHECK(weekend * 7 < events * 2);
  CHECK(weekend > 0);
  // Each class of sensitivity and licence occurs, and a few rows have lost their region.
  CHECK(number(*eu, "SELECT COUNT(DISTINCT licence_class) FROM person") == 5);
  CHECK(number(*eu, "SELECT COUNT(DISTINCT sensitivity) FROM person") == 2);
  const std::int64_t lost = number(*eu, "SELECT COUNT(*) FROM event WHERE region = ''");
  CHECK(lost > 0);
  CHECK(lost < events / 100);
  CHECK(number(*eu, "SELECT COUNT(*) FROM person WHERE watchlisted = 1") > 0);
  CHECK(number(*eu, "SELECT COUNT(*) FROM person WHERE organisation_id IS NULL") > 0);
}

TEST_CASE("demo: nobody real can be reached through it") {
  World world;
  const Folder folder;
  REQUIRE(world.make(folder.path, 1, 2));
  for (const char* region : {"eu", "us"}) {
    const auto connection = world.open(folder.path, region);
    CHECK(number(*connection, "SELECT COUNT(*) FROM person WHERE email NOT LIKE '%.example'") == 0);
    CHECK(number(*connection, "SELECT COUNT(*) FROM person WHERE email GLOB '*[^-a-z0-9.@]*'") ==
          0);
    CHECK(number(*connection,
                 "SELECT COUNT(*) FROM person WHERE phone NOT LIKE '+49 30 23125 ___' AND phone "
                 "NOT LIKE '+33 1 99 00 __ __' AND phone NOT LIKE '+46 8 465 004 __' AND phone "
                 "NOT LIKE '+1 ___ 555 01__'") == 0);
    CHECK(number(*connection,
                 "SELECT COUNT(*) FROM asset WHERE kind = 'ip' AND value NOT LIKE '192.0.2.%' AND "
                 "value NOT LIKE '198.51.100.%' AND value NOT LIKE '203.0.113.%' AND value NOT "
                 "LIKE '2001:db8:%'") == 0);
    CHECK(number(*connection,
                 "SELECT COUNT(*) FROM organisation WHERE domain NOT LIKE "
                 "'%.example'") == 0);
  }
}

TEST_CASE("demo: identity numbers carry a check sum that catches each wrong digit") {
  Stream stream(5, "numbers");
  for (int i = 0; i < 200; ++i) {
    const std::string text = national_id(stream);
    CAPTURE(text);
    REQUIRE(text.size() == 17);
    std::int64_t value = 0;
    for (const char c : text.substr(3)) {
      if (c != ' ') value = value * 10 + (c - '0');
    }
    CHECK(value % 97 == 1);
  }
}

TEST_CASE("demo: bad options are refused and nothing is overwritten") {
  World world;
  const Folder folder;
  struct Row {
    const char* name;
    std::string folder;
    int scale;
    Code code;
  };
  const Row rows[] = {{"no scale", folder.path, 0, Code::invalid},
                      {"huge scale", folder.path, kScaleMax + 1, Code::invalid},
                      {"relative folder", "demo", 1, Code::invalid},
                      {"empty folder", "", 1, Code::invalid}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto report = world.make(row.folder, 1, row.scale);
    REQUIRE(!report);
    CHECK(report.error().code == row.code);
  }
  REQUIRE(world.make(folder.path + "/new/deep", 1, 1));
  const auto again = world.make(folder.path + "/new/deep", 1, 1);
  REQUIRE(!again);
  CHECK(again.error().code == Code::conflict);
}

TEST_CASE("demo: what an interrupted run left behind is not taken for a world") {
  World world;
  const Folder folder;
  REQUIRE(world.files->write_atomic(folder.path + "/eu.db.partial", "half a database"));
  REQUIRE(world.files->write_atomic(folder.path + "/eu.db.partial-wal", "and its log"));
  const auto report = world.make(folder.path, 42, 2);
  REQUIRE(report);
  CHECK(report->digest == kGoldenDigest);
  const auto names = world.files->list(folder.path);
  REQUIRE(names);
  CHECK(*names == std::vector<std::string>{"eu.db", "us.db"});
}

TEST_CASE("demo: when one region cannot be written there is no world, and the reason is told") {
  World world;
  const Folder folder;
  REQUIRE(world.files->make_folders(folder.path + "/us.db.partial/in-the-way"));
  const auto report = world.make(folder.path, 42, 2);
  REQUIRE_FALSE(report);
  CHECK(report.error().what.find("us.db.partial") != std::string::npos);
  CHECK_FALSE(*world.files->exists(folder.path + "/eu.db"));
}

TEST_CASE("demo: progress rises to the total and names what is written") {
  World world;
  const Folder folder;
  std::int64_t last = 0;
  std::int64_t total = 0;
  std::set<std::string> labels;
  const auto report =
      generate({.folder = folder.path, .seed = 1, .scale = 1}, world.drivers, *world.files,
               [&](std::int64_t done, std::int64_t all, std::string_view what) {
                 CHECK(done > last);
                 last = done;
                 total = all;
                 labels.insert(std::string(what));
                 return true;
               });
  REQUIRE(report);
  CHECK(last == total);
  CHECK(report->rows == total);
  CHECK(labels.size() == 20);
  CHECK(labels.contains("nimbus relation"));
}

TEST_CASE("demo: a progress that says no ends the run, and no file gets its name") {
  World world;
  const Folder folder;
  const auto report = generate({.folder = folder.path, .seed = 1, .scale = 1}, world.drivers,
                               *world.files, [](auto...) { return false; });
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Code::unavailable);
  CHECK_FALSE(*world.files->exists(folder.path + "/eu.db"));
  CHECK_FALSE(*world.files->exists(folder.path + "/us.db"));
}

TEST_CASE("demo: chance is even where it should be and skewed where it should be") {
  Stream stream(9, "chance");
  int low = 0;
  int first_tenth = 0;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    const std::int64_t even = stream.below(10);
    REQUIRE(even >= 0);
    REQUIRE(even < 10);
    if (even < 5) ++low;
    const std::int64_t skewed = stream.skewed(1'000);
    REQUIRE(skewed >= 0);
    REQUIRE(skewed < 1'000);
    if (skewed < 100) ++first_tenth;
  }
  CHECK(low > kDraws * 48 / 100);  // five sigma are 1.8 percent
  CHECK(low < kDraws * 52 / 100);
  // P(product of three even draws < 0.1) = 0.1 (1 + ln 10 + (ln 10)^2 / 2) = 0.595
  CHECK(first_tenth > kDraws * 57 / 100);
  CHECK(first_tenth < kDraws * 62 / 100);
  CHECK(Stream(9, "chance").next() == Stream(9, "chance").next());
  CHECK(Stream(9, "chance").next() != Stream(9, "choice").next());
  CHECK(Stream(9, "chance").next() != Stream(8, "chance").next());
}

}  // namespace
}  // namespace mc::demo
