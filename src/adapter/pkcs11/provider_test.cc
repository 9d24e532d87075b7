#include "pkcs11/provider.h"

#include <doctest/doctest.h>

#include <optional>

#include "pkcs11/fake_token.h"
#include "sim/sim.h"

namespace mc::pkcs11 {
namespace {

using kms::Wrapped;
using test::FakeToken;

struct NoTransport final : kms::Transport {
  Result<kms::HttpReply> send(const kms::HttpRequest& /*request*/) override {
    return fail(Code::unavailable, "none");
  }
};

struct World {
  FakeToken token;
  sim::SimClock clock;
  sim::SimRandom random;
  sim::SimFiles files;
  NoTransport transport;
  std::unique_ptr<kms::ProviderKind> kind = kind_with(
      [this](const std::string& /*path*/) -> Result<CK_FUNCTION_LIST*> { return token.calls(); });
  std::unique_ptr<kms::Provider> key;

  World() {
    set_pin("1234\n");
    key = std::move(*bind("pkcs11:token=fake;object=customer"));
  }
  void set_pin(std::string_view pin) {
    REQUIRE(files.make_folders("/run").has_value());
    REQUIRE(files.write_atomic("/run/pin", pin).has_value());
  }
  Result<std::unique_ptr<kms::Provider>> bind(const std::string& uri,
                                              std::map<std::string, std::string> options = {}) {
    options.emplace("module", "/lib/fake.so");
    return kind->bind(uri, {.files = {{"pin", "/run/pin"}}, .options = std::move(options)},
                      {.clock = clock, .random = random, .files = files, .transport = transport});
  }
  MonoTime soon() { return clock.mono() + seconds(2); }
  Result<Wrapped> wrap(const std::string& secret) {
    return key->wrap(Secret(std::string(secret)), {}, soon());
  }
  // Nothing: it opened.
  std::optional<Code> unwrap(const Wrapped& wrapped) {
    const auto out = key->unwrap(wrapped, {}, soon());
    if (out) {
      CHECK(out->reveal(RevealToken{}) == "a secret of a tenant");
      return std::nullopt;
    }
    return out.error().code;
  }
};
constexpr char kSecret[] = "a secret of a tenant";

TEST_CASE("pkcs11: what a token loses once is made good, what it keeps losing is an outage") {
  const CK_RV lost[] = {CKR_SESSION_HANDLE_INVALID,  CKR_SESSION_CLOSED,    CKR_USER_NOT_LOGGED_IN,
                        CKR_DEVICE_REMOVED,          CKR_TOKEN_NOT_PRESENT, CKR_KEY_HANDLE_INVALID,
                        CKR_CRYPTOKI_NOT_INITIALIZED};
  const std::string functions[] = {"GetSlotList",     "OpenSession",       "GetSessionInfo",
                                   "FindObjectsInit", "GetAttributeValue", "CreateObject",
                                   "WrapKey",         "UnwrapKey"};
  for (const CK_RV value : lost) {
    for (const std::string& function : functions) {
      CAPTURE(value);
      CAPTURE(function);
      for (const int times : {1, -1}) {
        CAPTURE(times);
        World fresh;
        const Wrapped wrapped = *fresh.wrap(kSecret);
        fresh.token.sessions.clear();  // so that all is opened again
        fresh.token.faults[function] = {.value = value, .times = times, .after = 0};
        const auto more = fresh.wrap(kSecret);
        const auto opened = fresh.unwrap(wrapped);
        const bool in_wrap = function == "CreateObject" || function == "WrapKey";
        if (times == 1 && function != "UnwrapKey") {
          // The sessions were the first loss; what it comes to is an outage, never a refusal.
          CHECK((more || more.error().code == Code::unavailable));
          CHECK(opened == std::nullopt);
        } else if (times == 1) {
          CHECK(more.has_value());
          CHECK(opened == std::nullopt);
        } else {
          CHECK(more.has_value() == (function == "UnwrapKey"));
          if (!more) CHECK(more.error().code == Code::unavailable);
          CHECK(opened == (in_wrap ? std::nullopt : std::optional(Code::unavailable)));
        }
        fresh.token.faults.clear();
        CHECK(fresh.unwrap(wrapped) == std::nullopt);
        CHECK(fresh.token.secrets.empty());
      }
    }
  }
}

TEST_CASE("pkcs11: a token that is lost amid a look at a key has taken no permission away") {
  for (int after = 0; after < 8; ++after) {
    for (const int times : {1, -1}) {
      CAPTURE(after);
      World world;
      world.token.faults["GetAttributeValue"] = {
          .value = CKR_OBJECT_HANDLE_INVALID, .times = times, .after = after};
      const auto wrapped = world.wrap(kSecret);
      if (times == 1) CHECK(wrapped.has_value());
      if (!wrapped) CHECK(wrapped.error().code == Code::unavailable);
    }
  }
}

TEST_CASE("pkcs11: a call is tried again once") {
  World world;
  const Wrapped wrapped = *world.wrap(kSecret);
  world.token.counts.clear();
  world.token.faults["UnwrapKey"] = {.value = CKR_DEVICE_REMOVED};
  CHECK(world.unwrap(wrapped) == Code::unavailable);
  CHECK(world.token.counts["UnwrapKey"] == 2);
  world.token.faults["UnwrapKey"] = {.value = CKR_DEVICE_REMOVED, .times = 1, .after = 0};
  CHECK(world.unwrap(wrapped) == std::nullopt);
}

TEST_CASE("pkcs11: a broken device is told from bytes that do not open") {
  World world;
  const Wrapped wrapped = *world.wrap(kSecret);
  Wrapped bad = wrapped;
  bad.bytes[5] = static_cast<char>(bad.bytes[5] ^ 1);
  for (const CK_RV value : {CKR_GENERAL_ERROR, CKR_DEVICE_ERROR, CKR_FUNCTION_FAILED}) {
    world.token.faults["UnwrapKey"] = {.value = value};
    CHECK(world.unwrap(wrapped) == Code::unavailable);
    CHECK(world.unwrap(bad) == Code::unavailable);
    world.token.faults["UnwrapKey"] = {.value = value, .times = 1, .after = 0};
    CHECK(world.unwrap(wrapped) == std::nullopt);  // it stumbled, and the secret is good
    world.token.faults.clear();
    CHECK(world.unwrap(bad) == Code::corrupt);
  }
  CHECK(world.token.secrets.empty());
}

TEST_CASE("pkcs11: refusals of a token are refusals") {
  World world;
  const Wrapped wrapped = *world.wrap(kSecret);
  world.token.faults["UnwrapKey"] = {.value = CKR_KEY_FUNCTION_NOT_PERMITTED};
  CHECK(world.unwrap(wrapped) == Code::denied);
  world.token.faults.clear();
  world.token.keys = {2};
  CHECK(
      world.key->unwrap({.bytes = wrapped.bytes, .version = "09"}, {}, world.soon()).error().code ==
      Code::denied);
}

TEST_CASE("pkcs11: a login that the token's owner has to mend is a refusal") {
  for (const CK_RV value : {CKR_PIN_LOCKED, CKR_PIN_EXPIRED}) {
    World fresh;
    fresh.token.faults["Login"] = {.value = value};
    CHECK(fresh.wrap(kSecret).error().code == Code::denied);
  }
}

TEST_CASE("pkcs11: a permission that is taken away disables the key") {
  World world;
  CHECK(world.key->describe(world.soon())->state == kms::KeyState::enabled);
  CHECK(world.key->describe(world.soon())->protection == "");  // the slot claims it, AES does not
  world.token.mechanisms.insert(CKM_AES_KEY_GEN);
  CHECK(world.key->describe(world.soon())->protection == "hsm");
  world.token.permissions.clear();
  CHECK(world.key->describe(world.soon())->state == kms::KeyState::disabled);
}

TEST_CASE("pkcs11: a key without permissions does not wrap") {
  World world;
  world.token.permissions.clear();
  CHECK(world.wrap(kSecret).error().code == Code::denied);
}

TEST_CASE("pkcs11: a wrong PIN is tried once, and never when it would be the last time") {
  World world;
  world.set_pin("9999");
  for (int i = 0; i < 5; ++i) CHECK(world.wrap(kSecret).error().code == Code::denied);
  CHECK(world.token.counts["Login"] == 1);
  world.set_pin("8888");
  for (int i = 0; i < 5; ++i) CHECK(world.wrap(kSecret).error().code == Code::denied);
  CHECK(world.token.counts["Login"] == 2);
  world.set_pin("1234");
  for (const CK_FLAGS flag : {CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED}) {
    const CK_FLAGS before = world.token.flags;
    world.token.flags |= flag;
    CHECK(world.wrap(kSecret).error().code == Code::denied);
    world.token.flags = before;
  }
  CHECK(world.token.counts["Login"] == 2);
  CHECK(world.wrap(kSecret).has_value());
  CHECK(world.token.counts["Login"] == 3);
}

TEST_CASE("pkcs11: a vector that the token makes is kept, and zeros are not") {
  struct Row {
    bool makes_iv, wants_zeros;
    bool good;
  };
  for (const Row row :
       {Row{false, false, true}, {true, false, true}, {true, true, true}, {false, true, false}}) {
    World world;
    world.token.mechanisms = {CKM_AES_GCM};
    world.token.makes_iv = row.makes_iv;
    world.token.wants_zeros = row.wants_zeros;
    const auto wrapped = world.wrap(kSecret);
    REQUIRE(wrapped.has_value() == row.good);
    if (!wrapped) {
      CHECK(wrapped.error().code == Code::unavailable);
      continue;
    }
    CHECK(wrapped->bytes[0] == 4);
    CHECK((wrapped->bytes.substr(1, 12) == std::string(12, 'T')) == row.makes_iv);
    world.token.wants_zeros = false;
    CHECK(world.unwrap(*wrapped) == std::nullopt);
  }
}

TEST_CASE("pkcs11: a way that a token lists and refuses is passed over, and not tried again") {
  World world;
  world.token.mechanisms = {CKM_AES_KEY_WRAP, CKM_AES_GCM};
  world.token.faults["CreateObject"] = {.value = CKR_TEMPLATE_INCONSISTENT};
  const auto wrapped = world.wrap(kSecret);
  REQUIRE(wrapped.has_value());
  CHECK(wrapped->bytes[0] == 4);
  CHECK(world.unwrap(*wrapped) == std::nullopt);
  REQUIRE(world.wrap(kSecret).has_value());
  CHECK(world.token.counts["CreateObject"] == 1);
}

TEST_CASE("pkcs11: an answer behind the deadline is none") {
  World world;
  CHECK(world.key->describe(world.clock.mono()).error().code == Code::unavailable);
  CHECK(world.token.counts.empty());
}

TEST_CASE("pkcs11: a binding that is not understood is refused before the module is loaded") {
  World world;
  struct Row {
    const char* uri;
    std::map<std::string, std::string> options;
    const char* why;
  };
  const char* good = "pkcs11:token=fake;object=customer";
  const Row rows[] = {
      {"pkcs11:token=fake", {}, "no key"},
      {good, {{"module", "relative.so"}}, "absolute"},
      {good, {{"sessions", "0"}}, "1 to 64"},
      {good, {{"sessions", "65"}}, "1 to 64"},
      {good, {{"modul", "x"}}, "unknown option modul"},
      {good, {{"init", "other"}}, "differs"},
      {"pkcs11:token=fake;object=customer?module-path=/lib/x.so", {}, "may not stand"},
      {good, {{"module_from_uri", "maybe"}}, "yes or no"},
  };
  for (const Row& row : rows) {
    const auto bound = world.bind(row.uri, row.options);
    REQUIRE_FALSE(bound.has_value());
    CHECK(bound.error().code == Code::invalid);
    CHECK_MESSAGE(bound.error().what.find(row.why) != std::string::npos, bound.error().what);
  }
  CHECK(world
            .bind("pkcs11:token=fake;object=customer?module-path=/lib/x.so",
                  {{"module_from_uri", "yes"}})
            .has_value());
  CHECK(world.token.counts.empty());
}

}  // namespace
}  // namespace mc::pkcs11
