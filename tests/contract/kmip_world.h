// For tests: a provider that speaks to the server of kmip_server.h, and what both stand in.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "contract/kmip_server.h"
#include "kmip/kmip.h"
#include "sim/sim.h"

namespace mc::kmip {

struct NoTransport final : kms::Transport {
  Result<kms::HttpReply> send(const kms::HttpRequest&) override {
    return fail(Code::unavailable, "none");
  }
};

struct World {
  sim::SimClock clock;
  sim::SimRandom random;
  sim::SimFiles files;
  NoTransport transport;
  FakeServer server;
  kms::Credentials credentials;
  std::unique_ptr<kms::Provider> provider;

  World() { credentials.files = {{"cert", "cert"}, {"key", "key"}, {"ca", "ca"}}; }
  void bind(const std::string& mode = "gcm") {
    credentials.options["mode"] = mode;
    const auto binding = read_binding("kmip:kms.example.org:5696/k1", credentials);
    REQUIRE(binding.has_value());
    provider = make_provider(*binding, {clock, random, files, transport},
                             [this] { return std::make_unique<FakeChannel>(server); });
  }
  MonoTime deadline() { return clock.mono() + seconds(2); }
  Result<kms::Wrapped> wrap() {
    return provider->wrap(Secret("0123456789abcdef"), {{"tenant", "ten_1"}}, deadline());
  }
  Result<Secret> unwrap(const kms::Wrapped& wrapped) {
    return provider->unwrap(wrapped, {{"tenant", "ten_1"}}, deadline());
  }
};

}  // namespace mc::kmip
