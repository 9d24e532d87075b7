#include "maestro/cmd_privacy.h"

#include <memory>

#include "maestro/admin_client.h"
#include "maestro/cmd_deciding.h"
#include "maestro/command.h"

namespace mc::app {
namespace {

struct Flags {
  std::string tenant;
  std::string id;
  std::string dataset;
  std::string purpose;
  std::string by;
  std::string epsilon;
  std::string expires;
  std::string lifetime;
  std::string warrant;
  std::string ticket;
  std::string reason;

  std::string path(std::string_view what) const {
    return v1_path({"tenants", tenant, "privacy", std::string(what)});
  }
  // With what the query names.
  std::string query(std::string_view what) const {
    std::string out = path(what);
    char before = '?';
    for (const auto& [name, value] :
         {std::pair{"dataset", &dataset}, std::pair{"purpose", &purpose}, std::pair{"by", &by}}) {
      if (value->empty()) continue;
      out.append(1, before).append(name).append("=").append(encoded(*value));
      before = '&';
    }
    return out;
  }
};
using Shared = std::shared_ptr<Flags>;

void add_subject(cli::Command& command, Flags& flags, bool dataset_needed) {
  command.option("--tenant", flags.tenant, "Tenant").required();
  cli::Option dataset = command.option("--dataset", flags.dataset, "Dataset");
  if (dataset_needed) dataset.required();
  command.option("--purpose", flags.purpose, "Purpose");
}

void add_budgets(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command =
      noun.add("budgets", "What is left of a tenant's privacy budgets, and of its lifetime");
  add_subject(command, *flags, false);
  command.runs([&context, flags] {
    return show_list(context, flags->query("budgets"),
                     {"scope", "dataset", "purpose", "epsilon_left", "epsilon_spent",
                      "epsilon_limit", "epsilon_top_up", "resets_at"});
  });
}

void add_burn_down(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command =
      noun.add("burn-down", "What was spent by each day of the window, and when the rest is gone");
  add_subject(command, *flags, true);
  command.runs(
      [&context, flags] { return show_one(context, {.path = flags->query("burn-down")}, ""); });
}

void add_spend(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command = noun.add("spend", "Who or what has spent of the present window");
  add_subject(command, *flags, true);
  command.option("--by", flags->by, "analyst, query_type or day")
      .one_of({"analyst", "query_type", "day"});
  command.runs([&context, flags] {
    return show_list(context, flags->query("spend"), {"name", "epsilon", "delta", "charges"});
  });
}

void add_charges(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command = noun.add("charges", "What was paid for, the newest first");
  add_subject(command, *flags, true);
  command.runs([&context, flags] {
    return show_list(context, flags->query("charges"),
                     {"id", "reserved_at", "analyst", "purpose", "query_type", "epsilon", "state"});
  });
  const auto one = std::make_shared<Flags>();
  cli::Command& charge = noun.add("charge", "One of them, with the digest of what was released");
  charge.option("ID", one->id, "The charge").required();
  charge.option("--tenant", one->tenant, "Tenant").required();
  charge.runs([&context, one] {
    return show_one(context,
                    {.path = v1_path({"tenants", one->tenant, "privacy", "charges", one->id})}, "");
  });
}

void add_accountant(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command =
      noun.add("accountant", "The accountant hash of a dataset: who counts again gets the same");
  command.option("--tenant", flags->tenant, "Tenant").required();
  command.option("--dataset", flags->dataset, "Dataset").required();
  command.runs(
      [&context, flags] { return show_one(context, {.path = flags->query("accountant")}, ""); });
}

void add_queue(cli::Command& noun, Context& context) {
  cli::Command& queue = noun.add("queue", "Private queries that wait for the next window");
  const auto listed = std::make_shared<Flags>();
  cli::Command& list = queue.add("list", "Your own; all of the tenant's for who protects it");
  list.option("--tenant", listed->tenant, "Tenant").required();
  list.runs([&context, listed] {
    return show_list(context, listed->path("queue"),
                     {"id", "state", "analyst", "dataset", "purpose", "query_type", "epsilon",
                      "runs_at", "charge"});
  });
  const auto shown = std::make_shared<Flags>();
  cli::Command& show = queue.add("show", "One of them, and why it was refused or failed");
  show.option("ID", shown->id, "The query").required();
  show.option("--tenant", shown->tenant, "Tenant").required();
  show.runs([&context, shown] {
    return show_one(
        context, {.path = v1_path({"tenants", shown->tenant, "privacy", "queue", shown->id})}, "");
  });
  const auto ended = std::make_shared<Flags>();
  cli::Command& cancel = queue.add("cancel", "Have one wait no more");
  cancel.option("ID", ended->id, "The query").required();
  cancel.option("--tenant", ended->tenant, "Tenant").required();
  cancel.runs([&context, ended] {
    return show_one(
        context,
        {.method = "POST",
         .path = v1_path({"tenants", ended->tenant, "privacy", "queue", ended->id, "cancel"})},
        "query: cancel done");
  });
}

std::string body_of(const Flags& flags) {
  return to_body({{"dataset", flags.dataset},
                  {"purpose", flags.purpose},
                  {"epsilon", flags.epsilon},
                  {"expires", flags.expires},
                  {"lifetime", flags.lifetime},
                  {"warrant", flags.warrant},
                  {"ticket", flags.ticket},
                  {"reason", flags.reason}});
}

void add_amount(cli::Command& command, Flags& flags) {
  command.option("--tenant", flags.tenant, "Tenant").required();
  command.option("--dataset", flags.dataset, "Dataset").required();
  command.option("--purpose", flags.purpose, "Purpose").required();
  command.option("--epsilon", flags.epsilon, "How much more: 2.5").required();
}

void add_top_up(cli::Command& noun, Context& context) {
  cli::Command& top_ups = noun.add("top-up", "More of a budget for one window");
  const auto seen = std::make_shared<Flags>();
  cli::Command& preview =
      top_ups.add("preview", "What one would mean: for the budget, for people, for errors");
  add_amount(preview, *seen);
  preview.runs([&context, seen] {
    return show_one(
        context,
        {.method = "POST", .path = seen->path("top-ups") + "/preview", .body = body_of(*seen)}, "");
  });
  const auto asked = std::make_shared<Flags>();
  cli::Command& ask = top_ups.add("ask", "Ask for one; somebody else approves it");
  add_amount(ask, *asked);
  ask.option("--for", asked->lifetime, "How long: 7d");
  ask.option("--until", asked->expires, "Or until when, RFC 3339");
  ask.option("--warrant", asked->warrant, "An active warrant of the tenant: wrt_...").required();
  ask.option("--ticket", asked->ticket, "TKT-123");
  ask.option("--reason", asked->reason, "What for, in 20 characters or more").required();
  ask.runs([&context, asked] {
    return show_one(context,
                    {.method = "POST", .path = asked->path("top-ups"), .body = body_of(*asked)},
                    "asked for; it changes nothing until somebody else approves it");
  });
  const auto listed = std::make_shared<Flags>();
  cli::Command& list = top_ups.add("list", "Those of a tenant, open ones first");
  list.option("--tenant", listed->tenant, "Tenant").required();
  list.runs([&context, listed] {
    return show_list(context, listed->path("top-ups"),
                     {"id", "dataset", "purpose", "epsilon", "state", "expires", "asked_by",
                      "approved_by", "ticket"});
  });
  const Decided about{"top-up", "/privacy/top-ups"};
  add_deciding(top_ups, context, about, "approve", "Approve what somebody else has asked for");
  add_deciding(top_ups, context, about, "refuse", "Refuse what was asked for");
  add_deciding(top_ups, context, about, "revoke", "End one; what is not spent of it is gone");
}

}  // namespace

void add_privacy(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("privacy", "Budgets of differential privacy, and what adds to them");
  add_budgets(noun, context);
  add_burn_down(noun, context);
  add_spend(noun, context);
  add_charges(noun, context);
  add_accountant(noun, context);
  add_queue(noun, context);
  add_top_up(noun, context);
}

}  // namespace mc::app
