#include "notify/alerts.h"

#include <doctest/doctest.h>

#include "contract/notify_world.h"

namespace mc::notify {
namespace {

std::string one(const std::string& status, const std::string& fingerprint = "f1") {
  return R"({"status":")" + status + R"(","labels":{"alertname":"Down","severity":"page"},)" +
         R"("annotations":{"summary":"down"},"startsAt":"2026-11-27T10:00:00Z",)" +
         R"("endsAt":"2026-11-27T11:00:00Z","fingerprint":")" + fingerprint + "\"}";
}

Result<std::vector<Alert>> parse(const std::string& alerts, const std::string& version = "4") {
  const auto body = json::parse(R"({"version":")" + version + R"(","alerts":[)" + alerts + "]}");
  REQUIRE(body.has_value());
  return parse_alertmanager(*body);
}

struct Box : World {
  AlertInbox inbox{faulty, clock, random};
  std::int64_t receive(const std::string& alerts) {
    const auto changed = inbox.receive(kAlpha, *parse(alerts));
    REQUIRE(changed.has_value());
    return *changed;
  }
};

TEST_CASE("alerts: an Alertmanager's message is read") {
  const auto alerts = parse(one("firing") + "," + one("resolved", "f2"));
  REQUIRE(alerts.has_value());
  REQUIRE(alerts->size() == 2);
  CHECK(alerts->front().name == "Down");
  CHECK(alerts->front().severity == "page");
  CHECK(alerts->front().firing);
  CHECK(!alerts->front().ends.has_value());
  CHECK(!alerts->back().firing);
  CHECK(*alerts->back().ends - alerts->back().starts == seconds(3600));
}

TEST_CASE("alerts: what is wrong is named") {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"status":"firing"})", "alerts[0].fingerprint"},
      {one("burning"), "alerts[0].status"},
      {one("firing") + ",1", "alerts[1]"},
      {one("firing", ""), "alerts[0]"},
      {one("firing", std::string(65, 'f')), "64 bytes"},
      {R"({"status":"firing","fingerprint":"f","labels":[]})", "alerts[0].labels"},
      {R"({"status":"firing","fingerprint":"f","labels":{"a":1}})", "alerts[0].labels.a"}};
  for (const auto& [alerts, part] : rows) {
    CAPTURE(alerts);
    const auto parsed = parse(alerts);
    REQUIRE(!parsed.has_value());
    CHECK(parsed.error().code == Code::invalid);
    CHECK(parsed.error().what.find(part) != std::string::npos);
  }
  CHECK(!parse(one("firing"), "3").has_value());
  std::string many = one("firing");
  for (std::size_t i = 0; i < kAlertsPerCallMax; ++i) many += "," + one("firing");
  CHECK(parse(many).error().what.find("max_alerts") != std::string::npos);
}

TEST_CASE("alerts: only a change of state is an event") {
  Box world;
  world.add("mc.alert.*");
  const auto next_type = [&]() -> std::string {
    const auto parcel = world.claim();
    if (!parcel) return "";
    world.record(*parcel, {Outcome::Verdict::delivered, 200});
    return parcel->type;
  };
  CHECK(world.receive(one("firing")) == 1);
  CHECK(next_type() == "mc.alert.firing");
  CHECK(world.receive(one("firing")) == 0);
  CHECK(next_type().empty());
  CHECK(world.receive(one("resolved")) == 1);
  CHECK(next_type() == "mc.alert.resolved");
  CHECK(world.receive(one("firing")) == 1);
  CHECK(next_type() == "mc.alert.firing");
}

TEST_CASE("alerts: the inbox of a tenant, firing first") {
  Box world;
  world.receive(one("resolved", "f1") + "," + one("firing", "f2"));
  const auto alerts = world.inbox.alerts(kAlpha);
  REQUIRE(alerts->size() == 2);
  CHECK(alerts->front().fingerprint == "f2");
  CHECK(*alerts->front().labels.find("severity") == json::Value("page"));
  CHECK(world.inbox.alerts(TenantId("bravo"))->empty());
}

TEST_CASE("alerts: a full inbox refuses all of a message, until old ones are forgotten") {
  Box world;
  for (std::size_t i = 0; i < kAlertsPerTenantMax; ++i) {
    world.receive(one("resolved", "f" + std::to_string(i)));
  }
  const auto more = parse(one("firing", "f0") + "," + one("firing", "new"));
  CHECK(world.inbox.receive(kAlpha, *more).error().code == Code::exhausted);
  CHECK(!world.inbox.alerts(kAlpha)->front().firing);
  world.clock.advance(kResolvedKept + millis(1));
  CHECK(*world.inbox.receive(kAlpha, *more) == 2);
}

}  // namespace
}  // namespace mc::notify
