// The keys of a ledger as a document: who knows one of them follows it to the others, without
// asking anybody (docs/formats/proofs.md, "Keys of a ledger").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "ledger/ledger.h"
#include "proof/receipt_parts.h"
#include "proof/report.h"
#include "tlog/tlog.h"

namespace mc::proof {

inline constexpr std::size_t kKeyListBytesMax = 4 << 20;

struct KeyList {
  std::vector<std::string> events;  // leaves of the log "keys", from record 0
  // That a key has begun, under a checkpoint which the key before signed.
  struct Vouched {
    std::uint64_t record = 0;
    Anchor anchor;
    bool operator==(const Vouched&) const = default;
  };
  std::vector<Vouched> vouched;
  Anchor anchor;  // of the last event
  bool operator==(const KeyList&) const = default;
};

// The events that `checkpoint` has. `not_found` when it has none.
Result<KeyList> make_key_list(const ledger::Store& store, const std::string& checkpoint);

std::string print_key_list(const KeyList& list);  // RFC 8785, one line
// Only what print_key_list() writes.
Result<KeyList> parse_key_list(std::string_view json);

// Steps: events, known, vouched, head, inclusion, checkpoint, head_inclusion.
Report check_key_list(const KeyList& list, std::span<const tlog::NoteKey> known);

// The keys of a list that holds, each up to its end; `invalid` says which step does not.
Result<tlog::Policy> follow_keys(const KeyList& list, std::span<const tlog::NoteKey> known);

}  // namespace mc::proof
