// The other side of witnessing: asks others to cosign the checkpoints of a log of our own.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/base.h"
#include "tlog/tlog.h"
#include "witness/server.h"

namespace mc::witness {

// Not thread-safe.
class Cosigner {
 public:
  // POSTs `body` to a witness; `unavailable` when it cannot be reached in time.
  using Ask = std::function<Result<Answer>(const std::string& url, const std::string& body)>;
  using Prove = std::function<Result<tlog::Path>(std::uint64_t older, std::uint64_t newer)>;
  // Witnesses without a URL in the policy are not asked.
  Cosigner(tlog::Policy policy, Prove prove, Ask ask)
      : policy_(std::move(policy)), prove_(std::move(prove)), ask_(std::move(ask)) {}

  struct Cosigned {
    std::string checkpoint;                      // with the cosignatures that came
    std::map<std::string, std::string> missing;  // witness to why
    bool quorum = false;
  };
  // `invalid` when the checkpoint is not of a log of the policy.
  Result<Cosigned> cosign(const std::string& checkpoint);

 private:
  Result<tlog::NoteSignature> ask_one(const tlog::Policy::Witness& witness, const tlog::Note& own,
                                      const tlog::TreeHead& head);

  tlog::Policy policy_;
  Prove prove_;
  Ask ask_;
  std::map<std::string, std::uint64_t> sizes_;  // that each witness knows
};

}  // namespace mc::witness
