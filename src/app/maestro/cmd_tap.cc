// maestro tap set | list | lift: through a server's API with --url, otherwise on the local socket
// of the data directory.
#include "maestro/cmd_tap.h"

#include <memory>

#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/own_taps.h"
#include "maestro/settings.h"
#include "tap/line.h"

namespace mc::app {
namespace {

Result<json::Value> ask_locally(Context& context, json::Object question) {
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  MC_TRY(const std::string answer, ask_tap_socket(tap_socket_path(loaded.value.data_dir),
                                                  json::print(json::Value(std::move(question)))));
  return tap::read_answer(answer);
}

// By the API, or else by what the socket understands.
Result<json::Value> ask(Context& context, const AdminCall& call, json::Object question) {
  if (!context.url.empty()) return call_admin(context, call);
  if (call.method != "GET") question.set("dry_run", context.dry_run);
  return ask_locally(context, std::move(question));
}

// "tenant=alpha operation=mutation"
std::string matcher_of(const json::Value& tap) {
  std::string out;
  for (const char* name : {"tenant", "route", "document", "client", "operation", "upstream"}) {
    const std::string text = text_of(tap, name);
    if (text != "-") out.append(out.empty() ? "" : " ").append(name).append("=").append(text);
  }
  return out.empty() ? "everything" : out;
}

// "clamp-rate 5"
std::string action_of(const json::Value& tap) {
  std::string out = text_of(tap, "action");
  for (const char* name : {"rate", "seats", "percent"}) {
    const std::string number = text_of(tap, name);
    if (number != "-") out += " " + number;
  }
  return out;
}

std::string count_of(const json::Value& tap, std::string_view name) {
  const json::Value* const affected = tap.find("affected");
  return affected == nullptr ? "-" : text_of(*affected, name);
}

Status show(const Context& context, const json::Value& tap, const std::string& done) {
  if (context.json) {
    print_out(json::print(tap) + "\n");
  } else {
    for (const char* name : {"id", "reason", "set_by", "set_at", "until"}) {
      print_out(std::string(name) + ": " + text_of(tap, name) + "\n");
    }
    print_out("for: " + matcher_of(tap) + "\naction: " + action_of(tap) + "\n");
  }
  print_talk(context, (context.dry_run ? "dry run: " : "") + done + "\n");
  if (!context.dry_run && text_of(tap, "stored") == "false") {
    print_talk(context,
               "warning: the server's disk did not take it; until it does, a restart undoes it\n");
  }
  return ok();
}

Status set_tap(Context& context, const TapFlags& flags) {
  const json::Object body = body_of(flags);
  json::Object question;
  question.set("verb", "set");
  question.set("tap", body);
  MC_TRY(const json::Value made,
         ask(context, {.method = "POST", .path = "/v1/taps", .body = json::print(body)},
             std::move(question)));
  return show(context, made, "in force");
}

Status lift_tap(Context& context, const std::string& id) {
  json::Object question;
  question.set("verb", "lift");
  question.set("id", id);
  MC_TRY(const json::Value lifted,
         ask(context, {.method = "DELETE", .path = v1_path({"taps", id})}, std::move(question)));
  return show(context, lifted, "lifted");
}

Status list_taps(Context& context) {
  json::Object question;
  question.set("verb", "list");
  MC_TRY(const json::Value reply, ask(context, {.path = "/v1/taps"}, std::move(question)));
  if (context.json) {
    print_out(json::print(reply) + "\n");
    return ok();
  }
  const json::Value* const items = reply.find("items");
  if (items == nullptr || items->as_array() == nullptr) {
    return fail(Code::corrupt, "the reply has no list of items");
  }
  std::vector<std::vector<std::string>> rows;
  for (const json::Value& tap : *items->as_array()) {
    rows.push_back({text_of(tap, "id"), action_of(tap), matcher_of(tap), text_of(tap, "until"),
                    count_of(tap, "last_second"), count_of(tap, "last_minute"),
                    count_of(tap, "refused_last_minute"), text_of(tap, "set_by"),
                    text_of(tap, "reason")});
  }
  print_table(
      {"id", "action", "for", "until", "now/s", "now/min", "refused/min", "set_by", "reason"},
      rows);
  return ok();
}

}  // namespace

void add_tap_options(cli::Command& command, TapFlags& flags, Needed needed) {
  command.option("--tenant", flags.tenant, "Whose requests; all that is given must fit");
  command.option("--route", flags.route, "To which route: its path");
  command.option("--document", flags.document, "With which document: sha256:HEX of its text");
  command.option("--client", flags.client, "Of which principal");
  command.option("--operation", flags.operation, "Which kind").one_of({"query", "mutation"});
  command.option("--upstream", flags.upstream, "Of routes to which upstream: HOST:PORT");
  command.flag("--everything", flags.everything, "All requests");
  const std::vector<std::string> actions = {"block",    "clamp-rate",    "clamp-seats",
                                            "shed",     "safelist-only", "no-introspection",
                                            "read-only"};
  cli::Option action = command.option("--action", flags.action, "What becomes of them");
  action.one_of(actions);
  command.option("--rate", flags.rate, "Of clamp-rate: operations a second")
      .between(1, tap::kRateMax);
  command.option("--burst", flags.burst, "Of clamp-rate: as many at once; the rate")
      .between(1, tap::kRateMax);
  command.option("--seats", flags.seats, "Of clamp-seats: requests at a time")
      .between(1, tap::kSeatsMax);
  command.option("--percent", flags.percent, "Of shed: how many of them are refused")
      .between(1, tap::kPercentMax);
  cli::Option reason = command.option("--reason", flags.reason, "Why, for the record");
  command.option("--for", flags.lifetime, "How long: 30m; at most 24h");
  command.option("--until", flags.until, "Or until when, RFC 3339");
  if (needed == Needed::no) return;
  action.required();
  reason.required();
}

json::Object body_of(const TapFlags& flags) {
  json::Object out;
  const auto set_text = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.set(name, value);
  };
  const auto set_number = [&](const char* name, std::int64_t value) {
    if (value != 0) out.set(name, value);
  };
  set_text("tenant", flags.tenant);
  set_text("route", flags.route);
  set_text("document", flags.document);
  set_text("client", flags.client);
  set_text("operation", flags.operation);
  set_text("upstream", flags.upstream);
  if (flags.everything) out.set("everything", true);
  set_text("action", flags.action);
  set_number("rate", flags.rate);
  set_number("burst", flags.burst);
  set_number("seats", flags.seats);
  set_number("percent", flags.percent);
  set_text("reason", flags.reason);
  set_text("lifetime", flags.lifetime);
  set_text("until", flags.until);
  return out;
}

void add_tap(cli::Command& app, Context& context) {
  cli::Command& noun =
      app.add("tap", "What is held back in an emergency; needs nothing else to work");
  const auto flags = std::make_shared<TapFlags>();
  cli::Command& set =
      noun.add("set", "Hold some of the traffic back, at once, for at most 24 hours");
  add_tap_options(set, *flags, Needed::yes);
  set.runs([&context, flags] { return set_tap(context, *flags); });
  noun.add("list", "The taps in force, and how many requests each meets now").runs([&context] {
    return list_taps(context);
  });
  const auto id = std::make_shared<std::string>();
  cli::Command& lift = noun.add("lift", "End one before its time");
  lift.option("ID", *id, "The tap").required();
  lift.runs([&context, id] { return lift_tap(context, *id); });
  add_tap_sign(noun, context);
}

}  // namespace mc::app
