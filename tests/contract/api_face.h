// The HTTP face over a guarded world, and one token of each kind of person; for the module's tests.
#pragma once

#include <memory>
#include <string>

#include "api/api.h"
#include "contract/guarded_world.h"
#include "contract/signing_world.h"
#include "ledger/ledger.h"
#include "transparency/transparency.h"

namespace mc::api {

struct Face {
  guarded::World world;
  sim::SimFiles disk;  // of the ledger
  std::unique_ptr<ledger::Ledger> ledger = open_ledger();
  transparency::Recorder recorder{*ledger};
  std::unique_ptr<signing::Signing> signing =
      *signing::open_test_signing(*ledger, world.clock(), world.random());
  transparency::Gate gate{{world.directory(), world.clock(), world.random()}, access_policy()};
  std::unique_ptr<search::Index> index =
      *search::Index::open(*sql::sqlite_driver()->open("sqlite::memory:", {}), ledger->store());
  Api api{api_world()};
  std::string operator_ =
      world.token({.tenant = "system",
                   .principal = "otto",
                   .roles = "operator",
                   .scopes = "query,mutate,introspect,admin:read,admin:write,metrics"});
  std::string admin = world.token();
  std::string auditor = world.token(
      {.principal = "aron", .roles = "auditor", .scopes = "query,admin:read,admin:write"});
  std::string analyst = world.token(
      {.principal = "ben", .roles = "analyst", .scopes = "query,admin:read,admin:write"});
  std::string bravo = world.token({.tenant = "bravo", .principal = "bea"});

  Face() {
    world.set_front(api);
    api.set_ready(true);
  }
  net::Response ask(const std::string& method, const std::string& target, const std::string& token,
                    const std::string& body = "", net::Headers headers = {}) {
    return world.ask(
        {.method = method, .target = target, .headers = std::move(headers), .body = body}, token);
  }
  std::unique_ptr<ledger::Ledger> open_ledger() {
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    auto opened = ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {disk, world.clock(), world.random()},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key));
    MC_CHECK(opened);
    return std::move(*opened);
  }
  static transparency::AccessPolicy access_policy() {
    return *transparency::parse_access_policy(
        "actions: [{action: \"GET /v1/tenants/{tenant}/principals\", without_warrant: deny}]",
        "policy");
  }
  ApiWorld api_world() {
    ApiWorld out{world.clock(),   world.log(),      world.metrics(),    world.directory(),
                 world.gateway(), &world.catalog(), {"0.1.0", "SQLite"}};
    out.recorder = &recorder;
    out.signing = signing.get();
    out.gate = &gate;
    out.index = index.get();
    return out;
  }
  // All that the admin API could change, as text.
  std::string state() {
    std::string out;
    const auto tenants = world.directory().tenants();
    for (const identity::Tenant& tenant : *tenants) {
      out += tenant.id.get() + tenant.plan + tenant.state + std::to_string(tenant.version) + "\n";
      const auto people = world.directory().principals(tenant.id);
      for (const auto& person : *people) out += person.id.get() + join(person.roles) + "\n";
      const auto tokens = world.directory().tokens(tenant.id);
      for (const auto& token : *tokens) {
        out += token.id + join(token.scopes) + (token.revoked ? " revoked\n" : "\n");
      }
    }
    return out;
  }
  std::string token_id(const std::string& token) {
    return world.directory().check(token)->token_id;
  }
};

}  // namespace mc::api
