// Plans as text, for tests and the benchmark. A line is a statement; what stands two columns
// further in belongs to it. Numbers are locals, "text" and true or false are constants:
//
//   function g0.data.t.allow 0 1 : 2
//     block
//       dot 3 = 0 "role"
//       equal 3 "admin"
//       once 2 = true
//     block
//       return 2
//   plan eval
//     block
//       call 2 = g0.data.t.allow 0 1
//       result 2
//
// `block` in a function starts its next block; inside a block it is a BlockStmt, whose own blocks
// are lines `-`. A function's path are the parts of its name, without "data".
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "vm/plan.h"

namespace mc::vm {

class PlanText {
 public:
  static plan::Policy parse(std::string_view text) {
    PlanText reader;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      const std::size_t indent = line.find_first_not_of(' ');
      if (indent != std::string_view::npos) reader.lines_.push_back({indent / 2, split(line)});
    }
    for (std::size_t i = 0; i < reader.lines_.size(); ++i) {
      reader.rows_.push_back(static_cast<std::int32_t>(i) + 1);
    }
    reader.read();
    return std::move(reader.policy_);
  }

 private:
  using Op = plan::Op;
  using Words = std::vector<std::string>;
  struct Line {
    std::size_t depth;
    Words words;
  };

  static Words split(std::string_view line) {
    Words words;
    for (std::size_t i = 0; i < line.size();) {
      if (line[i] == ' ') {
        ++i;
        continue;
      }
      const bool quoted = line[i] == '"';
      const std::size_t end = quoted ? line.find('"', i + 1) + 1 : line.find(' ', i);
      words.emplace_back(line.substr(i, end - i));
      if (end == std::string_view::npos) break;
      i = end;
    }
    return words;
  }

  static std::int32_t number(std::string_view word) {
    std::int32_t n = -1;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), n);
    MC_CHECK(read.ec == std::errc() && read.ptr == word.data() + word.size());
    return n;
  }

  std::int32_t string(std::string_view text) {
    const auto at = std::find(policy_.strings.begin(), policy_.strings.end(), text);
    const auto index = at - policy_.strings.begin();
    if (at == policy_.strings.end()) policy_.strings.emplace_back(text);
    return static_cast<std::int32_t>(index);
  }

  plan::Operand operand(std::string_view word) {
    if (word == "true" || word == "false") return plan::Operand::boolean(word == "true");
    if (word.front() == '"') {
      return plan::Operand::string(string(word.substr(1, word.size() - 2)));
    }
    return plan::Operand::local(number(word));
  }

  void read() {
    policy_.files.emplace_back("test.rego");
    while (at_ < lines_.size()) {
      const Words& words = lines_[at_++].words;
      if (words[0] == "plan") {
        plan::Plan& plan = policy_.plans.emplace_back();
        plan.name = words[1];
        plan.blocks = blocks(1);
        continue;
      }
      MC_CHECK(words[0] == "function");
      plan::Function function;
      function.name = words[1];
      for (std::size_t i = 2; words[i] != ":"; ++i) {
        function.parameters.push_back(number(words[i]));
      }
      function.result = number(words.back());
      std::string_view rest = function.name;
      while (!rest.empty()) {
        const std::string_view part = rest.substr(0, rest.find('.'));
        if (part != "data") function.path.emplace_back(part);
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      }
      function.blocks = blocks(1);
      policy_.functions.push_back(std::move(function));
    }
  }

  // Lines `block` or `-` at `depth`, each with what it holds.
  std::vector<plan::Block> blocks(std::size_t depth) {
    std::vector<plan::Block> made;
    while (at_ < lines_.size() && lines_[at_].depth == depth) {
      ++at_;
      made.push_back(statements(depth + 1));
    }
    return made;
  }

  plan::Block statements(std::size_t depth) {
    plan::Block made;
    while (at_ < lines_.size() && lines_[at_].depth == depth) {
      made.statements.push_back(statement(depth));
    }
    return made;
  }

  plan::Statement statement(std::size_t depth) {
    plan::Statement made;
    made.at = {.file = 0, .row = rows_[at_], .column = 1};
    const Words words = lines_[at_++].words;
    const std::string& name = words[0];
    made.op = op_of(name);
    std::size_t next = 1;
    if (words.size() > 2 && words[2] == "=") {
      made.target = number(words[1]);
      next = 3;
    }
    const auto rest = [&](std::size_t i) { return operand(words.at(next + i)); };
    if (name == "block") {
      made.blocks = blocks(depth);
    } else if (name == "not" || name == "scan" || name == "with") {
      if (name == "with") {
        made.target = number(words[1]);
        made.a = operand(words[2]);
        for (std::size_t i = 3; i < words.size(); ++i)
          made.with_path.push_back(rest_string(words[i]));
      } else if (name == "scan") {
        made.a = operand(words[1]);
        made.key = number(words[2]);
        made.value = number(words[3]);
      }
      made.blocks.push_back(statements(depth + 1));
    } else if (name == "call" || name == "dynamic") {
      read_call(words, made);
    } else if (name == "num") {
      made.integer = operand(words.at(next)).value;
    } else if (name == "int" || name == "break") {
      made.integer = number(words.at(next));
    } else if (name == "append" || name == "add" || name == "insert" || name == "insert_once" ||
               name == "array" || name == "set" || name == "object" || name == "reset" ||
               name == "null") {
      made.target = number(words[1]);
      if (words.size() > 2) made.a = operand(words[2]);
      if (words.size() > 3) made.b = operand(words[3]);
    } else {
      made.a = rest(0);
      if (next + 1 < words.size()) made.b = rest(1);
    }
    return made;
  }

  std::int32_t rest_string(const std::string& word) { return operand(word).value; }

  // call T = NAME operands; dynamic T = parts : operands
  void read_call(const Words& words, plan::Statement& made) {
    std::size_t i = 3;
    if (words[0] == "call") {
      made.name = words[i++];
    } else {
      for (; words[i] != ":"; ++i) made.path.push_back(operand(words[i]));
      ++i;
    }
    for (; i < words.size(); ++i) made.operands.push_back(operand(words[i]));
  }

  static Op op_of(std::string_view name) {
    constexpr std::pair<std::string_view, Op> kOps[] = {{"append", Op::array_append},
                                                        {"int", Op::make_number_int},
                                                        {"var", Op::assign_var},
                                                        {"once", Op::assign_var_once},
                                                        {"block", Op::block},
                                                        {"break", Op::break_},
                                                        {"call", Op::call},
                                                        {"dynamic", Op::call_dynamic},
                                                        {"dot", Op::dot},
                                                        {"equal", Op::equal},
                                                        {"is_array", Op::is_array},
                                                        {"defined", Op::is_defined},
                                                        {"is_object", Op::is_object},
                                                        {"is_set", Op::is_set},
                                                        {"undefined", Op::is_undefined},
                                                        {"len", Op::len},
                                                        {"array", Op::make_array},
                                                        {"null", Op::make_null},
                                                        {"num", Op::make_number_ref},
                                                        {"object", Op::make_object},
                                                        {"set", Op::make_set},
                                                        {"not", Op::not_},
                                                        {"not_equal", Op::not_equal},
                                                        {"insert", Op::object_insert},
                                                        {"insert_once", Op::object_insert_once},
                                                        {"merge", Op::object_merge},
                                                        {"reset", Op::reset_local},
                                                        {"result", Op::result_set_add},
                                                        {"return", Op::return_local},
                                                        {"scan", Op::scan},
                                                        {"add", Op::set_add},
                                                        {"with", Op::with}};
    const auto* const at = std::find_if(std::begin(kOps), std::end(kOps),
                                        [&](const auto& op) { return op.first == name; });
    MC_CHECK(at != std::end(kOps));
    return at->second;
  }

  plan::Policy policy_;
  std::vector<Line> lines_;
  std::vector<std::int32_t> rows_;
  std::size_t at_ = 0;
};

}  // namespace mc::vm
