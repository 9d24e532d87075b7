// The provider of KMIP against a server that somebody else wrote: PyKMIP.
#include "kmip/kmip.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "contract/kms_suite.h"
#include "kmip/channel.h"
#include "kmip/message.h"
#include "kmip_peer.h"

namespace mc::kmip::test {
namespace {

const kms::Context kContext = {{"tenant", "ten_1"}, {"branch", "1"}};

struct NoTransport final : kms::Transport {
  Result<kms::HttpReply> send(const kms::HttpRequest&) override {
    return fail(Code::unavailable, "none");
  }
};

struct Machine {
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();
  std::unique_ptr<sys::Files> files = sys::real_files();
  NoTransport transport;
  kms::ProviderWorld world{*clock, *random, *files, transport};

  MonoTime soon() { return clock->mono() + seconds(10); }
  std::unique_ptr<kms::Provider> bind(int port, const std::string& id,
                                      const kms::Credentials& credentials) {
    auto out = provider_kind()->bind("kmip:127.0.0.1:" + std::to_string(port) + "/" + id,
                                     credentials, world);
    REQUIRE_MESSAGE(out.has_value(), out.error().what);
    return std::move(*out);
  }
};

// Does what the owner of a key does, in the same words as the provider.
struct Owner {
  Machine& machine;
  Binding binding;

  Item ask(int operation, std::vector<Item> payload) {
    const auto channel = tls_channel(binding, machine.world);
    const Step step = {"owner", static_cast<Operation>(operation)};
    const auto reply =
        channel->exchange(write_request(4, step.operation, std::move(payload)), machine.soon());
    REQUIRE_MESSAGE(reply.has_value(), reply.error().what);
    const auto out = read_reply(step, 4, *reply);
    REQUIRE_MESSAGE(out.has_value(), out.error().error.what);
    return *out;
  }
  std::string make_key(bool active = true) {
    const auto attribute = [](const char* name, Type type, std::int64_t value) {
      return Item(tag::kAttribute,
                  {{tag::kAttributeName, Type::text, name}, {tag::kAttributeValue, type, value}});
    };
    constexpr std::uint32_t kObjectType = 0x420057, kTemplate = 0x420091;
    const Item made = ask(0x01, {{kObjectType, Type::enumeration, 2},
                                 {kTemplate,
                                  {attribute("Cryptographic Algorithm", Type::enumeration, 3),
                                   attribute("Cryptographic Length", Type::integer, 256),
                                   attribute("Cryptographic Usage Mask", Type::integer, 12)}}});
    const std::string id = made.only(tag::kId, Type::text)->bytes;
    if (active) ask(0x12, {{tag::kId, Type::text, id}});
    return id;
  }
  void revoke(const std::string& id) {
    ask(0x13, {{tag::kId, Type::text, id},
               {tag::kRevocationReason, {{tag::kRevocationCode, Type::enumeration, 6}}}});
  }
  void destroy(const std::string& id) { ask(0x14, {{tag::kId, Type::text, id}}); }
};

Binding binding_of(const Certificates& certificates, int port) {
  return *read_binding("kmip:127.0.0.1:" + std::to_string(port) + "/any",
                       certificates.credentials());
}

// One server for all cases: it takes a second to start.
struct Peer {
  Certificates certificates;
  Server server{certificates};
  Machine machine;
  Owner owner{machine, binding_of(certificates, server.port())};

  std::unique_ptr<kms::Provider> bind(const std::string& id, const std::string& mode = "gcm",
                                      const std::string& client = "client") {
    kms::Credentials credentials = certificates.credentials(client);
    credentials.options["mode"] = mode;
    return machine.bind(server.port(), id, credentials);
  }
};
Peer* peer() {
  static const std::unique_ptr<Peer> one = is_installed() ? std::make_unique<Peer>() : nullptr;
  if (!one) std::printf("skipped, python3-pykmip is not installed\n");
  return one.get();
}

TEST_CASE("kmip: PyKMIP by GCM keeps the contract of key services") {
  Peer* with = peer();
  if (with == nullptr) return;
  const auto provider = with->bind(with->owner.make_key());
  kms::contract::run({.provider = *provider, .clock = *with->machine.clock, .can_rotate = false});
}

TEST_CASE("kmip: PyKMIP by CBC keeps the contract of key services") {
  Peer* with = peer();
  if (with == nullptr) return;
  const auto provider = with->bind(with->owner.make_key(), "cbc");
  kms::contract::run({.provider = *provider, .clock = *with->machine.clock, .can_rotate = false});
}

TEST_CASE("kmip: PyKMIP's word on a key is described") {
  Peer* with = peer();
  if (with == nullptr) return;
  const std::string id = with->owner.make_key();
  const auto provider = with->bind(id);
  const auto seen = provider->describe(with->machine.soon());
  REQUIRE_MESSAGE(seen.has_value(), seen.error().what);
  CHECK(seen->key == id);
  CHECK(seen->version == id);
  CHECK(seen->versions == std::vector<std::string>{id});
  CHECK(seen->algorithm == "AES-256");
  CHECK(seen->attributes.at("State") == "2");
  CHECK(seen->attributes.at("Cryptographic Usage Mask") == "12");
  CHECK(seen->state == kms::KeyState::enabled);
}

TEST_CASE("kmip: what PyKMIP wrapped for one context does not open for another") {
  Peer* with = peer();
  if (with == nullptr) return;
  for (const char* mode : {"gcm", "cbc"}) {
    CAPTURE(mode);
    const auto provider = with->bind(with->owner.make_key(), mode);
    const auto wrapped = provider->wrap(Secret("0123456789abcdef"), kContext, with->machine.soon());
    REQUIRE_MESSAGE(wrapped.has_value(), wrapped.error().what);
    const auto opened = provider->unwrap(*wrapped, {{"tenant", "ten_2"}}, with->machine.soon());
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == Code::corrupt);
  }
}

TEST_CASE("kmip: a key that PyKMIP was told to revoke, and then to destroy, is denied") {
  Peer* with = peer();
  if (with == nullptr) return;
  const std::string id = with->owner.make_key();
  const auto provider = with->bind(id);
  const auto wrapped = provider->wrap(Secret("0123456789abcdef"), kContext, with->machine.soon());
  REQUIRE_MESSAGE(wrapped.has_value(), wrapped.error().what);
  CHECK(provider->unwrap(*wrapped, kContext, with->machine.soon()).has_value());

  with->owner.revoke(id);
  auto opened = provider->unwrap(*wrapped, kContext, with->machine.soon());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error() == Error{Code::denied, "kmip: decrypt: Permission Denied"});
  CHECK(provider->wrap(Secret("x"), kContext, with->machine.soon()).error().code == Code::denied);
  const auto seen = provider->describe(with->machine.soon());
  REQUIRE(seen.has_value());
  CHECK(seen->state == kms::KeyState::disabled);

  with->owner.destroy(id);
  opened = provider->unwrap(*wrapped, kContext, with->machine.soon());
  CHECK(opened.error() == Error{Code::denied, "kmip: decrypt: Item Not Found"});
  CHECK(provider->describe(with->machine.soon()).error().code == Code::denied);
}

TEST_CASE("kmip: a key of PyKMIP is destroyed by the provider") {
  Peer* with = peer();
  if (with == nullptr) return;
  const std::string id = with->owner.make_key();
  const auto provider = with->bind(id);
  const auto gone = provider->destroy("", with->machine.soon());
  REQUIRE_MESSAGE(gone.has_value(), gone.error().what);
  CHECK(provider->describe(with->machine.soon()).error() ==
        Error{Code::denied, "kmip: describe: Item Not Found"});
}

TEST_CASE("kmip: PyKMIP denies a key that is not active, another's, and one that is not there") {
  Peer* with = peer();
  if (with == nullptr) return;
  const auto sleeping = with->bind(with->owner.make_key(false));
  CHECK(sleeping->wrap(Secret("x"), kContext, with->machine.soon()).error().code == Code::denied);
  const auto nobodys = with->bind("987654");
  CHECK(nobodys->wrap(Secret("x"), kContext, with->machine.soon()).error().code == Code::denied);
  const auto of_another = with->bind(with->owner.make_key(), "gcm", "other");
  CHECK(of_another->wrap(Secret("x"), kContext, with->machine.soon()).error().code == Code::denied);
}

TEST_CASE("kmip: PyKMIP refuses the certificate of another authority: denied") {
  Peer* with = peer();
  if (with == nullptr) return;
  const auto provider = with->bind(with->owner.make_key(), "gcm", "stranger");
  const auto seen = provider->describe(with->machine.soon());
  REQUIRE_FALSE(seen.has_value());
  CHECK(seen.error().code == Code::denied);
  CHECK(seen.error().what.find("refuses the certificate") != std::string::npos);
}

TEST_CASE("kmip: a server of another authority is not spoken to") {
  Peer* with = peer();
  if (with == nullptr) return;
  kms::Credentials credentials = with->certificates.credentials();
  credentials.files["ca"] = with->certificates.at("other_ca.pem");
  const auto provider = with->machine.bind(with->server.port(), "1", credentials);
  const auto seen = provider->describe(with->machine.soon());
  REQUIRE_FALSE(seen.has_value());
  CHECK(seen.error().code == Code::unavailable);
}

TEST_CASE("kmip: a server that was killed is unavailable") {
  if (!is_installed()) {
    std::printf("skipped, python3-pykmip is not installed\n");
    return;
  }
  Peer own;
  const auto provider = own.bind(own.owner.make_key());
  const auto wrapped = provider->wrap(Secret("0123456789abcdef"), kContext, own.machine.soon());
  REQUIRE_MESSAGE(wrapped.has_value(), wrapped.error().what);
  own.server.end();
  const auto opened = provider->unwrap(*wrapped, kContext, own.machine.soon());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Code::unavailable);
}

TEST_CASE("kmip: eight threads use one provider of PyKMIP at a time") {
  Peer* with = peer();
  if (with == nullptr) return;
  const auto provider = with->bind(with->owner.make_key());
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const std::string secret = "secret " + std::to_string(i);
      for (int round = 0; round < 3; ++round) {
        const auto wrapped = provider->wrap(Secret(secret), kContext, with->machine.soon());
        if (!wrapped) continue;
        const auto opened = provider->unwrap(*wrapped, kContext, with->machine.soon());
        good += opened && opened->reveal(RevealToken()) == secret ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 24);
}

}  // namespace
}  // namespace mc::kmip::test
