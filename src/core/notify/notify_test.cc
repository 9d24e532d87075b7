#include "notify/notify.h"

#include <doctest/doctest.h>

#include <functional>

#include "contract/notify_world.h"

namespace mc::notify {
namespace {

using Verdict = Outcome::Verdict;

TEST_CASE("notify: an event is told to the endpoints that want it, and to no other tenant") {
  World world;
  const Endpoint all = world.add("*");
  const Endpoint tokens = world.add("mc.token.*");
  const Endpoint alerts = world.add("mc.alert.firing,mc.alert.resolved");
  const Endpoint other = world.add("*", "bravo");
  const std::string event = world.append("mc.token.created");
  const auto page = world.store.deliveries({.tenant = kAlpha});
  REQUIRE(page.has_value());
  REQUIRE(page->items.size() == 2);
  for (const Delivery& delivery : page->items) {
    CHECK(delivery.event == event);
    CHECK(delivery.type == "mc.token.created");
    CHECK(delivery.state == DeliveryState::pending);
    CHECK((delivery.endpoint == all.id || delivery.endpoint == tokens.id));
  }
  CHECK(world.store.deliveries({.tenant = TenantId("bravo")})->items.empty());
  CHECK(world.store.delivery(TenantId("bravo"), page->items[0].id).error().code == Code::not_found);
  CHECK(world.store.endpoint(TenantId("bravo"), all.id).error().code == Code::not_found);
  CHECK(world.store.remove(TenantId("bravo"), all.id).error().code == Code::not_found);
}

TEST_CASE("notify: which types a subscription covers") {
  CHECK(subscribes("*", "mc.token.created"));
  CHECK(subscribes("mc.token.created", "mc.token.created"));
  CHECK(subscribes("mc.token.*", "mc.token.created"));
  CHECK(subscribes("mc.alert.firing,mc.token.*", "mc.token.revoked"));
  CHECK(!subscribes("mc.token.*", "mc.tokens"));
  CHECK(!subscribes("mc.token.*", "mc.token"));
  CHECK(!subscribes("mc.token.created", "mc.token.created.again"));
  CHECK(!subscribes("", "mc.token.created"));
}

TEST_CASE("notify: what is rolled back is not told") {
  World world;
  world.add("*");
  {
    auto transaction = sql::Transaction::begin(*world.database);
    REQUIRE(transaction.has_value());
    REQUIRE(world.store.append({kAlpha, "mc.token.created", "tok_1", {}}).has_value());
  }
  CHECK(world.store.deliveries({.tenant = kAlpha})->items.empty());
  CHECK(!world.claim().has_value());
}

TEST_CASE("notify: the body is a CloudEvent, the same at every attempt") {
  World world;
  world.add("*");
  const std::string event = world.append("mc.token.created");
  const Parcel first = *world.claim();
  const auto body = json::parse(first.body);
  REQUIRE(body.has_value());
  CHECK(*body->find("specversion") == json::Value("1.0"));
  CHECK(*body->find("id") == json::Value(event));
  CHECK(*body->find("source") == json::Value("/v1/tenants/alpha"));
  CHECK(*body->find("type") == json::Value("mc.token.created"));
  CHECK(*body->find("subject") == json::Value("tok_1"));
  CHECK(*body->find("data")->find("by") == json::Value("ada"));
  world.record(first, {Verdict::again, 500, "broken"});
  world.clock.advance(seconds(60));
  const Parcel second = *world.claim();
  CHECK(second.body == first.body);
  CHECK(second.event == first.event);
  CHECK(second.delivery == first.delivery);
  CHECK(second.attempt == 2);
}

TEST_CASE("notify: one delivery of an endpoint is under way at a time, the others do not wait") {
  World world;
  world.add("*");
  world.add("mc.token.*");
  world.append("mc.token.created");
  world.clock.advance(millis(1));
  world.append("mc.token.revoked");
  const Parcel first = *world.claim();
  const Parcel second = *world.claim();
  CHECK(first.endpoint.id != second.endpoint.id);
  CHECK(!world.claim().has_value());
  world.record(first, {Verdict::delivered, 200});
  const Parcel third = *world.claim();
  CHECK(third.endpoint.id == first.endpoint.id);
  CHECK(third.type == "mc.token.revoked");
}

TEST_CASE("notify: a lease ends with its time, or with the process that held it") {
  World world;
  world.add("*");
  world.append("mc.token.created");
  const Parcel lost = *world.claim();
  world.clock.advance(kLease - millis(1));
  CHECK(!world.claim().has_value());
  world.clock.advance(millis(1));
  const Parcel again = *world.claim();
  CHECK(again.event == lost.event);
  CHECK(again.attempt == 1);
  CHECK(!world.claim().has_value());
  REQUIRE(world.store.release_all().has_value());
  CHECK(world.claim()->event == lost.event);
}

TEST_CASE("notify: attempts are logged, and given up after the last") {
  World world;
  world.add("*");
  world.append("mc.token.created");
  std::string id;
  for (int n = 1; n <= kAttemptsMax; ++n) {
    CAPTURE(n);
    const auto parcel = world.claim();
    REQUIRE(parcel.has_value());
    CHECK(parcel->attempt == n);
    id = parcel->delivery;
    world.record(*parcel, {Verdict::again, 503, "busy"});
    CHECK(!world.claim().has_value());
    world.clock.advance(seconds(12LL * 3600));
  }
  CHECK(!world.claim().has_value());
  const auto delivery = world.store.delivery(kAlpha, id);
  REQUIRE(delivery.has_value());
  CHECK(delivery->state == DeliveryState::failed);
  CHECK(delivery->attempts == kAttemptsMax);
  CHECK(delivery->last_status == 503);
  CHECK(delivery->last_error == "busy");
  CHECK(delivery->ended.has_value());
  const auto attempts = world.store.attempts(kAlpha, id);
  REQUIRE(attempts->size() == kAttemptsMax);
  CHECK(attempts->front().number == 1);
  CHECK(attempts->back().number == kAttemptsMax);
  // Once more, by hand: the log goes on, the schedule begins anew.
  REQUIRE(world.store.send_again(kAlpha, id).has_value());
  const auto parcel = world.claim();
  REQUIRE(parcel.has_value());
  CHECK(parcel->attempt == 1);
  world.record(*parcel, {Verdict::delivered, 204});
  CHECK(world.store.delivery(kAlpha, id)->state == DeliveryState::delivered);
  CHECK(world.store.attempts(kAlpha, id)->back().number == kAttemptsMax + 1);
}

TEST_CASE("notify: a receiver may ask for more time, and give up a message or all") {
  World world;
  const Endpoint endpoint = world.add("*");
  world.append("mc.token.created");
  Parcel parcel = *world.claim();
  world.record(parcel, {Verdict::again, 429, "slow down", seconds(600)});
  world.clock.advance(seconds(599));
  CHECK(!world.claim().has_value());
  world.clock.advance(seconds(1));
  parcel = *world.claim();
  world.record(parcel, {Verdict::give_up, 550, "no such mailbox"});
  CHECK(world.store.delivery(kAlpha, parcel.delivery)->state == DeliveryState::failed);
  CHECK(world.store.endpoint(kAlpha, endpoint.id)->active);
  world.append("mc.token.revoked");
  world.append("mc.token.revoked");
  parcel = *world.claim();
  world.record(parcel, {Verdict::gone, 410, "gone"});
  const auto held = world.store.endpoint(kAlpha, endpoint.id);
  CHECK(!held->active);
  CHECK(held->reason == "the receiver answered 410");
  CHECK(world.store.deliveries({.tenant = kAlpha, .state = DeliveryState::pending})->items.empty());
  world.append("mc.token.revoked");
  CHECK(!world.claim().has_value());
}

TEST_CASE("notify: a replay sends a range anew, also what was subscribed to too late") {
  World world;
  world.append("mc.token.created");  // before there is any endpoint
  world.clock.advance(seconds(10));
  const WallTime from = world.clock.wall();
  world.append("mc.alert.firing");
  const Endpoint endpoint = world.add("mc.token.*");
  const std::string inside = world.append("mc.token.created");
  Parcel parcel = *world.claim();
  world.record(parcel, {Verdict::delivered, 200});
  world.clock.advance(seconds(10));
  const WallTime to = world.clock.wall();
  world.append("mc.token.created");
  world.record(*world.claim(), {Verdict::delivered, 200});
  CHECK(*world.store.replay(kAlpha, endpoint.id, from, to) == 1);
  CHECK(world.claim()->event == inside);
  CHECK(*world.store.replay(kAlpha, endpoint.id, {0}, from) == 1);
  CHECK(*world.store.replay(kAlpha, endpoint.id, to, to) == 0);
  CHECK(world.store.replay(kAlpha, "nep_none", from, to).error().code == Code::not_found);
}

TEST_CASE("notify: a test reaches one endpoint alone, whatever it wants to hear of") {
  World world;
  const Endpoint endpoint = world.add("mc.token.*");
  world.add("*");
  const auto delivery = world.store.append_test(kAlpha, endpoint.id);
  REQUIRE(delivery.has_value());
  const Parcel parcel = *world.claim();
  CHECK(parcel.delivery == *delivery);
  CHECK(parcel.endpoint.id == endpoint.id);
  CHECK(parcel.type == "mc.test");
  CHECK(!world.claim().has_value());
}

TEST_CASE("notify: endpoints are checked, changed with their version, and bounded") {
  World world;
  struct Row {
    Kind kind;
    const char* target;
    bool good;
  };
  const Row rows[] = {{Kind::webhook, "https://hooks.example.org/a?b=c", true},
                      {Kind::webhook, "http://127.0.0.1:9/hook", true},
                      {Kind::webhook, "http://[::1]:9/hook", true},
                      {Kind::webhook, "http://hooks.example.org", false},
                      {Kind::webhook, "http://127.0.0.1.example.org", false},
                      {Kind::webhook, "https://", false},
                      {Kind::webhook, "https:///a", false},
                      {Kind::webhook, "https://a@b/", false},
                      {Kind::webhook, "https://a/#b", false},
                      {Kind::webhook, "https://a/\r\nX: y", false},
                      {Kind::webhook, "file:///etc/passwd", false},
                      {Kind::webhook, "ops@example.org", false},
                      {Kind::mail, "ops@example.org", true},
                      {Kind::mail, "ops", false},
                      {Kind::mail, "@example.org", false},
                      {Kind::mail, "ops@", false},
                      {Kind::mail, "a@b@c", false},
                      {Kind::mail, "a@b>\r\nRCPT TO:<c@d", false},
                      {Kind::mail, "a b@c", false}};
  for (const Row& row : rows) {
    CAPTURE(row.target);
    const auto made = world.store.create({kAlpha, row.kind, row.target, "*", ""});
    CHECK(made.has_value() == row.good);
    if (!made) CHECK(made.error().code == Code::invalid);
  }
  for (const char* events :
       {"", "mc.*.created", "MC.token", "mc.token.created,", "**", "mc token"}) {
    CAPTURE(events);
    CHECK(!world.store.create({kAlpha, Kind::mail, "a@b", events, ""}).has_value());
  }
  for (const char* events : {"*", "mc.access.read,mc.token.created", "mc.*", "mc.access"}) {
    CAPTURE(events);
    const auto made =
        world.store.create({kAlpha, Kind::webhook, "https://a.example", events, "", Form::ocsf});
    REQUIRE(!made.has_value());
    CHECK(made.error().what.starts_with("events: in form ocsf"));
  }
  const auto mail = world.store.create({kAlpha, Kind::mail, "a@b", "mc.access.*", "", Form::ocsf});
  CHECK(mail.error().what.starts_with("form: mail"));
  Endpoint endpoint = world.add("*");
  endpoint.form = Form::ocsf;
  CHECK(world.store.update(endpoint).error().code == Code::invalid);
  endpoint.events = "mc.access.*,mc.access.read";
  endpoint.note = "new";
  const auto changed = world.store.update(endpoint);
  REQUIRE(changed.has_value());
  CHECK(changed->version == 2);
  CHECK(world.store.endpoint(kAlpha, endpoint.id)->form == Form::ocsf);
  CHECK(world.store.update(endpoint).error().code == Code::conflict);
  while (world.store.endpoints(kAlpha)->size() < kEndpointsPerTenantMax) world.add("*");
  CHECK(world.store.create({kAlpha, Kind::mail, "a@b", "*", ""}).error().code == Code::conflict);
  REQUIRE(world.store.remove(kAlpha, endpoint.id).has_value());
  CHECK(world.store.remove(kAlpha, endpoint.id).error().code == Code::not_found);
  CHECK(world.store.create({kAlpha, Kind::mail, "a@b", "*", ""}).has_value());
}

TEST_CASE("notify: what is disabled or deleted keeps its log and gets nothing more") {
  World world;
  Endpoint endpoint = world.add("*");
  world.append("mc.token.created");
  endpoint.active = false;
  REQUIRE(world.store.update(endpoint).has_value());
  CHECK(!world.claim().has_value());
  const auto page = world.store.deliveries({.tenant = kAlpha});
  REQUIRE(page->items.size() == 1);
  CHECK(page->items[0].state == DeliveryState::failed);
  CHECK(world.store.send_again(kAlpha, page->items[0].id).error().code == Code::conflict);
  CHECK(world.store.append_test(kAlpha, endpoint.id).error().code == Code::conflict);
  endpoint.version = 2;
  endpoint.active = true;
  REQUIRE(world.store.update(endpoint).has_value());
  REQUIRE(world.store.send_again(kAlpha, page->items[0].id).has_value());
  CHECK(world.store.send_again(kAlpha, page->items[0].id).error().code == Code::conflict);
  const Parcel parcel = *world.claim();
  // Deleted while it is being sent: the outcome is logged, and the delivery stays ended.
  REQUIRE(world.store.remove(kAlpha, endpoint.id).has_value());
  world.record(parcel, {Verdict::again, 500, "broken"});
  CHECK(world.store.delivery(kAlpha, parcel.delivery)->state == DeliveryState::failed);
  CHECK(!world.claim().has_value());
}

TEST_CASE("notify: pages of deliveries, newest first") {
  World world;
  world.add("*");
  for (int i = 0; i < 5; ++i) {
    world.append("mc.token.created");
    world.clock.advance(millis(2));
  }
  std::vector<std::string> seen;
  DeliveryQuery query{.tenant = kAlpha, .limit = 2};
  for (;;) {
    const auto page = world.store.deliveries(query);
    REQUIRE(page.has_value());
    for (const Delivery& delivery : page->items) seen.push_back(delivery.id);
    if (page->next.empty()) break;
    query.before = page->next;
  }
  CHECK(seen.size() == 5);
  CHECK(std::is_sorted(seen.rbegin(), seen.rend()));
  CHECK(world.store.deliveries({.tenant = kAlpha, .limit = 0}).error().code == Code::invalid);
}

TEST_CASE("notify: what is old and ended is forgotten, what is open is not") {
  World world;
  world.add("*");
  world.append("mc.token.created");
  world.record(*world.claim(), {Verdict::delivered, 200});
  world.append("mc.token.revoked");
  world.clock.advance(seconds(100));
  CHECK(*world.store.prune(seconds(101)) == 0);
  CHECK(*world.store.prune(seconds(99)) == 1);
  const auto page = world.store.deliveries({.tenant = kAlpha});
  REQUIRE(page->items.size() == 1);
  CHECK(page->items[0].type == "mc.token.revoked");
  CHECK(*world.store.prune(seconds(0)) == 0);
}

TEST_CASE("notify: delays grow, with a fifth of jitter to both sides") {
  sim::SimRandom random(3);
  const std::int64_t wanted[] = {5, 60, 300, 1800, 7200, 18'000, 36'000, 36'000, 36'000};
  bool shorter = false;
  bool longer = false;
  for (std::int64_t n = 1; n <= 9; ++n) {
    for (int i = 0; i < 200; ++i) {
      const Nanos base = seconds(wanted[n - 1]);
      const Nanos delay = retry_delay(n, random);
      CHECK(delay.count >= base.count - base.count / 5);
      CHECK(delay.count <= base.count + base.count / 5);
      shorter = shorter || delay.count < base.count - base.count / 6;
      longer = longer || delay.count > base.count + base.count / 6;
    }
  }
  CHECK(shorter);
  CHECK(longer);
}

TEST_CASE("notify: a failure of the database at any statement loses nothing and doubles nothing") {
  using Fault = sim::FaultyConnection::Fault;
  const std::vector<std::function<void(World&)>> actions = {
      [](World& world) { (void)world.store.create({kAlpha, Kind::mail, "a@b", "*", ""}); },
      [](World& world) { (void)world.store.claim(); },
      [](World& world) {
        const auto parcel = world.store.claim();
        if (parcel && *parcel) {
          (void)world.store.record(**parcel, {Verdict::delivered, 200});
        }
      },
      [](World& world) { (void)world.store.replay(kAlpha, world.first, {0}, world.clock.wall()); },
  };
  for (std::size_t which = 0; which < actions.size(); ++which) {
    for (int n = 1; n < 20; ++n) {
      CAPTURE(which);
      CAPTURE(n);
      World world;
      world.first = world.add("*").id;
      const std::string event = world.append("mc.token.created");
      world.faulty.fail_at(n, Fault::not_run);
      actions[which](world);
      world.faulty.fail_at(1'000'000, Fault::not_run);
      // Whatever happened, the event is delivered once or can still be claimed.
      REQUIRE(world.store.release_all().has_value());
      const auto page = world.store.deliveries({.tenant = kAlpha, .endpoint = world.first});
      REQUIRE(page.has_value());
      REQUIRE(page->items.size() == 1);
      CHECK(page->items[0].event == event);
      if (page->items[0].state == DeliveryState::pending) {
        const auto parcel = world.claim();
        REQUIRE(parcel.has_value());
        world.record(*parcel, {Verdict::delivered, 200});
      }
      CHECK(world.store.deliveries({.tenant = kAlpha})->items[0].state == DeliveryState::delivered);
    }
  }
}

}  // namespace
}  // namespace mc::notify
