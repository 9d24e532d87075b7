// maestro budget override | effective: budgets that are changed for a time, and as they are.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/cmd_budget.h"
#include "maestro/command.h"

namespace mc::app {
namespace {

struct Flags {
  std::string tenant;
  std::string id;
  std::string scope = "tenant";
  std::string route;
  std::string dimension;
  std::string amount;
  std::string factor;
  std::string from;
  std::string until;
  std::string lifetime;
  std::string reason;
  std::string note;
  std::string ticket;
  std::string user;

  std::string path() const { return v1_path({"tenants", tenant, "budgets", "overrides"}); }
};
using Shared = std::shared_ptr<Flags>;

Status create_override(Context& context, const Flags& flags) {
  json::Object body;
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) body.set(name, value);
  };
  set("scope", flags.scope);
  set("route", flags.route);
  set("dimension", flags.dimension);
  if (!flags.amount.empty()) {
    const Result<std::int64_t> amount = parse_int(flags.amount);
    if (!amount) return fail(Code::invalid, "--amount: " + amount.error().what);
    body.set("amount", *amount);
  }
  set("factor", flags.factor);
  set("from", flags.from);
  set("until", flags.until);
  set("lifetime", flags.lifetime);
  set("reason", flags.reason);
  set("note", flags.note);
  set("ticket", flags.ticket);
  return show_one(context, {.method = "POST", .path = flags.path(), .body = json::print(body)},
                  "override made; while its state is pending, it changes nothing");
}

void add_create(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& create = noun.add("create", "Change a tenant's budget for at most 24 hours");
  create.option("--tenant", flags->tenant, "Tenant").required();
  create.option("--dimension", flags->dimension, "Which limit: requests, seats, bytes, credits")
      .required();
  create.option("--scope", flags->scope, "Of the tenant, of a route of it, of each of its users")
      .one_of({"tenant", "tenant-route", "tenant-user"});
  create.option("--route", flags->route, "The path of a tenant-route");
  create.option("--amount", flags->amount, "The limit, in the units of its setting");
  create.option("--factor", flags->factor, "Or times what the plan says: 1.5");
  create.option("--for", flags->lifetime, "How long: 2h");
  create.option("--until", flags->until, "Or until when, RFC 3339");
  create.option("--from", flags->from, "From when, RFC 3339; now");
  create.option("--reason", flags->reason, "What for")
      .required()
      .one_of({"incident", "planned-event", "migration", "customer-request", "load-test", "abuse",
               "mistake"});
  create.option("--note", flags->note, "The same in words, for the record").required();
  create.option("--ticket", flags->ticket, "TKT-123").required();
  create.runs([&context, flags] { return create_override(context, *flags); });
}

void add_deciding(cli::Command& noun, Context& context, const char* verb, const char* help) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command = noun.add(verb, help);
  command.option("ID", flags->id, "The override").required();
  command.option("--tenant", flags->tenant, "Tenant").required();
  const std::string name(verb);
  command.runs([&context, flags, name] {
    return show_one(
        context,
        {.method = "POST",
         .path = v1_path({"tenants", flags->tenant, "budgets", "overrides", flags->id, name})},
        "override: " + name + " done");
  });
}

Status show_effective(Context& context, const Flags& flags) {
  std::string path = "/v1/budgets/effective?tenant=" + encoded(flags.tenant);
  if (!flags.route.empty()) path += "&route=" + encoded(flags.route);
  if (!flags.user.empty()) path += "&user=" + encoded(flags.user);
  return show_list(
      context, path,
      {"scope", "route", "dimension", "limit", "left", "limit_of_plan", "override", "until"});
}

}  // namespace

void add_budget_override(cli::Command& noun, Context& context) {
  cli::Command& overrides = noun.add("override", "Budgets that are changed for a time");
  add_create(overrides, context);
  const auto listed = std::make_shared<Flags>();
  cli::Command& list = overrides.add("list", "Those of a tenant, open ones first");
  list.option("--tenant", listed->tenant, "Tenant").required();
  list.runs([&context, listed] {
    return show_list(context, listed->path(),
                     {"id", "scope", "route", "dimension", "limit_before", "limit_after", "state",
                      "until", "asked_by", "ticket"});
  });
  add_deciding(overrides, context, "approve", "Approve what somebody else has asked for");
  add_deciding(overrides, context, "refuse", "Refuse what was asked for");
  add_deciding(overrides, context, "revoke", "End one before its time");

  const auto shown = std::make_shared<Flags>();
  cli::Command& effective =
      noun.add("effective", "A tenant's limits as they are, where each comes from, what is left");
  effective.option("--tenant", shown->tenant, "Tenant").required();
  effective.option("--route", shown->route, "The path of one route; all");
  effective.option("--user", shown->user, "The principal whose limits of a user are looked at");
  effective.runs([&context, shown] { return show_effective(context, *shown); });
}

}  // namespace mc::app
