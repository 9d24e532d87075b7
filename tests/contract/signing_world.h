// For tests: a signing service on a disk in memory.
#pragma once

#include <memory>

#include "ledger/ledger.h"
#include "signing/signing.h"
#include "sim/sim.h"

namespace mc::signing {

// One for the whole program, as a file would keep it for all starts.
inline const crypto::SigningKey& test_promise_key() {
  static const crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  return key;
}

inline Result<std::unique_ptr<Signing>> open_test_signing(ledger::Ledger& ledger, sys::Clock& clock,
                                                          sys::Random& random) {
  const crypto::SigningKey log = *crypto::SigningKey::ed25519(Secret(std::string(32, 'l')));
  const crypto::SigningKey signer = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  return Signing::open(
      ledger, clock, random,
      {*tlog::NoteSigner::make("signatures.example", tlog::NoteKeyType::ed25519, log), signer,
       *make_authority(clock.wall(), random), *make_seal(signer, clock.wall(), random),
       test_promise_key()});
}

// Service, ledger, disk and clock.
struct SigningWorld {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles files;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<Signing> signing;

  SigningWorld() { open(); }
  void open() {
    const crypto::SigningKey key = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
    auto opened = ledger::Ledger::open(
        {.folder = "/data/ledger", .signed_head_file = "/data/ledger.signed"},
        {files, clock, random},
        *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519, key));
    MC_CHECK(opened);
    ledger = std::move(*opened);
    auto service = open_test_signing(*ledger, clock, random);
    MC_CHECK(service);
    signing = std::move(*service);
  }
  void close() {
    signing.reset();
    ledger.reset();
  }
};

}  // namespace mc::signing
