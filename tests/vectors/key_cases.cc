// A ledger whose key was changed twice, its list of keys, and receipts by each of them.
#include <algorithm>
#include <iterator>
#include <memory>

#include "cases.h"
#include "json/json.h"
#include "ledger/ledger.h"
#include "sim/sim.h"

namespace mc::vectors {
namespace {

const std::string kLog = "audit/alpha";

tlog::NoteSigner signer_of(char seed) {
  return *tlog::NoteSigner::make("ledger.example", tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, seed))));
}

std::string key_of(char seed) {
  return signer_of(seed).key().print();
}

// The note without what this key has signed.
std::string unsigned_by(char seed, const std::string& text) {
  tlog::Note note = *tlog::parse_note(text);
  std::erase_if(note.signatures,
                [&](const tlog::NoteSignature& line) { return signer_of(seed).key().made(line); });
  return tlog::print_note(note);
}

class KeyMaker {
 public:
  std::vector<Case> make() {
    start(signer_of('a'));
    add("keys", proof::print_key_list(list()), "a");
    start({signer_of('b'), signer_of('a')});
    add("checkpoint_signed_by_two_keys", checkpoint_, "ab");
    add("checkpoint_signed_by_two_keys_one_known", checkpoint_, "b");
    start(signer_of('b'));
    start({signer_of('c'), signer_of('b')});
    start(signer_of('c'));
    lists();
    receipts();
    return std::move(cases_);
  }

  // Who names a key that others know among its own has its own list, and theirs not.
  std::vector<Case> make_strangers() {
    start(signer_of('x'));
    MC_CHECK(ledger_->append({ledger::kKeysLog,
                              std::string(ledger::kKeyEventType),
                              "system",
                              "system",
                              "begin " + key_of('a'),
                              "key rotation",
                              "",
                              "",
                              {}}));
    checkpoint_ = *ledger_->publish();
    const std::string text = proof::print_key_list(list());
    add("keys_signed_by_a_stranger_before_the_known_one", text, "a");
    const std::string receipt =
        proof::print_receipt(*proof::make_receipt(ledger_->store(), kLog, 0, checkpoint_));
    add("receipt_by_a_stranger_and_its_list", receipt, "a", text);
    return std::move(cases_);
  }

 private:
  void start(const ledger::LedgerKeys& keys) {
    clock_.advance(seconds(3600));
    ledger_.reset();
    auto opened = ledger::Ledger::open({.folder = "/data/ledger", .signed_head_file = "/head"},
                                       {files_, clock_, random_}, keys);
    MC_CHECK(opened);
    ledger_ = std::move(*opened);
    MC_CHECK(ledger::settle_keys(*ledger_));
    clock_.advance(seconds(60));
    MC_CHECK(ledger_->append(
        {kLog, "access", "ben@alpha", "alpha", "read", "support", "", R"({"rows":1})", {}}));
    checkpoint_ = *ledger_->publish();
    if (first_.empty()) first_ = checkpoint_;
  }
  proof::KeyList list() const { return *proof::make_key_list(ledger_->store(), checkpoint_); }
  // `known` are seeds of keys, "x" is nobody's.
  void add(const std::string& name, const std::string& file, const std::string& known,
           std::optional<std::string> trust = std::nullopt) {
    Case one{.name = name, .file = file, .policy = std::move(trust), .now = clock_.wall()};
    for (const char seed : known) one.log_keys.push_back(key_of(seed));
    cases_.push_back(std::move(one));
  }
  void lists() {
    const proof::KeyList whole = list();
    const std::string text = proof::print_key_list(whole);
    add("keys_from_the_first", text, "a");
    add("keys_from_the_middle", text, "b");
    add("keys_from_the_last", text, "c");
    add("keys_from_two", text, "xca");
    add("keys_unknown", text, "x");
    add("keys_without_a_key", text, "");
    add("keys_in_their_own_list", text, "b", text);
    const auto changed = [&](const std::string& name, const std::string& known, const auto& edit) {
      proof::KeyList copy = whole;
      edit(copy);
      add(name, proof::print_key_list(copy), known);
    };
    changed("keys_unvouched", "a", [](auto& keys) { keys.vouched.pop_back(); });
    changed("keys_unvouched_before_the_known_one", "b",
            [](auto& keys) { keys.vouched.erase(keys.vouched.begin()); });
    changed("keys_vouched_without_the_new_keys_signature", "a", [](auto& keys) {
      std::string& note = keys.vouched[0].anchor.checkpoint;
      note = unsigned_by('b', note);
    });
    changed("keys_vouched_by_the_new_key_alone", "a", [](auto& keys) {
      std::string& note = keys.vouched[0].anchor.checkpoint;
      note = unsigned_by('a', note);
    });
    changed("keys_event_missing", "a", [](auto& keys) { keys.events.erase(keys.events.begin()); });
    changed("keys_last_event_missing", "a", [](auto& keys) { keys.events.pop_back(); });
    changed("keys_no_event", "a", [](auto& keys) { keys.events.clear(); });
    changed("keys_empty_event", "a", [](auto& keys) { keys.events[1].clear(); });
    changed("keys_of_an_older_head", "a",
            [&](auto& keys) { keys.anchor.checkpoint = keys.vouched[0].anchor.checkpoint; });
    json::Value value = *json::parse(text);
    value.as_object()->set("zusatz", json::Value(1));
    add("keys_unknown_member", json::canonical(value), "a");
    add("keys_with_a_newline", text + "\n", "a");
  }
  void receipts() {
    const ledger::Store& store = ledger_->store();
    const std::string trust = proof::print_key_list(list());
    const std::string old = proof::print_receipt(*proof::make_receipt(store, kLog, 0, first_));
    proof::Receipt newest = *proof::make_receipt(store, kLog, 4, checkpoint_);
    const std::string text = proof::print_receipt(newest);
    add("receipt_by_an_old_key_and_the_list", old, "c", trust);
    add("receipt_by_a_new_key", text, "a");
    add("receipt_by_a_new_key_and_the_list", text, "a", trust);
    add("checkpoint_by_a_new_key_and_the_list", checkpoint_, "a", trust);
    add("list_without_a_key", text, "", trust);
    add("list_without_a_known_key", text, "x", trust);
    add("list_with_a_newline", text, "a", trust + "\n");
    // As who finds the key again would sign.
    const tlog::Note note = *tlog::parse_note(newest.anchor.checkpoint);
    newest.anchor.checkpoint = tlog::print_note({note.text, {*signer_of('a').sign(note.text)}});
    add("receipt_behind_the_end_of_its_key", proof::print_receipt(newest), "a", trust);
    add("receipt_behind_the_end_that_nobody_tells", proof::print_receipt(newest), "a");
  }

  sim::SimClock clock_;
  sim::SimRandom random_{7};
  sim::SimFiles files_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::string checkpoint_;  // the newest
  std::string first_;
  std::vector<Case> cases_;
};

}  // namespace

std::vector<Case> make_key_cases() {
  std::vector<Case> out = KeyMaker().make();
  std::vector<Case> strangers = KeyMaker().make_strangers();
  std::move(strangers.begin(), strangers.end(), std::back_inserter(out));
  return out;
}

}  // namespace mc::vectors
