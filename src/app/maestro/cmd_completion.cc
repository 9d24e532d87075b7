// maestro completion: a script for the shell, made from the commands that this program has.
#include <memory>

#include "maestro/command.h"

namespace mc::app {
namespace {

const std::string kRoot = "maestro";

// What may follow a path of commands, "maestro tenant".
struct Node {
  std::string path;
  std::string words;  // commands and flags, separated by spaces
};

std::string flags_of(const cli::Command& command) {
  std::string out;
  for (const cli::Described& option : command.options()) {
    for (const std::string& name : option.long_names) out.append(" --").append(name);
  }
  return out;
}

// `shared` are the flags of the root, which may stand behind every command.
void collect(const cli::Command& command, const std::string& path, const std::string& shared,
             std::vector<Node>& out) {
  Node node{path, ""};
  std::vector<Node> below;
  for (const cli::Command* next : command.commands()) {
    node.words.append(next->name()).append(" ");
    collect(*next, path + " " + next->name(), shared, below);
  }
  node.words.append(path == kRoot ? "" : flags_of(command)).append(shared);
  out.push_back(std::move(node));
  out.insert(out.end(), below.begin(), below.end());
}

// Names are of a-z and dashes, so nothing needs quoting inside double quotes.
std::string bash_script(const cli::Command& app) {
  std::vector<Node> nodes;
  collect(app, kRoot, flags_of(app), nodes);
  std::string out =
      "# Completion of maestro for bash: source <(maestro completion bash)\n"
      "_maestro() {\n"
      "  local path=maestro words= word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n";
  for (const Node& node : nodes) {
    if (node.path != kRoot)
      out.append("      \"" + node.path + "\") path=\"" + node.path + "\" ;;\n");
  }
  out += "    esac\n  done\n  case \"$path\" in\n";
  for (const Node& node : nodes) {
    out.append("    \"" + node.path + "\") words=\"" + node.words + "\" ;;\n");
  }
  out +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "}\n"
      "complete -o default -F _maestro maestro\n";
  return out;
}

std::string zsh_script(const cli::Command& app) {
  std::vector<Node> nodes;
  collect(app, kRoot, flags_of(app), nodes);
  std::string out =
      "#compdef maestro\n"
      "# Completion of maestro for zsh: source <(maestro completion zsh)\n"
      "_maestro() {\n"
      "  local place=maestro word\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    case \"$place $word\" in\n";
  for (const Node& node : nodes) {
    if (node.path != kRoot)
      out.append("      \"" + node.path + "\") place=\"" + node.path + "\" ;;\n");
  }
  out += "    esac\n  done\n  case \"$place\" in\n";
  for (const Node& node : nodes) {
    out.append("    \"" + node.path + "\") compadd -- " + node.words + " ;;\n");
  }
  return out + "  esac\n  _files\n}\ncompdef _maestro maestro\n";
}

// A path of commands stands for its node when it is the longest that the line begins with; flags in
// between are skipped.
std::string fish_script(const cli::Command& app) {
  std::vector<Node> nodes;
  collect(app, kRoot, flags_of(app), nodes);
  std::string out =
      "# Completion of maestro for fish: maestro completion fish | source\n"
      "function __maestro_words\n"
      "  set -l place maestro\n"
      "  for word in (commandline -opc)[2..]\n"
      "    switch \"$place $word\"\n";
  for (const Node& node : nodes) {
    if (node.path != kRoot)
      out.append("      case \"" + node.path + "\"\n        set place \"" + node.path + "\"\n");
  }
  out += "    end\n  end\n  switch $place\n";
  for (const Node& node : nodes) {
    out.append("    case \"" + node.path + "\"\n      printf '%s\\n' " + node.words + "\n");
  }
  return out + "  end\nend\ncomplete -c maestro -a '(__maestro_words)'\n";
}

}  // namespace

void add_completion(cli::Command& app, Context& context) {
  cli::Command& completion =
      app.add("completion", "Print completion of commands and flags for a shell");
  auto shell = std::make_shared<std::string>();
  completion.option("SHELL", *shell, "bash, zsh or fish")
      .required()
      .one_of({"bash", "zsh", "fish"});
  completion.runs([&app, &context, shell] {
    const std::string script = *shell == "zsh"    ? zsh_script(app)
                               : *shell == "fish" ? fish_script(app)
                                                  : bash_script(app);
    if (!context.json) {
      print_out(script);
      return ok();
    }
    json::Object out;
    out.set("shell", *shell);
    out.set("script", script);
    print_out(json::print(json::Value(std::move(out))) + "\n");
    return ok();
  });
}

}  // namespace mc::app
