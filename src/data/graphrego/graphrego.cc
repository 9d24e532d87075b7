#include "graphrego/graphrego.h"

#include <optional>
#include <string>
#include <utility>

#include "graphrego/document.h"
#include "graphrego/tree.h"
#include "graphrego/validate.h"

namespace mc::graphrego {

namespace {

using builtin::Context;
using builtin::Failure;
using Operands = std::span<const Value>;

std::string placed(const Fault& fault) {
  return fault.message + " in GraphQL string at location " + std::to_string(fault.at.line) + ":" +
         std::to_string(fault.at.column);
}

// "input:3:5: ", as gqlparser starts its errors.
std::string prefix(const Place& at) {
  if (at.line == 0) return "input: ";
  return "input:" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
}

// A trees's text costs about a step a byte.
bool may_parse(Context& context, std::string_view text) {
  static constexpr std::size_t kTreeBytesPerByte = 64;
  return context.reserve(text.size() * kTreeBytesPerByte) &&
         context.spend(static_cast<std::int64_t>(text.size()));
}

using Parse = Parsed (*)(term::Arena&, std::string_view);

// The tree of an operand that is text or a tree already; a message when there is none.
tl::expected<Value, std::string> tree_of(Context& context, Value operand, Parse parse) {
  if (operand.is_object()) {
    if (is_shallow(operand)) return operand;
    return tl::unexpected<std::string>("the syntax tree is nested too deeply");
  }
  if (!may_parse(context, operand.text())) return tl::unexpected<std::string>("");
  const Parsed parsed = parse(context.arena, operand.text());
  if (parsed.fault) return tl::unexpected(placed(*parsed.fault));
  return parsed.tree;
}

struct Trees {
  Value query, schema;
};

// Nothing when the schema is right and the query is right for it, else what is wrong.
std::optional<std::string> check_schema(Value tree, Schema& made) {
  std::optional<SchemaDocument> document = read_schema(tree);
  if (!document) return "the syntax tree of the schema has members of the wrong kind";
  SchemaResult result = make_schema(std::move(*document));
  if (result.fault) {
    return "Error in gqlparser SchemaDocument to Schema conversion: " + prefix(result.fault->at) +
           result.fault->message;
  }
  made = std::move(result.schema);
  return std::nullopt;
}

// All findings in one message, as OPA takes them from gqlparser's list.
std::string query_message(const std::vector<Fault>& faults) {
  std::string text = faults[0].message;
  for (std::size_t i = 1; i < faults.size(); ++i) {
    text += "\n" + prefix(faults[i].at) + faults[i].message;
  }
  if (text.ends_with('.')) text.pop_back();
  return placed({std::move(text), faults[0].at});
}

std::optional<std::string> check_query(Context& context, const Trees& trees) {
  Schema schema;
  if (std::optional<std::string> wrong = check_schema(trees.schema, schema)) return wrong;
  std::optional<QueryDocument> query = read_query(trees.query);
  if (!query) return "the syntax tree of the query has members of the wrong kind";
  const Findings findings =
      validate(schema, *query, [&](std::int64_t steps) { return context.spend(steps); });
  if (findings.exhausted) return "the query is too complex to be checked";
  if (findings.faults.empty()) return std::nullopt;
  return query_message(findings.faults);
}

tl::expected<Trees, std::string> checked_trees(Context& context, Operands operands) {
  Trees trees;
  auto query = tree_of(context, operands[0], parse_query);
  if (!query) return tl::unexpected(query.error());
  trees.query = *query;
  auto schema = tree_of(context, operands[1], parse_schema);
  if (!schema) return tl::unexpected(schema.error());
  trees.schema = *schema;
  if (std::optional<std::string> wrong = check_query(context, trees)) {
    return tl::unexpected(std::move(*wrong));
  }
  return trees;
}

bool is_tree_or_text(Value operand) {
  return operand.is_string() || operand.is_object();
}

Value parse(Context& context, Operands operands) {
  for (std::size_t i = 0; i < 2; ++i) {
    if (is_tree_or_text(operands[i])) continue;
    // OPA counts these operands from 0.
    return context.fail(Failure::type, "operand " + std::to_string(i) +
                                           " must be one of {string, object} but got " +
                                           std::string(term::kind_name(operands[i].kind())));
  }
  const auto trees = checked_trees(context, operands);
  if (context.fault) return {};
  if (!trees) return context.fail(trees.error());
  Value result = term::array(context.arena, 2);
  term::append(context.arena, result, prune(context.arena, trees->query));
  term::append(context.arena, result, prune(context.arena, trees->schema));
  return result;
}

// [valid, query, schema]; empty trees when something is wrong.
Value parse_and_verify(Context& context, Operands operands) {
  const Value empty = term::object(context.arena);
  Value parts[] = {Value::boolean(false), empty, empty};
  if (is_tree_or_text(operands[0]) && is_tree_or_text(operands[1])) {
    const auto trees = checked_trees(context, operands);
    if (context.fault) return {};
    if (trees) {
      parts[0] = Value::boolean(true);
      parts[1] = prune(context.arena, trees->query);
      parts[2] = prune(context.arena, trees->schema);
    }
  }
  return term::array(context.arena, parts);
}

Value parse_only(Context& context, Operands operands, Parse parse_text) {
  if (!context.want(operands, 0, {term::Kind::string})) return {};
  const auto tree = tree_of(context, operands[0], parse_text);
  if (context.fault) return {};
  if (!tree) return context.fail(tree.error());
  return prune(context.arena, *tree);
}

Value parse_query_text(Context& context, Operands operands) {
  return parse_only(context, operands, parse_query);
}

Value parse_schema_text(Context& context, Operands operands) {
  return parse_only(context, operands, parse_schema);
}

Value is_valid(Context& context, Operands operands) {
  if (!is_tree_or_text(operands[0]) || !is_tree_or_text(operands[1])) {
    return Value::boolean(false);
  }
  const auto trees = checked_trees(context, operands);
  if (context.fault) return {};
  return Value::boolean(trees.has_value());
}

Value schema_is_valid(Context& context, Operands operands) {
  if (!is_tree_or_text(operands[0])) return Value::boolean(false);
  const auto tree = tree_of(context, operands[0], parse_schema);
  if (context.fault) return {};
  Schema schema;
  return Value::boolean(tree.has_value() && !check_schema(*tree, schema));
}

}  // namespace

std::vector<builtin::Builtin> graphql_builtins() {
  static constexpr std::string_view kBoth =
      "(query: string | object[any: any], schema: string | object[any: any]) => ";
  static const std::string both(kBoth);
  static const std::string trees = both + "array<object[any: any], object[any: any]>";
  static const std::string verified = both + "array<boolean, object[any: any], object[any: any]>";
  static const std::string valid = both + "boolean";
  return {
      {"graphql.is_valid", valid, is_valid},
      {"graphql.parse", trees, parse},
      {"graphql.parse_and_verify", verified, parse_and_verify},
      {"graphql.parse_query", "(query: string) => object[any: any]", parse_query_text},
      {"graphql.parse_schema", "(schema: string) => object[any: any]", parse_schema_text},
      {"graphql.schema_is_valid", "(schema: string | object[any: any]) => boolean",
       schema_is_valid},
  };
}

}  // namespace mc::graphrego
