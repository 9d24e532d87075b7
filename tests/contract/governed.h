// For tests: what governs a guarded world when it wants to be: policies, warrants, a ledger.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/access.h"
#include "gateway/gateway.h"
#include "ledger/ledger.h"
#include "policy/policy.h"
#include "sim/sim.h"
#include "transparency/transparency.h"

namespace mc::guarded {

struct Governed {
  struct World {
    sim::SimFiles& files;
    sys::Clock& clock;
    sys::Random& random;
    identity::Directory& directory;
  };
  explicit Governed(const World& world)
      : gate({world.directory, world.clock, world.random}, {}),
        mask_keys(*mask::Keys::make(Secret(std::string(32, 'm')))),
        policy{engine, &decisions, mask_keys, "", {.max_age = seconds(300), .acr = {}}},
        decisions(world.files, "/data/decisions", {}) {
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    auto opened = ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {world.files, world.clock, world.random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key));
    MC_CHECK(opened);
    ledger = std::move(*opened);
    recorder.emplace(*ledger);
    use(access::default_policies());
  }
  // These policies from now on.
  void use(std::vector<archive::Entry> files) {
    auto bundle = policy::read_files(std::move(files), {});
    MC_CHECK(bundle);
    std::vector<policy::Policies::NamedBundle> bundles;
    bundles.push_back({"main", std::move(*bundle)});
    auto made = policy::Policies::make(std::move(bundles));
    MC_CHECK(made);
    engine.activate(*made);
  }
  // A tenant's log, oldest first, header and payload of a record on a line.
  std::string records(const std::string& tenant) {
    const std::string log = transparency::log_of(TenantId(tenant));
    std::string out;
    const auto head = ledger->store().head(log);
    for (std::uint64_t seq = 0; head && seq < head->size; ++seq) {
      const auto record = ledger->store().read(log, seq);
      MC_CHECK(record);
      out += record->leaf + " " + record->payload + "\n";
    }
    return out;
  }

  policy::Engine engine;
  std::unique_ptr<ledger::Ledger> ledger;
  std::optional<transparency::Recorder> recorder;
  transparency::Gate gate;
  mask::Keys mask_keys;
  gateway::PolicyWorld policy;
  access::DecisionLog decisions;
};

}  // namespace mc::guarded
