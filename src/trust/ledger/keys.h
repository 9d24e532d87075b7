// The keys that the heads of a ledger are signed with, as the ledger itself says: records of the
// type "key-event" in its log "keys" (docs/formats/ledger.md, "Keys").
//
//   begin VKEY   from here on heads are signed with it: the first key, or one that follows another
//   vouch VKEY   its payload is a checkpoint with "begin VKEY" in it, signed by the key before too
//   end VKEY     no head is signed with it any more
//
// While a key is changed for another, heads carry two signatures. A reader who knows any of the
// keys finds the others: the later ones are vouched for by the ones before, and the whole list is
// under the newest head.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "ledger/record.h"
#include "ledger/store.h"
#include "tlog/tlog.h"

namespace mc::ledger {

class Ledger;

inline const std::string kKeysLog = "keys";
inline constexpr std::string_view kKeyEventType = "key-event";
inline constexpr std::size_t kKeyEventsMax = 1'000;

enum class KeyChange : std::uint8_t { begin, vouch, end };

struct KeyEvent {
  KeyChange change = KeyChange::begin;
  tlog::NoteKey key;
};
// `invalid` when the header is none of an event.
Result<KeyEvent> parse_key_event(const Header& header);

// A key and the time in which heads were signed with it.
struct KeyTime {
  tlog::NoteKey key;
  WallTime begin;
  std::optional<WallTime> end;
  std::uint64_t begun_by = 0;                    // the record in the log "keys"
  std::optional<std::uint64_t> vouched_by = {};  // the same; of all keys but the first
};
// Takes in the events one by one, from record 0; `invalid` for one that cannot follow: a key that
// begins again, or ends without having begun.
class KeyTimes {
 public:
  Status add(const Header& header);
  const std::vector<KeyTime>& keys() const { return keys_; }  // in the order in which they began
  const KeyTime* find(const tlog::NoteKey& key) const;

 private:
  std::vector<KeyTime> keys_;
};

// What the store says; empty before the first start with this log.
Result<KeyTimes> read_keys(const Store& store);

// Records what is new about the keys that this ledger signs with: the first one, one that follows
// (with the word of the one before), the end of one that it no longer has. `conflict` when its key
// is not the ledger's and does not follow it, or has ended. Blocks.
Status settle_keys(Ledger& ledger);

}  // namespace mc::ledger
