#include <algorithm>

#include "graphql/literal.h"
#include "graphql/schema.h"

namespace mc::graphql {
namespace {

// Text of a schema as graphql-js printSchema writes it: descriptions as block strings, a blank line
// before a described member unless it is the first.
class SchemaPrinter {
 public:
  explicit SchemaPrinter(const Schema& schema) : schema_(schema) {}

  std::string print() {
    print_roots();
    for (const DirectiveDef& directive : schema_.directives()) {
      if (!directive.built_in) print_directive(directive);
    }
    for (const TypeDef& type : schema_.types()) {
      if (!type.built_in) print_type(type);
    }
    return std::move(out_);
  }

 private:
  void start_part() {
    if (!out_.empty()) out_ += "\n\n";
  }

  void print_description(const std::string& text, std::string_view indent, bool first = true) {
    if (text.empty()) return;
    if (!indent.empty() && !first) out_ += "\n";
    const std::string quoted =
        printable_as_block_string(text) ? print_block_string(text) : print_string(text);
    out_ += indent;
    for (const char c : quoted) {
      out_.push_back(c);
      if (c == '\n') out_ += indent;
    }
    out_ += "\n";
  }

  void print_roots() {
    static constexpr const char* kKinds[] = {"query", "mutation", "subscription"};
    static constexpr const char* kCommon[] = {"Query", "Mutation", "Subscription"};
    std::string lines;
    bool common = schema_.description().empty();
    for (std::size_t kind = 0; kind < 3; ++kind) {
      const TypeDef* root = schema_.root(static_cast<OperationKind>(kind));
      if (root == nullptr) continue;
      common = common && root->name == kCommon[kind];
      lines.append("  ").append(kKinds[kind]).append(": ").append(root->name).append("\n");
    }
    if (common) return;
    print_description(schema_.description(), "");
    out_ += "schema {\n" + lines + "}";
  }

  void print_directive(const DirectiveDef& directive) {
    start_part();
    print_description(directive.description, "");
    out_ += "directive @" + directive.name;
    print_arguments(directive.arguments, "");
    if (directive.repeatable) out_ += " repeatable";
    for (const std::string& location : directive.locations) {
      out_ += (&location == &directive.locations.front() ? " on " : " | ") + location;
    }
  }

  void print_type(const TypeDef& type) {
    static constexpr const char* kKeywords[] = {"scalar", "type", "interface",
                                                "union",  "enum", "input"};
    start_part();
    print_description(type.description, "");
    out_.append(kKeywords[static_cast<std::size_t>(type.kind)]).append(" ").append(type.name);
    if (!type.specified_by.empty()) {
      out_ += " @specifiedBy(url: " + print_string(type.specified_by) + ")";
    }
    if (type.one_of) out_ += " @oneOf";
    if (type.kind == NamedKind::union_) {
      print_names(type.possible, " = ", " | ");
      return;
    }
    print_names(type.interfaces, " implements ", " & ");
    print_members(type);
  }

  void print_names(const std::vector<TypeId>& ids, const char* first, const char* next) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      out_.append(i == 0 ? first : next).append(schema_.type(ids[i]).name);
    }
  }

  void print_members(const TypeDef& type) {
    bool first = true;
    const auto start = [&](const std::string& description) {
      out_ += first ? " {\n" : "\n";
      print_description(description, "  ", first);
      out_ += "  ";
      first = false;
    };
    for (const FieldDef& field : type.fields) {
      start(field.description);
      out_ += field.name;
      print_arguments(field.arguments, "  ");
      out_ += ": " + schema_.type_text(field.type);
      print_deprecated(field.deprecated);
    }
    for (const EnumValueDef& value : type.enum_values) {
      start(value.description);
      out_ += value.name;
      print_deprecated(value.deprecated);
    }
    for (const InputValueDef& input : type.inputs) {
      start(input.description);
      print_input(input);
    }
    if (!first) out_ += "\n}";
  }

  void print_arguments(const std::vector<InputValueDef>& arguments, const std::string& indent) {
    if (arguments.empty()) return;
    const bool plain = std::all_of(arguments.begin(), arguments.end(), [](const auto& argument) {
      return argument.description.empty();
    });
    out_ += plain ? "(" : "(\n";
    for (const InputValueDef& argument : arguments) {
      const bool first = &argument == &arguments.front();
      if (!first) out_ += plain ? ", " : "\n";
      if (!plain) {
        print_description(argument.description, "  " + indent, first);
        out_ += "  " + indent;
      }
      print_input(argument);
    }
    out_ += plain ? ")" : "\n" + indent + ")";
  }

  void print_input(const InputValueDef& input) {
    out_ += input.name + ": " + schema_.type_text(input.type);
    if (!input.default_text.empty()) out_ += " = " + input.default_text;
    print_deprecated(input.deprecated);
  }

  void print_deprecated(const std::optional<std::string>& reason) {
    if (!reason) return;
    out_ += " @deprecated";
    if (*reason != "No longer supported") out_ += "(reason: " + print_string(*reason) + ")";
  }

  const Schema& schema_;
  std::string out_;
};

}  // namespace

std::string print_schema(const Schema& schema) {
  return SchemaPrinter(schema).print();
}

}  // namespace mc::graphql
