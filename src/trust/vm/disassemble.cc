#include <algorithm>

#include "vm/code.h"

namespace mc::vm {
namespace {

class Printer {
 public:
  explicit Printer(const Program::Code& code) : code_(code) {}

  std::string print() {
    for (const FunctionCode& function : code_.functions) {
      out_ += "function " + function.name + " (" + std::to_string(function.parameters) +
              " parameters, " + std::to_string(function.registers) + " registers)\n";
      print(function.entry, function.end);
    }
    for (const PlanCode& plan : code_.plans) {
      out_ += "plan " + plan.name + " (" + std::to_string(plan.registers) + " registers)\n";
      print(plan.entry, plan.end);
    }
    return std::move(out_);
  }

 private:
  // Places are relative to the function.
  void print(std::int32_t begin, std::int32_t end) {
    begin_ = begin;
    for (std::int32_t i = begin; i < end; ++i) {
      const Instruction& in = code_.instructions[static_cast<std::size_t>(i)];
      out_ += "  " + std::to_string(i - begin) + ": " + std::string(opcode_name(in.op));
      if (in.op == Opcode::is_kind) {
        out_ += " " + std::string(term::kind_name(static_cast<Kind>(in.a)));
      } else if (has_register(in.op)) {
        out_ += " r" + std::to_string(in.a);
      }
      const std::string_view shape = opcode_shape(in.op);
      print_field(shape[0], in.b);
      print_field(shape[1], in.c);
      print_field(shape[2], in.d);
      const plan::Location at = code_.location(i);
      if (at.row > 0) out_ += "  ; " + std::to_string(at.row) + ":" + std::to_string(at.column);
      out_ += '\n';
    }
  }

  static bool has_register(Opcode op) {
    constexpr Opcode kWithout[] = {
        Opcode::jump,        Opcode::path_defined, Opcode::path_equal, Opcode::path_not_equal,
        Opcode::equal,       Opcode::not_equal,    Opcode::truthy,     Opcode::defined,
        Opcode::undefined,   Opcode::result,       Opcode::with_leave, Opcode::test_builtin,
        Opcode::test_call,   Opcode::test_rule,    Opcode::test_less,  Opcode::test_at_most,
        Opcode::test_member, Opcode::return_value, Opcode::halt};
    return std::find(std::begin(kWithout), std::end(kWithout), op) == std::end(kWithout);
  }

  void print_field(char kind, std::int32_t n) {
    switch (kind) {
      case 'r':
        out_ += " " + operand(n);
        break;
      case 'j':
        out_ += " ->" + std::to_string(n - begin_);
        break;
      case 'p':
        out_ += " " + path(n);
        break;
      case 'n':
        out_ += " " + std::to_string(n);
        break;
      case 'f':
        out_ += " " + code_.functions[static_cast<std::size_t>(n)].name;
        break;
      case 'l':
        out_ += n < 0 ? " -" : " [" + list(n) + "]";
        break;
      case 's':
        print_site(code_.sites[static_cast<std::size_t>(n)]);
        break;
      case 't':
        print_dispatch(code_.dispatches[static_cast<std::size_t>(n)]);
        break;
      default:
        break;
    }
  }

  std::string operand(Ref ref) const {
    if (ref >= 0) return "r" + std::to_string(ref);
    if (ref == kUndefined) return "undefined";
    return term::to_rego(code_.constants[constant_index(ref)]);
  }

  // NOLINTNEXTLINE(misc-no-recursion): kPathDepthMax bounds it
  std::string path(std::int32_t index) const {
    std::string text;
    std::int32_t root = 0;
    for (; index >= 0; index = code_.paths[static_cast<std::size_t>(index)].parent) {
      const Path& one = code_.paths[static_cast<std::size_t>(index)];
      const std::string key = one.key_path < 0 ? operand(one.key) : path(one.key_path);
      text.insert(0, "[" + key + "]");
      root = one.root;
    }
    return (root == 0 ? "input" : "data") + text;
  }

  std::string list(std::int32_t index) const {
    const auto at = static_cast<std::size_t>(index);
    std::string text;
    for (std::size_t i = 1; i <= static_cast<std::size_t>(code_.lists[at]); ++i) {
      text += (i > 1 ? ", " : "") + operand(code_.lists[at + i]);
    }
    return text;
  }

  void print_site(const Site& site) {
    if (site.function == nullptr) {
      out_ += " {" + list(site.path) + "}";
    } else {
      out_ += " " + std::string(site.name);
    }
    out_ += "(" + list(site.list) + ")";
  }

  void print_dispatch(const Dispatch& dispatch) {
    out_ += dispatch.path >= 0 ? " " + path(dispatch.path) : " r" + std::to_string(dispatch.local);
    for (const Dispatch::Slot& slot : dispatch.slots) {
      if (slot.key != kUndefined) out_ += " " + operand(slot.key) + bodies(dispatch, slot.bodies);
    }
    out_ += " otherwise" + bodies(dispatch, dispatch.otherwise);
  }

  std::string bodies(const Dispatch& dispatch, std::int32_t list) const {
    std::string text;
    for (auto at = static_cast<std::size_t>(list); code_.bodies[at] != dispatch.end; ++at) {
      text += "->" + std::to_string(code_.bodies[at] - begin_);
    }
    return text + "->end";
  }

  const Program::Code& code_;
  std::string out_;
  std::int32_t begin_ = 0;
};

}  // namespace

std::string Program::disassemble() const {
  return Printer(*code_).print();
}

}  // namespace mc::vm
