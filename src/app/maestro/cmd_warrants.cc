// maestro warrant | access: what opens a tenant's data to the operator's people.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/command.h"

namespace mc::app {
namespace {

struct Flags {
  std::string tenant;
  std::string id;
  std::string kind = "support-ticket";
  std::string reference;
  std::string reason;
  std::string principals;
  std::string actions;
  std::string lifetime;
  std::string deadline;
  std::string expires;
  std::string approval;

  std::string path() const { return v1_path({"tenants", tenant, "warrants"}); }
};
using Shared = std::shared_ptr<Flags>;

void add_create(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& create = noun.add("create", "Ask for access to a tenant's data");
  create.option("--tenant", flags->tenant, "Tenant").required();
  create.option("--class", flags->kind, "What it rests on")
      .one_of({"legal", "support-ticket", "incident", "approval"});
  create.option("--reference", flags->reference, "Ticket, case or order: TKT-123").required();
  create.option("--reason", flags->reason, "What for, for the tenant").required();
  create.option("--principals", flags->principals, "Who may use it; anybody of the operator's");
  create.option("--actions", flags->actions, "read, change or read,change");
  create.option("--lifetime", flags->lifetime, "At most 90 days: 4h");
  create.option("--deadline", flags->deadline, "When a request without an answer is denied: 24h");
  create.runs([&context, flags] {
    return show_one(context,
                    {.method = "POST",
                     .path = flags->path(),
                     .body = to_body({{"class", flags->kind},
                                      {"reference", flags->reference},
                                      {"reason", flags->reason},
                                      {"principals", flags->principals},
                                      {"actions", flags->actions},
                                      {"lifetime", flags->lifetime},
                                      {"deadline", flags->deadline}})},
                    "warrant made; while its state is requested, it opens nothing");
  });
}

// A command that decides about one warrant.
cli::Command& add_deciding(cli::Command& noun, Context& context, const char* verb, const char* help,
                           const Shared& flags) {
  cli::Command& command = noun.add(verb, help);
  command.option("ID", flags->id, "The warrant").required();
  command.option("--tenant", flags->tenant, "Tenant").required();
  const std::string name(verb);
  command.runs([&context, flags, name] {
    return show_one(
        context,
        {.method = "POST",
         .path = v1_path({"tenants", flags->tenant, "warrants", flags->id, name}),
         .body = to_body({{"actions", flags->actions}, {"expires_at", flags->expires}})},
        "warrant: " + name + " done");
  });
  return command;
}

Status set_access(Context& context, const Flags& flags) {
  const std::string path = v1_path({"tenants", flags.tenant, "access"});
  MC_TRY(const json::Value held, call_admin(context, {.path = path}));
  json::Object body;
  body.set("approval_required", flags.approval == "required");
  return show_one(context,
                  {.method = "PUT",
                   .path = path,
                   .body = json::print(body),
                   .headers = {{"If-Match", "\"" + text_of(held, "version") + "\""}}},
                  "setting changed");
}

}  // namespace

void add_warrants(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("warrant", "What opens a tenant's data to the operator's people");
  const auto listed = std::make_shared<Flags>();
  cli::Command& list = noun.add("list", "The warrants of a tenant, open ones first");
  list.option("--tenant", listed->tenant, "Tenant").required();
  list.runs([&context, listed] {
    return show_list(context, listed->path(),
                     {"id", "class", "reference", "actions", "state", "expires_at", "uses"});
  });
  add_create(noun, context);
  const auto approved = std::make_shared<Flags>();
  cli::Command& approve =
      add_deciding(noun, context, "approve", "Approve a request, as it is or narrower", approved);
  approve.option("--actions", approved->actions, "Fewer than asked");
  approve.option("--expires-at", approved->expires, "Earlier than asked, RFC 3339");
  add_deciding(noun, context, "deny", "Deny a request", std::make_shared<Flags>());
  add_deciding(noun, context, "revoke", "End a warrant", std::make_shared<Flags>());

  cli::Command& access = app.add("access", "Whether a tenant is asked before its data is opened");
  const auto shown = std::make_shared<Flags>();
  cli::Command& show = access.add("show", "The setting of a tenant");
  show.option("--tenant", shown->tenant, "Tenant").required();
  show.runs([&context, shown] {
    return show_one(context, {.path = v1_path({"tenants", shown->tenant, "access"})},
                    "setting shown");
  });
  const auto set = std::make_shared<Flags>();
  cli::Command& change = access.add("set", "Change it; the tenant's own administrators only");
  change.option("--tenant", set->tenant, "Tenant").required();
  change.option("--approval", set->approval, "Of each warrant by the tenant")
      .required()
      .one_of({"required", "not-required"});
  change.runs([&context, set] { return set_access(context, *set); });
}

}  // namespace mc::app
