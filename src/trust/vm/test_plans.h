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
// are lines `-`. A function's path are the parts of its name, without "data". The row of a
// statement is the number of its line, without empty ones.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
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
      i = std::min(end, line.size());
    }
    return words;
  }

  static std::int32_t number(std::string_view word) {
    std::int32_t n = -1;
    const auto read = std::from_chars(word.begin(), word.end(), n);
    MC_CHECK(read.ptr == word.end() && n >= 0);
    return n;
  }

  std::int32_t string(std::string_view text) {
    std::vector<std::string>& all = policy_.strings;
    const auto at = std::find(all.begin(), all.end(), text) - all.begin();
    if (at == static_cast<std::ptrdiff_t>(all.size())) all.emplace_back(text);
    return static_cast<std::int32_t>(at);
  }

  plan::Operand operand(std::string_view word) {
    if (word == "true" || word == "false") return plan::Operand::boolean(word == "true");
    if (word[0] != '"') return plan::Operand::local(number(word));
    return plan::Operand::string(string(word.substr(1, word.size() - 2)));
  }

  void read() {
    policy_.files.emplace_back("test.rego");
    while (at_ < lines_.size()) {
      const Words& words = lines_[at_++].words;
      if (words[0] == "plan") {
        policy_.plans.push_back({words[1], blocks(1)});
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

  // What the words after a statement's name are: t target, a b operands, k v locals of a scan,
  // i a number, s an index of strings, n a name, o the rest: operands, p parts of a path up to ":"
  // or to the end. `=` is skipped.
  struct Form {
    Op op = Op::nop;
    std::string_view words;
  };
  static Form form_of(std::string_view name) {
    constexpr std::string_view kForms =  // in the order of Op
        "append:ta assign:ti var:ta once:ta block: break:i call:tno dynamic:tpo dot:tab equal:ab "
        "is_array:a defined:a is_object:a is_set:a undefined:a len:ta array:t null:t int:ti num:ts "
        "object:t set:t nop: not: not_equal:ab insert:tab insert_once:tab merge:tab reset:t "
        "result:a return:a scan:akv add:ta with:taw ";
    std::string_view rest = kForms;
    for (int op = 0; !rest.empty(); ++op) {
      const std::string_view one = rest.substr(0, rest.find(' '));
      rest.remove_prefix(one.size() + 1);
      const std::size_t colon = one.find(':');
      if (one.substr(0, colon) == name) return {static_cast<Op>(op), one.substr(colon + 1)};
    }
    check_failed("an unknown statement", __FILE__, __LINE__);
  }
  plan::Statement statement(std::size_t depth) {
    plan::Statement made;
    made.at = {.file = 0, .row = static_cast<std::int32_t>(at_) + 1, .column = 1};
    Words words = lines_[at_++].words;
    const Form form = form_of(words[0]);
    made.op = form.op;
    words.erase(std::remove(words.begin(), words.end(), "="), words.end());
    std::size_t next = 1;
    for (const char kind : form.words) next = read_word(kind, words, next, made);
    if (form.op == Op::block) {
      made.blocks = blocks(depth + 1);
    } else if (form.op == Op::not_ || form.op == Op::scan || form.op == Op::with) {
      made.blocks.push_back(statements(depth + 1));
    }
    return made;
  }

  // The place of the word after those it takes.
  std::size_t read_word(char kind, const Words& words, std::size_t at, plan::Statement& made) {
    if (kind == 'p') {
      for (; words.at(at) != ":"; ++at) made.path.push_back(operand(words[at]));
      return at + 1;
    }
    if (kind == 'o' || kind == 'w') {
      for (; at < words.size(); ++at) {
        const plan::Operand item = operand(words[at]);
        kind == 'o' ? made.operands.push_back(item) : made.with_path.push_back(item.value);
      }
      return at;
    }
    const std::string& word = words.at(at);
    if (kind == 'n') made.name = word;
    if (kind == 't') made.target = number(word);
    if (kind == 'a' || kind == 'b') (kind == 'a' ? made.a : made.b) = operand(word);
    if (kind == 'k') made.key = number(word);
    if (kind == 'v') made.value = number(word);
    if (kind == 'i') made.integer = number(word);
    if (kind == 's') made.integer = operand(word).value;
    return at + 1;
  }

  plan::Policy policy_;
  std::vector<Line> lines_;
  std::size_t at_ = 0;
};

}  // namespace mc::vm
