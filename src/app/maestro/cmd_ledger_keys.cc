// maestro ledger keys, rotate-key, retire-key: the key that the ledger's heads are signed with.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/key_files.h"
#include "maestro/own_ledger.h"
#include "maestro/world.h"

namespace mc::app {
namespace {

Status show_keys(Context& context, bool proof) {
  if (proof) {
    MC_TRY(const std::string list,
           call_for_text(context, {.path = "/ledger/keys", .may_lack_token = true}));
    print_out(list);
    return ok();
  }
  MC_TRY(const json::Value shown, call_admin(context, {.path = "/v1/ledger"}));
  const json::Value* keys = shown.find("keys");
  if (keys == nullptr || keys->as_array() == nullptr) {
    return fail(Code::unavailable, "the server does not say which keys it has");
  }
  if (context.json) {
    print_out(json::print(*keys) + "\n");
    return ok();
  }
  std::vector<std::vector<std::string>> rows;
  for (const json::Value& each : *keys->as_array()) {
    rows.push_back({text_of(each, "key"), text_of(each, "begin"), text_of(each, "end")});
  }
  print_table({"key", "begin", "end"}, rows);
  return ok();
}

// The server of this data directory must not run: its lock is held.
struct Held {
  Settings settings;
  State state;
};

Result<Held> hold(Context& context, const char* verb) {
  if (!context.url.empty()) {
    return fail(Code::invalid, std::string("ledger ") + verb +
                                   ": it works on the data directory of a server that is "
                                   "stopped, not through a server");
  }
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  const LedgerSettings& ledger = loaded.value.ledger;
  for (const auto& [name, value] :
       {std::pair("ledger.key_file", ledger.key_file),
        std::pair("ledger.previous_key_file", ledger.previous_key_file)}) {
    if (value.empty()) continue;
    return fail(Code::invalid, std::string(name) +
                                   ": it is set, so the keys are in files of yours; change them "
                                   "and start (docs/guides/ledger.md, \"Change the key\")");
  }
  Result<State> state = open_state(context.machine, loaded.value);
  if (!state && state.error().code == Code::conflict) {
    return fail(Code::conflict, state.error().what + "; stop the server first");
  }
  if (!state) return tl::unexpected<Error>(state.error());
  return Held{loaded.value, std::move(*state)};
}

void tell(const Context& context, const std::string& key, std::string_view done,
          std::string_view next) {
  if (context.json) {
    json::Object out;
    out.set("key", context.dry_run ? json::Value() : json::Value(key));
    out.set("dry_run", context.dry_run);
    print_out(json::print(out) + "\n");
    return;
  }
  if (!context.dry_run) print_out("key: " + key + "\n");
  print_talk(context, (context.dry_run ? "dry run: " : "") + std::string(done) + "\n");
  if (!context.dry_run) print_talk(context, std::string(next) + "\n");
}

// The key before is kept first: a crash leaves it twice, which is no change, or the change whole.
Status rotate(Context& context) {
  MC_TRY(const Held held, hold(context, "rotate-key"));
  sys::Files& files = *context.machine.files;
  const std::string path = ledger_key_path(held.settings);
  const std::string previous_path = previous_key_path(held.settings);
  MC_TRY(const bool there, files.exists(path));
  if (!there) return fail(Code::not_found, path + " is not there: the first start makes it");
  MC_TRY(const crypto::SigningKey old, read_key_file(files, path, crypto::Algorithm::eddsa));
  MC_TRY(const bool begun, files.exists(previous_path));
  if (begun) {
    MC_TRY(const crypto::SigningKey previous,
           read_key_file(files, previous_path, crypto::Algorithm::eddsa));
    if (previous.public_key().to_spki() != old.public_key().to_spki()) {
      return fail(Code::conflict,
                  "the key before signs still: maestro ledger retire-key ends it first");
    }
  }
  std::string made;
  if (!context.dry_run) {
    MC_TRY_OK(write_key_file(files, previous_path, old));
    MC_TRY(const crypto::SigningKey key, crypto::SigningKey::generate(crypto::Algorithm::eddsa));
    MC_TRY_OK(write_key_file(files, path, key));
    MC_TRY(const OwnLedger ledger, open_ledger(context.machine, held.settings));
    made = ledger.ledger->key().print();
  }
  tell(context, made, "key changed; the one before signs too until maestro ledger retire-key",
       "give the new key to who verifies and to witnesses, with: maestro ledger keys --proof");
  return ok();
}

Status retire(Context& context) {
  MC_TRY(const Held held, hold(context, "retire-key"));
  sys::Files& files = *context.machine.files;
  const std::string previous_path = previous_key_path(held.settings);
  MC_TRY(const bool there, files.exists(previous_path));
  if (!there) return fail(Code::not_found, "no key signs beside the ledger's own");
  std::string key;
  if (!context.dry_run) {
    {
      // The change is whole, or is completed here.
      MC_TRY(const OwnLedger ledger, open_ledger(context.machine, held.settings));
      key = ledger.ledger->key().print();
    }
    MC_TRY_OK(files.remove(previous_path));
    MC_TRY([[maybe_unused]] const OwnLedger ledger, open_ledger(context.machine, held.settings));
  }
  tell(context, key, "the key before has ended",
       "it cannot come back; its public half stays in maestro ledger keys");
  return ok();
}

}  // namespace

void add_ledger_keys(cli::Command& noun, Context& context) {
  auto proof = std::make_shared<bool>(false);
  cli::Command& keys = noun.add("keys", "The keys that its heads are and were signed with");
  keys.flag("--proof", *proof, "The list for maestro verify, which leads from one to the others");
  keys.runs([&context, proof] { return show_keys(context, *proof); });
  noun.add("rotate-key", "Of a stopped server: sign with a new key, and with this one too for now")
      .runs([&context] { return rotate(context); });
  noun.add("retire-key", "Of a stopped server: end the key before").runs([&context] {
    return retire(context);
  });
}

}  // namespace mc::app
