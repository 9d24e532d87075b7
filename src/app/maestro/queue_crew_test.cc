#include "maestro/queue_crew.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace mc::app {
namespace {

using planner::Queue;

// Queries that wait; each runs until it is let go, or cancelled.
struct Place {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Queue::Due> waiting;  // the oldest first
  std::vector<std::string> running, ended, free;
  bool cancelled = false;
  bool broken = false;

  void add(const char* tenant, const char* id) { waiting.push_back({TenantId(tenant), id}); }
  QueueCrew::Work work() {
    return {.due = [this] { return due(); },
            .run = [this](std::size_t, const Queue::Due& each) { run(each); },
            .cancel =
                [this] {
                  const std::lock_guard lock(mutex);
                  cancelled = true;
                  changed.notify_all();
                }};
  }
  Result<std::vector<Queue::Due>> due() {
    const std::lock_guard lock(mutex);
    if (broken) return fail(Code::unavailable, "no database");
    std::vector<Queue::Due> out;
    for (const Queue::Due& each : waiting) {
      const auto same = [&](const Queue::Due& other) { return other.tenant == each.tenant; };
      if (std::ranges::none_of(out, same)) out.push_back(each);
    }
    return out;
  }
  void run(const Queue::Due& each) {
    std::unique_lock lock(mutex);
    running.push_back(each.id);
    changed.notify_all();
    changed.wait(lock, [&] { return cancelled || std::ranges::find(free, each.id) != free.end(); });
    std::erase(running, each.id);
    std::erase_if(waiting, [&](const Queue::Due& other) { return other.id == each.id; });
    ended.push_back(cancelled ? "!" + each.id : each.id);
    changed.notify_all();
  }
  void let_go(const std::string& id) {
    const std::lock_guard lock(mutex);
    free.push_back(id);
    changed.notify_all();
  }
  void until_running(std::vector<std::string> ids) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] {
      std::ranges::sort(running);
      return running == ids;
    });
  }
  // What was let go is over for the crew as well, once others of its tenant are handed out.
  static void until_handed(QueueCrew& crew) {
    for (std::size_t handed = 0; handed == 0;) {
      handed = *crew.tick();
      std::this_thread::yield();
    }
  }
};

TEST_CASE("queue crew: a tenant whose query is slow keeps no other waiting, only itself") {
  Place place;
  place.add("alpha", "a1");
  place.add("alpha", "a2");
  place.add("bravo", "b1");
  place.add("bravo", "b2");
  QueueCrew crew(place.work(), 2);
  CHECK(*crew.tick() == 2);
  place.until_running({"a1", "b1"});
  CHECK(*crew.tick() == 0);  // a2 waits for a1
  place.let_go("b1");
  Place::until_handed(crew);
  place.until_running({"a1", "b2"});
  place.let_go("a1");
  Place::until_handed(crew);
  place.until_running({"a2", "b2"});
  place.let_go("a2");
  place.let_go("b2");
  crew.stop(seconds(60));
  CHECK(place.ended ==
        std::vector<std::string>(place.ended.back() == "b2"
                                     ? std::initializer_list<std::string>{"b1", "a1", "a2", "b2"}
                                     : std::initializer_list<std::string>{"b1", "a1", "b2", "a2"}));
}

TEST_CASE("queue crew: with more tenants than threads the oldest are first, and none runs twice") {
  Place place;
  place.add("alpha", "a");
  place.add("bravo", "b");
  place.add("cairo", "c");
  QueueCrew crew(place.work(), 2);
  CHECK(*crew.tick() == 2);
  place.until_running({"a", "b"});
  CHECK(*crew.tick() == 0);
  place.let_go("b");
  Place::until_handed(crew);
  place.until_running({"a", "c"});
  place.let_go("a");
  place.let_go("c");
  place.until_running({});
  crew.stop(seconds(60));
  CHECK(place.ended.size() == 3);
}

TEST_CASE("queue crew: who has many that wait comes after who has had no turn") {
  Place place;
  for (const char* const id : {"a1", "a2", "a3"}) place.add("alpha", id);
  for (const char* const id : {"b1", "b2", "b3"}) place.add("bravo", id);
  place.add("cairo", "c1");  // the last to ask
  QueueCrew crew(place.work(), 2);
  CHECK(*crew.tick() == 2);
  place.until_running({"a1", "b1"});
  place.let_go("a1");
  Place::until_handed(crew);
  place.until_running({"b1", "c1"});
  place.let_go("b1");
  Place::until_handed(crew);
  place.until_running({"a2", "c1"});
  crew.hold();
  place.let_go("c1");
  place.until_running({"a2"});
  CHECK(*crew.tick() == 0);  // held: nothing is begun
  place.let_go("a2");
  crew.stop(seconds(60));
  CHECK(place.waiting.size() == 3);
}

TEST_CASE("queue crew: its end waits for what runs as long as it may") {
  Place place;
  place.add("alpha", "a");
  QueueCrew crew(place.work(), 1);
  CHECK(*crew.tick() == 1);
  place.until_running({"a"});
  std::thread ends([&] { crew.stop(seconds(60)); });
  while (*crew.tick() != 0) std::this_thread::yield();
  place.let_go("a");
  ends.join();
  CHECK(place.ended == std::vector<std::string>{"a"});
}

TEST_CASE("queue crew: what runs longer than its end may wait is cancelled") {
  Place place;
  place.add("alpha", "a");
  place.add("bravo", "b");
  {
    QueueCrew crew(place.work(), 4);
    CHECK(*crew.tick() == 2);
    place.until_running({"a", "b"});
    crew.stop(Nanos());
    CHECK(*crew.tick() == 0);
  }
  std::ranges::sort(place.ended);
  CHECK(place.ended == std::vector<std::string>{"!a", "!b"});
}

TEST_CASE("queue crew: a queue that cannot be read is told, and looked at again") {
  Place place;
  place.add("alpha", "a");
  place.broken = true;
  QueueCrew crew(place.work(), 1);
  CHECK(crew.tick().error().code == Code::unavailable);
  place.broken = false;
  CHECK(*crew.tick() == 1);
  place.until_running({"a"});
  place.let_go("a");
  place.until_running({});
  crew.stop(seconds(60));
  CHECK(place.ended == std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace mc::app
