// maestro man: the manual page, made from the commands that this program has.

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

std::string names_of(const cli::Described& option) {
  if (!option.positional.empty()) return "\\fI" + escaped(option.positional) + "\\fR";
  std::string out;
  for (const std::string& name : option.short_names) out.append("\\fB\\-" + name + "\\fR, ");
  for (const std::string& name : option.long_names)
    out.append("\\fB\\-\\-" + escaped(name) + "\\fR, ");
  out.resize(out.size() - 2);
  if (!option.value.empty()) out.append(" \\fI" + escaped(option.value) + "\\fR");
  return out;
}

bool is_help(const cli::Described& option) {
  return option.long_names == std::vector<std::string>{"help"};
}

void append_options(std::string& out, const cli::Command& command, bool with_help) {
  for (const cli::Described& option : command.options()) {
    if (!with_help && is_help(option)) continue;
    out.append(".TP\n" + names_of(option) + "\n" + escaped(option.help) + "\n");
  }
}

std::string synopsis_of(const cli::Command& command, const std::string& path) {
  std::string out = "\\fB" + escaped(path) + "\\fR";
  for (const cli::Described& option : command.options()) {
    if (!option.positional.empty()) out.append(" \\fI" + escaped(option.positional) + "\\fR");
  }
  return out;
}

// Commands that do something, in the order of the help.
void append_commands(std::string& out, const cli::Command& above, const std::string& path) {
  for (const cli::Command* command : above.commands()) {
    const std::string name = path + " " + command->name();
    if (!command->commands().empty()) {
      append_commands(out, *command, name);
      continue;
    }
    out.append(".SS " + synopsis_of(*command, name) + "\n");
    out.append(escaped(command->help()) + ".\n");
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

std::string manual(const cli::Command& app) {
  std::string out = ".\\\" Made by maestro man.\n.TH MAESTRO 1 \"\" \"maestro " + kVersion + "\"\n";
  out += ".SH NAME\nmaestro \\- governance for multi\\-tenant data and GraphQL APIs\n";
  out += ".SH SYNOPSIS\n\\fBmaestro\\fR [\\fIoptions\\fR] \\fIcommand\\fR ...\n";
  out +=
      ".SH DESCRIPTION\n" + escaped(app.help()) +
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

void add_man(cli::Command& app, Context& context) {
  cli::Command& man = app.add("man", "Print the manual page: maestro man | man -l -");
  man.runs([&app, &context] {
    const std::string page = manual(app);
    if (!context.json) {
      print_out(page);
      return ok();
    }
    json::Object out;
    out.set("page", page);
    print_out(json::print(json::Value(std::move(out))) + "\n");
    return ok();
  });
}

}  // namespace mc::app
