// For tests: a provider that speaks to the server of transit_server.h, and what both stand in.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "contract/transit_server.h"
#include "sim/sim.h"
#include "transit/transit.h"

namespace mc::transit {

struct World {
  sim::SimClock clock;
  sim::SimRandom random;
  sim::SimFiles files;
  FakeVault vault;
  kms::Credentials credentials;
  std::unique_ptr<kms::Provider> provider;

  World() {
    write("token", "hvs.first\n");
    credentials.files = {{"token", "token"}};
  }
  void write(const std::string& path, std::string_view text) {
    REQUIRE(files.write_atomic(path, text).has_value());
  }
  void use_approle() {
    write("role", "role-id\n");
    write("secret", "secret-id\n");
    credentials.files = {{"role_id", "role"}, {"secret_id", "secret"}};
  }
  void bind() {
    auto bound = provider_kind()->bind("vault-transit:https://vault.example.org:8200/transit/root",
                                       credentials, {clock, random, files, vault});
    REQUIRE_MESSAGE(bound.has_value(), bound.error().what);
    provider = std::move(*bound);
  }
  MonoTime deadline() { return clock.mono() + seconds(2); }
  Result<kms::Wrapped> wrap() {
    return provider->wrap(Secret("0123456789abcdef"), {{"tenant", "ten_1"}}, deadline());
  }
  Result<Secret> unwrap(const kms::Wrapped& wrapped) {
    return provider->unwrap(wrapped, {{"tenant", "ten_1"}}, deadline());
  }
};

}  // namespace mc::transit
