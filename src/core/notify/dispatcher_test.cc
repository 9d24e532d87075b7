#include "notify/dispatcher.h"

#include <doctest/doctest.h>

#include <vector>

#include "contract/notify_world.h"

namespace mc::notify {
namespace {

using Verdict = Outcome::Verdict;

struct FakeClient final : net::Client {
  std::vector<net::ClientRequest>& requests;
  Result<net::Response>& answer;
  FakeClient(std::vector<net::ClientRequest>& all, Result<net::Response>& next)
      : requests(all), answer(next) {}
  Result<net::Response> fetch(const net::ClientRequest& request) override {
    requests.push_back(request);
    return answer;
  }
};

net::Response reply(int status, net::Headers headers = {}) {
  net::Response out;
  out.status = status;
  out.headers = std::move(headers);
  return out;
}

struct Sending : World {
  std::vector<net::ClientRequest> requests;
  Result<net::Response> answer = reply(204);
  Secrets secrets = *Secrets::make(Secret(std::string(kMasterKeyBytesMin, 'k')));
  net::AddressRule addresses = *net::AddressRule::make({});
  Result<std::string> ocsf = std::string(R"({"class_uid":6005})");
  WebhookSender webhook{std::make_unique<FakeClient>(requests, answer), secrets, addresses, clock,
                        [this](const Parcel&) { return ocsf; }};
  struct Mail final : Sender {
    std::vector<Parcel> parcels;
    Outcome send(const Parcel& parcel) override {
      parcels.push_back(parcel);
      return {Verdict::delivered, 250};
    }
  } mail;
  bool lend_fails = false;
  Dispatcher dispatcher{{[this](const auto& use) -> Status {
                           if (lend_fails) return fail(Code::unavailable, "no database");
                           return use(faulty);
                         },
                         clock, random}};

  bool step() {
    const Result<bool> done = dispatcher.step(webhook, mail);
    REQUIRE(done.has_value());
    return *done;
  }
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : requests.back().headers) {
      if (key == name) return value;
    }
    return "";
  }
};

TEST_CASE("dispatcher: a webhook gets the event, its id, the time and a signature") {
  Sending world;
  world.add("*");
  const std::string event = world.append("mc.token.created");
  CHECK(world.step());
  CHECK(!world.step());
  REQUIRE(world.requests.size() == 1);
  const net::ClientRequest& sent = world.requests[0];
  CHECK(sent.method == "POST");
  CHECK(sent.url == "https://hooks.example.org/a");
  CHECK(sent.addresses == &world.addresses);
  CHECK(sent.timeout == kSendTimeout);
  CHECK(world.header("webhook-id") == event);
  const std::int64_t now = world.clock.wall().nanos / 1'000'000'000;
  CHECK(world.header("webhook-timestamp") == std::to_string(now));
  CHECK(world.header("Content-Type").starts_with("application/cloudevents+json"));
  Parcel same;
  same.endpoint = world.store.endpoints(kAlpha)->front();
  same.event = event;
  same.body = sent.body;
  CHECK(world.header("webhook-signature") == *world.secrets.sign(same, now));
  CHECK(world.dispatcher.counters().delivered == 1);
}

TEST_CASE("dispatcher: an endpoint of the form OCSF gets that body, signed, under the event's id") {
  Sending world;
  const auto made = world.store.create(
      {kAlpha, Kind::webhook, "https://siem.example.org/in", "mc.access.*", "", Form::ocsf});
  REQUIRE(made.has_value());
  const std::string event = world.append("mc.access.read");
  world.append("mc.token.created");  // which it does not want
  CHECK(world.step());
  CHECK(!world.step());
  REQUIRE(world.requests.size() == 1);
  CHECK(world.requests[0].body == *world.ocsf);
  CHECK(world.header("Content-Type").starts_with("application/json"));
  CHECK(world.header("webhook-id") == event);
  Parcel same;
  same.endpoint = *made;
  same.event = event;
  same.body = *world.ocsf;
  const std::int64_t now = world.clock.wall().nanos / 1'000'000'000;
  CHECK(world.header("webhook-signature") == *world.secrets.sign(same, now));
}

TEST_CASE(
    "dispatcher: a record that is not there yet is tried again, an event without one is not") {
  const std::pair<Error, DeliveryState> rows[] = {
      {{Code::unavailable, "not read"}, DeliveryState::pending},
      {{Code::invalid, "names no record"}, DeliveryState::failed}};
  for (const auto& [error, state] : rows) {
    CAPTURE(error.what);
    Sending world;
    REQUIRE(world.store
                .create({kAlpha, Kind::webhook, "https://siem.example.org/in", "mc.access.*", "",
                         Form::ocsf})
                .has_value());
    world.ocsf = tl::unexpected<Error>(error);
    world.append("mc.access.read");
    CHECK(world.step());
    CHECK(world.requests.empty());
    const Delivery delivery = world.store.deliveries({.tenant = kAlpha})->items[0];
    CHECK(delivery.state == state);
    CHECK(delivery.last_error == error.what);
  }
}

TEST_CASE("dispatcher: what the answers mean") {
  struct Row {
    Result<net::Response> answer;
    DeliveryState state;
    bool active;
  };
  const Row rows[] = {{reply(200), DeliveryState::delivered, true},
                      {reply(299), DeliveryState::delivered, true},
                      {reply(302), DeliveryState::pending, true},
                      {reply(400), DeliveryState::pending, true},
                      {reply(429), DeliveryState::pending, true},
                      {reply(500), DeliveryState::pending, true},
                      {reply(410), DeliveryState::failed, false},
                      {fail(Code::unavailable, "refused"), DeliveryState::pending, true},
                      {fail(Code::denied, "may not be reached"), DeliveryState::pending, true}};
  for (const Row& row : rows) {
    Sending world;
    const Endpoint endpoint = world.add("*");
    world.append("mc.token.created");
    world.answer = row.answer;
    CHECK(world.step());
    CHECK(world.store.deliveries({.tenant = kAlpha})->items[0].state == row.state);
    CHECK(world.store.endpoint(kAlpha, endpoint.id)->active == row.active);
  }
}

TEST_CASE("dispatcher: the wish of a receiver for time, within a day") {
  const std::pair<const char*, std::int64_t> rows[] = {{"120", 120}, {"999999999", 24 * 3600}};
  for (const auto& [wish, wait] : rows) {
    CAPTURE(wish);
    Sending world;
    world.add("*");
    world.append("mc.token.created");
    world.answer = reply(503, {{"Retry-After", wish}});
    CHECK(world.step());
    world.clock.advance(seconds(wait) - millis(1));
    CHECK(!world.step());
    world.clock.advance(millis(1));
    CHECK(world.step());
  }
  for (const char* other : {"-1", "soon", "Fri, 27 Nov 2026 14:00:00 GMT", ""}) {
    CAPTURE(other);
    Sending world;
    world.add("*");
    world.append("mc.token.created");
    world.answer = reply(503, {{"Retry-After", other}});
    CHECK(world.step());
    world.clock.advance(seconds(6));
    CHECK(world.step());
  }
}

TEST_CASE("dispatcher: mail goes to the other sender") {
  Sending world;
  REQUIRE(world.store.create({kAlpha, Kind::mail, "ops@example.org", "*", ""}).has_value());
  world.append("mc.token.created");
  CHECK(world.step());
  CHECK(world.requests.empty());
  REQUIRE(world.mail.parcels.size() == 1);
  CHECK(world.mail.parcels[0].endpoint.target == "ops@example.org");
}

TEST_CASE("dispatcher: a failing database loses nothing") {
  Sending world;
  world.add("*");
  const std::string event = world.append("mc.token.created");
  world.lend_fails = true;
  CHECK(!world.dispatcher.step(world.webhook, world.mail).has_value());
  world.lend_fails = false;
  // The claim is made, and the record of the attempt is lost: it is sent again, with its id.
  world.faulty.fail_at(3, sim::FaultyConnection::Fault::not_run);
  CHECK(!world.dispatcher.step(world.webhook, world.mail).has_value());
  REQUIRE(world.requests.size() == 1);
  REQUIRE(world.dispatcher.begin().has_value());
  CHECK(world.step());
  REQUIRE(world.requests.size() == 2);
  CHECK(world.header("webhook-id") == event);
  CHECK(world.requests[0].body == world.requests[1].body);
}

}  // namespace
}  // namespace mc::notify
