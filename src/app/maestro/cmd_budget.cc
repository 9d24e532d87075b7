#include "maestro/cmd_budget.h"

#include "maestro/command.h"

namespace mc::app {
namespace {

constexpr void (*kVerbs[])(cli::Command& noun, Context& context) = {
    add_budget_usage, add_budget_override, add_budget_log};

}  // namespace

void add_budget(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("budget", "What tenants may use: what was decided, and why");
  for (const auto add : kVerbs) add(noun, context);
}

}  // namespace mc::app
