// maestro man: the manual page, made from the commands that this program has.
#include <CLI/CLI.hpp>

#include "maestro/command.h"

namespace mc::app {
namespace {

// Text of a roff document (man(7)): a backslash, and a dot or quote that begins a line, are
// escaped; a dash is written so that it can be pasted.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool begins = out.empty() || out.back() == '\n';
    if (begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string placeholder(const CLI::Option& option) {
  return option.get_items_expected_max() == 0 ? ""
                                              : " \\fI" + escaped(option.get_type_name()) + "\\fR";
}

std::string names_of(const CLI::Option& option) {
  std::string out;
  for (const std::string& name : option.get_snames()) out.append("\\fB\\-" + name + "\\fR, ");
  for (const std::string& name : option.get_lnames())
    out.append("\\fB\\-\\-" + escaped(name) + "\\fR, ");
  if (out.empty()) return "\\fI" + escaped(option.get_name(true)) + "\\fR";
  return out.substr(0, out.size() - 2) + placeholder(option);
}

void append_options(std::string& out, const CLI::App& app, bool with_help) {
  for (const CLI::Option* option : app.get_options()) {
    if (!with_help && option->check_lname("help")) continue;
    out.append(".TP\n" + names_of(*option) + "\n" + escaped(option->get_description()) + "\n");
  }
}

std::string synopsis_of(const CLI::App& app, const std::string& path) {
  std::string out = "\\fB" + escaped(path) + "\\fR";
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) out.append(" \\fI" + escaped(option->get_name(true)) + "\\fR");
  }
  return out;
}

// Commands that do something, in the order of the help.
void append_commands(std::string& out, const CLI::App& app, const std::string& path) {
  for (const CLI::App* command : app.get_subcommands({})) {
    const std::string name = path + " " + command->get_name();
    if (!command->get_subcommands({}).empty()) {
      append_commands(out, *command, name);
      continue;
    }
    out.append(".SS " + synopsis_of(*command, name) + "\n");
    out.append(escaped(command->get_description()) + ".\n");
    append_options(out, *command, false);
  }
}

struct Meaning {
  const char* name;
  const char* text;
};
constexpr Meaning kExits[] = {{"0", "Done."},
                              {"1", "Failed."},
                              {"2", "Wrong usage or input."},
                              {"3", "Not found."},
                              {"4", "Not signed in, or forbidden."},
                              {"5", "Verification failed."},
                              {"6", "Refused by a gate."},
                              {"7", "Incomplete."},
                              {"8", "Conflict."}};
constexpr Meaning kEnvironment[] = {
    {"MC_CONFIG", "The configuration file."},
    {"MC_URL", "Address of a running server."},
    {"MC_TOKEN", "The bearer token to use there."},
    {"MC_...", "Any setting, as MC_SERVER_PORT for server.port; maestro config explain tells."}};

template <std::size_t N>
void append_list(std::string& out, const char* title, const Meaning (&list)[N]) {
  out.append(".SH ").append(title).append("\n");
  for (const Meaning& each : list) {
    out.append(".TP\n\\fB" + escaped(each.name) + "\\fR\n" + escaped(each.text) + "\n");
  }
}

std::string manual(const CLI::App& app) {
  std::string out = ".\\\" Made by maestro man.\n.TH MAESTRO 1 \"\" \"maestro " + kVersion + "\"\n";
  out += ".SH NAME\nmaestro \\- governance for multi\\-tenant data and GraphQL APIs\n";
  out += ".SH SYNOPSIS\n\\fBmaestro\\fR [\\fIoptions\\fR] \\fIcommand\\fR ...\n";
  out +=
      ".SH DESCRIPTION\n" + escaped(app.get_description()) +
      ".\nCommands work on a running server when its address is given, and on the data directory "
      "otherwise.\nData go to standard output, talk to standard error.\n";
  out += ".SH OPTIONS\nThey may stand anywhere on the line.\n";
  append_options(out, app, true);
  out += ".SH COMMANDS\n";
  append_commands(out, app, "maestro");
  append_list(out, "EXIT STATUS", kExits);
  append_list(out, "ENVIRONMENT", kEnvironment);
  out +=
      ".SH FILES\n.TP\n\\fI~/.config/maestro/credentials.json\\fR\nWhat maestro login has kept.\n";
  return out;
}

}  // namespace

void add_man(CLI::App& app, Context& context, Action& action) {
  CLI::App* man = app.add_subcommand("man", "Print the manual page: maestro man | man -l -");
  man->callback([&app, &context, &action] {
    action = [&app, &context] {
      const std::string page = manual(app);
      if (!context.json) {
        print_out(page);
        return ok();
      }
      json::Object out;
      out.set("page", page);
      print_out(json::print(json::Value(std::move(out))) + "\n");
      return ok();
    };
  });
}

}  // namespace mc::app
