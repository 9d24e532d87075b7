// maestro policy status | reload | explain | what-if, maestro decision list | show: the policies of
// a server, what they decided, and what others would.
#include <memory>

#include "archive/archive.h"
#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "policy/bundle.h"
#include "policy/load.h"

namespace mc::app {
namespace {

constexpr std::size_t kBundleBytesMax = std::size_t{64} << 20;
constexpr std::size_t kReplyBytesMax = std::size_t{256} << 20;
constexpr std::size_t kReplyValuesMax = 20'000'000;

struct Flags {
  std::string id;
  std::string bundle;
  std::string tenant, principal, rule, reason, allowed, from, to, limit, cursor;
};
using Shared = std::shared_ptr<Flags>;

std::string query_of(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    out += (out.empty() ? "?" : "&") + name + "=" + encoded(value);
  }
  return out;
}

const json::Array& list_in(const json::Value& object, std::string_view name) {
  static const json::Array kNone;
  const json::Value* const found = object.find(name);
  return found == nullptr || found->as_array() == nullptr ? kNone : *found->as_array();
}

const json::Value& part_of(const json::Value& object, std::string_view name) {
  static const json::Value kNone;
  const json::Value* const found = object.find(name);
  return found == nullptr ? kNone : *found;
}

bool is_true(const json::Value& object, std::string_view name) {
  const json::Value* const found = object.find(name);
  return found != nullptr && found->as_bool() != nullptr && *found->as_bool();
}

std::string joined(const json::Value& object, std::string_view name) {
  std::string out;
  for (const json::Value& item : list_in(object, name)) {
    if (item.as_string() != nullptr) out += (out.empty() ? "" : ", ") + *item.as_string();
  }
  return out.empty() ? "-" : out;
}

// "dataset:people"
std::string resource_of(const json::Value& decision) {
  const json::Value& resource = part_of(decision, "resource");
  return text_of(resource, "kind") + ":" + text_of(resource, "name");
}

// "card:drop"; without those that `other` has too.
std::string masks_of(const json::Value& outcome, const json::Value* other = nullptr) {
  std::string out;
  const json::Value& masked = part_of(outcome, "masked");
  if (masked.as_object() == nullptr) return out;
  for (const json::Member& one : masked.as_object()->members()) {
    const std::string mask = text_of(masked, one.name);
    if (other != nullptr && text_of(part_of(*other, "masked"), one.name) == mask) continue;
    out += (out.empty() ? "" : " ") + one.name + ":" + mask;
  }
  return out;
}

// "allow, card:drop", "deny: purpose-missing"
std::string outcome_text(const json::Value& outcome, const json::Value* other = nullptr) {
  std::string out = is_true(outcome, "allow") ? "allow" : "deny: " + joined(outcome, "reasons");
  const std::string masks = masks_of(outcome, other);
  return masks.empty() ? out : out + ", " + masks;
}

void print_facts(const json::Value& object, const std::vector<std::string>& names) {
  for (const std::string& name : names) print_out(name + ": " + text_of(object, name) + "\n");
}

Status show_policy(Context& context, const AdminCall& call) {
  MC_TRY(const json::Value reply, call_admin(context, call));
  if (context.json) {
    print_out(json::print(reply) + "\n");
    return ok();
  }
  print_facts(reply, {"bundle", "revision", "digest", "signed_by", "channel", "location_kind",
                      "activated_at", "looked_at", "problem", "packed", "expires_at", "expired",
                      "refused", "activations"});
  if (is_true(reply, "sampled")) {
    print_out("counts are of a sampled decision log: " + text_of(reply, "counted") +
              " stand for about " + text_of(reply, "estimated") + "\n");
  }
  std::vector<std::vector<std::string>> rows;
  for (const json::Value& rule : list_in(reply, "rules")) {
    rows.push_back({text_of(rule, "id"), text_of(rule, "decisions"), text_of(rule, "denied"),
                    text_of(rule, "estimated"), text_of(rule, "title")});
  }
  print_out("\n");
  print_table({"rule", "decisions (1 h)", "denied", "estimated", "title"}, rows);
  return ok();
}

Status list_decisions(Context& context, const Flags& flags) {
  const std::string query = query_of({{"tenant", flags.tenant},
                                      {"principal", flags.principal},
                                      {"rule", flags.rule},
                                      {"reason", flags.reason},
                                      {"allowed", flags.allowed},
                                      {"from", flags.from},
                                      {"to", flags.to},
                                      {"limit", flags.limit},
                                      {"cursor", flags.cursor}});
  MC_TRY(const json::Value reply, call_admin(context, {.path = "/v1/decisions" + query}));
  if (context.json) {
    print_out(json::print(reply) + "\n");
    return ok();
  }
  std::vector<std::vector<std::string>> rows;
  for (const json::Value& one : list_in(reply, "items")) {
    rows.push_back({text_of(one, "id"), text_of(one, "at"), text_of(one, "principal"),
                    text_of(one, "action"), resource_of(one), text_of(one, "purpose"),
                    is_true(one, "allowed") ? "allow" : "deny: " + joined(one, "reasons")});
  }
  print_table({"id", "at", "principal", "action", "resource", "purpose", "decision"}, rows);
  const std::string next = text_of(reply, "next_cursor");
  if (next != "-") print_talk(context, "more: --cursor " + next + "\n");
  return ok();
}

void print_decision(const json::Value& decision) {
  print_facts(decision, {"id", "at", "tenant", "principal", "action"});
  print_out("resource: " + resource_of(decision) + "\n");
  print_facts(decision, {"purpose", "allowed"});
  for (const char* name : {"rules", "reasons"}) {
    print_out(std::string(name) + ": " + joined(decision, name) + "\n");
  }
  const std::string masks = masks_of(decision);
  print_out("masked: " + (masks.empty() ? "-" : masks) + "\n");
  print_facts(decision, {"warrant", "revision", "request_id", "rate"});
}

void print_why(const json::Value& explanation) {
  std::vector<std::vector<std::string>> rows;
  for (const json::Value& rule : list_in(explanation, "rules")) {
    rows.push_back({text_of(rule, "id"), text_of(rule, "effect"), text_of(rule, "title")});
  }
  if (!rows.empty()) {
    print_out("\n");
    print_table({"rule", "effect", "title"}, rows);
  }
  rows.clear();
  for (const json::Value& input : list_in(explanation, "inputs")) {
    rows.push_back({text_of(input, "name"), excerpt(json::print(part_of(input, "value"))),
                    joined(input, "rules")});
  }
  if (!rows.empty()) {
    print_out("\n");
    print_table({"input", "value", "read by"}, rows);
  }
  rows.clear();
  for (const json::Value& mask : list_in(explanation, "masks")) {
    rows.push_back({text_of(mask, "column"), text_of(mask, "mask"), text_of(mask, "sensitivity")});
  }
  if (rows.empty()) return;
  print_out("\n");
  print_table({"column", "mask", "sensitivity"}, rows);
}

void print_now(const json::Value& decision, const json::Value& now) {
  if (now.is_null()) {
    print_out(
        "An OPA server elsewhere decides; its policies are not known here, so nothing is tried.\n");
    return;
  }
  const bool changed = is_true(now, "policies_changed");
  const std::string then = text_of(decision, "revision");
  print_out(changed ? "The policies have changed since: " + then + ", now " +
                          text_of(now, "revision") + ".\n"
                    : "The policies are those of now: " + then + ".\n");
  if (part_of(now, "outcome").is_null()) {
    print_out("The resource is not there any more, so it cannot be decided again.\n");
  } else {
    print_out((is_true(now, "same") ? "The same request would be decided the same now: "
                                    : "The same request would be decided otherwise now: ") +
              outcome_text(part_of(now, "outcome")) + ".\n");
  }
}

void print_ways(const json::Value& explanation) {
  if (text_of(explanation, "tried") == "0") return;
  const json::Array& ways = list_in(explanation, "would_allow");
  if (ways.empty()) {
    print_out("No change of the request that was tried would be allowed, alone or in a pair.\n");
    return;
  }
  print_out("It would be allowed:\n");
  for (const json::Value& way : ways) {
    std::string text;
    for (const json::Value& change : list_in(way, "changes")) {
      text += (text.empty() ? "" : ", and ") + text_of(change, "text");
    }
    print_out("  - " + text + "\n");
  }
}

Status show_decision(Context& context, const Flags& flags, bool explained) {
  MC_TRY(const json::Value reply, call_admin(context, {.path = v1_path({"decisions", flags.id})}));
  if (context.json) {
    print_out(json::print(reply) + "\n");
    return ok();
  }
  if (!explained) {
    print_decision(reply);
    print_out("input: " + json::print(part_of(reply, "input")) + "\n");
    return ok();
  }
  const json::Value& explanation = part_of(reply, "explanation");
  print_out(text_of(explanation, "summary") + "\n");
  print_why(explanation);
  print_out("\n");
  print_now(reply, part_of(explanation, "now"));
  print_ways(explanation);
  return ok();
}

// A folder is built as `maestro policy build` does.
Result<std::string> read_candidate(Context& context, const std::string& path) {
  sys::Files& files = *context.machine.files;
  if (path.ends_with(".tar.gz") || path.ends_with(".tgz")) {
    return files.read_all(path, kBundleBytesMax);
  }
  MC_TRY(std::vector<archive::Entry> entries, policy::read_folder(files, path));
  return policy::build_bundle(std::move(entries), {});
}

Status what_if(Context& context, const Flags& flags) {
  AdminCall call;
  call.method = "POST";
  call.path = "/v1/policy/what-if" + query_of({{"tenant", flags.tenant},
                                               {"from", flags.from},
                                               {"to", flags.to},
                                               {"limit", flags.limit}});
  MC_TRY(call.body, read_candidate(context, flags.bundle));
  call.content_type = "application/gzip";
  call.reads = true;
  MC_TRY(const std::string text, call_for_text(context, call));
  if (context.json) {
    print_out(text);
    return ok();
  }
  MC_TRY(const json::Value reply,
         json::parse(text, {.bytes_max = kReplyBytesMax, .values_max = kReplyValuesMax}));
  std::vector<std::vector<std::string>> rows;
  for (const json::Value& one : list_in(reply, "changed")) {
    const json::Value& before = part_of(one, "before");
    const json::Value& after = part_of(one, "after");
    rows.push_back({text_of(one, "decision_id"), text_of(one, "at"), text_of(one, "tenant"),
                    text_of(one, "principal"), text_of(one, "action"), resource_of(one),
                    outcome_text(before, &after), outcome_text(after, &before)});
  }
  print_table({"decision", "at", "tenant", "principal", "action", "resource", "before", "after"},
              rows);
  std::string told = text_of(reply, "decisions") + " decisions, " + std::to_string(rows.size()) +
                     " would change, " + text_of(reply, "unchanged") + " would not";
  for (const json::Value& skipped : list_in(reply, "skipped")) {
    told += ", " + text_of(skipped, "count") + " passed over (" + text_of(skipped, "reason") + ")";
  }
  print_talk(context, told + "\n");
  if (is_true(reply, "sampled")) {
    print_talk(context, "the decision log is sampled: these stand for about " +
                            text_of(reply, "estimated") + " decisions, of which about " +
                            text_of(reply, "estimated_to_change") + " would change\n");
  }
  if (!is_true(reply, "complete")) {
    print_talk(context, "there are more decisions than --limit; begin with a later --from\n");
  }
  return ok();
}

void add_times(cli::Command& command, Flags& flags) {
  command.option("--from", flags.from, "From this time on: RFC 3339, or a day");
  command.option("--to", flags.to, "Up to this time, without it");
}

}  // namespace

void add_policy_server(cli::Command& noun, Context& context) {
  cli::Command& status = noun.add("status", "The policies of a server, and how often rules spoke");
  status.runs([&context] { return show_policy(context, {.path = "/v1/policy"}); });

  cli::Command& reload = noun.add("reload", "Have the server look for new policies now");
  reload.runs(
      [&context] { return show_policy(context, {.method = "POST", .path = "/v1/policy/reload"}); });

  const auto explained = std::make_shared<Flags>();
  cli::Command& explain = noun.add("explain", "Why a decision was as it was");
  explain.option("DECISION", explained->id, "The decision's id").required();
  explain.runs([&context, explained] { return show_decision(context, *explained, true); });

  const auto tried = std::make_shared<Flags>();
  cli::Command& candidate = noun.add("what-if", "Which decisions other policies would change");
  candidate.option("PATH", tried->bundle, "Bundle (.tar.gz) or folder").required();
  candidate.option("--tenant", tried->tenant, "Decisions on its data alone");
  add_times(candidate, *tried);
  candidate.option("--limit", tried->limit, "Decisions, the oldest first: 50000");
  candidate.runs([&context, tried] { return what_if(context, *tried); });
}

void add_decisions(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("decision", "What the policies of a server decided");
  const auto listed = std::make_shared<Flags>();
  cli::Command& list = noun.add("list", "Decisions on a tenant's data, newest first");
  list.option("--tenant", listed->tenant, "Whose data; your own tenant's");
  list.option("--principal", listed->principal, "Who asked");
  list.option("--rule", listed->rule, "A rule that spoke");
  list.option("--reason", listed->reason, "Of a denial");
  list.option("--allowed", listed->allowed, "Only such").one_of({"true", "false"});
  add_times(list, *listed);
  list.option("--limit", listed->limit, "At most 200: 50");
  list.option("--cursor", listed->cursor, "Of the page before");
  list.runs([&context, listed] { return list_decisions(context, *listed); });

  const auto shown = std::make_shared<Flags>();
  cli::Command& show = noun.add("show", "One decision; `policy explain` says why");
  show.option("DECISION", shown->id, "The decision's id").required();
  show.runs([&context, shown] { return show_decision(context, *shown, false); });
}

}  // namespace mc::app
