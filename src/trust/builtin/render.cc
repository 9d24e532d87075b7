#include "builtin/render.h"

#include <algorithm>

#include "builtin/datum.h"
#include "builtin/template.h"

namespace mc::builtin {
namespace {

using tmpl::Argument;
using tmpl::Command;
using tmpl::Datum;
using tmpl::List;
using tmpl::Node;
using tmpl::Pipe;

constexpr int kDepthMax = 300;  // of actions in actions, through the templates they call

struct Variable {
  std::string name;
  Datum value;
};

// How a list of nodes ended.
enum class Flow : std::uint8_t { on, break_, continue_ };

// NOLINTBEGIN(misc-no-recursion): bounded by kDepthMax, and pipelines by the parser
class Renderer {
 public:
  Renderer(Context& context, std::string_view source, const tmpl::Template& parsed)
      : context_(context), source_(source), template_(parsed) {}

  Result<std::string> run(const Datum& data) {
    variables_.push_back({"$", data});
    MC_TRY_OK(list(template_.body, data));
    return std::move(out_);
  }

 private:
  tl::unexpected<Error> fail(std::size_t at, std::string_view context, const std::string& what) {
    const std::size_t line = source_.rfind('\n', at == 0 ? 0 : at - 1);
    const std::size_t column = line == std::string_view::npos || at == 0 ? at : at - line - 1;
    return tl::unexpected(
        Error{Code::invalid, "template: template:" + std::to_string(tmpl::line_of(source_, at)) +
                                 ":" + std::to_string(column) + ": executing \"template\" at <" +
                                 std::string(context) + ">: " + what});
  }

  Status emit(std::string_view text) {
    if (!context_.spend(1 + static_cast<std::int64_t>(text.size() / 64)) ||
        !context_.reserve(out_.size() + text.size())) {
      return tl::unexpected(Error{Code::exhausted, context_.fault->message});
    }
    out_ += text;
    return {};
  }

  Result<Flow> list(const List& nodes, const Datum& dot) {
    if (++depth_ > kDepthMax) {
      return fail(nodes.empty() ? 0 : nodes.front().at, "{{template}}",
                  "exceeded maximum template depth (" + std::to_string(kDepthMax) + ")");
    }
    Flow flow = Flow::on;
    for (std::size_t i = 0; i < nodes.size() && flow == Flow::on; ++i) {
      MC_TRY(flow, one(nodes[i], dot));
    }
    --depth_;
    return flow;
  }

  // Variables declared inside end with it.
  Result<Flow> scoped(const List& nodes, const Datum& dot) {
    const std::size_t outer = variables_.size();
    auto flow = list(nodes, dot);
    variables_.resize(outer);
    return flow;
  }

  Result<Flow> one(const Node& node, const Datum& dot) {
    const std::size_t outer = variables_.size();
    switch (node.kind) {
      case Node::Kind::text:
        MC_TRY_OK(emit(node.text));
        return Flow::on;
      case Node::Kind::action: {
        MC_TRY(const Datum value, pipeline(node.pipe, dot));
        if (!node.pipe.variables.empty()) return Flow::on;
        MC_TRY_OK(emit(tmpl::shown(value, "<undefined>")));
        return Flow::on;
      }
      case Node::Kind::break_:
        return Flow::break_;
      case Node::Kind::continue_:
        return Flow::continue_;
      case Node::Kind::call:
        MC_TRY_OK(call_template(node, dot));
        return Flow::on;
      case Node::Kind::range: {
        auto flow = range(node, dot);
        variables_.resize(outer);
        return flow;
      }
      default: {
        MC_TRY(const Datum value, pipeline(node.pipe, dot));
        const bool holds = tmpl::is_true(value);
        auto flow = holds ? scoped(node.body, node.kind == Node::Kind::with ? value : dot)
                          : scoped(node.otherwise, dot);
        variables_.resize(outer);
        return flow;
      }
    }
  }

  Status call_template(const Node& node, const Datum& dot) {
    const auto at = template_.defined.find(node.text);
    if (at == template_.defined.end()) {
      return fail(node.at, "{{template \"" + node.text + "\"}}",
                  "template \"" + node.text + "\" not defined");
    }
    Datum value;
    value.missing = true;
    if (!node.pipe.commands.empty()) {
      MC_TRY(value, pipeline(node.pipe, dot));
    }
    std::vector<Variable> inner{{"$", value}};
    std::swap(variables_, inner);
    const auto flow = list(at->second, value);
    std::swap(variables_, inner);
    if (!flow) return tl::unexpected(flow.error());
    return {};
  }

  // One turn of a loop. `variables` of the pipe are the last or the last two.
  Result<Flow> turn(const Node& node, const Datum& key, const Datum& item) {
    if (!context_.spend(1)) {
      return tl::unexpected(Error{Code::exhausted, context_.fault->message});
    }
    const std::size_t outer = variables_.size();
    const auto& names = node.pipe.variables;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Datum& value = i + 1 == names.size() ? item : key;
      if (node.pipe.sets) {
        assign(names[i], value);
      } else {
        variables_.push_back({names[i], value});
      }
    }
    auto flow = list(node.body, item);
    variables_.resize(outer);
    return flow;
  }

  Result<Flow> range(const Node& node, const Datum& dot) {
    MC_TRY(const Datum over, commands(node.pipe, dot));
    const bool counts = over.kind == Datum::Kind::integer;
    const bool is_object = over.kind == Datum::Kind::object;
    if (!counts && !is_object && over.kind != Datum::Kind::array && over.kind != Datum::Kind::nil) {
      return fail(node.pipe.at, source_of(node.pipe),
                  "range can't iterate over " + tmpl::shown(over, "<nil>"));
    }
    const std::int64_t size = counts ? over.integer : static_cast<std::int64_t>(over.value.size());
    if (size <= 0) return scoped(node.otherwise, dot);
    for (std::int64_t i = 0; i < size; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const Datum key = is_object ? Datum::of(over.value.members()[at].key) : Datum::of(i);
      const Datum item = counts      ? Datum::of(i)
                         : is_object ? Datum::of(over.value.members()[at].value)
                                     : Datum::of(over.value.items()[at]);
      MC_TRY(const Flow flow, turn(node, key, item));
      if (flow == Flow::break_) break;
    }
    return Flow::on;
  }

  std::string source_of(const Pipe& pipe) const {
    return pipe.commands.empty() ? "" : pipe.commands.front().arguments.front().source;
  }

  void assign(const std::string& name, const Datum& value) {
    const auto at = std::find_if(variables_.rbegin(), variables_.rend(),
                                 [&](const Variable& variable) { return variable.name == name; });
    if (at != variables_.rend()) at->value = value;
  }

  Result<Datum> pipeline(const Pipe& pipe, const Datum& dot) {
    MC_TRY(Datum value, commands(pipe, dot));
    for (const std::string& name : pipe.variables) {
      if (pipe.sets) {
        assign(name, value);
      } else {
        variables_.push_back({name, value});
      }
    }
    return value;
  }

  // Each command gets the value of the one before as its last argument.
  Result<Datum> commands(const Pipe& pipe, const Datum& dot) {
    std::optional<Datum> last;
    for (const Command& command : pipe.commands) {
      MC_TRY(Datum value, run_command(command, dot, last));
      last = std::move(value);
    }
    return last.value_or(Datum());
  }

  Result<Datum> run_command(const Command& command, const Datum& dot,
                            const std::optional<Datum>& last) {
    if (!context_.spend(1)) {
      return tl::unexpected(Error{Code::exhausted, context_.fault->message});
    }
    const Argument& first = command.arguments.front();
    if (first.kind == Argument::Kind::function) return call(command, dot, last);
    if (command.arguments.size() > 1 || last) {
      return fail(first.at, first.source, "can't give argument to non-function " + first.source);
    }
    if (first.kind == Argument::Kind::nil) {
      return fail(first.at, first.source, "nil is not a command");
    }
    return evaluate(first, dot);
  }

  Result<Datum> call(const Command& command, const Datum& dot, const std::optional<Datum>& last) {
    const Argument& first = command.arguments.front();
    const bool is_and = first.text == "and", is_or = first.text == "or";
    tmpl::Arguments arguments;
    for (std::size_t i = 1; i < command.arguments.size(); ++i) {
      MC_TRY(Datum value, evaluate(command.arguments[i], dot));
      // The first that decides is the result; what follows is not evaluated.
      if ((is_and && !tmpl::is_true(value)) || (is_or && tmpl::is_true(value))) return value;
      arguments.push_back(std::move(value));
    }
    if (last) arguments.push_back(*last);
    if (is_and || is_or) {
      if (!arguments.empty()) return arguments.back();
      return fail(first.at, first.source,
                  "wrong number of args for " + first.text + ": want at least 1 got 0");
    }
    auto result = tmpl::call(context_, first.text, arguments);
    if (!result) {
      return fail(first.at, command.arguments.size() > 1 ? first.source + " ..." : first.source,
                  "error calling " + first.text + ": " + result.error().what);
    }
    return take_fields(first, *std::move(result));
  }

  Result<Datum> evaluate(const Argument& argument, const Datum& dot) {
    Datum value;
    switch (argument.kind) {
      case Argument::Kind::dot:
        value = dot;
        break;
      case Argument::Kind::variable: {
        const auto at =
            std::find_if(variables_.rbegin(), variables_.rend(),
                         [&](const Variable& variable) { return variable.name == argument.text; });
        if (at == variables_.rend()) {
          return fail(argument.at, argument.source, "undefined variable: " + argument.text);
        }
        value = at->value;
        break;
      }
      case Argument::Kind::text:
        return Datum::of_text(argument.text);
      case Argument::Kind::integer:
        return Datum::of(argument.integer);
      case Argument::Kind::floating:
        value.kind = Datum::Kind::floating;
        value.floating = argument.floating;
        return value;
      case Argument::Kind::boolean:
        return Datum::of(argument.integer != 0);
      case Argument::Kind::nil:
        return value;
      case Argument::Kind::function: {
        const Command alone{{argument}};
        return call(alone, dot, std::nullopt);
      }
      case Argument::Kind::pipe: {
        MC_TRY(value, pipeline(*argument.pipe, dot));
        break;
      }
    }
    return take_fields(argument, std::move(value));
  }

  Result<Datum> take_fields(const Argument& argument, Datum value) {
    for (const std::string& field : argument.fields) {
      if (value.kind == Datum::Kind::object) {
        value = Datum::of(value.value.find(field));
      } else if (value.kind == Datum::Kind::nil) {
        if (value.missing) continue;  // of nothing comes nothing
        return fail(argument.at, argument.source, "nil pointer evaluating interface {}." + field);
      } else {
        return fail(
            argument.at, argument.source,
            "can't evaluate field " + field + " in type " + std::string(tmpl::type_of(value)));
      }
    }
    return value;
  }

  Context& context_;
  std::string_view source_;
  const tmpl::Template& template_;
  std::string out_;
  std::vector<Variable> variables_;
  int depth_ = 0;
};
// NOLINTEND(misc-no-recursion)

}  // namespace

std::optional<std::string> render(Context& context, std::string_view source, Value data) {
  if (!context.spend(static_cast<std::int64_t>(source.size() / 16))) return std::nullopt;
  const auto parsed = tmpl::parse(source);
  if (!parsed) {
    context.fail(parsed.error().what);
    return std::nullopt;
  }
  // Go sees what JSON holds of the object: sets are arrays, all keys are text.
  const std::string json = term::to_json(data);
  if (!context.reserve(json.size() * 4)) return std::nullopt;
  const auto plain = term::parse_json(context.arena, json);
  if (!plain) {
    context.fail(plain.error().what);
    return std::nullopt;
  }
  auto text = Renderer(context, source, *parsed).run(Datum::of(*plain));
  if (text) return *std::move(text);
  if (!context.fault) context.fail(text.error().what);
  return std::nullopt;
}

}  // namespace mc::builtin
