#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sys/sys.h"
#include "vm/test_plans.h"
#include "vm/vm.h"

namespace mc::vm {
namespace {

std::string refusal(std::string_view text) {
  const auto program = Program::make(PlanText::parse(text));
  return program ? "made" : program.error().what;
}

std::string disassembly(std::string_view text) {
  return (*Program::make(PlanText::parse(text)))->disassemble();
}

TEST_CASE("program: plans that cannot run are refused") {
  CHECK(refusal("plan eval\n  block\n    call 2 = none 0 1\n") ==
        "plan eval: unknown function none");
  CHECK(refusal("plan eval\n  block\n    call 2 = count 0 1\n") ==
        "plan eval: a call of count has 2 operands, not 1");
  const std::string function = "function g0.data.f 0 1 : 2\n  block\n    return 2\n";
  CHECK(refusal(function + "plan eval\n  block\n    call 2 = g0.data.f 0 1 5\n") ==
        "plan eval: a call of g0.data.f has 3 operands, not 2");
  CHECK(refusal(function + "plan eval\n  block\n    call 2 = g0.data.f 1 0\n") ==
        "plan eval: a call of g0.data.f does not pass input and data");
  CHECK(refusal(function + "plan eval\n  block\n    dynamic 2 = \"a\" : 0\n") ==
        "plan eval: a call does not pass input and data");
  CHECK(refusal(function + function) == "function g0.data.f: stands twice");
  CHECK(refusal("function g0.data.f 1 0 : 2\n") ==
        "function g0.data.f: its parameters do not begin with 0 and 1");
  CHECK(refusal("function g0.data.f 0 1 5 5 : 2\n") ==
        "function g0.data.f: two parameters are the same local");
  CHECK(refusal("plan eval\n  block\n    var 0 = true\n") ==
        "plan eval: a statement writes input or data");
  CHECK(refusal("plan eval\n  block\n    scan 2 1 3\n") ==
        "plan eval: a scan writes input or data");
  CHECK(refusal("plan eval\n  block\n    num 2 = \"x\"\n") == "plan eval: 'x' is no number");
  CHECK(refusal("plan eval\n  block\n    break 1\n") ==
        "plan eval: a break out of more blocks than there are");
}

TEST_CASE("program: a function that calls itself is refused, through others too") {
  const auto calls = [](const char* name, const char* callee) {
    return std::string("function ") + name +
           " 0 1 : 2\n  block\n    not\n      call 3 = " + callee + " 0 1\n";
  };
  CHECK(refusal(calls("f", "f")) == "function f: calls itself");
  CHECK(refusal(calls("f", "g") + calls("g", "h") + calls("h", "f")) == "function f: calls itself");
  CHECK(refusal(calls("f", "g") + calls("h", "g") + "function g 0 1 : 2\n") == "made");
}

TEST_CASE("program: more registers than an instruction can name are refused") {
  std::string text = "plan eval\n";
  for (int block = 0; block < 2; ++block) {
    text += "  block\n";
    for (int i = 2; i < 66'000; ++i) text += "    dot " + std::to_string(i) + " = 0 0\n";
  }
  CHECK(refusal(text) == "eval: needs more than 2^16 registers");
}

TEST_CASE("program: its plans have names, and it has a size") {
  const auto program = *Program::make(PlanText::parse("plan a/b\n  block\n    result 0\nplan c\n"));
  CHECK(program->plan_names() == std::vector<std::string>{"a/b", "c"});
  CHECK(program->find_plan("c") == 1);
  CHECK(program->find_plan("d") == -1);
  CHECK(program->bytes() > 50);
}

TEST_CASE("program: constants are folded, copies and dead statements go") {
  CHECK(disassembly(R"(
plan eval
  block
    array 2
    num 3 = "1"
    append 2 3
    set 4
    add 4 "x"
    append 2 4
    var 5 = 2
    dot 6 = 0 "a"
    dot 7 = 6 "b"
    var 8 = 7
    equal 8 5
    var 9 = "unused"
    result 5
)") == R"(plan eval (5 registers)
  0: path_equal input["a"]["b"] [1, {"x"}] ->2  ; 13:1
  1: result [1, {"x"}]  ; 15:1
  2: halt  ; 15:1
)");
}

TEST_CASE("program: a rule whose bodies give one constant returns as soon as one holds") {
  CHECK(disassembly(R"(
function g0.data.t.p 0 1 : 2
  block
    reset 3
    dot 4 = 0 "a"
    not_equal 4 false
    once 3 = true
  block
    defined 3
    once 2 = 3
  block
    reset 5
    dot 6 = 0 "n"
    num 7 = "3"
    call 8 = gt 6 7
    not_equal 8 false
    once 5 = true
  block
    defined 5
    once 2 = 5
  block
    undefined 2
    once 2 = false
  block
    return 2
)") == R"(function g0.data.t.p (2 parameters, 5 registers)
  0: path_not_equal input["a"] false ->2  ; 5:1
  1: return_value true  ; 6:1
  2: path r2 input["n"] ->5  ; 12:1
  3: test_less 3 r2 ->5  ; 15:1
  4: return_value true  ; 16:1
  5: return_value false  ; 22:1
  6: return_value undefined  ; 24:1
  7: return_value undefined  ; 24:1
)");
}

TEST_CASE("program: bodies that use the same locals for different things are told apart") {
  CHECK(disassembly(R"(
function g0.data.t.p 0 1 : 2
  block
    dot 3 = 0 "user"
    dot 4 = 1 "users"
    dot 5 = 4 3
    dot 6 = 5 "title"
    equal 6 "owner"
    var 2 = true
    return 2
  block
    dot 3 = 0 "n"
    num 4 = "3"
    call 5 = gte 3 4
    not_equal 5 false
    call 6 = g0.data.t.q 0 1
    not_equal 6 false
    var 2 = true
    return 2
function g0.data.t.q 0 1 : 2
  block
    return "yes"
)") == R"(function g0.data.t.p (2 parameters, 7 registers)
  0: path_equal data["users"][input["user"]]["title"] "owner" ->2  ; 7:1
  1: return_value true  ; 9:1
  2: path r2 input["n"] ->6  ; 11:1
  3: test_at_most 3 r2 ->6  ; 14:1
  4: test_rule g0.data.t.q ->6  ; 16:1
  5: return_value true  ; 18:1
  6: return_value undefined  ; 18:1
function g0.data.t.q (2 parameters, 3 registers)
  0: return_value "yes"  ; 21:1
  1: return_value undefined  ; 21:1
)");
}

// `text` with each "$1", "$2", ... replaced.
std::string filled(std::string text, const std::vector<std::string>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = "$" + std::to_string(i + 1);
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
      text.replace(at, name.size(), parts[i]);
    }
  }
  return text;
}

constexpr const char* kRuleEnd = R"(  block
    return 2
plan eval
  block
    call 2 = g0.data.t.p 0 1
    result 2
)";

// Bodies that ask for input.role, one that asks for input.super, and a default.
std::string indexed(const std::string& value) {
  std::string text = "function g0.data.t.p 0 1 : 2\n";
  const char* const guards[][2] = {{"role", "\"a\""},
                                   {"role", "\"b\""},
                                   {"super", "true"},
                                   {"role", "\"a\""},
                                   {"role", "\"c\""}};
  for (int i = 0; i < 5; ++i) {
    const std::string own = "\"value" + std::to_string(i) + "\"";
    text += filled(
        "  block\n    reset 1$1\n    dot 2$1 = 0 \"$2\"\n    equal 2$1 $3\n    once 1$1 = $4\n"
        "  block\n    defined 1$1\n    once 2 = 1$1\n",
        {std::to_string(i), guards[i][0], guards[i][1], value.empty() ? own : value});
  }
  return text + "  block\n    undefined 2\n    once 2 = \"default\"\n" + kRuleEnd;
}

std::string answer(const std::string& plan, const std::string& input) {
  const auto clock = sys::real_clock();
  const auto random = sys::real_random();
  Machine machine(*clock, *random);
  const auto program = *Program::make(PlanText::parse(plan));
  const auto document = term::Document::parse(input);
  Query query;
  query.input = document->root();
  query.data = term::Value();
  const auto result = machine.run(*program, query);
  return result ? term::to_rego(result->results) : result.error().message;
}

TEST_CASE("program: bodies are indexed by the path most of them ask for") {
  const std::string code = disassembly(indexed("true"));
  CHECK_MESSAGE(code.find("dispatch r3 input[\"role\"]") != std::string::npos, code);
  struct Row {
    const char* input;
    const char* same;   // when all bodies give true
    const char* other;  // when each gives its own value
  };
  const char* const conflict = "complete rules must not produce multiple outputs";
  const Row rows[] = {
      {R"({"role":"b"})", "{true}", R"({"value1"})"},
      {R"({"role":"c"})", "{true}", R"({"value4"})"},
      {R"({"role":"a"})", "{true}", conflict},
      {R"({"role":"none"})", R"({"default"})", R"({"default"})"},
      {R"({"role":["a"]})", R"({"default"})", R"({"default"})"},
      {R"({})", R"({"default"})", R"({"default"})"},
      {R"({"super":true})", "{true}", R"({"value2"})"},
      {R"({"super":true,"role":"none"})", "{true}", R"({"value2"})"},
      {R"({"super":true,"role":"c"})", "{true}", conflict},
  };
  for (const Row& row : rows) {
    CAPTURE(row.input);
    CHECK(answer(indexed("true"), row.input) == row.same);
    CHECK(answer(indexed(""), row.input) == row.other);
  }
}

TEST_CASE("program: an index looks at members of sets, parameters, and numbers by value") {
  std::string text = "function g0.data.t.f 0 1 5 : 2\n";
  const char* const values[] = {"1", "2.0", "3", "4"};
  for (int i = 0; i < 4; ++i) {
    text += filled(
        "  block\n    num 2$1 = \"$2\"\n    set 3$1\n    add 3$1 2$1\n    add 3$1 \"x$1\"\n"
        "    call 4$1 = internal.member_2 5 3$1\n    not_equal 4$1 false\n    once 2 = \"$2\"\n",
        {std::to_string(i), values[i]});
  }
  text += R"(  block
    return 2
plan eval
  block
    dot 3 = 0 "x"
    call 2 = g0.data.t.f 0 1 3
    result 2
)";
  const std::string code = disassembly(text);
  CHECK_MESSAGE(code.find("dispatch r") != std::string::npos, code);
  CHECK(answer(text, R"({"x":2})") == R"({"2.0"})");
  CHECK(answer(text, R"({"x":3.0})") == R"({"3"})");
  CHECK(answer(text, R"({"x":"x3"})") == R"({"4"})");
  CHECK(answer(text, R"({"x":5})") == "set()");
}

}  // namespace
}  // namespace mc::vm
