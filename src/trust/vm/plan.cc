#include "vm/plan.h"

#include <algorithm>
#include <limits>

#include "json/json.h"
#include "vm/plan_names.h"

namespace mc::vm::plan {
namespace {

constexpr int kNestingMax = 250;
constexpr std::size_t kStatementsMax = 10'000'000;
constexpr std::int64_t kLocalMax = std::numeric_limits<Local>::max();
constexpr json::Limits kJson{.bytes_max = std::size_t{1} << 30,
                             .depth_max = kNestingMax * 5 + 30,
                             .values_max = 200'000'000};

const Shape* find_shape(std::string_view name) {
  const auto* const at = std::find_if(std::begin(kShapes), std::end(kShapes),
                                      [&](const Shape& shape) { return shape.name == name; });
  return at == std::end(kShapes) ? nullptr : at;
}

class Reader {
 public:
  Result<Policy> read(const json::Value& root) {
    if (root.as_object() == nullptr) return error("must be an object");
    Policy policy;
    if (const json::Value* const part = root.find("static")) {
      MC_TRY_OK(inside("static", [&] { return read_static(*part, policy); }));
    }
    strings_ = policy.strings.size();
    files_ = policy.files.size();
    MC_TRY_OK(
        read_list(root, "plans", [&](const json::Value& node) { return read_plan(node, policy); }));
    MC_TRY_OK(read_list(root, "funcs",
                        [&](const json::Value& node) { return read_function(node, policy); }));
    return policy;
  }

 private:
  tl::unexpected<Error> error(std::string_view what) const {
    std::string text;
    for (const std::string& part : place_) {
      if (!text.empty() && part[0] != '[') text += '.';
      text += part;
    }
    if (text.empty()) text = "plan";
    return fail(Code::invalid, text + ": " + std::string(what));
  }

  template <class F>
  Status inside(std::string name, F&& read) {
    place_.push_back(std::move(name));
    Status status = read();
    if (status) place_.pop_back();
    return status;
  }

  // Each item of root[name][name] ("plans" in "plans").
  template <class F>
  Status read_list(const json::Value& root, const std::string& name, F&& read) {
    const json::Value* const outer = root.find(name);
    if (outer == nullptr || outer->is_null()) return ok();
    const json::Value* const inner = outer->find(name);
    if (inner == nullptr || inner->is_null()) return ok();
    return inside(name + "." + name, [&] { return each(*inner, read); });
  }

  template <class F>
  Status each(const json::Value& list, F&& read) {
    if (list.is_null()) return ok();
    const json::Array* const items = list.as_array();
    if (items == nullptr) return error("must be an array");
    for (std::size_t i = 0; i < items->size(); ++i) {
      MC_TRY_OK(inside("[" + std::to_string(i) + "]", [&] { return read((*items)[i]); }));
    }
    return ok();
  }

  Status read_static(const json::Value& node, Policy& policy) {
    const auto texts = [&](const char* name, const char* member, auto&& keep) -> Status {
      const json::Value* const list = node.find(name);
      if (list == nullptr) return ok();
      return inside(name, [&] {
        return each(*list, [&](const json::Value& item) -> Status {
          const json::Value* const text = item.find(member);
          if (text == nullptr || text->as_string() == nullptr) {
            return error("must have a text '" + std::string(member) + "'");
          }
          keep(*text->as_string());
          return ok();
        });
      });
    };
    MC_TRY_OK(texts("strings", "value",
                    [&](const std::string& text) { policy.strings.push_back(text); }));
    MC_TRY_OK(
        texts("files", "value", [&](const std::string& text) { policy.files.push_back(text); }));
    return texts("builtin_funcs", "name",
                 [&](const std::string& text) { policy.builtins.push_back({text}); });
  }

  Status read_text(const json::Value& node, const char* name, std::string& out) {
    const json::Value* const text = node.find(name);
    if (text == nullptr || text->as_string() == nullptr) {
      return error("must have a text '" + std::string(name) + "'");
    }
    out = *text->as_string();
    return ok();
  }

  Status read_plan(const json::Value& node, Policy& policy) {
    Plan plan;
    MC_TRY_OK(read_text(node, "name", plan.name));
    MC_TRY_OK(read_blocks(node, plan.blocks, 1));
    policy.plans.push_back(std::move(plan));
    return ok();
  }

  Status read_function(const json::Value& node, Policy& policy) {
    Function function;
    MC_TRY_OK(read_text(node, "name", function.name));
    if (const json::Value* const path = node.find("path")) {
      MC_TRY_OK(inside("path", [&] {
        return each(*path, [&](const json::Value& item) -> Status {
          if (item.as_string() == nullptr) return error("must be a text");
          function.path.push_back(*item.as_string());
          return ok();
        });
      }));
    }
    if (const json::Value* const parameters = node.find("params")) {
      MC_TRY_OK(inside("params", [&] {
        return each(*parameters, [&](const json::Value& item) -> Status {
          return read_number(item, kLocalMax, function.parameters.emplace_back());
        });
      }));
    }
    MC_TRY_OK(inside("return", [&] { return read_local(node.find("return"), function.result); }));
    MC_TRY_OK(read_blocks(node, function.blocks, 1));
    policy.functions.push_back(std::move(function));
    return ok();
  }

  Status read_blocks(const json::Value& node, std::vector<Block>& out, int depth) {
    const json::Value* const blocks = node.find("blocks");
    if (blocks == nullptr) return ok();
    return inside("blocks", [&] {
      return each(*blocks, [&](const json::Value& item) {
        return read_block(item, out.emplace_back(), depth);
      });
    });
  }

  // NOLINTNEXTLINE(misc-no-recursion): kNestingMax bounds it
  Status read_block(const json::Value& node, Block& out, int depth) {
    if (depth > kNestingMax) return error("nests deeper than " + std::to_string(kNestingMax));
    const json::Value* const list = node.find("stmts");
    if (list == nullptr) return node.as_object() != nullptr ? ok() : Status(error("is no block"));
    return inside("stmts", [&] {
      return each(*list, [&](const json::Value& item) {
        return read_statement(item, out.statements.emplace_back(), depth);
      });
    });
  }

  // NOLINTNEXTLINE(misc-no-recursion): as read_block()
  Status read_statement(const json::Value& node, Statement& out, int depth) {
    if (++statements_ > kStatementsMax) {
      return error("is one of more than " + std::to_string(kStatementsMax) + " statements");
    }
    const json::Value* const type = node.find("type");
    const json::Value* const body = node.find("stmt");
    if (type == nullptr || type->as_string() == nullptr) return error("must have a text 'type'");
    const Shape* const shape = find_shape(*type->as_string());
    if (shape == nullptr) return error("unknown statement '" + *type->as_string() + "'");
    if (body == nullptr || body->as_object() == nullptr) {
      return error("must have an object 'stmt'");
    }
    out.op = shape->op;
    return inside("stmt", [&]() -> Status {
      MC_TRY_OK(read_location(*body, out.at));
      for (const Member& member : shape->members) {
        if (member.slot == Slot::none) break;
        MC_TRY_OK(inside(std::string(member.name), [&] {
          return read_member(body->find(member.name), member.slot, out, depth);
        }));
      }
      if (out.op == Op::break_ && out.integer >= depth) {
        return error("'index' is past the outermost block");
      }
      return ok();
    });
  }

  Status read_location(const json::Value& body, Location& out) {
    const auto number = [&](const char* name, std::int32_t& to) -> Status {
      const json::Value* const value = body.find(name);
      if (value == nullptr) return ok();
      return inside(name, [&] { return read_number(*value, kLocalMax, to); });
    };
    MC_TRY_OK(number("file", out.file));
    MC_TRY_OK(number("row", out.row));
    MC_TRY_OK(number("col", out.column));
    if (out.file > 0 && static_cast<std::size_t>(out.file) >= files_) {
      return error("'file' is past the list of files");
    }
    return ok();
  }

  // NOLINTNEXTLINE(misc-no-recursion): as read_block()
  Status read_member(const json::Value* value, Slot slot, Statement& out, int depth) {
    switch (slot) {
      case Slot::a:
        return read_operand(value, out.a);
      case Slot::b:
        return read_operand(value, out.b);
      case Slot::a_local:
        return read_local(value, out.a.value);
      case Slot::b_local:
        return read_local(value, out.b.value);
      case Slot::target:
        return read_local(value, out.target);
      case Slot::key:
        return read_local(value, out.key);
      case Slot::value:
        return read_local(value, out.value);
      case Slot::size:
        return value == nullptr ? ok() : read_integer(*value, 0, kLocalMax, out.integer);
      case Slot::integer:
        return read_integer_of(value, out);
      case Slot::string:
        if (value == nullptr) return error("is missing");
        return read_integer(*value, 0, static_cast<std::int64_t>(strings_) - 1, out.integer);
      case Slot::block:
        if (value == nullptr) return error("is missing");
        return read_block(*value, out.blocks.emplace_back(), depth + 1);
      case Slot::blocks:
        if (value == nullptr) return ok();
        return each(*value, [&](const json::Value& item) {
          return read_block(item, out.blocks.emplace_back(), depth + 1);
        });
      default:
        return read_list_member(value, slot, out);
    }
  }

  Status read_list_member(const json::Value* value, Slot slot, Statement& out) {
    if (slot == Slot::name) {
      if (value == nullptr || value->as_string() == nullptr) return error("must be a text");
      out.name = *value->as_string();
      return ok();
    }
    if (value == nullptr) return ok();
    return each(*value, [&](const json::Value& item) -> Status {
      if (slot == Slot::strings) {
        return read_number(item, static_cast<std::int64_t>(strings_) - 1,
                           out.with_path.emplace_back());
      }
      if (slot == Slot::locals) {
        return read_number(item, kLocalMax, out.operands.emplace_back().value);
      }
      return read_operand(&item, (slot == Slot::path ? out.path : out.operands).emplace_back());
    });
  }

  Status read_integer_of(const json::Value* value, Statement& out) {
    if (value == nullptr) return error("is missing");
    const std::int64_t least = out.op == Op::break_ ? 0 : std::numeric_limits<std::int64_t>::min();
    return read_integer(*value, least, std::numeric_limits<std::int64_t>::max(), out.integer);
  }

  Status read_operand(const json::Value* node, Operand& out) {
    if (node == nullptr) return error("is missing");
    const json::Value* const type = node->find("type");
    const json::Value* const value = node->find("value");
    if (type == nullptr || type->as_string() == nullptr || value == nullptr) {
      return error("must have 'type' and 'value'");
    }
    if (*type->as_string() == "local") return read_local(value, out.value);
    if (*type->as_string() == "bool") {
      if (value->as_bool() == nullptr) return error("must have a boolean 'value'");
      out = Operand::boolean(*value->as_bool());
      return ok();
    }
    if (*type->as_string() != "string_index") return error("has an unknown 'type'");
    out.kind = Operand::Kind::string;
    return read_number(*value, static_cast<std::int64_t>(strings_) - 1, out.value);
  }

  Status read_local(const json::Value* value, Local& out) {
    if (value == nullptr) return error("is missing");
    return read_number(*value, kLocalMax, out);
  }

  Status read_number(const json::Value& value, std::int64_t most, std::int32_t& out) {
    std::int64_t wide = 0;
    MC_TRY_OK(read_integer(value, 0, most, wide));
    out = static_cast<std::int32_t>(wide);
    return ok();
  }

  Status read_integer(const json::Value& value, std::int64_t least, std::int64_t most,
                      std::int64_t& out) {
    const std::int64_t* const number = value.as_int();
    if (number == nullptr) return error("must be an integer");
    if (*number < least || *number > most) {
      return error(std::to_string(*number) + " is not from " + std::to_string(least) + " to " +
                   std::to_string(most));
    }
    out = *number;
    return ok();
  }

  std::vector<std::string> place_;  // of the member being read, for messages
  std::size_t strings_ = 0, files_ = 0;
  std::size_t statements_ = 0;
};

}  // namespace

Result<Policy> parse(std::string_view text) {
  MC_TRY(const json::Value root, json::parse(text, kJson));
  return Reader().read(root);
}

}  // namespace mc::vm::plan
