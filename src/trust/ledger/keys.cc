#include "ledger/keys.h"

#include <algorithm>
#include <array>

#include "ledger/ledger.h"

namespace mc::ledger {
namespace {

constexpr std::array<std::pair<std::string_view, KeyChange>, 3> kChanges = {
    {{"begin ", KeyChange::begin}, {"vouch ", KeyChange::vouch}, {"end ", KeyChange::end}}};
// Keys of which all servers of a ledger are.
const std::string kOwner = "system";

std::string action_of(KeyChange change, const tlog::NoteKey& key) {
  const auto* found = std::find_if(kChanges.begin(), kChanges.end(),
                                   [&](const auto& each) { return each.second == change; });
  return std::string(found->first) + key.print();
}

bool is_same(const tlog::NoteKey& a, const tlog::NoteKey& b) {
  return a.print() == b.print();
}

tl::unexpected<Error> bad(const Header& header, std::string_view why) {
  return fail(Code::invalid, "key event " + std::to_string(header.seq) + ": " + std::string(why));
}

// Servers that share a ledger may see the same change at once: it is recorded once.
Status record(Ledger& ledger, KeyChange change, const tlog::NoteKey& key, std::string payload) {
  Entry entry;
  entry.log = kKeysLog;
  entry.type = kKeyEventType;
  entry.actor = kOwner;
  entry.tenant = kOwner;
  entry.action = action_of(change, key);
  entry.purpose = "key rotation";
  entry.payload = std::move(payload);
  const crypto::Digest digest = crypto::Sha256().add(entry.action).finish();
  std::copy_n(digest.begin(), entry.key.size(), entry.key.begin());
  MC_TRY([[maybe_unused]] const Recorded recorded, ledger.append(std::move(entry)));
  return ok();
}

// Whether the ledger may go on with its keys.
Status check_keys(const KeyTimes& known, const std::vector<tlog::NoteKey>& own) {
  for (const tlog::NoteKey& key : own) {
    const KeyTime* found = known.find(key);
    if (found != nullptr && found->end) {
      return fail(Code::conflict, "ledger: its key " + key.print() + " has ended at " +
                                      format_rfc3339(*found->end) + " and does not come back");
    }
  }
  const KeyTime* current = known.find(own.front());
  const std::string newest = known.keys().back().key.print();
  if (own.size() > 1 && known.find(own.back()) == nullptr) {
    return fail(Code::conflict, "ledger.previous_key_file: it has " + own.back().print() +
                                    ", which is no key of this ledger: " + newest + " is");
  }
  if (own.size() > 1) return ok();
  if (current == nullptr) {
    return fail(Code::conflict, "ledger.key_file: it has " + own.front().print() +
                                    ", the ledger is signed with " + newest +
                                    ": to change its key, name the file of the one that it has as "
                                    "ledger.previous_key_file");
  }
  if (current->begun_by > 0 && !current->vouched_by) {
    return fail(Code::conflict,
                "ledger.previous_key_file: the change of keys is not complete; name the file of "
                "the key before once more");
  }
  return ok();
}

}  // namespace

Result<KeyEvent> parse_key_event(const Header& header) {
  if (header.log != kKeysLog || header.type != kKeyEventType) {
    return bad(header, "it is none");
  }
  for (const auto& [word, change] : kChanges) {
    if (!header.action.starts_with(word)) continue;
    Result<tlog::NoteKey> key = tlog::NoteKey::parse(header.action.substr(word.size()));
    if (!key) return bad(header, key.error().what);
    if (key->type() != tlog::NoteKeyType::ed25519) return bad(header, "it is a witness's key");
    return KeyEvent{change, std::move(*key)};
  }
  return bad(header, "it does not say begin, vouch or end");
}

const KeyTime* KeyTimes::find(const tlog::NoteKey& key) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const KeyTime& each) { return is_same(each.key, key); });
  return found == keys_.end() ? nullptr : &*found;
}

Status KeyTimes::add(const Header& header) {
  MC_TRY(KeyEvent event, parse_key_event(header));
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const KeyTime& each) {
    return is_same(each.key, event.key);
  });
  if (event.change == KeyChange::begin) {
    if (found != keys_.end()) return bad(header, "the key has begun already");
    if (!keys_.empty() && keys_.front().key.name() != event.key.name()) {
      return bad(header, "the key has another name than those before");
    }
    keys_.push_back({std::move(event.key), header.time, std::nullopt, header.seq});
    return ok();
  }
  if (found == keys_.end()) return bad(header, "the key has not begun");
  if (found->end) return bad(header, "the key has ended already");
  if (event.change == KeyChange::end) {
    found->end = header.time;
  } else if (found->vouched_by || found == keys_.begin()) {
    return bad(header, "the key needs no word");
  } else {
    found->vouched_by = header.seq;
  }
  return ok();
}

Result<KeyTimes> read_keys(const Store& store) {
  KeyTimes out;
  const Result<tlog::TreeHead> head = store.head(kKeysLog);
  if (!head && head.error().code == Code::not_found) return out;
  if (!head) return tl::unexpected<Error>(head.error());
  for (std::uint64_t seq = 0; seq < head->size; ++seq) {
    MC_TRY(const ReadRecord read, store.read(kKeysLog, seq));
    MC_TRY(const Header header, parse_leaf(read.leaf));
    MC_TRY_OK(out.add(header));
  }
  return out;
}

Status settle_keys(Ledger& ledger) {
  const std::vector<tlog::NoteKey> own = ledger.keys();
  MC_TRY(KeyTimes known, read_keys(ledger.store()));
  if (known.keys().empty()) {
    MC_TRY_OK(record(ledger, KeyChange::begin, own.back(), ""));
    MC_TRY(known, read_keys(ledger.store()));
  }
  MC_TRY_OK(check_keys(known, own));
  const KeyTime* current = known.find(own.front());
  const bool vouched = current != nullptr && (current->begun_by == 0 || current->vouched_by);
  if (!vouched) {
    MC_TRY_OK(record(ledger, KeyChange::begin, own.front(), ""));
    // Signed by both, and with the record in it.
    MC_TRY(std::string checkpoint, ledger.publish());
    MC_TRY_OK(record(ledger, KeyChange::vouch, own.front(), std::move(checkpoint)));
  }
  for (const KeyTime& each : known.keys()) {
    const bool in_use = std::any_of(
        own.begin(), own.end(), [&](const tlog::NoteKey& key) { return is_same(key, each.key); });
    if (!in_use && !each.end) MC_TRY_OK(record(ledger, KeyChange::end, each.key, ""));
  }
  return ok();
}

}  // namespace mc::ledger
