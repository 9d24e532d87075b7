
#include <memory>

#include "dataset/dataset.h"
#include "maestro/command.h"
#include "maestro/settings.h"

namespace mc::app {
namespace {

Status check(const Context& context) {
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  if (!loaded.value.datasets_file.empty()) {
    MC_TRY(const std::string yaml,
           context.machine.files->read_all(loaded.value.datasets_file, dataset::kModelBytesMax));
    MC_TRY([[maybe_unused]] const dataset::Model model,
           dataset::parse_model(yaml, loaded.value.datasets_file));
  }
  for (const std::string& warning : loaded.warnings) {
    print_talk(context, "warning: " + warning + "\n");
  }
  print_out(context.json ? "{\"ok\":true}\n" : "ok\n");
  return ok();
}

Status show(const Context& context) {
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  print_out(context.json ? json::print_pretty(loaded.effective.tree()) + "\n"
                         : config::show(loaded.effective));
  return ok();
}

Status explain(const Context& context, const std::string& key) {
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  MC_TRY(const std::string text, config::explain(loaded.effective, key));
  if (!context.json) {
    print_out(text);
    return ok();
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("key", key).member("explanation", text).end_object();
  print_out(out + "\n");
  return ok();
}

}  // namespace

void add_config(cli::Command& app, Context& context) {
  cli::Command& config_command = app.add("config", "Look at the configuration");
  config_command.add("check", "Read everything, report every problem").runs([&context] {
    return check(context);
  });
  config_command.add("show", "The effective configuration with its origins").runs([&context] {
    return show(context);
  });
  config_command.add("schema", "JSON Schema of the file").runs([] {
    print_out(json::print_pretty(config::schema<Settings>()) + "\n");
    return ok();
  });
  cli::Command& explain_command = config_command.add("explain", "What one key means");
  auto key = std::make_shared<std::string>();
  explain_command.option("KEY", *key, "Dotted path: server.port").required();
  explain_command.runs([&context, key] { return explain(context, *key); });
}

}  // namespace mc::app
