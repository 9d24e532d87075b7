// maestro budget override | effective: budgets that are changed for a time, and as they are.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/cmd_budget.h"
#include "maestro/cmd_deciding.h"
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

void set(json::Object& body, const char* name, const std::string& value) {
  if (!value.empty()) body.set(name, value);
}

// Which limit, and what of it.
Result<json::Object> limit_in(const Flags& flags) {
  json::Object body;
  set(body, "scope", flags.scope);
  set(body, "route", flags.route);
  set(body, "dimension", flags.dimension);
  if (!flags.amount.empty()) {
    const Result<std::int64_t> amount = parse_int(flags.amount);
    if (!amount) return fail(Code::invalid, "--amount: " + amount.error().what);
    body.set("amount", *amount);
  }
  set(body, "factor", flags.factor);
  return body;
}

Status create_override(Context& context, const Flags& flags) {
  MC_TRY(json::Object body, limit_in(flags));
  set(body, "from", flags.from);
  set(body, "until", flags.until);
  set(body, "lifetime", flags.lifetime);
  set(body, "reason", flags.reason);
  set(body, "note", flags.note);
  set(body, "ticket", flags.ticket);
  return show_one(context, {.method = "POST", .path = flags.path(), .body = json::print(body)},
                  "override made; while its state is pending, it changes nothing");
}

Status preview_override(Context& context, const Flags& flags) {
  MC_TRY(const json::Object body, limit_in(flags));
  return show_one(context,
                  {.method = "POST", .path = flags.path() + "/preview", .body = json::print(body)},
                  "");
}

void add_limit(cli::Command& command, Flags& flags) {
  command.option("--tenant", flags.tenant, "Tenant").required();
  command.option("--dimension", flags.dimension, "Which limit: requests, seats, bytes, credits")
      .required();
  command.option("--scope", flags.scope, "Of the tenant, of a route of it, of each of its users")
      .one_of({"tenant", "tenant-route", "tenant-user"});
  command.option("--route", flags.route, "The path of a tenant-route");
  command.option("--amount", flags.amount, "The limit, in the units of its setting");
  command.option("--factor", flags.factor, "Or times what the plan says: 1.5");
}

void add_preview(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& preview = noun.add(
      "preview", "What one would have done to the last 15 minutes: who gets more, who pays");
  add_limit(preview, *flags);
  preview.runs([&context, flags] { return preview_override(context, *flags); });
}

void add_create(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& create = noun.add("create", "Change a tenant's budget for at most 24 hours");
  add_limit(create, *flags);
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

Status show_effective(Context& context, const Flags& flags) {
  std::string path = "/v1/budgets/effective?tenant=" + encoded(flags.tenant);
  if (!flags.route.empty()) path += "&route=" + encoded(flags.route);
  if (!flags.user.empty()) path += "&user=" + encoded(flags.user);
  return show_list(context, path,
                   {"scope", "route", "class", "dimension", "limit", "left", "limit_of_plan",
                    "override", "until"});
}

}  // namespace

void add_budget_override(cli::Command& noun, Context& context) {
  cli::Command& overrides = noun.add("override", "Budgets that are changed for a time");
  add_preview(overrides, context);
  add_create(overrides, context);
  const auto listed = std::make_shared<Flags>();
  cli::Command& list = overrides.add("list", "Those of a tenant, open ones first");
  list.option("--tenant", listed->tenant, "Tenant").required();
  list.runs([&context, listed] {
    return show_list(context, listed->path(),
                     {"id", "scope", "route", "dimension", "limit_before", "limit_after", "state",
                      "until", "asked_by", "ticket"});
  });
  const Decided about{"override", "/budgets/overrides"};
  add_deciding(overrides, context, about, "approve", "Approve what somebody else has asked for");
  add_deciding(overrides, context, about, "refuse", "Refuse what was asked for");
  add_deciding(overrides, context, about, "revoke", "End one before its time");

  const auto shown = std::make_shared<Flags>();
  cli::Command& effective =
      noun.add("effective", "A tenant's limits as they are, where each comes from, what is left");
  effective.option("--tenant", shown->tenant, "Tenant").required();
  effective.option("--route", shown->route, "The path of one route; all");
  effective.option("--user", shown->user, "The principal whose limits of a user are looked at");
  effective.runs([&context, shown] { return show_effective(context, *shown); });
}

}  // namespace mc::app
