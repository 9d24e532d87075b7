// The command line of a program: a tree of commands with their options, by CLI11.
//
//   cli::Line line("What it is", "maestro", "maestro 0.1.0");
//   cli::Command& tenant = line.root().add("tenant", "Tenants");
//   cli::Command& show = tenant.add("show", "One tenant");
//   show.option("ID", flags->id, "Tenant").required();
//   show.runs([flags] { return show_tenant(*flags); });
//   const cli::Parsed parsed = line.parse(argc, argv);
//
// A command with commands below it needs one of them to be named; one without needs an action. The
// options of a command may also stand after the words of a command below it. Targets are written by
// parse() and outlive the line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/base.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mc::cli {

using Action = std::function<Status()>;

// An option that was just added: how it is restricted.
class Option {
 public:
  explicit Option(CLI::Option& held) : held_(held) {}
  Option& required();
  Option& environment(const char* name);  // read from there when the line does not say
  Option& one_of(std::vector<std::string> allowed);
  Option& between(std::int64_t least, std::int64_t most);

 private:
  CLI::Option& held_;
};

// An option as help and completion see it.
struct Described {
  std::vector<std::string> short_names;  // without dashes
  std::vector<std::string> long_names;
  std::string positional;  // "FILE"; "" of a flag
  std::string value;       // what the help calls its value, "TEXT"; "" when it takes none
  std::string help;
};

class Command {
 public:
  explicit Command(CLI::App& app);
  ~Command();

  // `name` is one word. Lives as long as the line.
  Command& add(const char* name, const char* help);
  // `names` as CLI11 has them: "--tenant", "-q,--quiet", or "FILE" for a word without dashes.
  Option option(const char* names, std::string& target, const char* help);
  Option option(const char* names, std::int64_t& target, const char* help);
  Option option(const char* names, std::uint64_t& target, const char* help);
  // May be given several times, one value each; without dashes all words that are left.
  Option option(const char* names, std::vector<std::string>& target, const char* help);
  Option flag(const char* names, bool& target, const char* help);
  void runs(Action action);

  std::string name() const;
  std::string help() const;
  std::vector<const Command*> commands() const;  // in the order they were added
  std::vector<Described> options() const;        // --help among them

 private:
  friend class Line;
  const Action* chosen() const;  // of the command that the line named
  CLI::App& app_;
  Action action_;
  std::vector<std::unique_ptr<Command>> commands_;
};

// What a line asked for.
struct Parsed {
  int exit = 0;   // 0 after --help or --version, 2 for wrong usage; all has been printed
  Action action;  // empty when there is nothing to run
};

class Line {
 public:
  Line(const char* help, const char* name, const std::string& version);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  Command& root() { return *root_; }
  Parsed parse(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> app_;
  std::unique_ptr<Command> root_;
};

}  // namespace mc::cli
