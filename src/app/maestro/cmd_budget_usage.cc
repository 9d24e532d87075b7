// maestro budget usage | denial: what a running server has counted, and turned away.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/cmd_budget.h"
#include "maestro/command.h"
#include "maestro/record_query.h"

namespace mc::app {
namespace {

struct Flags {
  std::string tenant;
  std::string request;
  std::string form = "document";
};

// Its bytes, nothing behind them: any other byte spoils the proof.
Status denial(Context& context, const Flags& flags) {
  const std::string path = v1_path({"tenants", flags.tenant, "budgets", "denials", flags.request});
  const bool is_signed = flags.form == "bundle";
  MC_TRY(const std::string text,
         call_for_text(context, is_signed ? AdminCall{.method = "POST", .path = path + "/receipt"}
                                          : AdminCall{.path = path}));
  print_out(text);
  return ok();
}

}  // namespace

void add_budget_usage(cli::Command& noun, Context& context) {
  const auto used = std::make_shared<Flags>();
  cli::Command& usage =
      noun.add("usage", "What tenants asked for in five minutes, and how much of their budgets");
  usage.option("--tenant", used->tenant, "Of one tenant");
  usage.runs([&context, used] {
    return show_one(context, {.path = "/v1/budgets/usage" + query_of({{"tenant", used->tenant}})},
                    "");
  });

  const auto denied = std::make_shared<Flags>();
  cli::Command& denials =
      noun.add("denial", "Why a request of the last minutes was turned away, byte for byte");
  denials.option("REQUEST", denied->request, "The X-Request-Id of its answer").required();
  denials.option("--tenant", denied->tenant, "Tenant").required();
  denials
      .option("--form", denied->form,
              "document: what it says; bundle: signed, as maestro verify takes it, with the "
              "document as its artifact")
      .one_of({"document", "bundle"});
  denials.runs([&context, denied] { return denial(context, *denied); });
}

}  // namespace mc::app
