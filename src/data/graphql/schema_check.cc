#include <algorithm>
#include <unordered_set>

#include "graphql/schema_build.h"

namespace mc::graphql {
namespace {

bool is_input_type(const TypeDef& type) {
  return type.is_leaf() || type.kind == NamedKind::input;
}

bool is_output_type(const TypeDef& type) {
  return type.kind != NamedKind::input;
}

// Type validation of the specification, section 3, in the order and words of graphql-js.
class SchemaCheck {
 public:
  SchemaCheck(const Schema& schema, Messages& messages) : schema_(schema), messages_(messages) {}

  void run() {
    check_roots();
    for (const DirectiveDef& directive : schema_.directives()) check_directive(directive);
    for (const TypeDef& type : schema_.types()) {
      // Introspection types may use the reserved prefix.
      if (!type.built_in) check_name(type.name);
      check_type(type);
    }
  }

 private:
  void report(std::string message) { messages_.push_back(std::move(message)); }

  void check_roots() {
    static constexpr const char* kNames[] = {"Query", "Mutation", "Subscription"};
    for (std::size_t kind = 0; kind < 3; ++kind) {
      const TypeDef* root = schema_.root(static_cast<OperationKind>(kind));
      if (root == nullptr) {
        if (kind == 0) report("Query root type must be provided.");
      } else if (root->kind != NamedKind::object) {
        report(std::string(kNames[kind]) + " root type must be Object type" +
               (kind == 0 ? "" : " if provided") + ", it cannot be " + root->name + ".");
      }
    }
  }

  void check_name(const std::string& name) {
    if (!name.starts_with("__")) return;
    report("Name \"" + name +
           "\" must not begin with \"__\", which is reserved by GraphQL introspection.");
  }

  void check_directive(const DirectiveDef& directive) {
    check_name(directive.name);
    for (const InputValueDef& argument : directive.arguments) {
      const std::string place = "@" + directive.name + "(" + argument.name + ":)";
      check_name(argument.name);
      check_argument(argument, place);
    }
  }

  void check_argument(const InputValueDef& argument, const std::string& place) {
    if (!is_input_type(schema_.type(argument.type.named))) {
      report("The type of " + place +
             " must be Input Type but got: " + schema_.type_text(argument.type) + ".");
    }
    if (argument.required() && argument.deprecated) {
      report("Required argument " + place + " cannot be deprecated.");
    }
  }

  void check_type(const TypeDef& type) {
    switch (type.kind) {
      case NamedKind::object:
      case NamedKind::interface:
        check_fields(type);
        check_interfaces(type);
        return;
      case NamedKind::union_:
        check_union(type);
        return;
      case NamedKind::enum_:
        if (type.enum_values.empty()) {
          report("Enum type " + type.name + " must define one or more values.");
        }
        for (const EnumValueDef& value : type.enum_values) check_name(value.name);
        return;
      case NamedKind::input:
        check_inputs(type);
        check_circles(type);
        return;
      case NamedKind::scalar:
        return;
    }
  }

  void check_fields(const TypeDef& type) {
    if (type.fields.empty()) report("Type " + type.name + " must define one or more fields.");
    for (const FieldDef& field : type.fields) {
      const std::string place = type.name + "." + field.name;
      check_name(field.name);
      if (!is_output_type(schema_.type(field.type.named))) {
        report("The type of " + place +
               " must be Output Type but got: " + schema_.type_text(field.type) + ".");
      }
      for (const InputValueDef& argument : field.arguments) {
        check_name(argument.name);
        check_argument(argument, place + "(" + argument.name + ":)");
      }
    }
  }

  void check_interfaces(const TypeDef& type) {
    std::unordered_set<TypeId> seen;
    for (const TypeId id : type.interfaces) {
      const TypeDef& interface = schema_.type(id);
      if (interface.kind != NamedKind::interface) {
        report("Type " + type.name + " must only implement Interface types, it cannot implement " +
               interface.name + ".");
      } else if (id == type.id) {
        report("Type " + type.name +
               " cannot implement itself because it would create a circular reference.");
      } else if (!seen.insert(id).second) {
        report("Type " + type.name + " can only implement " + interface.name + " once.");
      } else {
        check_ancestors(type, interface);
        for (const FieldDef& field : interface.fields) check_implements(type, interface, field);
      }
    }
  }

  void check_ancestors(const TypeDef& type, const TypeDef& interface) {
    for (const TypeId id : interface.interfaces) {
      const auto& own = type.interfaces;
      if (std::find(own.begin(), own.end(), id) != own.end()) continue;
      report(id == type.id ? "Type " + type.name + " cannot implement " + interface.name +
                                 " because it would create a circular reference."
                           : "Type " + type.name + " must implement " + schema_.type(id).name +
                                 " because it is implemented by " + interface.name + ".");
    }
  }

  void check_implements(const TypeDef& type, const TypeDef& interface, const FieldDef& wanted) {
    const std::string place = interface.name + "." + wanted.name;
    const FieldDef* own = type.field(wanted.name);
    if (own == nullptr) {
      report("Interface field " + place + " expected but " + type.name + " does not provide it.");
      return;
    }
    const std::string own_place = type.name + "." + own->name;
    if (!is_subtype(own->type, wanted.type)) {
      report("Interface field " + place + " expects type " + schema_.type_text(wanted.type) +
             " but " + own_place + " is type " + schema_.type_text(own->type) + ".");
    }
    for (const InputValueDef& argument : wanted.arguments) {
      const InputValueDef* given = own->argument(argument.name);
      const std::string suffix = "(" + argument.name + ":)";
      if (given == nullptr) {
        report("Interface field argument " + place + suffix + " expected but " + own_place +
               " does not provide it.");
      } else if (given->type != argument.type) {
        report("Interface field argument " + place + suffix + " expects type " +
               schema_.type_text(argument.type) + " but " + own_place + suffix + " is type " +
               schema_.type_text(given->type) + ".");
      }
    }
    for (const InputValueDef& argument : own->arguments) {
      if (wanted.argument(argument.name) != nullptr || !argument.required()) continue;
      report("Object field " + own_place + " includes required argument " + argument.name +
             " that is missing from the Interface field " + place + ".");
    }
  }

  // Covariance of return types: narrower, or non-null where null was allowed.
  bool is_subtype(TypeRef sub, TypeRef super) const {
    while (sub != super) {
      if (super.is_non_null()) {
        if (!sub.is_non_null()) return false;
        sub = sub.inner();
        super = super.inner();
      } else if (sub.is_non_null()) {
        sub = sub.inner();
      } else if (super.is_list() || sub.is_list()) {
        if (!super.is_list() || !sub.is_list()) return false;
        sub = sub.inner();
        super = super.inner();
      } else {
        const TypeDef& narrow = schema_.type(sub.named);
        const bool fits = narrow.kind == NamedKind::object || narrow.kind == NamedKind::interface;
        return fits && schema_.is_possible(super.named, sub.named);
      }
    }
    return true;
  }

  void check_union(const TypeDef& type) {
    if (type.possible.empty()) {
      report("Union type " + type.name + " must define one or more member types.");
    }
    std::unordered_set<TypeId> seen;
    for (const TypeId id : type.possible) {
      const TypeDef& member = schema_.type(id);
      if (!seen.insert(id).second) {
        report("Union type " + type.name + " can only include type " + member.name + " once.");
      } else if (member.kind != NamedKind::object) {
        report("Union type " + type.name + " can only include Object types, it cannot include " +
               member.name + ".");
      }
    }
  }

  void check_inputs(const TypeDef& type) {
    if (type.inputs.empty()) {
      report("Input Object type " + type.name + " must define one or more fields.");
    }
    for (const InputValueDef& input : type.inputs) {
      const std::string place = type.name + "." + input.name;
      check_name(input.name);
      if (!is_input_type(schema_.type(input.type.named))) {
        report("The type of " + place +
               " must be Input Type but got: " + schema_.type_text(input.type) + ".");
      }
      if (input.required() && input.deprecated) {
        report("Required input field " + place + " cannot be deprecated.");
      }
      if (!type.one_of) continue;
      if (input.type.is_non_null()) report("OneOf input field " + place + " must be nullable.");
      if (input.default_value) {
        report("OneOf input field " + place + " cannot have a default value.");
      }
    }
  }

  // The input type that a value of this field must contain, or null.
  const TypeDef* demanded(const InputValueDef& input) const {
    if (!input.type.is_non_null() || input.type.inner().wrappers != 0) return nullptr;
    const TypeDef& type = schema_.type(input.type.named);
    return type.kind == NamedKind::input ? &type : nullptr;
  }

  // Depth first over non-null input fields with a stack of our own; each type is entered once.
  void check_circles(const TypeDef& start) {
    struct Step {
      const TypeDef* type;
      std::size_t next;
    };
    if (!visited_.insert(start.id).second) return;
    std::vector<Step> stack{{&start, 0}};
    std::vector<const InputValueDef*> path;
    while (!stack.empty()) {
      Step& step = stack.back();
      if (step.next == step.type->inputs.size()) {
        stack.pop_back();
        if (!path.empty()) path.pop_back();
        continue;
      }
      const InputValueDef& input = step.type->inputs[step.next++];
      const TypeDef* target = demanded(input);
      if (target == nullptr) continue;
      const auto open =
          std::find_if(stack.begin(), stack.end(), [&](const Step& s) { return s.type == target; });
      if (open != stack.end()) {
        std::string text;
        for (auto at = static_cast<std::size_t>(open - stack.begin()); at < path.size(); ++at) {
          text += path[at]->name + ".";
        }
        report("Cannot reference Input Object \"" + target->name +
               "\" within itself through a series of non-null fields: \"" + text + input.name +
               "\".");
      } else if (visited_.insert(target->id).second) {
        path.push_back(&input);
        stack.push_back({target, 0});
      }
    }
  }

  const Schema& schema_;
  Messages& messages_;
  std::unordered_set<TypeId> visited_;
};

}  // namespace

void check_schema(const Schema& schema, Messages& messages) {
  SchemaCheck(schema, messages).run();
}

}  // namespace mc::graphql
