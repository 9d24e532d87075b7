// For tests: a signer with a log, an authority that stamps times and one that issues certificates.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pki/pki.h"
#include "proof/proof.h"
#include "tlog/tlog.h"

namespace mc::proof {

// A log in memory.
class MemoryLog final : public SignatureLog, public tlog::Nodes {
 public:
  MemoryLog() : key_(*crypto::SigningKey::generate(crypto::Algorithm::eddsa)) {
    signers_.push_back(*tlog::NoteSigner::make("log.example", tlog::NoteKeyType::ed25519, key_));
  }
  Result<LogEntry> add(std::string body) override {
    const std::uint64_t index = frontier_.size();
    frontier_.append(tlog::leaf_hash(body), [this](tlog::NodeId id, const tlog::Hash& hash) {
      nodes_[{id.level, id.index}] = hash;
    });
    LogEntry out;
    out.index = static_cast<std::int64_t>(index);
    out.log_id = id();
    out.kind = "hashedrekord";
    out.version = "0.0.2";
    LogProof proof{index, frontier_.head(), {}, ""};
    MC_TRY(proof.path, tlog::prove_inclusion(*this, index, proof.head.size));
    tlog::Note note{tlog::print_checkpoint({"log.example", proof.head, {}}), {}};
    MC_TRY(tlog::NoteSignature signature, signers_.front().sign(note.text));
    note.signatures.push_back(std::move(signature));
    proof.checkpoint = tlog::print_note(note);
    out.proof = std::move(proof);
    out.body = std::move(body);
    return out;
  }
  Result<tlog::Hash> read(tlog::NodeId id) const override {
    const auto found = nodes_.find({id.level, id.index});
    if (found == nodes_.end()) return fail(Code::not_found, "no such node");
    return found->second;
  }
  std::string id() const {
    const std::string message =
        std::string("log.example\n\x01", 13) + key_.public_key().raw_ed25519();
    return *crypto::digest("sha256", message);
  }
  crypto::PublicKey key() const { return key_.public_key(); }

 private:
  crypto::SigningKey key_;
  std::vector<tlog::NoteSigner> signers_;  // one
  tlog::Frontier frontier_;
  std::map<std::pair<int, std::uint64_t>, tlog::Hash> nodes_;
};

class TestTime final : public TimestampSource {
 public:
  TestTime(const pki::TimestampSigner& signer, WallTime now) : signer_(signer), now_(now) {}
  Result<std::string> stamp(std::string_view signature) override {
    return signer_.stamp(signature, now_, "12345678");
  }

 private:
  const pki::TimestampSigner& signer_;
  WallTime now_;
};

}  // namespace mc::proof
