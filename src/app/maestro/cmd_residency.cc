// maestro residency: the proofs of where tenants' data lie.
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
};

Status list(Context& context, const Flags& flags) {
  return show_list(
      context,
      "/v1/residency" +
          query_of({{"tenant", flags.tenant}, {"limit", flags.limit}, {"cursor", flags.cursor}}),
      {"tenant", "period", "region", "node_region", "ok", "violations", "at"});
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
  cli::Command& noun = app.add("residency", "Proofs of where tenants' data lie");
  const auto listed = std::make_shared<Flags>();
  cli::Command& list_command = noun.add("list", "The proofs, newest first");
  list_command.option("--tenant", listed->tenant, "Of one tenant");
  list_command.option("--limit", listed->limit, "At most this many, up to 200");
  list_command.option("--cursor", listed->cursor, "next_cursor of the page before");
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
