// maestro residency: where tenants' data lie, the proofs of it, and what was tried against it.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/record_query.h"

namespace mc::app {
namespace {

struct Flags {
  std::string tenant;
  std::string period;
  std::string limit;
  std::string cursor;
  std::string form = "document";
  std::string ok, code, actor, from, to;
};

Status list(Context& context, const Flags& flags) {
  return show_list(
      context,
      "/v1/residency" + query_of({{"tenant", flags.tenant},
                                  {"from", flags.from},
                                  {"to", flags.to},
                                  {"ok", flags.ok},
                                  {"limit", flags.limit},
                                  {"cursor", flags.cursor}}),
      {"tenant", "period", "region", "node_region", "ok", "reads", "writes", "violations", "at"});
}

Status where(Context& context, const Flags& flags) {
  return show_one(context, {.path = v1_path({"residency", flags.tenant})}, "");
}

Status attempts(Context& context, const Flags& flags) {
  return show_list(
      context,
      v1_path({"residency", flags.tenant, "attempts"}) + query_of({{"code", flags.code},
                                                                   {"actor", flags.actor},
                                                                   {"from", flags.from},
                                                                   {"to", flags.to},
                                                                   {"limit", flags.limit},
                                                                   {"cursor", flags.cursor}}),
      {"record", "at", "actor", "action", "dataset", "source", "src", "dst", "code", "count"});
}

void add_page(cli::Command& command, Flags& flags) {
  command.option("--from", flags.from, "RFC 3339 or a day, inside");
  command.option("--to", flags.to, "RFC 3339 or a day, not inside");
  command.option("--limit", flags.limit, "At most this many, up to 200");
  command.option("--cursor", flags.cursor, "next_cursor of the page before");
}

void add_attempts(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command =
      noun.add("attempts", "What was tried and denied, and what probes found, newest first");
  command.option("--tenant", flags->tenant, "Whose data").required();
  command.option("--code", flags->code, "cross-region, region-unstated, wrong-region, ...");
  command.option("--actor", flags->actor, "principal@tenant; a * at its end fits what follows");
  add_page(command, *flags);
  command.runs([&context, flags] { return attempts(context, *flags); });
}

// Its bytes, nothing behind them: any other byte spoils the proof.
Status show(Context& context, const Flags& flags) {
  const std::string path =
      v1_path({"residency", flags.tenant, flags.period}) + query_of({{"form", flags.form}});
  MC_TRY(const std::string text, call_for_text(context, {.path = path}));
  print_out(text);
  return ok();
}

Status probe(Context& context, const Flags& flags) {
  return show_one(context,
                  {.method = "POST", .path = v1_path({"residency", flags.tenant, "probes"})},
                  "probed");
}

}  // namespace

void add_residency(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("residency", "Where tenants' data lie, and the proofs of it");
  const auto located = std::make_shared<Flags>();
  cli::Command& where_command = noun.add("where", "Where a tenant's data lie, and may lie");
  where_command.option("--tenant", located->tenant, "Tenant").required();
  where_command.runs([&context, located] { return where(context, *located); });
  add_attempts(noun, context);

  const auto listed = std::make_shared<Flags>();
  cli::Command& list_command = noun.add("list", "The proofs, newest first");
  list_command.option("--tenant", listed->tenant, "Of one tenant");
  list_command.option("--ok", listed->ok, "Only those that say so").one_of({"true", "false"});
  add_page(list_command, *listed);
  list_command.runs([&context, listed] { return list(context, *listed); });

  const auto shown = std::make_shared<Flags>();
  cli::Command& show_command = noun.add("show", "One proof, byte for byte");
  show_command.option("PERIOD", shown->period, "2026-11-22T11Z, as the list has it").required();
  show_command.option("--tenant", shown->tenant, "Tenant").required();
  show_command
      .option("--form", shown->form,
              "document: what it says; bundle: what maestro verify takes, with the document as "
              "its artifact")
      .one_of({"document", "bundle"});
  show_command.runs([&context, shown] { return show(context, *shown); });

  const auto probed = std::make_shared<Flags>();
  cli::Command& probe_command = noun.add("probe", "Prove it now, beside the proof of the hour");
  probe_command.option("--tenant", probed->tenant, "Tenant").required();
  probe_command.runs([&context, probed] { return probe(context, *probed); });
}

}  // namespace mc::app
