#include "maestro/cmd_deciding.h"

#include <memory>

#include "maestro/admin_client.h"

namespace mc::app {
namespace {

struct Flags {
  std::string tenant;
  std::string id;
};

}  // namespace

void add_deciding(cli::Command& noun, Context& context, const Decided& about, const char* verb,
                  const char* help) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command = noun.add(verb, help);
  command.option("ID", flags->id, ("The " + about.what).c_str()).required();
  command.option("--tenant", flags->tenant, "Tenant").required();
  const std::string name(verb);
  command.runs([&context, flags, about, name] {
    return show_one(context,
                    {.method = "POST",
                     .path = v1_path({"tenants", flags->tenant}) + about.folder + "/" +
                             encoded(flags->id) + "/" + name},
                    about.what + ": " + name + " done");
  });
}

}  // namespace mc::app
