#include "kmip/kmip.h"

#include <doctest/doctest.h>

#include "contract/kmip_world.h"
#include "contract/kms_suite.h"

namespace mc::kmip {
namespace {

TEST_CASE("kmip: by GCM it keeps the contract of key services") {
  World world;
  world.bind();
  kms::contract::run({.provider = *world.provider, .clock = world.clock});
}

TEST_CASE("kmip: by CBC it keeps the contract of key services") {
  World world;
  world.bind("cbc");
  kms::contract::run({.provider = *world.provider, .clock = world.clock});
}

TEST_CASE("kmip: a server of KMIP 1.2 is spoken to in 1.2, and by CBC alone") {
  World world;
  world.server.minors = {2};
  world.bind("cbc");
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  CHECK(world.unwrap(*wrapped).has_value());
  world.bind("gcm");
  const auto refused = world.wrap();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::invalid);
  CHECK(refused.error().what.find("'mode'") != std::string::npos);

  World none;
  none.server.minors = {1, 0};
  none.bind();
  CHECK(none.wrap().error().code == Code::invalid);
}

TEST_CASE("kmip: versions are asked for once, and a call has one connection") {
  World world;
  world.bind();
  REQUIRE(world.wrap().has_value());
  REQUIRE(world.wrap().has_value());
  using enum Operation;
  CHECK(world.server.asked == std::vector<Operation>{discover_versions, get_attributes, encrypt,
                                                     get_attributes, encrypt});
  CHECK(world.server.connections == 2);
}

TEST_CASE("kmip: a Result Reason means what the contract says") {
  struct Row {
    std::uint32_t reason;
    Code code;
    const char* name;
  };
  const Row rows[] = {
      {0x01, Code::denied, "Item Not Found"},
      {0x02, Code::corrupt, "Response Too Large"},
      {0x03, Code::denied, "Authentication Not Successful"},
      {0x04, Code::invalid, "Invalid Message"},
      {0x05, Code::invalid, "Operation Not Supported"},
      {0x06, Code::invalid, "Missing Data"},
      {0x07, Code::invalid, "Invalid Field"},
      {0x08, Code::invalid, "Feature Not Supported"},
      {0x09, Code::unavailable, "Operation Canceled By Requester"},
      {0x0a, Code::unavailable, "Cryptographic Failure"},
      {0x0b, Code::denied, "Illegal Operation"},
      {0x0c, Code::denied, "Permission Denied"},
      {0x0d, Code::denied, "Object Archived"},
      {0x0e, Code::invalid, "Index Out of Bounds"},
      {0x0f, Code::invalid, "Application Namespace Not Supported"},
      {0x10, Code::invalid, "Key Format Type Not Supported"},
      {0x11, Code::invalid, "Key Compression Type Not Supported"},
      {0x12, Code::invalid, "Encoding Option Error"},
      {0x13, Code::denied, "Key Value Not Present"},
      {0x14, Code::denied, "Attestation Required"},
      {0x15, Code::denied, "Attestation Failed"},
      {0x16, Code::denied, "Sensitive"},
      {0x17, Code::denied, "Not Extractable"},
      {0x18, Code::invalid, "Object Already Exists"},
      {0x100, Code::unavailable, "General Failure"},
      {0x80000001, Code::unavailable, "reason 2147483649"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    world.bind();
    world.server.refusals[Operation::encrypt] = row.reason;
    const auto wrapped = world.wrap();
    REQUIRE_FALSE(wrapped.has_value());
    CHECK(wrapped.error() == Error{row.code, std::string("kmip: encrypt: ") + row.name});
  }
}

TEST_CASE("kmip: a failure that says nothing is the secret's when the key works") {
  for (const std::uint32_t reason : {0x07u, 0x0au, 0x100u}) {
    CAPTURE(reason);
    World world;
    world.bind();
    const auto wrapped = world.wrap();
    REQUIRE(wrapped.has_value());
    world.server.refusals[Operation::decrypt] = reason;
    const auto down = world.unwrap(*wrapped);
    REQUIRE_FALSE(down.has_value());
    CHECK(down.error().code == (reason == 7 ? Code::invalid : Code::unavailable));
    // Once, and then the server does what it is asked.
    int failures = 1;
    world.server.refusals.clear();
    world.server.bend = [&](Item& reply) {
      Item& batch = reply.items.back();
      if (batch.items.front().number != static_cast<int>(Operation::decrypt) || failures-- <= 0) {
        return;
      }
      batch.items.resize(1);
      batch.items.emplace_back(tag::kResultStatus, Type::enumeration, 1);
      batch.items.emplace_back(tag::kResultReason, Type::enumeration, reason);
    };
    CHECK(world.unwrap(*wrapped).error() ==
          Error{Code::corrupt, "kmip: decrypt: the wrapped secret does not open"});
  }
}

TEST_CASE("kmip: states of KMIP are the contract's") {
  struct Row {
    State state;
    kms::KeyState means;
  };
  const Row rows[] = {
      {State::pre_active, kms::KeyState::disabled},
      {State::active, kms::KeyState::enabled},
      {State::deactivated, kms::KeyState::disabled},
      {State::compromised, kms::KeyState::disabled},
      {State::destroyed, kms::KeyState::destroyed},
      {State::destroyed_compromised, kms::KeyState::destroyed},
  };
  for (const Row& row : rows) {
    World world;
    world.bind();
    world.server.keys["k1"].state = row.state;
    const auto seen = world.provider->describe(world.deadline());
    REQUIRE(seen.has_value());
    CHECK(seen->state == row.means);
    CHECK(world.wrap().has_value() == (row.means == kms::KeyState::enabled));
    if (row.means != kms::KeyState::enabled) CHECK(world.wrap().error().code == Code::denied);
  }
}

TEST_CASE("kmip: a description has what the server says of the key") {
  World world;
  world.bind();
  REQUIRE(world.provider->rotate(world.deadline()) == "k2");
  const auto seen = world.provider->describe(world.deadline());
  REQUIRE(seen.has_value());
  CHECK(seen->key == "k1");
  CHECK(seen->version == "k2");
  CHECK(seen->versions == std::vector<std::string>{"k2", "k1"});
  CHECK(seen->algorithm == "AES-256");
  CHECK(seen->extractable == false);
  CHECK(seen->attributes.at("Never Extractable") == "true");
  CHECK(seen->attributes.at("Activation Date") == "2026-01-01T00:00:00.000Z");
}

TEST_CASE("kmip: a new key that sleeps is activated, one that is not linked is no version") {
  World world;
  world.server.rotates_to_pre_active = true;
  world.bind();
  CHECK(world.provider->rotate(world.deadline()) == "k2");
  CHECK(world.server.keys["k2"].state == State::active);
  world.server.bend = [&](Item&) { world.server.keys["k2"].replaced_by.clear(); };
  CHECK(world.provider->rotate(world.deadline()).error().code == Code::corrupt);
}

TEST_CASE("kmip: another process finds the versions, and a key outside of them opens nothing") {
  World world;
  world.bind();
  REQUIRE(world.provider->rotate(world.deadline()) == "k2");
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  CHECK(wrapped->version == "k2");
  world.bind();
  CHECK(world.unwrap(*wrapped).has_value());
  world.server.keys["foreign"] = {};
  world.server.asked.clear();
  const auto opened = world.unwrap({wrapped->bytes, "foreign"});
  CHECK(opened.error() == Error{Code::corrupt, "kmip: decrypt: what is wrapped is another key's"});
  CHECK(std::count(world.server.asked.begin(), world.server.asked.end(), Operation::decrypt) == 0);
}

TEST_CASE("kmip: links that go round are corrupt") {
  World world;
  world.bind();
  world.server.keys["k1"].replaced_by = "k2";
  world.server.keys["k2"].replaced_by = "k1";
  CHECK(world.provider->describe(world.deadline()).error().code == Code::corrupt);
}

TEST_CASE("kmip: a whole key is destroyed, and the versions between its ends") {
  World world;
  world.bind();
  REQUIRE(world.provider->rotate(world.deadline()) == "k2");
  REQUIRE(world.provider->rotate(world.deadline()) == "k3");
  for (const char* version : {"k1", "k3", "k9"}) {
    CHECK(world.provider->destroy(version, world.deadline()).error().code == Code::invalid);
  }
  CHECK(world.server.keys.size() == 3);
  REQUIRE(world.provider->destroy("", world.deadline()) == world.clock.wall());
  CHECK(world.server.keys.empty());
  CHECK(world.provider->describe(world.deadline()).error().code == Code::denied);
}

TEST_CASE("kmip: a replacement that was destroyed is a destroyed key, not the old one") {
  World world;
  world.bind();
  REQUIRE(world.provider->rotate(world.deadline()) == "k2");
  world.server.keys.erase("k2");
  const auto seen = world.provider->describe(world.deadline());
  REQUIRE(seen.has_value());
  CHECK(seen->state == kms::KeyState::destroyed);
  CHECK(world.wrap().error().code == Code::denied);
}

TEST_CASE("kmip: what only the owner may do, or the server cannot, is no denial") {
  for (const std::uint32_t reason : {0x05u, 0x08u, 0x0cu}) {
    World world;
    world.bind();
    world.server.refusals = {{Operation::re_key, reason}, {Operation::revoke, reason}};
    CHECK(world.provider->rotate(world.deadline()).error().code == Code::invalid);
    CHECK(world.provider->destroy("", world.deadline()).error().code == Code::invalid);
  }
}

TEST_CASE("kmip: a reply to something else is corrupt") {
  using Bend = std::function<void(Item&)>;
  const auto payload = [](Item& reply) -> Item& { return reply.items.back().items.back(); };
  struct Row {
    const char* name;
    Bend bend;
  };
  const Row rows[] = {
      {"another operation", [](Item& r) { r.items.back().items[0].number = 0x20; }},
      {"no operation", [](Item& r) { r.items.back().items.erase(r.items.back().items.begin()); }},
      {"another version", [](Item& r) { r.items[0].items[0].items[1].number = 3; }},
      {"two operations", [](Item& r) { r.items.push_back(r.items.back()); }},
      {"a count of two", [](Item& r) { r.items[0].items[1].number = 2; }},
      {"another key", [&](Item& r) { payload(r).items[0].bytes = "k2"; }},
      {"no key", [&](Item& r) { payload(r).items.erase(payload(r).items.begin()); }},
      {"a request", [](Item& r) { r.tag = tag::kRequest; }},
      {"no payload", [](Item& r) { r.items.back().items.pop_back(); }},
      {"no tag", [&](Item& r) { payload(r).items.pop_back(); }},
      {"a short tag", [&](Item& r) { payload(r).items.back().bytes.pop_back(); }},
      {"more data", [&](Item& r) { payload(r).items[1].bytes += "x"; }},
      {"another vector",
       [&](Item& r) { payload(r).items.emplace_back(tag::kIv, Type::bytes, "123456789012"); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    world.bind();
    world.server.bend = [&](Item& reply) {
      if (reply.items.back().items.front().number == static_cast<int>(Operation::encrypt)) {
        row.bend(reply);
      }
    };
    const auto wrapped = world.wrap();
    REQUIRE_FALSE(wrapped.has_value());
    CHECK(wrapped.error().code == Code::corrupt);
    CHECK(wrapped.error().what.starts_with("kmip: encrypt: "));
  }
}

TEST_CASE("kmip: an operation that is pending is unavailable, bytes that are none are corrupt") {
  World world;
  world.bind();
  world.server.bend = [](Item& reply) { reply.items.back().items[1].number = 2; };
  CHECK(world.wrap().error().code == Code::unavailable);
  world.server.script = {std::string("HTTP/1.1 400 Bad Request\r\n\r\n")};
  CHECK(world.wrap().error().code == Code::corrupt);
  world.server.script = {fail(Code::denied, "the server refuses the certificate: unknown CA")};
  CHECK(world.wrap().error() ==
        Error{Code::denied,
              "kmip: discover versions: the server refuses the certificate: unknown CA"});
}

TEST_CASE("kmip: attributes that contradict themselves are corrupt") {
  const auto value = [](Type type, std::int64_t number) {
    return Item(tag::kAttributeValue, type, number);
  };
  struct Row {
    const char* name;
    Item attribute;
  };
  const Row rows[] = {
      {"two states", FakeServer::attribute("State", value(Type::enumeration, 2))},
      {"a state that is none", FakeServer::attribute("Destroy Date", value(Type::integer, 2))},
      {"a time before all", FakeServer::attribute("Destroy Date", value(Type::date_time, -1))},
      {"a time after all",
       FakeServer::attribute("Destroy Date", value(Type::date_time, 9'999'999'999'999))},
      {"a link to nothing", FakeServer::attribute("Link", {tag::kAttributeValue, {}})},
      {"no value", {tag::kAttribute, {{tag::kAttributeName, Type::text, "State"}}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    world.bind();
    world.server.bend = [&](Item& reply) {
      Item& batch = reply.items.back();
      if (batch.items.front().number != static_cast<int>(Operation::get_attributes)) return;
      batch.items.back().items.push_back(row.attribute);
    };
    CHECK(world.provider->describe(world.deadline()).error().code == Code::corrupt);
  }
}

TEST_CASE("kmip: alerts of TLS that refuse a certificate are denials, others nobody knows") {
  for (const int denied : {42, 43, 44, 46, 48, 49, 116})
    CHECK(code_of_alert(denied) == Code::denied);
  for (const int other : {-1, 10, 20, 40, 45, 47, 50, 51, 70, 71, 80, 86, 90, 109, 112, 120}) {
    CHECK(code_of_alert(other) == Code::unavailable);
  }
}

}  // namespace
}  // namespace mc::kmip
