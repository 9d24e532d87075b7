#include "signing/key_list.h"

#include <doctest/doctest.h>

#include "json/json.h"
#include "signing/signing.h"
#include "signing/timestamps.h"
#include "sim/sim.h"

namespace mc::signing {
namespace {

constexpr WallTime kBegin{1'767'225'600'000'000'000};

ListedKey make_key(KeyUse use, WallTime from) {
  sim::SimRandom random(from.nanos == kBegin.nanos ? 1 : 2);
  if (use == KeyUse::time) {
    const TimestampAuthority made = *make_authority(from, random);
    return {use, made.key.public_key(), "", made.chain, {from}};
  }
  const crypto::SigningKey key = *crypto::SigningKey::generate(
      use == KeyUse::log ? crypto::Algorithm::eddsa : crypto::Algorithm::es256);
  if (use == KeyUse::signer) {
    return {use, key.public_key(), "", {*make_seal(key, from, random)}, {from}};
  }
  return {use, key.public_key(), "signatures.example", {}, {from}};
}

KeyList first() {
  std::vector<ListedKey> keys;
  for (const KeyUse use : {KeyUse::log, KeyUse::promises, KeyUse::signer, KeyUse::time}) {
    keys.push_back(make_key(use, kBegin));
  }
  return *KeyList::make(std::move(keys));
}

TEST_CASE("key list: it is read as it was written, and each rotation can be undone") {
  KeyList list = first();
  std::vector<KeyList> states;
  WallTime at = kBegin;
  for (const KeyUse use :
       {KeyUse::time, KeyUse::log, KeyUse::signer, KeyUse::log, KeyUse::promises, KeyUse::log}) {
    states.push_back(list);
    at = at + seconds(60);
    const ListedKey next = make_key(use, at);
    REQUIRE(list.rotate(next).has_value());
    CHECK(list.current(use) == next);
    CHECK(list.retired(use).back().period.until == at);
    const auto read = KeyList::parse(list.print());
    REQUIRE_MESSAGE(read.has_value(), read.error().what);
    CHECK(*read == list);
  }
  CHECK(list.keys().size() == 10);
  CHECK(list.retired(KeyUse::log).size() == 3);
  for (std::size_t i = states.size(); i-- > 0;) {
    CHECK(list.undo());
    CHECK(list == states[i]);
  }
  CHECK_FALSE(list.undo());
}

TEST_CASE("key list: a key that cannot follow is refused, and the list stays as it was") {
  KeyList list = first();
  const KeyList before = list;
  const WallTime later = kBegin + seconds(1);
  CHECK(list.rotate(make_key(KeyUse::log, kBegin + seconds(-1))).error().code == Code::conflict);
  ListedKey same = list.current(KeyUse::log);
  same.period.from = later;
  CHECK(list.rotate(same).error().code == Code::conflict);
  ListedKey other = make_key(KeyUse::promises, later);
  other.use = KeyUse::log;
  CHECK(list.rotate(other).error().code == Code::invalid);
  ListedKey bare = make_key(KeyUse::time, later);
  bare.chain.clear();
  CHECK(list.rotate(bare).error().code == Code::invalid);
  ListedKey foreign = make_key(KeyUse::signer, later);
  foreign.chain = list.current(KeyUse::signer).chain;
  CHECK(list.rotate(foreign).error().code == Code::invalid);
  ListedKey nameless = make_key(KeyUse::promises, later);
  nameless.origin.clear();
  CHECK(list.rotate(nameless).error().code == Code::invalid);
  CHECK(list == before);
  CHECK(list.rotate(make_key(KeyUse::log, kBegin)).has_value());  // in the same second
}

TEST_CASE(
    "key list: the trusted root has logs and authorities, with the time in which they count") {
  KeyList list = first();
  const WallTime at = kBegin + seconds(60);
  for (const KeyUse use : {KeyUse::log, KeyUse::promises, KeyUse::signer, KeyUse::time}) {
    REQUIRE(list.rotate(make_key(use, at)).has_value());
  }
  const auto root = proof::parse_trusted_root(proof::print_trusted_root(list.trust()));
  REQUIRE(root.has_value());
  REQUIRE(root->logs.size() == 4);
  REQUIRE(root->timestamp_authorities.size() == 2);
  const pki::Period now{at};
  const pki::Period then{kBegin, at};
  CHECK(root->logs[0].id == list.current(KeyUse::log).id());
  CHECK(root->logs[1].id == list.current(KeyUse::promises).id());
  CHECK(root->logs[2].id == list.retired(KeyUse::log).front().id());
  CHECK(root->logs[3].id == list.retired(KeyUse::promises).front().id());
  for (std::size_t i = 0; i < 4; ++i) CHECK(root->logs[i].period == (i < 2 ? now : then));
  CHECK(root->timestamp_authorities[0].period == now);
  CHECK(root->timestamp_authorities[1].period == then);
  CHECK(root->timestamp_authorities[1].chain == list.retired(KeyUse::time).front().chain);
}

// The list as JSON, changed and read.
Result<KeyList> changed(const KeyList& list, const auto& change) {
  json::Value value = *json::parse(list.print());
  json::Object& object = *value.as_object();
  change(object, *object.find("keys")->as_array());
  return KeyList::parse(json::print(value));
}

TEST_CASE("key list: what is not just a list of keys is not read") {
  KeyList list = first();
  REQUIRE(list.rotate(make_key(KeyUse::log, kBegin + seconds(60))).has_value());
  CHECK(changed(list, [](json::Object&, json::Array&) {}).has_value());
  const auto refused = [&](const auto& change) {
    const auto read = changed(list, change);
    return !read && read.error().code == Code::invalid;
  };
  CHECK(refused([](json::Object& object, json::Array&) { object.set("kind", "other"); }));
  CHECK(refused([](json::Object& object, json::Array&) { object.set("more", 1); }));
  CHECK(refused([](json::Object& object, json::Array&) { object.set("keys", "none"); }));
  CHECK(refused([](json::Object&, json::Array& keys) { keys.clear(); }));
  CHECK(refused([](json::Object&, json::Array& keys) { keys.pop_back(); }));
  CHECK(refused([](json::Object&, json::Array& keys) { keys.erase(keys.begin() + 1); }));
  CHECK(refused([](json::Object&, json::Array& keys) { std::swap(keys[0], keys[4]); }));
  CHECK(refused([](json::Object&, json::Array& keys) { keys.push_back(keys[4]); }));
  CHECK(refused([](json::Object&, json::Array& keys) { keys[0] = 7; }));
  struct Case {
    std::size_t key;
    const char* member;
    json::Value value;
  };
  const std::vector<Case> cases = {
      {0, "use", "witness"},
      {0, "use", "promises"},
      {0, "id", std::string(64, '0')},
      {0, "begin", "2027-01-01T00:00:00.000Z"},
      {0, "begin", "yesterday"},
      {0, "end", nullptr},
      {0, "end", "2026-01-01T00:00:30.000Z"},
      {1, "end", "2026-01-01T00:01:00.000Z"},
      {1, "begin", "2026-01-01T00:00:00.500Z"},
      {0, "origin", "other.example"},
      {1, "origin", ""},
      {2, "origin", "signatures.example"},
      {0, "public_key", "none"},
      {0, "public_key",
       *(*json::parse(list.print()).value().find("keys")->as_array())[1].find("public_key")},
      {2, "certificates", json::Array()},
      {3, "certificates", "none"},
      {3, "certificates", json::Array{json::Value(1)}},
      {1, "more", true},
  };
  for (const Case& each : cases) {
    CAPTURE(each.key);
    CAPTURE(each.member);
    CHECK(refused([&](json::Object&, json::Array& keys) {
      keys[each.key].as_object()->set(each.member, each.value);
    }));
  }
  CHECK_FALSE(KeyList::parse("").has_value());
  CHECK_FALSE(KeyList::parse("[]").has_value());
}

}  // namespace
}  // namespace mc::signing
