// rego.parse_module: a module as OPA's ast package prints it in JSON, without locations and
// comments.
#include "rego/rego.h"

namespace mc::rego {
namespace {

using term::Arena;
using term::Value;

constexpr std::string_view kTypes[] = {"null",
                                       "boolean",
                                       "number",
                                       "string",
                                       "var",
                                       "ref",
                                       "array",
                                       "set",
                                       "object",
                                       "arraycomprehension",
                                       "setcomprehension",
                                       "objectcomprehension",
                                       "call",
                                       "templatestring"};

// As deep as the parser allowed; every function below goes down one step of the tree.
class Printer {
 public:
  explicit Printer(Arena& arena) : arena_(arena) {}

  Value module(const Module& module) {
    Value out = term::object(arena_);
    Value package = term::object(arena_);
    put(package, "path", list(module.package.items));
    put(out, "package", package);
    if (!module.imports.empty()) {
      Value imports = term::array(arena_);
      for (const Import& one : module.imports) {
        Value import = term::object(arena_);
        put(import, "path", of(one.path));
        if (!one.alias.empty()) put(import, "alias", text(one.alias));
        term::append(arena_, imports, import);
      }
      put(out, "imports", imports);
    }
    if (!module.rules.empty()) {
      Value rules = term::array(arena_);
      for (const Rule& one : module.rules) term::append(arena_, rules, rule(one));
      put(out, "rules", rules);
    }
    return out;
  }

 private:
  Value text(std::string_view s) { return term::string(arena_, s); }
  void put(Value& object, std::string_view name, Value value) {
    term::insert(arena_, object, name, value);
  }
  Value list(const std::vector<Term>& items) {
    Value out = term::array(arena_, items.size());
    for (const Term& item : items) term::append(arena_, out, of(item));
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the parser allowed
  Value of(const Term& node) {
    Value out = term::object(arena_, 2);
    put(out, "type", text(kTypes[static_cast<std::size_t>(node.kind)]));
    put(out, "value", value_of(node));
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the parser allowed
  Value value_of(const Term& node) {
    switch (node.kind) {
      case Term::Kind::null:
        return Value::null();
      case Term::Kind::boolean:
        return Value::boolean(node.flag);
      case Term::Kind::number:
        return *term::parse_json(arena_, node.text);
      case Term::Kind::string:
      case Term::Kind::var:
        return text(node.text);
      case Term::Kind::object: {
        Value out = term::array(arena_);
        for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
          Value pair = term::array(arena_, 2);
          term::append(arena_, pair, of(node.items[i]));
          term::append(arena_, pair, of(node.items[i + 1]));
          term::append(arena_, out, pair);
        }
        return out;
      }
      case Term::Kind::array_comprehension:
      case Term::Kind::set_comprehension:
      case Term::Kind::object_comprehension:
        return comprehension(node);
      case Term::Kind::template_string: {
        Value out = term::object(arena_, 2);
        put(out, "parts", list(node.items));
        put(out, "multi_line", Value::boolean(node.flag));
        return out;
      }
      default:
        return list(node.items);
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the parser allowed
  Value comprehension(const Term& node) {
    Value out = term::object(arena_, 3);
    const bool object = node.kind == Term::Kind::object_comprehension;
    if (object) {
      put(out, "key", of(node.items[0]));
      put(out, "value", of(node.items[1]));
    } else {
      put(out, "term", of(node.items[0]));
    }
    put(out, "body", body(node.body));
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the parser allowed
  Value body(const Body& body) {
    Value out = term::array(arena_, body.size());
    for (std::size_t i = 0; i < body.size(); ++i) {
      Value one = expression(body[i]);
      put(one, "index", Value::integer(static_cast<std::int64_t>(i)));
      term::append(arena_, out, one);
    }
    if (body.empty()) {
      Expr yes;
      yes.terms.push_back(make_boolean(true, {}));
      Value one = expression(yes);
      put(one, "index", Value::integer(0));
      term::append(arena_, out, one);
    }
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the parser allowed
  Value expression(const Expr& expr) {
    Value out = term::object(arena_);
    put(out, "terms", terms(expr));
    if (expr.negated) put(out, "negated", Value::boolean(true));
    if (!expr.with.empty()) {
      Value with = term::array(arena_);
      for (const With& one : expr.with) {
        Value item = term::object(arena_, 2);
        put(item, "target", of(one.target));
        put(item, "value", of(one.value));
        term::append(arena_, with, item);
      }
      put(out, "with", with);
    }
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the parser allowed
  Value terms(const Expr& expr) {
    if (expr.kind == Expr::Kind::term) return of(expr.terms.front());
    if (expr.kind == Expr::Kind::call) return list(expr.terms);
    Value out = term::object(arena_);
    if (expr.kind == Expr::Kind::some) {
      put(out, "symbols", list(expr.terms));
      return out;
    }
    put(out, "key", of(expr.terms[0]));
    put(out, "value", of(expr.terms[1]));
    put(out, "domain", of(expr.terms[2]));
    put(out, "body", body(expr.body));
    return out;
  }

  Value head(const Head& head) {
    Value out = term::object(arena_);
    const bool is_ref = head.ref.kind == Term::Kind::ref;
    const Term& name = is_ref ? head.ref.items.front() : head.ref;
    if (!is_ref || head.ref.items.size() == 1) put(out, "name", text(name.text));
    put(out, "ref", is_ref ? list(head.ref.items) : list({head.ref}));
    if (!head.arguments.empty()) put(out, "args", list(head.arguments));
    if (head.key) put(out, "key", of(*head.key));
    if (head.value) put(out, "value", of(*head.value));
    if (head.assigned) put(out, "assign", Value::boolean(true));
    return out;
  }

  // NOLINTNEXTLINE(misc-no-recursion): as long as the chain of else, which the parser bounds
  Value rule(const Rule& rule) {
    Value out = term::object(arena_);
    if (rule.is_default) put(out, "default", Value::boolean(true));
    put(out, "head", head(rule.head));
    put(out, "body", body(rule.body));
    if (!rule.otherwise.empty()) put(out, "else", this->rule(rule.otherwise.front()));
    return out;
  }

  Arena& arena_;
};

Value parse_module_function(builtin::Context& context, std::span<const Value> operands) {
  if (!context.want(operands, 0, {term::Kind::string}) ||
      !context.want(operands, 1, {term::Kind::string})) {
    return {};
  }
  const auto module = parse_module(operands[1].text(), std::string(operands[0].text()));
  if (!module) {
    const Diagnostic& first = module.error().front();
    const std::string where = first.file + ":" + std::to_string(first.at.row) + ": ";
    return context.fail("1 error occurred: " + where + first.code + ": " + first.message);
  }
  return Printer(context.arena).module(*module);
}

}  // namespace

builtin::Builtin parse_module_builtin() {
  return {.name = "rego.parse_module",
          .signature = "(filename: string, rego: string) => object[string: any]",
          .function = parse_module_function};
}

}  // namespace mc::rego
