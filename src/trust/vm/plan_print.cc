#include "json/json.h"
#include "vm/plan.h"
#include "vm/plan_names.h"

namespace mc::vm::plan {
namespace {

class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  void print(const Policy& policy) {
    out_.begin_object().key("static").begin_object();
    texts("strings", "value", policy.strings, [](const std::string& text) { return text; });
    texts("builtin_funcs", "name", policy.builtins,
          [](const BuiltinFunction& builtin) { return builtin.name; });
    texts("files", "value", policy.files, [](const std::string& text) { return text; });
    out_.end_object().key("plans").begin_object().key("plans").begin_array();
    for (const Plan& plan : policy.plans) {
      out_.begin_object().member("name", plan.name);
      print_blocks(plan.blocks);
      out_.end_object();
    }
    out_.end_array().end_object().key("funcs").begin_object().key("funcs").begin_array();
    for (const Function& function : policy.functions) print_function(function);
    out_.end_array().end_object().end_object();
  }

 private:
  template <class T, class F>
  void texts(const char* name, const char* member, const std::vector<T>& list, F&& text) {
    out_.key(name).begin_array();
    for (const T& item : list) out_.begin_object().member(member, text(item)).end_object();
    out_.end_array();
  }

  void print_function(const Function& function) {
    out_.begin_object().member("name", function.name).key("path").begin_array();
    for (const std::string& part : function.path) out_.value(part);
    out_.end_array().key("params").begin_array();
    for (const Local local : function.parameters) out_.value(local);
    out_.end_array().member("return", function.result);
    print_blocks(function.blocks);
    out_.end_object();
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the plan, which parse() and the compiler bound
  void print_blocks(const std::vector<Block>& blocks) {
    out_.key("blocks").begin_array();
    for (const Block& block : blocks) print_block(block);
    out_.end_array();
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void print_block(const Block& block) {
    out_.begin_object().key("stmts").begin_array();
    for (const Statement& statement : block.statements) print_statement(statement);
    out_.end_array().end_object();
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void print_statement(const Statement& statement) {
    const Shape& shape = kShapes[static_cast<std::size_t>(statement.op)];
    out_.begin_object().member("type", shape.name).key("stmt").begin_object();
    for (const Member& member : shape.members) {
      if (member.slot == Slot::none) break;
      out_.key(member.name);
      print_member(member.slot, statement);
    }
    out_.member("file", statement.at.file).member("col", statement.at.column);
    out_.member("row", statement.at.row).end_object().end_object();
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void print_member(Slot slot, const Statement& statement) {
    switch (slot) {
      case Slot::a:
        return print_operand(statement.a);
      case Slot::b:
        return print_operand(statement.b);
      case Slot::a_local:
        return number(statement.a.value);
      case Slot::b_local:
        return number(statement.b.value);
      case Slot::target:
        return number(statement.target);
      case Slot::key:
        return number(statement.key);
      case Slot::value:
        return number(statement.value);
      case Slot::integer:
      case Slot::size:
      case Slot::string:
        return number(statement.integer);
      case Slot::name:
        out_.value(statement.name);
        return;
      case Slot::block:
        if (statement.blocks.empty()) return print_block({});
        return print_block(statement.blocks[0]);
      default:
        return print_list(slot, statement);
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void print_list(Slot slot, const Statement& statement) {
    out_.begin_array();
    if (slot == Slot::blocks) {
      for (const Block& block : statement.blocks) print_block(block);
    } else if (slot == Slot::strings) {
      for (const std::int32_t index : statement.with_path) number(index);
    } else {
      for (const Operand& operand : slot == Slot::path ? statement.path : statement.operands) {
        slot == Slot::locals ? number(operand.value) : print_operand(operand);
      }
    }
    out_.end_array();
  }

  void print_operand(const Operand& operand) {
    constexpr std::string_view kNames[] = {"local", "bool", "string_index"};
    out_.begin_object().member("type", kNames[static_cast<std::size_t>(operand.kind)]);
    if (operand.kind == Operand::Kind::boolean) {
      out_.member("value", operand.value != 0);
    } else {
      out_.member("value", operand.value);
    }
    out_.end_object();
  }

  void number(std::int64_t n) { out_.value(n); }

  json::Writer out_;
};

}  // namespace

std::string to_json(const Policy& policy) {
  std::string text;
  Printer(text).print(policy);
  return text;
}

}  // namespace mc::vm::plan
