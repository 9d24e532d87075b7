// maestro export run | list | show | get | approve | cancel | pause | resume.
#include "maestro/cmd_export.h"

#include <ctime>
#include <memory>

#include "crypto/crypto.h"
#include "maestro/admin_client.h"
#include "maestro/record_query.h"
#include "sys/sys.h"

namespace mc::app {
namespace {

constexpr int kRefusedByGate = 6;
constexpr long kLookEveryNanos = 100'000'000;
constexpr std::string_view kRefusals = "export-";  // how the text of a gate's refusal begins
constexpr std::string_view kBundle = "manifest.sigstore.json";

struct Flags {
  std::string tenant, dataset, profile, format, purpose, out, key, id, file, limit, cursor;
  std::string hold, reason;
  std::vector<std::string> releases, columns;
  bool follow = false;
};

// "" = the caller's own.
Result<std::string> tenant_of(Context& context, const Flags& flags) {
  if (!flags.tenant.empty()) return flags.tenant;
  MC_TRY(const json::Value self, call_admin(context, {.path = "/v1/self", .reads = true}));
  return text_of(self, "tenant");
}

tl::unexpected<Error> refused(Context& context, const Error& error) {
  const bool by_gate = error.what.find(kRefusals) != std::string::npos;
  if (error.code == Code::denied && by_gate) context.exit = kRefusedByGate;
  return tl::unexpected<Error>(error);
}

void tell_progress(const Context& context, const json::Value& shown, std::string& last) {
  const json::Value* const job = shown.find("job");
  if (job == nullptr || job->as_object() == nullptr) return;
  const std::string total = text_of(*job, "total");
  std::string line = text_of(*job, "message") + ": " + text_of(*job, "done");
  if (total != "-") line += " of " + total;
  line += " " + text_of(*job, "unit");
  if (line == last) return;
  last = line;
  print_talk(context, line + "\n");
}

// Until it has ended.
Result<json::Value> follow(Context& context, const std::string& path, json::Value shown) {
  std::string last;
  const timespec pause{0, kLookEveryNanos};
  while (text_of(shown, "state") == "running" || text_of(shown, "state") == "pending") {
    tell_progress(context, shown, last);
    ::nanosleep(&pause, nullptr);
    MC_TRY(shown, call_admin(context, {.path = path}));
  }
  return shown;
}

Status check_ready(Context& context, const json::Value& shown) {
  const std::string state = text_of(shown, "state");
  if (state == "ready") return ok();
  if (state == "refused") context.exit = kRefusedByGate;
  return fail(state == "refused" ? Code::denied : Code::unavailable,
              "the export is " + state + ": " + text_of(shown, "reason"));
}

Status fetch(Context& context, const std::string& path, const std::string& name,
             const std::string& folder, const std::string& digest) {
  MC_TRY(const std::string bytes,
         call_for_text(context, {.path = path + "/files/" + encoded(name)}));
  if (digest != "sha256:" + to_hex(sys::sha256(bytes))) {
    return fail(Code::corrupt, name + ": it did not come as the server says that it is");
  }
  return context.machine.files->write_atomic(folder + "/" + name, bytes);
}

// Whatever names a server gives, files are written into the folder alone.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos;
}

Status fetch_all(Context& context, const std::string& path, const json::Value& shown,
                 const std::string& folder) {
  MC_TRY_OK(context.machine.files->make_folders(folder));
  const json::Value* const items = shown.find("items");
  if (items == nullptr || items->as_array() == nullptr) {
    return fail(Code::corrupt, "the reply has no list of items");
  }
  for (const json::Value& item : *items->as_array()) {
    const std::string name = text_of(item, "name");
    if (!is_plain_name(name))
      return fail(Code::corrupt, "'" + excerpt(name) + "' is no file's name");
    MC_TRY_OK(fetch(context, path, name, folder, text_of(item, "sha256")));
  }
  return fetch(context, path, std::string(kBundle), folder, text_of(shown, "manifest"));
}

json::Object body_of(const Flags& flags) {
  json::Object out;
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.set(name, value);
  };
  if (!flags.releases.empty()) {
    out.set("kind", "dp");
    json::Array releases;
    for (const std::string& each : flags.releases) releases.emplace_back(each);
    out.set("releases", std::move(releases));
  }
  if (!flags.hold.empty()) {
    out.set("kind", "hold");
    json::Array columns;
    for (const std::string& each : flags.columns) columns.emplace_back(each);
    json::Object hold;
    hold.set("reference", flags.hold);
    hold.set("reason", flags.reason);
    hold.set("columns", std::move(columns));
    out.set("legal_hold", std::move(hold));
  }
  set("profile", flags.profile);
  set("dataset", flags.dataset);
  set("format", flags.format);
  set("purpose", flags.purpose);
  return out;
}

void print_hold(const json::Value& shown) {
  const json::Value* const hold = shown.find("legal_hold");
  if (hold == nullptr || hold->is_null()) return;
  for (const char* name : {"pet", "reference", "approved_by", "exception"}) {
    print_out(std::string("legal_hold.") + name + ": " + text_of(*hold, name) + "\n");
  }
}

Status show(const Context& context, const json::Value& shown, const std::string& done) {
  if (context.json) {
    print_out(json::print(shown) + "\n");
  } else {
    for (const char* name : {"id", "state", "dataset", "profile", "purpose", "rows_in", "rows_out",
                             "suppressed", "manifest", "expires_at", "reason"}) {
      print_out(std::string(name) + ": " + text_of(shown, name) + "\n");
    }
    print_hold(shown);
  }
  print_talk(context, (context.dry_run ? "dry run: " : "") + done + "\n");
  return ok();
}

Status run_export(Context& context, const Flags& flags) {
  if (flags.hold.empty() && !(flags.reason.empty() && flags.columns.empty())) {
    return fail(Code::invalid, "--reason and --column are of --legal-hold, which is missing");
  }
  MC_TRY(const std::string tenant, tenant_of(context, flags));
  net::Headers headers;
  if (!flags.key.empty()) headers.emplace_back("Idempotency-Key", flags.key);
  Result<json::Value> asked = call_admin(context, {.method = "POST",
                                                   .path = v1_path({"tenants", tenant, "exports"}),
                                                   .body = json::print(body_of(flags)),
                                                   .headers = std::move(headers)});
  if (!asked) return refused(context, asked.error());
  const bool waits = flags.follow || !flags.out.empty();
  if (text_of(*asked, "state") == "pending" && !context.dry_run) {
    const std::string id = text_of(*asked, "id");
    const std::string todo =
        "NO privacy technology will be applied; " + id +
        " waits for somebody else, who may read the rows and has the permission hold: maestro "
        "export approve " +
        id;
    if (!waits) return show(context, *asked, todo);
    print_talk(context, todo + "\n");
  }
  if (context.dry_run || !waits) return show(context, *asked, "asked for");
  const std::string path = v1_path({"tenants", tenant, "exports", text_of(*asked, "id")});
  MC_TRY(const json::Value ended, follow(context, path, std::move(*asked)));
  MC_TRY_OK(check_ready(context, ended));
  if (!flags.out.empty()) MC_TRY_OK(fetch_all(context, path, ended, flags.out));
  return show(context, ended, flags.out.empty() ? "ready" : "written to " + flags.out);
}

Status list(Context& context, const Flags& flags) {
  MC_TRY(const std::string tenant, tenant_of(context, flags));
  return show_list(context,
                   v1_path({"tenants", tenant, "exports"}) +
                       query_of({{"limit", flags.limit}, {"cursor", flags.cursor}}),
                   {"id", "state", "kind", "dataset", "profile", "purpose", "requester", "rows_out",
                    "asked_at", "reason"});
}

Result<std::string> path_of(Context& context, const Flags& flags) {
  MC_TRY(const std::string tenant, tenant_of(context, flags));
  return v1_path({"tenants", tenant, "exports", flags.id});
}

Status show_export(Context& context, const Flags& flags) {
  MC_TRY(const std::string path, path_of(context, flags));
  return show_one(context, {.path = path}, "");
}

Status get_files(Context& context, const Flags& flags) {
  MC_TRY(const std::string path, path_of(context, flags));
  MC_TRY(const json::Value shown, call_admin(context, {.path = path}));
  MC_TRY_OK(check_ready(context, shown));
  MC_TRY_OK(fetch_all(context, path, shown, flags.out));
  return show(context, shown, "written to " + flags.out);
}

Status steer(Context& context, const Flags& flags, const std::string& verb) {
  MC_TRY(const std::string path, path_of(context, flags));
  return show_one(context, {.method = "POST", .path = path + "/" + verb}, verb + ": done");
}

Status approve(Context& context, const Flags& flags) {
  MC_TRY(const std::string path, path_of(context, flags));
  const Result<json::Value> done =
      call_admin(context, {.method = "POST", .path = path + "/approve"});
  if (!done) return refused(context, done.error());
  return show(context, *done, "approved");
}

void add_one(cli::Command& command, Flags& flags) {
  command.option("EXPORT", flags.id, "The export").required();
  command.option("--tenant", flags.tenant, "Whose; the caller's own");
}

void add_run(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command =
      noun.add("run", "Have rows leave as files, with the proof of how they are protected");
  command.option("--dataset", flags->dataset, "Whose rows; of a table that of its profile");
  command.option("--profile", flags->profile, "Of a table: which of the configuration's");
  command.option("--release", flags->releases, "Of a report: a differentially private answer");
  command.option("--legal-hold", flags->hold,
                 "Of rows as they are, without a technology that protects: the case; somebody else "
                 "approves it first");
  command.option("--reason", flags->reason, "Of a legal hold: why, in a line of 20 bytes or more");
  command.option("--column", flags->columns,
                 "Of a legal hold: one that leaves beside the key; all");
  command.option("--format", flags->format, "That of the profile").one_of({"csv", "jsonl"});
  command.option("--purpose", flags->purpose, "What for; that of the token");
  command.option("--out", flags->out, "Folder: waits, and writes the files there");
  command.option("--tenant", flags->tenant, "Whose; the caller's own");
  command.option("--idempotency-key", flags->key, "The same key gives the same export");
  command.flag("--follow", flags->follow, "Wait until it has ended, with its progress");
  command.runs([&context, flags] { return run_export(context, *flags); });
}

}  // namespace

void add_export(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("export", "Rows that leave as files, protected and proven");
  add_run(noun, context);
  const auto listed = std::make_shared<Flags>();
  cli::Command& list_command = noun.add("list", "The exports of a tenant, newest first");
  list_command.option("--tenant", listed->tenant, "Whose; the caller's own");
  list_command.option("--limit", listed->limit, "At most this many, up to 200");
  list_command.option("--cursor", listed->cursor, "next_cursor of the page before");
  list_command.runs([&context, listed] { return list(context, *listed); });

  const auto shown = std::make_shared<Flags>();
  cli::Command& show_command = noun.add("show", "One export, with what its job is doing");
  add_one(show_command, *shown);
  show_command.runs([&context, shown] { return show_export(context, *shown); });

  const auto got = std::make_shared<Flags>();
  cli::Command& get_command = noun.add("get", "Write the files of a ready export");
  add_one(get_command, *got);
  get_command.option("--out", got->out, "Folder").required();
  get_command.runs([&context, got] { return get_files(context, *got); });

  const auto approved = std::make_shared<Flags>();
  cli::Command& approve_command =
      noun.add("approve", "Let somebody else's export for a legal hold leave, unprotected");
  add_one(approve_command, *approved);
  approve_command.runs([&context, approved] { return approve(context, *approved); });

  for (const auto& [verb, help] : {std::pair("cancel", "End it: nothing of it leaves"),
                                   std::pair("pause", "Hold it back until it is resumed"),
                                   std::pair("resume", "Let it go on")}) {
    const auto steered = std::make_shared<Flags>();
    cli::Command& command = noun.add(verb, help);
    add_one(command, *steered);
    command.runs(
        [&context, steered, done = std::string(verb)] { return steer(context, *steered, done); });
  }
}

}  // namespace mc::app
