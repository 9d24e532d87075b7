#include "proof/key_list.h"

#include <algorithm>
#include <set>

#include "proof/proto_json.h"

namespace mc::proof {
namespace {

constexpr std::string_view kKind = "mc.keys/v1";

Result<Anchor> anchor_of(const ledger::Store& store, const std::string& leaf,
                         const std::string& checkpoint) {
  MC_TRY(const ledger::Header header, ledger::parse_leaf(leaf));
  return make_anchor(store, header, checkpoint);
}

// Longer ones than Fields::list() takes; empty, and refused, when there are more than 1000.
json::Array read_long(Fields& fields, std::string_view name) {
  const json::Value* list = fields.child(name);
  const json::Array* entries = list == nullptr ? nullptr : list->as_array();
  if (entries != nullptr && entries->size() <= ledger::kKeyEventsMax) return *entries;
  fields.refuse(name, "it is no list of at most 1000");
  return {};
}

std::vector<std::string> read_events(Fields& fields) {
  std::vector<std::string> out;
  for (const json::Value& entry : read_long(fields, "events")) {
    if (entry.as_string() == nullptr) {
      fields.refuse("events", "one is no text");
      return out;
    }
    out.push_back(*entry.as_string());
  }
  return out;
}

std::vector<KeyList::Vouched> read_vouched(Fields& fields, std::optional<Error>& fault) {
  std::vector<KeyList::Vouched> out;
  for (const json::Value& entry : read_long(fields, "vouched")) {
    Fields one(&entry, "vouched[" + std::to_string(out.size()) + "]", fault);
    KeyList::Vouched read;
    const std::int64_t record = one.number("record");
    if (record < 0) one.refuse("record", "it is no record's number");
    read.record = static_cast<std::uint64_t>(record);
    read.anchor.path = read_path(one);
    read_anchor(one, read.anchor, fault);
    one.done();
    out.push_back(std::move(read));
  }
  return out;
}

// What the steps find out one after the other.
class KeyListCheck {
 public:
  KeyListCheck(const KeyList& list, std::span<const tlog::NoteKey> known)
      : list_(list), known_(known), report_("keys") {}

  Report run() {
    report_.step("events", "event_invalid", [this] { return events(); });
    report_.step("known", "key_unknown", [this] { return known(); });
    report_.step("vouched", "key_unvouched", [this] { return vouched(); });
    const bool any = !headers_.empty();
    check_anchor(list_.anchor, any ? headers_.back() : ledger::Header(),
                 any ? std::string_view(list_.events.back()) : "", signers(), report_);
    return std::move(report_);
  }

  // Of all keys, each up to its end.
  tlog::Policy policy() const {
    std::vector<tlog::NoteKey> keys;
    std::vector<std::optional<WallTime>> ends;
    for (const ledger::KeyTime& each : times_.keys()) {
      keys.push_back(each.key);
      ends.push_back(each.end);
    }
    return tlog::Policy::of_logs(std::move(keys), std::move(ends));
  }

 private:
  using Detail = Result<std::string>;

  // The head of a list counts when a key that is trusted, or vouched for by one, has signed it:
  // else who names a known key among others could sign it.
  tlog::Policy signers() const {
    std::vector<tlog::NoteKey> keys;
    std::vector<std::optional<WallTime>> ends;
    for (const ledger::KeyTime& each : times_.keys()) {
      if (trusted_.empty() || each.begun_by < *trusted_.begin()) continue;
      keys.push_back(each.key);
      ends.push_back(each.end);
    }
    return tlog::Policy::of_logs(std::move(keys), std::move(ends));
  }

  Detail events() {
    for (const std::string& leaf : list_.events) {
      MC_TRY(ledger::Header header, ledger::parse_leaf(leaf));
      const std::size_t seq = headers_.size();
      const tlog::Hash prev = seq == 0 ? tlog::Hash{} : tlog::leaf_hash(list_.events[seq - 1]);
      if (header.seq != seq || header.prev != prev) {
        return fail(Code::invalid, "event " + std::to_string(seq) + " is missing or another one");
      }
      MC_TRY_OK(times_.add(header));
      headers_.push_back(std::move(header));
    }
    if (times_.keys().empty()) return fail(Code::invalid, "there is none");
    const ledger::KeyTime& newest = times_.keys().back();
    return std::to_string(times_.keys().size()) + " keys, the newest " + newest.key.print() +
           " since " + format_rfc3339(newest.begin);
  }

  Detail known() {
    for (const tlog::NoteKey& key : known_) {
      if (const ledger::KeyTime* found = times_.find(key)) trusted_.insert(found->begun_by);
    }
    if (trusted_.empty()) return fail(Code::invalid, "no key of the list is one that is known");
    return std::to_string(trusted_.size()) + " of its keys";
  }

  // Those that have begun before one that is trusted need no word: the whole list is under a head
  // that a trusted one signs.
  Detail vouched() {
    std::size_t count = 0;
    const std::uint64_t first = *trusted_.begin();
    std::vector<tlog::NoteKey> before;
    for (const ledger::KeyTime& each : times_.keys()) {
      if (each.begun_by < first) continue;
      if (!trusted_.contains(each.begun_by)) {
        MC_TRY_OK(check_vouched(each, before));
        ++count;
      }
      before.push_back(each.key);
    }
    return std::to_string(count) + " by the ones before";
  }

  Status check_vouched(const ledger::KeyTime& key, const std::vector<tlog::NoteKey>& before) const {
    const std::string name = key.key.print();
    const auto found =
        std::find_if(list_.vouched.begin(), list_.vouched.end(),
                     [&](const KeyList::Vouched& each) { return each.record == key.begun_by; });
    if (found == list_.vouched.end()) return fail(Code::invalid, "nobody vouches for " + name);
    Report report("key");
    check_anchor(found->anchor, headers_[key.begun_by], list_.events[key.begun_by],
                 tlog::Policy::of_logs(before), report);
    if (!report.verified()) return fail(Code::invalid, name + ": " + report.failure()->detail);
    // And the new key has signed it: who named it has it.
    MC_TRY(const tlog::Note note, tlog::parse_note(found->anchor.checkpoint));
    MC_TRY(const std::vector<tlog::Seal> own, tlog::check_note(note, {&key.key, 1}));
    if (own.empty()) return fail(Code::invalid, name + " has not signed what vouches for it");
    return ok();
  }

  const KeyList& list_;
  std::span<const tlog::NoteKey> known_;
  Report report_;
  std::vector<ledger::Header> headers_;
  ledger::KeyTimes times_;
  std::set<std::uint64_t> trusted_;  // by the records that began them
};

}  // namespace

Result<KeyList> make_key_list(const ledger::Store& store, const std::string& checkpoint) {
  MC_TRY(const tlog::TreeHead head, store.head(ledger::kKeysLog));
  KeyList out;
  ledger::KeyTimes times;
  for (std::uint64_t seq = 0; seq < head.size; ++seq) {
    MC_TRY(const ledger::ReadRecord read, store.read(ledger::kKeysLog, seq));
    Result<Anchor> anchor = anchor_of(store, read.leaf, checkpoint);
    if (!anchor && anchor.error().code == Code::conflict) break;  // newer than the checkpoint
    if (!anchor) return tl::unexpected<Error>(anchor.error());
    out.anchor = std::move(*anchor);
    MC_TRY(const ledger::Header header, ledger::parse_leaf(read.leaf));
    MC_TRY_OK(times.add(header));
    out.events.push_back(read.leaf);
  }
  if (out.events.empty()) return fail(Code::not_found, "the checkpoint has no key of the ledger");
  for (const ledger::KeyTime& each : times.keys()) {
    if (!each.vouched_by) continue;
    MC_TRY(const ledger::ReadRecord vouch, store.read(ledger::kKeysLog, *each.vouched_by));
    KeyList::Vouched one{each.begun_by, {}};
    MC_TRY(one.anchor, anchor_of(store, out.events[each.begun_by], vouch.payload));
    out.vouched.push_back(std::move(one));
  }
  return out;
}

std::string print_key_list(const KeyList& list) {
  json::Array events;
  for (const std::string& leaf : list.events) events.emplace_back(leaf);
  json::Array vouched;
  for (const KeyList::Vouched& each : list.vouched) {
    json::Object one;
    one.set("record", static_cast<std::int64_t>(each.record));
    one.set("path", print_path(each.anchor.path));
    print_anchor(each.anchor, one);
    vouched.emplace_back(std::move(one));
  }
  json::Object out;
  out.set("kind", kKind);
  out.set("events", std::move(events));
  out.set("vouched", std::move(vouched));
  out.set("path", print_path(list.anchor.path));
  print_anchor(list.anchor, out);
  return json::canonical(out);
}

Result<KeyList> parse_key_list(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kKeyListBytesMax}));
  std::optional<Error> fault;
  Fields fields(&value, "", fault);
  KeyList out;
  if (fields.required_text("kind") != kKind) fields.refuse("kind", "it is not mc.keys/v1");
  out.events = read_events(fields);
  out.vouched = read_vouched(fields, fault);
  out.anchor.path = read_path(fields);
  read_anchor(fields, out.anchor, fault);
  fields.done();
  if (fault) return fail(Code::invalid, "keys: " + fault->what);
  if (print_key_list(out) != json) {
    return fail(Code::invalid, "keys: they are not in the form of RFC 8785");
  }
  return out;
}

Report check_key_list(const KeyList& list, std::span<const tlog::NoteKey> known) {
  return KeyListCheck(list, known).run();
}

Result<tlog::Policy> follow_keys(const KeyList& list, std::span<const tlog::NoteKey> known) {
  KeyListCheck check(list, known);
  const Report report = check.run();
  if (report.verified()) return check.policy();
  const Step* failure = report.failure();
  return fail(Code::invalid,
              "the list of keys does not hold: " + failure->name + ": " + failure->detail);
}

}  // namespace mc::proof
