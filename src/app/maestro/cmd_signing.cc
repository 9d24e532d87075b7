// maestro signing: the keys of the signing service, and their rotation.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/own_signing.h"
#include "maestro/world.h"

namespace mc::app {
namespace {

Status show_keys(Context& context) {
  MC_TRY(const std::string text,
         call_for_text(context, {.path = "/signing/keys.json", .may_lack_token = true}));
  if (context.json) {
    print_out(text);
    return ok();
  }
  MC_TRY(const signing::KeyList list, signing::KeyList::parse(text));
  std::vector<std::vector<std::string>> rows;
  for (const signing::ListedKey& key : list.keys()) {
    rows.push_back({std::string(signing::use_name(key.use)), to_hex(key.id()),
                    format_rfc3339(key.period.from),
                    key.period.until ? format_rfc3339(*key.period.until) : "-"});
  }
  print_table({"use", "id", "begin", "end"}, rows);
  return ok();
}

Status rotate(Context& context, const std::string& name) {
  if (!context.url.empty()) {
    return fail(Code::invalid,
                "signing rotate: it works on the data directory of a server that is stopped, not "
                "through a server");
  }
  MC_TRY(const signing::KeyUse use, signing::parse_use(name));
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  Result<State> state = open_state(context.machine, loaded.value);
  if (!state && state.error().code == Code::conflict) {
    return fail(Code::conflict, state.error().what + "; stop the server first");
  }
  if (!state) return tl::unexpected<Error>(state.error());
  MC_TRY(const OwnLedger ledger, open_ledger(context.machine, loaded.value));
  MC_TRY(const KeyRotation done,
         rotate_signing_key(context.machine, loaded.value, *ledger.ledger, use,
                            context.dry_run ? Trial::dry : Trial::real));
  const std::string new_id = to_hex(done.new_id);
  if (context.json) {
    json::Object out;
    out.set("use", name);
    out.set("at", format_rfc3339(done.at));
    out.set("old", to_hex(done.old_id));
    out.set("new", context.dry_run ? json::Value() : json::Value(new_id));
    print_out(json::print(out) + "\n");
    return ok();
  }
  print_out("use: " + name + "\nat: " + format_rfc3339(done.at) + "\nold: " + to_hex(done.old_id) +
            "\nnew: " + (context.dry_run ? "-" : new_id) + "\n");
  print_talk(context, context.dry_run
                          ? "dry run: key rotated\n"
                          : "key rotated; verifiers need the new trusted root: maestro ledger "
                            "trusted-root\n");
  return ok();
}

}  // namespace

void add_signing(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("signing", "The keys of the signing service");
  noun.add("keys", "All keys, also the retired ones: what for, since when, until when")
      .runs([&context] { return show_keys(context); });
  auto use = std::make_shared<std::string>();
  cli::Command& command =
      noun.add("rotate", "Replace a key of a stopped server; the old one stays listed");
  command.option("KEY", *use, "log, promises, signer or time")
      .required()
      .one_of({"log", "promises", "signer", "time"});
  command.runs([&context, use] { return rotate(context, *use); });
}

}  // namespace mc::app
