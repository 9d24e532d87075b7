#include "cli/cli.h"

#include <CLI/CLI.hpp>

namespace mc::cli {
namespace {

constexpr int kExitUsage = 2;

Described describe(const CLI::Option& option) {
  Described out;
  out.short_names = option.get_snames();
  out.long_names = option.get_lnames();
  if (option.get_positional()) out.positional = option.get_name(true);
  if (option.get_items_expected_max() > 0) out.value = option.get_type_name();
  out.help = option.get_description();
  return out;
}

}  // namespace

Option& Option::required() {
  held_.required();
  return *this;
}

Option& Option::environment(const char* name) {
  held_.envname(name);
  return *this;
}

Option& Option::one_of(std::vector<std::string> allowed) {
  held_.check(CLI::IsMember(std::move(allowed)));
  return *this;
}

Option& Option::between(std::int64_t least, std::int64_t most) {
  held_.check(CLI::Range(least, most));
  return *this;
}

Command::Command(CLI::App& app) : app_(app) {}
Command::~Command() = default;

Command& Command::add(const char* name, const char* help) {
  app_.require_subcommand(1);
  commands_.push_back(std::make_unique<Command>(*app_.add_subcommand(name, help)));
  return *commands_.back();
}

Option Command::option(const char* names, std::string& target, const char* help) {
  return Option(*app_.add_option(names, target, help));
}

Option Command::option(const char* names, std::int64_t& target, const char* help) {
  return Option(*app_.add_option(names, target, help));
}

Option Command::option(const char* names, std::uint64_t& target, const char* help) {
  CLI::Option* option = app_.add_option(names, target, help);
  // CLI11 takes -1 for 2^64 - 1.
  option->check([](const std::string& text) {
    return text.starts_with('-') ? "must not be negative: " + text : std::string();
  });
  return Option(*option);
}

Option Command::option(const char* names, std::vector<std::string>& target, const char* help) {
  CLI::Option* const option = app_.add_option(names, target, help);
  option->allow_extra_args(option->get_positional());  // --flag A --flag B, but PATH PATH
  return Option(*option);
}

Option Command::flag(const char* names, bool& target, const char* help) {
  return Option(*app_.add_flag(names, target, help));
}

void Command::runs(Action action) {
  action_ = std::move(action);
}

std::string Command::name() const {
  return app_.get_name();
}
std::string Command::help() const {
  return app_.get_description();
}

std::vector<const Command*> Command::commands() const {
  std::vector<const Command*> out;
  for (const std::unique_ptr<Command>& command : commands_) out.push_back(command.get());
  return out;
}

std::vector<Described> Command::options() const {
  std::vector<Described> out;
  const CLI::App& app = app_;
  for (const CLI::Option* option : app.get_options()) out.push_back(describe(*option));
  return out;
}

const Action* Command::chosen() const {
  for (const std::unique_ptr<Command>& command : commands_) {
    if (command->app_.parsed()) return command->chosen();
  }
  return &action_;
}

Line::Line(const char* help, const char* name, const std::string& version)
    : app_(std::make_unique<CLI::App>(help, name)), root_(std::make_unique<Command>(*app_)) {
  app_->set_version_flag("--version", version);
  app_->fallthrough();  // taken over by commands added later
}

Line::~Line() = default;

Parsed Line::parse(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return {app_->exit(error) == 0 ? 0 : kExitUsage, {}};
  }
  return {0, *root_->chosen()};
}

}  // namespace mc::cli
