// One suite over two tokens that have nothing in common but the standard: SoftHSM and NSS.
#include "pkcs11_tokens.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace mc::pkcs11::test {
namespace {

using kms::Wrapped;

void on_each(const std::function<void(TestToken&, Peer)>& work) {
  for (const Peer peer : {Peer::softhsm, Peer::nss}) {
    const std::string name = peer == Peer::softhsm ? "SoftHSM" : "NSS";
    CAPTURE(name);
    if (module_of(peer).empty()) {
      std::printf("skipped, %s is not installed\n", name.c_str());
      continue;
    }
    TestToken token(peer);
    work(token, peer);
  }
}

std::string random_bytes(TestToken& token, std::size_t size) {
  std::string out(size, '\0');
  token.world().random.fill({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return out;
}

Wrapped must_wrap(TestToken& token, kms::Provider& key, const std::string& secret) {
  auto wrapped = key.wrap(Secret(std::string(secret)), {}, token.soon());
  REQUIRE_MESSAGE(wrapped.has_value(), wrapped.error().what);
  return *std::move(wrapped);
}

// "" and the code when it does not open.
std::string opened(TestToken& token, kms::Provider& key, const Wrapped& wrapped) {
  const auto secret = key.unwrap(wrapped, {}, token.soon());
  if (!secret)
    return "error " + std::string(code_name(secret.error().code)) + " " + secret.error().what;
  return std::string(secret->reveal(RevealToken{}));
}

std::optional<Code> code_of(TestToken& token, kms::Provider& key, const Wrapped& wrapped) {
  const auto secret = key.unwrap(wrapped, {}, token.soon());
  if (secret) return std::nullopt;
  CAPTURE(secret.error().what);
  return secret.error().code;
}

TEST_CASE("pkcs11: a thousand random secrets come back as they were") {
  on_each([](TestToken& token, Peer) {
    token.make_aes("customer", "\x01");
    const auto kind = pkcs11_kind();
    const auto key = token.bind(*kind, "object=customer");
    for (std::size_t i = 0; i < 1'000; ++i) {
      const std::string secret = random_bytes(token, i % (kms::kSecretBytesMax + 1));
      const Wrapped wrapped = must_wrap(token, *key, secret);
      REQUIRE(wrapped.version == "01");
      REQUIRE(wrapped.bytes[0] == 1);
      REQUIRE(opened(token, *key, wrapped) == secret);
    }
    CHECK(key->wrap(Secret(std::string(65, 'x')), {}, token.soon()).error().code == Code::invalid);
  });
}

TEST_CASE("pkcs11: keys that may only encrypt, and pairs, wrap as well") {
  on_each([](TestToken& token, Peer peer) {
    // NSS encrypts with CKM_AES_KEY_WRAP, too.
    const int by_encrypting = peer == Peer::softhsm ? 4 : 1;
    token.make_aes("encrypts", "\x02", {.wraps = false, .encrypts = true});
    token.make_rsa("pair", "\x03");
    const auto kind = pkcs11_kind();
    for (const std::string label : {"encrypts", "pair"}) {
      CAPTURE(label);
      const auto key = token.bind(*kind, "object=" + label);
      for (int i = 0; i < 20; ++i) {
        const std::string secret = random_bytes(token, 32 + static_cast<std::size_t>(i));
        const Wrapped wrapped = must_wrap(token, *key, secret);
        CHECK(wrapped.bytes[0] == (label[0] == 'e' ? by_encrypting : 5));
        CHECK(opened(token, *key, wrapped) == secret);
      }
    }
  });
}

TEST_CASE("pkcs11: no byte of a wrapped secret can be changed") {
  on_each([](TestToken& token, Peer) {
    token.make_aes("wraps", "\x01");
    token.make_aes("encrypts", "\x02", {.wraps = false, .encrypts = true});
    token.make_rsa("pair", "\x03");
    const auto kind = pkcs11_kind();
    for (const std::string label : {"wraps", "encrypts", "pair"}) {
      CAPTURE(label);
      const auto key = token.bind(*kind, "object=" + label);
      const Wrapped wrapped = must_wrap(token, *key, random_bytes(token, 32));
      for (std::size_t i = 0; i < wrapped.bytes.size(); ++i) {
        CAPTURE(i);
        Wrapped other = wrapped;
        other.bytes[i] = static_cast<char>(other.bytes[i] ^ 0x10);
        CHECK(code_of(token, *key, other) == Code::corrupt);
      }
      for (const std::size_t size : {std::size_t{0}, std::size_t{1}, wrapped.bytes.size() - 8}) {
        CHECK(code_of(token, *key,
                      {.bytes = wrapped.bytes.substr(0, size), .version = wrapped.version}) ==
              Code::corrupt);
      }
      CHECK(code_of(token, *key, {.bytes = wrapped.bytes + "x", .version = wrapped.version}) ==
            Code::corrupt);
      CHECK(code_of(token, *key, {.bytes = wrapped.bytes, .version = "no hex"}) == Code::corrupt);
      CHECK(code_of(token, *key, wrapped) == std::nullopt);
    }
  });
}

TEST_CASE("pkcs11: what another key wrapped does not open") {
  on_each([](TestToken& token, Peer) {
    token.make_aes("one", "\x01");
    token.make_aes("two", "\x02");
    const auto kind = pkcs11_kind();
    const auto one = token.bind(*kind, "object=one"), two = token.bind(*kind, "object=two");
    Wrapped wrapped = must_wrap(token, *one, "a secret of one");
    CHECK(code_of(token, *two, wrapped) == Code::denied);  // it has no such version
    wrapped.version = "02";
    CHECK(code_of(token, *two, wrapped) == Code::corrupt);
    CHECK(code_of(token, *token.bind(*kind, "object=three"), wrapped) == Code::denied);
    CHECK(token.bind(*kind, "object=three")->describe(token.soon()).error().code == Code::denied);
  });
}

TEST_CASE("pkcs11: a new version wraps, old ones open until they are destroyed") {
  on_each([](TestToken& token, Peer) {
    token.make_aes("customer", std::string(20, '\xee'));
    const auto kind = pkcs11_kind();
    const auto key = token.bind(*kind, "object=customer");
    std::vector<Wrapped> all = {must_wrap(token, *key, "version 0")};
    for (int i = 1; i <= 3; ++i) {
      const auto version = key->rotate(token.soon());
      REQUIRE_MESSAGE(version.has_value(), version.error().what);
      all.push_back(must_wrap(token, *key, "version " + std::to_string(i)));
      CHECK(all.back().version == *version);
    }
    const auto description = key->describe(token.soon());
    REQUIRE(description.has_value());
    CHECK(description->versions ==
          std::vector<std::string>{all[3].version, all[2].version, all[1].version, all[0].version});
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(opened(token, *key, all[i]) == "version " + std::to_string(i));
    }
    const auto gone = key->destroy(all[1].version, token.soon());
    REQUIRE_MESSAGE(gone.has_value(), gone.error().what);
    CHECK(code_of(token, *key, all[1]) == Code::denied);
    CHECK(opened(token, *key, all[2]) == "version 2");
    CHECK(key->destroy(all[1].version, token.soon()).error().code == Code::denied);
    // The same in a process that has not seen it.
    const auto fresh = pkcs11_kind();
    CHECK(code_of(token, *token.bind(*fresh, "object=customer"), all[1]) == Code::denied);
    REQUIRE(key->destroy("", token.soon()).has_value());
    CHECK(code_of(token, *key, all[3]) == Code::denied);
    CHECK(key->describe(token.soon()).error().code == Code::denied);
    CHECK(token.bind(*kind, "object=customer;id=%ee")->rotate(token.soon()).error().code ==
          Code::invalid);
  });
}

TEST_CASE("pkcs11: a description says where a key is from and what guards it") {
  on_each([](TestToken& token, Peer peer) {
    token.make_aes("customer", "\x01\x02");
    const auto kind = pkcs11_kind();
    const auto key = token.bind(*kind, "object=customer");
    const auto found = key->describe(token.soon());
    REQUIRE_MESSAGE(found.has_value(), found.error().what);
    CHECK(found->state == kms::KeyState::enabled);
    CHECK(found->version == "0102");
    CHECK(found->key == key->uri());
    CHECK(found->algorithm == "AES-256");
    CHECK(found->extractable == false);
    CHECK(found->protection != "hsm");
    CHECK(found->attributes.at("CKA_SENSITIVE") == "true");
    CHECK(found->attributes.at("CKA_NEVER_EXTRACTABLE") == "true");
    CHECK(found->attributes.at("CKA_ALWAYS_SENSITIVE") == "true");
    // NSS says that it did not make the keys that it made.
    const bool local = peer == Peer::softhsm;
    CHECK(found->attributes.at("CKA_LOCAL") == (local ? "true" : "false"));
    CHECK(found->origin == (local ? "generated in the token" : "imported"));
    CHECK(found->attributes.at("token.label") == "mc-test");
    CHECK(found->attributes.at("token.manufacturer") ==
          (peer == Peer::softhsm ? "SoftHSM project" : "Mozilla Foundation"));
  });
}

TEST_CASE("pkcs11: a wrong PIN is tried once") {
  on_each([](TestToken& token, Peer) {
    token.make_aes("customer", "\x01");
    token.set_pin_file("9999");
    const auto kind = pkcs11_kind();
    for (int i = 0; i < 20; ++i) {
      // Bound anew, and by other URIs of the same token.
      const auto key =
          token.bind(*kind, i % 2 == 0 ? "object=customer" : "slot-id=1;object=customer");
      const auto refused = key->describe(token.soon());
      if (i % 2 != 0 && refused.error().code == Code::unavailable) continue;  // no slot 1
      CHECK(refused.error().code == Code::denied);
      if (i > 1) CHECK(refused.error().what.find("not tried again") != std::string::npos);
    }
    CHECK((token.token_flags() & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)) == 0);
    token.set_pin_file("1234\n");
    CHECK(token.bind(*kind, "object=customer")->describe(token.soon()).has_value());
  });
}

TEST_CASE("pkcs11: a lost login and a library that somebody ended are made good") {
  on_each([](TestToken& token, Peer) {
    token.make_aes("customer", "\x01");
    const auto kind = pkcs11_kind();
    const auto key = token.bind(*kind, "object=customer");
    const Wrapped wrapped = must_wrap(token, *key, "still here");
    for (int i = 0; i < 3; ++i) {
      CHECK(opened(token, *key, wrapped) == "still here");
      token.log_out();
      CHECK(opened(token, *key, wrapped) == "still here");
      token.log_out();
      CHECK(opened(token, *key, must_wrap(token, *key, "more")) == "more");
      token.log_out();
      CHECK(key->describe(token.soon()).has_value());
      token.log_out();
      CHECK(key->rotate(token.soon()).has_value());
      token.finalize();
      CHECK(opened(token, *key, wrapped) == "still here");
    }
  });
}

TEST_CASE("pkcs11: a token that is taken away is an outage, not a refusal") {
  on_each([](TestToken& token, Peer peer) {
    if (peer == Peer::nss) {
      std::printf("skipped, NSS works on in its open files: a token that is taken away\n");
      return;
    }
    token.make_aes("customer", "\x01");
    const auto kind = pkcs11_kind();
    const auto key = token.bind(*kind, "object=customer");
    const Wrapped wrapped = must_wrap(token, *key, "a secret");
    token.remove_from_disk();
    for (int i = 0; i < 3; ++i) {
      CHECK(code_of(token, *key, wrapped) == Code::unavailable);
      CHECK(key->wrap(Secret("x"), {}, token.soon()).error().code == Code::unavailable);
      CHECK(key->describe(token.soon()).error().code == Code::unavailable);
    }
  });
}

TEST_CASE("pkcs11: a child process opens sessions of its own") {
  on_each([](TestToken& token, Peer) {
    token.make_aes("customer", "\x01");
    const auto kind = pkcs11_kind();
    const auto key = token.bind(*kind, "object=customer");
    const Wrapped wrapped = must_wrap(token, *key, "of the parent");
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const bool good = opened(token, *key, wrapped) == "of the parent" &&
                        key->rotate(token.soon()).has_value() &&
                        opened(token, *key, wrapped) == "of the parent";
      _exit(good ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    // The parent's sessions live on, and the child's new version is seen.
    CHECK(opened(token, *key, wrapped) == "of the parent");
    CHECK(must_wrap(token, *key, "more").version != "01");
  });
}

TEST_CASE("pkcs11: eight threads share a few sessions") {
  on_each([](TestToken& token, Peer) {
    token.make_aes("customer", "\x01");
    const auto kind = pkcs11_kind();
    for (const int sessions : {2, 8}) {
      const auto key = token.bind(*kind, "object=customer", sessions);
      std::atomic<int> good = 0, outages = 0;
      std::vector<std::thread> threads;
      for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0; i < 50; ++i) {
            const std::string secret = std::to_string(t) + " and " + std::to_string(i);
            const auto wrapped = key->wrap(Secret(std::string(secret)), {}, token.soon());
            const auto back =
                wrapped ? key->unwrap(*wrapped, {}, token.soon()) : tl::unexpected(wrapped.error());
            good += back && back->reveal(RevealToken{}) == secret ? 1 : 0;
            outages += !back && back.error().code == Code::unavailable ? 1 : 0;
            if (t == 0 && i % 10 == 5) token.log_out();
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      // A logout may strike a call's second try as well; but nobody must think that he was refused.
      CHECK(good + outages == 8 * 50);
      CHECK(outages <= 10);
    }
  });
}

TEST_CASE("pkcs11: no call after the deadline") {
  on_each([](TestToken& token, Peer) {
    token.make_aes("customer", "\x01");
    const auto kind = pkcs11_kind();
    const auto key = token.bind(*kind, "object=customer");
    CHECK(key->describe(token.world().clock.mono()).error().code == Code::unavailable);
    CHECK(key->describe(token.soon()).has_value());
  });
}

}  // namespace
}  // namespace mc::pkcs11::test
