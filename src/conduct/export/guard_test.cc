// The guard's limits: what it holds in memory, and how long it looks for a change.
#include "export/guard.h"

#include <doctest/doctest.h>

#include "contract/export_world.h"

namespace mc::exporting {
namespace {

TEST_CASE("guard: equal classes need their memory once, and past the limit nothing leaves") {
  ExportWorld world;
  Profile other = people_profile();
  other.columns.erase("age");
  world.settings.profiles["other"] = other;
  world.settings.guard_rows_max = 240;
  world.open();
  for (int i = 0; i < 3; ++i) {  // each is held against those before, all with the same classes
    const std::string id = world.ask()->run.id;
    world.work(20);
    CHECK(world.now(id).run.state == State::ready);
  }
  const std::string second = world.ask("other")->run.id;
  world.work(20);
  CHECK(world.now(second).run.state == State::ready);
  const std::string third = world.ask()->run.id;
  world.work(20);
  const Run refused = world.now(third).run;
  CHECK(refused.state == State::refused);
  CHECK(refused.reason ==
        "export-guard-limit: the dataset's earlier exports have more than 240 rows to be held "
        "against (exports.guard_rows_max)");
  CHECK(world.file(third, kTableFile).empty());
}

TEST_CASE("guard: the larger k of equal classes counts, and damaged ones are refused") {
  ExportWorld world;
  const std::string id = world.ask()->run.id;
  world.work(20);
  const auto rows =
      *world.database->query("SELECT classes FROM export_classes WHERE export_id = ?1", {id});
  REQUIRE(*rows->next());
  const std::string bytes(rows->text(0));
  REQUIRE(bytes.starts_with("k=10\n"));
  Earlier earlier(1'000);
  REQUIRE(earlier.add({"one", 1, bytes}));
  REQUIRE(earlier.add({"two", 2, "k=40" + bytes.substr(4)}));
  REQUIRE(earlier.add({"ended", 3, ""}));
  CHECK(earlier.ids() == std::vector<std::string>{"one", "two"});
  REQUIRE(earlier.maps().size() == 1);
  CHECK(earlier.maps()[0].k() == 40);
  CHECK(earlier.of_map(0) == "one");
  std::string damaged = bytes;
  damaged[40] = static_cast<char>(damaged[40] ^ 1);
  CHECK(earlier.add({"bad", 4, damaged}).error().code == Code::corrupt);
  CHECK(earlier.add({"bad", 4, "k=10\n"}).error().code == Code::corrupt);
  CHECK(earlier.add({"bad", 4, bytes.substr(0, 50)}).error().code == Code::corrupt);
}

}  // namespace
}  // namespace mc::exporting
