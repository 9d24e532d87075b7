// maestro user | overview: people who sign in, and what the server sees of its tenants.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/record_query.h"

namespace mc::app {
namespace {

struct UserFlags {
  std::string tenant, id;
};

Status show_link(Context& context, const UserFlags& flags) {
  const std::string path = v1_path({"tenants", flags.tenant, "principals", flags.id, "links"});
  MC_TRY(json::Value reply, call_admin(context, {"POST", path, "", {}}));
  if (context.dry_run) {
    print_talk(context, "dry run: a link would be made\n");
    return ok();
  }
  const std::string url = context.url + text_of(reply, "path");
  if (context.json) {
    reply.as_object()->set("url", url);
    print_out(json::print(reply) + "\n");
    return ok();
  }
  print_out(url + "\n");
  print_talk(context, "works once, until " + text_of(reply, "expires_at") +
                          (context.url.empty() ? "; put the server's address before it\n" : "\n"));
  return ok();
}

void add_user_commands(cli::Command& app, Context& context) {
  cli::Command& user = app.add("user", "People who sign in to the portal");
  auto flags = std::make_shared<UserFlags>();
  cli::Command& list = user.add("list", "The people and machines of a tenant");
  list.option("--tenant", flags->tenant, "Tenant").required();
  list.runs([&context, flags] {
    return show_list(context, v1_path({"tenants", flags->tenant, "principals"}),
                     {"id", "name", "roles", "state", "created_at"});
  });
  cli::Command& link = user.add("link", "Make a one-time sign-in link for the portal");
  link.option("ID", flags->id, "Principal").required();
  link.option("--tenant", flags->tenant, "Tenant").required();
  link.runs([&context, flags] { return show_link(context, *flags); });
}

// A row for the total and each tenant.
Status show_overview(Context& context, const std::string& path) {
  MC_TRY(const json::Value reply, call_admin(context, {.path = path}));
  if (context.json) {
    print_out(json::print(reply) + "\n");
    return ok();
  }
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const std::string& name, const json::Value& traffic) {
    const json::Value* found = traffic.find("latency_ms");
    const json::Value latency = found == nullptr ? json::Value() : *found;
    rows.push_back({name, text_of(traffic, "requests"), text_of(traffic, "refused"),
                    text_of(traffic, "failed"), text_of(latency, "p50"), text_of(latency, "p95"),
                    text_of(latency, "p99")});
  };
  const json::Value* total = reply.find("total");
  const json::Value* tenants = reply.find("tenants");
  if (total == nullptr || tenants == nullptr || tenants->as_array() == nullptr) {
    return fail(Code::corrupt, "the reply has no figures");
  }
  for (const json::Value& tenant : *tenants->as_array()) add(text_of(tenant, "tenant"), tenant);
  add("total", *total);
  print_table({"tenant", "requests", "refused", "failed", "p50_ms", "p95_ms", "p99_ms"}, rows);
  return ok();
}

void add_overview_command(cli::Command& app, Context& context) {
  struct Flags {
    std::string tenant, window = "15m";
  };
  auto flags = std::make_shared<Flags>();
  cli::Command& overview = app.add("overview", "Requests, errors and latency by tenant");
  overview.option("--tenant", flags->tenant, "One tenant; otherwise all you may see");
  overview.option("--window", flags->window, "How far back").one_of({"15m", "1h", "24h"});
  overview.runs([&context, flags] {
    return show_overview(context, v1_path({"overview"}) + query_of({{"window", flags->window},
                                                                    {"tenant", flags->tenant}}));
  });
}

}  // namespace

void add_people(cli::Command& app, Context& context) {
  add_user_commands(app, context);
  add_overview_command(app, context);
}

}  // namespace mc::app
