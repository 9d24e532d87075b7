#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sys/sys.h"
#include "vm/test_plans.h"
#include "vm/vm.h"

namespace mc::vm {
namespace {

using term::Value;

struct Run {
  std::string input = "{}", data = "{}";
  bool strict = false;
  Limits limits = {};
};

class Runner {
 public:
  // What the plan "eval" answers, as Rego writes it.
  std::string run(std::string_view text, const Run& given = {}) {
    const auto program = Program::make(PlanText::parse(text), capabilities);
    if (!program) return "refused: " + program.error().what;
    return run(**program, given);
  }

  std::string run(const Program& program, const Run& given) {
    const auto input = term::Document::parse(given.input.empty() ? "null" : given.input);
    const auto data = term::Document::parse(given.data);
    Query query;
    query.plan = program.find_plan("eval");
    query.input = given.input.empty() ? Value() : input->root();
    query.data = data->root();
    query.strict_errors = given.strict;
    query.limits = given.limits;
    machine_.reset();
    const auto answer = machine_.run(program, query);
    if (!answer) {
      last_error = answer.error();
      return answer.error().code + ": " + answer.error().message;
    }
    instructions = answer->instructions;
    return term::to_rego(answer->results);
  }

  Capabilities capabilities;
  EvalError last_error;
  std::int64_t instructions = 0;

 private:
  std::unique_ptr<sys::Clock> clock_ = sys::real_clock();
  std::unique_ptr<sys::Random> random_ = sys::real_random();
  Machine machine_{*clock_, *random_};
};

// A plan of one block that adds local 9 to the results.
std::string block_of(std::string_view statements) {
  std::string text = "plan eval\n  block\n";
  while (!statements.empty()) {
    const std::string_view line = statements.substr(0, statements.find('\n'));
    statements.remove_prefix(std::min(statements.size(), line.size() + 1));
    text += "    " + std::string(line) + "\n";
  }
  return text + "    result 9\n";
}

struct StatementRow {
  const char* name;
  const char* statements;
  const char* wanted;
};
const StatementRow kStatementRows[] = {
    {"a constant", "var 9 = \"x\"", R"({"x"})"},
    {"numbers keep their text", "num 9 = \"1.50\"", "{1.50}"},
    {"null", "null 9", "{null}"},
    {"dot of an object", "dot 9 = 0 \"o\"", R"({{"k": 1}})"},
    {"dot of a missing key", "var 9 = true\ndot 5 = 0 \"none\"", "set()"},
    {"dot of a member that is false", "dot 9 = 0 \"no\"", "{false}"},
    {"dot of an array", "dot 5 = 0 \"list\"\nint 6 = 1\ndot 9 = 5 6", "{20}"},
    {"dot of an array past its end", "dot 5 = 0 \"list\"\nint 6 = 3\ndot 9 = 5 6", "set()"},
    {"dot of an array by a whole number written with a point",
     "dot 5 = 0 \"list\"\nnum 6 = \"1.0\"\ndot 9 = 5 6", "{20}"},
    {"dot of an array by a fraction", "dot 5 = 0 \"list\"\nnum 6 = \"1.5\"\ndot 9 = 5 6", "set()"},
    {"dot of an array by a text", "dot 5 = 0 \"list\"\ndot 9 = 5 \"1\"", "set()"},
    {"dot of a set is the member", "set 5\nadd 5 \"x\"\ndot 9 = 5 \"x\"", R"({"x"})"},
    {"dot of a set without it", "set 5\nadd 5 \"x\"\ndot 9 = 5 \"y\"", "set()"},
    {"dot of a text", "dot 5 = 0 \"text\"\ndot 9 = 5 \"x\"", "set()"},
    {"equal", "num 5 = \"1\"\nnum 6 = \"1.0\"\nequal 5 6\nvar 9 = true", "{true}"},
    {"equal of others", "equal \"a\" \"b\"\nvar 9 = true", "set()"},
    {"equal of undefined", "equal 5 6\nvar 9 = true", "set()"},
    {"not equal", "not_equal \"a\" \"b\"\nvar 9 = true", "{true}"},
    {"not equal of undefined", "not_equal 5 \"b\"\nvar 9 = true", "set()"},
    {"not equal to false", "dot 5 = 0 \"no\"\nnot_equal 5 false\nvar 9 = true", "set()"},
    {"defined", "dot 5 = 0 \"no\"\ndefined 5\nvar 9 = true", "{true}"},
    {"undefined", "undefined 5\nvar 9 = true", "{true}"},
    {"reset", "dot 5 = 0 \"no\"\nreset 5\nundefined 5\nvar 9 = true", "{true}"},
    {"kinds", "dot 5 = 0 \"list\"\nis_array 5\ndot 6 = 0 \"o\"\nis_object 6\nvar 9 = true",
     "{true}"},
    {"a set is no array", "set 5\nis_set 5\nis_array 5\nvar 9 = true", "set()"},
    {"len of an array", "dot 5 = 0 \"list\"\nlen 9 = 5", "{3}"},
    {"len of a text counts characters", "dot 5 = 0 \"text\"\nlen 9 = 5", "{5}"},
    {"len of a number", "int 5 = 4\nlen 9 = 5", "set()"},
    {"an array of constants and others", "array 9\nappend 9 \"a\"\ndot 5 = 0 \"no\"\nappend 9 5",
     R"({["a", false]})"},
    {"an array of undefined", "array 9\nappend 9 \"a\"\nappend 9 5", "set()"},
    {"append to no array", "object 9\nappend 9 \"a\"", "set()"},
    {"an object", "object 9\ninsert 9 \"k\" \"v\"\ninsert 9 \"k\" \"w\"", R"({{"k": "w"}})"},
    {"insert once, the same value",
     "object 9\ninsert_once 9 \"k\" 0\ninsert_once 9 \"k\" 0\n"
     "dot 9 = 0 \"no\"",
     "{false}"},
    {"insert once, another value",
     "object 9\ninsert_once 9 \"k\" \"a\"\n"
     "insert_once 9 \"k\" \"b\"",
     "eval_conflict_error: object keys must be unique"},
    {"merge: a wins, deeply",
     "object 5\ninsert 5 \"k\" \"mine\"\nobject 6\ninsert 6 \"o\" 5\nmerge 9 = 6 0\n"
     "dot 9 = 9 \"o\"",
     R"({{"k": "mine"}})"},
    {"merge with undefined", "object 5\nmerge 9 = 5 6", "{{}}"},
    {"not: what fails", "not\n  equal \"a\" \"b\"\nvar 9 = true", "{true}"},
    {"not: what holds", "not\n  equal \"a\" \"a\"\nvar 9 = true", "set()"},
    {"a break ends the not, which holds", "not\n  break 0\nvar 9 = true", "{true}"},
    {"a break ends two blocks", "block\n  -\n    break 1\nvar 9 = true", "set()"},
    {"blocks come one after the other",
     "block\n  -\n    dot 9 = 0 \"none\"\n    break 1\n  -\n    var 9 = \"second\"",
     R"({"second"})"},
    {"scan of an array: key and value",
     "array 9\ndot 5 = 0 \"list\"\nscan 5 6 7\n  append 9 6\n  append 9 7",
     "{[0, 10, 1, 20, 2, 30]}"},
    {"scan of an object", "array 9\nscan 0 6 7\n  append 9 6", R"({["list", "no", "o", "text"]})"},
    {"scan of a set",
     "array 9\nset 5\nadd 5 \"b\"\nadd 5 \"a\"\nscan 5 6 7\n  append 9 6\n"
     "  append 9 7",
     R"({["a", "a", "b", "b"]})"},
    {"scan of a text: not at all", "var 9 = \"after\"\nscan \"xy\" 6 7\n  var 9 = \"in\"",
     R"({"after"})"},
    {"what fails in a scan goes on with the next",
     "array 9\ndot 5 = 0 \"list\"\nscan 5 6 7\n  int 8 = 20\n  not_equal 7 8\n  append 9 7",
     "{[10, 30]}"},
    {"a break ends the scan",
     "array 9\ndot 5 = 0 \"list\"\nblock\n  -\n    scan 5 6 7\n"
     "      append 9 7\n      break 1",
     "{[10]}"},
    {"with: input replaced", "with 0 \"new\"\n  var 9 = 0", R"({"new"})"},
    {"with: put back", "with 0 \"new\"\n  var 5 = 0\nvar 9 = 0\ndot 9 = 9 \"no\"", "{false}"},
    {"with: at a path", "with 0 true \"o\" \"k\"\n  dot 9 = 0 \"o\"", R"({{"k": true}})"},
    {"with: a path through a text", "with 0 true \"text\" \"k\"\n  dot 9 = 0 \"text\"",
     R"({{"k": true}})"},
    {"with: others stay", "with 0 true \"o\" \"k\"\n  dot 9 = 0 \"no\"", "{false}"},
    {"with: undefined at a path", "var 9 = true\nwith 0 5 \"o\"\n  var 9 = false", "set()"},
    {"with: what fails in it fails", "var 9 = true\nwith 0 \"new\"\n  equal \"a\" \"b\"", "set()"},
    {"with: a break out of it puts back",
     "block\n  -\n    with 0 \"new\"\n      break 1\ndot 9 = 0 \"no\"", "{false}"},
    {"with: data", "with 1 0\n  dot 9 = 1 \"no\"", "{false}"},
    {"less", "int 5 = 1\nint 6 = 2\ncall 7 = lt 5 6\nnot_equal 7 false\nvar 9 = true", "{true}"},
    {"less of kinds", "null 5\ncall 9 = lt 5 \"a\"", "{true}"},
    {"at least", "int 5 = 1\nint 6 = 2\ncall 7 = gte 5 6\nnot_equal 7 false\nvar 9 = true",
     "set()"},
    {"member of an array",
     "dot 5 = 0 \"list\"\nnum 6 = \"20.0\"\ncall 7 = internal.member_2 6 5\n"
     "not_equal 7 false\nvar 9 = true",
     "{true}"},
    {"member of an object: values",
     "dot 5 = 0 \"o\"\ncall 7 = internal.member_2 \"k\" 5\nnot_equal 7 false\nvar 9 = true",
     "set()"},
    {"plus", "int 5 = 40\nint 6 = 2\ncall 9 = plus 5 6", "{42}"},
    {"plus past 64 bits", "num 5 = \"9223372036854775807\"\nint 6 = 1\ncall 9 = plus 5 6",
     "{9223372036854775808}"},
    {"minus of sets", "set 5\nadd 5 \"a\"\nadd 5 \"b\"\nset 6\nadd 6 \"a\"\ncall 9 = minus 5 6",
     R"({{"b"}})"},
    {"count", "dot 5 = 0 \"text\"\ncall 9 = count 5", "{5}"},
    {"a builtin that fails is undefined", "int 5 = 1\nint 6 = 0\ncall 9 = div 5 6", "set()"},
    {"a result that nobody could make", "reset 9", "set()"},
};

TEST_CASE("machine: what each statement does") {
  Runner runner;
  for (const StatementRow& row : kStatementRows) {
    CAPTURE(row.name);
    CHECK(runner.run(block_of(row.statements),
                     {.input = R"({"o":{"k":1},"no":false,"list":[10,20,30],"text":"größe"})"}) ==
          row.wanted);
  }
}

// Two bodies with these last values, the second one only when input.two is there.
std::string two_bodies(const std::string& parameters, const char* first, const char* second) {
  return "function g0.data.t.p " + parameters +
         " : 2\n  block\n    reset 10\n    once 10 = " + first +
         "\n  block\n    defined 10\n    once 2 = 10\n"
         "  block\n    reset 11\n    dot 12 = 0 \"two\"\n    once 11 = " +
         second +
         "\n  block\n    defined 11\n    once 2 = 11\n  block\n    return 2\n"
         "plan eval\n  block\n    call 2 = g0.data.t.p " +
         parameters + "\n    result 2\n";
}

TEST_CASE("machine: bodies that give different values are a conflict, with the place of it") {
  Runner runner;
  const std::string rule = two_bodies("0 1", "\"a\"", "\"b\"");
  CHECK(runner.run(rule) == R"({"a"})");
  CHECK(runner.run(rule, {.input = R"({"two":1})"}) ==
        "eval_conflict_error: complete rules must not produce multiple outputs");
  CHECK(runner.last_error.file == "test.rego");
  CHECK(runner.last_error.at.row == 11);
  CHECK(runner.run(two_bodies("0 1", "\"a\"", "\"a\""), {.input = R"({"two":1})"}) == R"({"a"})");
  const std::string function = two_bodies("0 1 5", "\"a\"", "\"b\"");
  CHECK(runner.run(function, {.input = R"({"two":1})"}) ==
        "eval_conflict_error: functions must not produce multiple outputs for same inputs");
}

// Found by plan_fuzz: what was read stood in no register, as only the comparison seemed to want it.
TEST_CASE("machine: a value that was read conflicts with what is assigned once over it") {
  const std::string plan = R"(
function g0.data.t.p 0 1 : 2
  block
    dot 4 = 0 "role"
    equal 4 "admin"
    once 4 = true
    once 2 = true
  block
    return 2
plan eval
  block
    call 2 = g0.data.t.p 0 1
    result 2
)";
  Runner runner;
  CHECK(runner.run(plan, {.input = R"({"role":"admin"})"}) ==
        "eval_conflict_error: complete rules must not produce multiple outputs");
  CHECK(runner.run(plan, {.input = R"({"role":"user"})"}) == "set()");
}

TEST_CASE("machine: else branches are tried in their order, and the first decides") {
  const std::string plan = R"(
function g0.data.t.p 0 1 : 2
  block
    block
      -
        reset 3
        dot 4 = 0 "a"
        once 3 = 4
      -
        undefined 3
        dot 5 = 0 "b"
        once 3 = 5
      -
        undefined 3
        once 3 = "last"
      -
        defined 3
        once 2 = 3
  block
    return 2
plan eval
  block
    call 2 = g0.data.t.p 0 1
    result 2
)";
  Runner runner;
  CHECK(runner.run(plan, {.input = R"({"a":1,"b":2})"}) == "{1}");
  CHECK(runner.run(plan, {.input = R"({"b":2})"}) == "{2}");
  CHECK(runner.run(plan, {.input = R"({"a":false,"b":2})"}) == "{false}");
  CHECK(runner.run(plan) == R"({"last"})");
}

TEST_CASE("machine: a rule is remembered, but not across another input") {
  // q = count(input.list); p asks three times: as it is, with another input, with the first again.
  const std::string plan = R"(
function g0.data.t.q 0 1 : 2
  block
    dot 3 = 0 "list"
    call 4 = count 3
    once 2 = 4
  block
    return 2
plan eval
  block
    array 9
    call 2 = g0.data.t.q 0 1
    append 9 2
    array 5
    append 5 "x"
    var 6 = 0
    with 0 5 "list"
      call 3 = g0.data.t.q 0 1
      append 9 3
      with 0 6
        call 4 = g0.data.t.q 0 1
        append 9 4
    call 7 = g0.data.t.q 0 1
    append 9 7
    result 9
)";
  Runner runner;
  CHECK(runner.run(plan, {.input = R"({"list":[1,2,3]})"}) == "{[3, 1, 3, 3]}");
  // Without an input, it is undefined, and that is remembered too.
  CHECK(runner.run(plan, {.input = ""}) == "set()");
}

TEST_CASE("machine: a path is looked up anew when input or data are others") {
  // data.users[input.name], with another name and with other users, from a rule each time.
  const std::string plan = R"(
function g0.data.t.q 0 1 : 2
  block
    dot 3 = 0 "name"
    dot 4 = 1 "users"
    dot 5 = 4 3
    return 5
plan eval
  block
    array 9
    call 2 = g0.data.t.q 0 1
    append 9 2
    block
      -
        with 0 "b" "name"
          call 3 = g0.data.t.q 0 1
          append 9 3
          with 1 "other" "users" "b"
            call 4 = g0.data.t.q 0 1
            append 9 4
      -
        with 0 "nobody" "name"
          call 5 = g0.data.t.q 0 1
          append 9 5
    call 6 = g0.data.t.q 0 1
    append 9 6
    result 9
)";
  Runner runner;
  CHECK(runner.run(plan, {.input = R"({"name":"a"})", .data = R"({"users":{"a":1,"b":2}})"}) ==
        R"({[1, 2, "other", 1]})");
}

TEST_CASE("machine: a dynamic call finds the function by its path") {
  const std::string plan = R"(
function g0.data.t.a 0 1 : 2
  block
    return "of a"
function g0.data.t.b 0 1 5 : 2
  block
    return 5
plan eval
  block
    dot 3 = 0 "name"
    block
      -
        block
          -
            dynamic 4 = "g0" "t" 3 : 0 1
            break 1
        var 4 = "none"
    result 4
)";
  Runner runner;
  CHECK(runner.run(plan, {.input = R"({"name":"a"})"}) == R"({"of a"})");
  CHECK(runner.run(plan, {.input = R"({"name":"c"})"}) == R"({"none"})");
  CHECK(runner.run(plan, {.input = R"({"name":1})"}) == R"({"none"})");
  // b takes another operand.
  CHECK(runner.run(plan, {.input = R"({"name":"b"})"}) == R"({"none"})");
}

TEST_CASE("machine: faults of builtins are undefined, or end a strict query") {
  Runner runner;
  const std::string plan = block_of("int 5 = 1\nint 6 = 0\ncall 9 = div 5 6");
  CHECK(runner.run(plan) == "set()");
  CHECK(runner.run(plan, {.strict = true}) == "eval_builtin_error: div: divide by zero");
  CHECK(runner.last_error.at.row == 5);
  const std::string type = block_of("call 9 = count true");
  CHECK(
      runner.run(type, {.strict = true}).starts_with("eval_type_error: count: operand 1 must be"));
}

Value answer_42(builtin::Context&, std::span<const Value>) {
  return Value::integer(42);
}
Value give_up(builtin::Context& context, std::span<const Value>) {
  return context.fail(builtin::Failure::cancelled, "cancelled by the host");
}

TEST_CASE("machine: the host adds functions and puts its own in the place of others") {
  Runner runner;
  CHECK(runner.run(block_of("call 9 = host.answer")) ==
        "refused: plan eval: unknown function host.answer");
  runner.capabilities.more = {
      {.name = "host.answer", .signature = "() => number", .function = answer_42},
      {.name = "count", .signature = "(x: any) => number", .function = answer_42},
      {.name = "host.stop", .signature = "() => any", .function = give_up}};
  CHECK(runner.run(block_of("call 9 = host.answer")) == "{42}");
  CHECK(runner.run(block_of("call 9 = count 0")) == "{42}");
  CHECK(runner.run(block_of("call 9 = host.stop")) == "eval_cancel_error: cancelled by the host");
  // What reaches out is there only when the host allows it.
  runner.capabilities.more.push_back({.name = "host.far",
                                      .signature = "() => number",
                                      .function = answer_42,
                                      .reaches_out = true});
  const std::string far = block_of("call 9 = host.far");
  CHECK(runner.run(far, {.strict = true}) ==
        "eval_builtin_error: host.far: this function is not available here");
  runner.capabilities.may_reach_out = true;
  CHECK(runner.run(far) == "{42}");
}

// Loops within loops over input.list, and adds to an array.
std::string nested_loops(int depth) {
  std::string text = "array 9\ndot 5 = 0 \"list\"\n", indent;
  for (int i = 0; i < depth; ++i) {
    text +=
        indent + "scan 5 " + std::to_string(20 + 2 * i) + " " + std::to_string(21 + 2 * i) + "\n";
    indent += "  ";
  }
  return block_of(text + indent + "append 9 5");
}

TEST_CASE("machine: each limit ends the query and says which it was") {
  Runner runner;
  const std::string list = R"({"list":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]})";
  CHECK(runner.run(nested_loops(2), {.input = list}).size() > 1'000);
  CHECK(runner.instructions > 256);
  Run few{.input = list};
  few.limits.instructions_max = 10'000;
  few.limits.time_max = {};
  CHECK(runner.run(nested_loops(5), few) ==
        "eval_cancel_error: the evaluation takes more than 10000 instructions");
  Run small{.input = list};
  small.limits.memory_bytes_max = 100'000;
  CHECK(runner.run(nested_loops(5), small) ==
        "eval_cancel_error: the evaluation needs more than 100000 bytes");
  Run brief{.input = list};
  brief.limits.time_max = Nanos{1};
  CHECK(runner.run(nested_loops(6), brief)
            .starts_with("eval_cancel_error: the evaluation takes longer"));
}

TEST_CASE("machine: calls nest as deep as allowed, and no deeper") {
  std::string text = "function g0.data.f0 0 1 : 2\n  block\n    return \"end\"\n";
  for (int i = 1; i <= 20; ++i) {
    text += "function g0.data.f" + std::to_string(i) + " 0 1 : 2\n  block\n    call 3 = g0.data.f" +
            std::to_string(i - 1) + " 0 1\n    return 3\n";
  }
  text += "plan eval\n  block\n    call 2 = g0.data.f20 0 1\n    result 2\n";
  Runner runner;
  Run given;
  given.limits.call_depth_max = 21;
  CHECK(runner.run(text, given) == R"({"end"})");
  given.limits.call_depth_max = 20;
  CHECK(runner.run(text, given) == "eval_cancel_error: calls nest too deep");
  // A dynamic call may be a call of oneself.
  const std::string loop =
      "function g0.data.p 0 1 : 2\n  block\n    dynamic 3 = \"g0\" \"p\" : 0 1\n    return 3\n"
      "plan eval\n  block\n    call 2 = g0.data.p 0 1\n    result 2\n";
  CHECK(runner.run(loop) == "eval_cancel_error: calls nest too deep");
}

TEST_CASE("machine: windows of calls move when the stack grows") {
  std::string text = "function g0.data.f0 0 1 9 : 2\n  block\n    return 9\n";
  for (int i = 1; i <= 30; ++i) {
    text += "function g0.data.f" + std::to_string(i) + " 0 1 9 : 2\n  block\n";
    for (int local = 100; local < 400; ++local) {
      text +=
          "    dot " + std::to_string(local) + " = 0 9\n    add 3 " + std::to_string(local) + "\n";
    }
    text += "  block\n    call 3 = g0.data.f" + std::to_string(i - 1) + " 0 1 9\n    return 3\n";
  }
  text += "plan eval\n  block\n    call 2 = g0.data.f30 0 1 \"value\"\n    result 2\n";
  Runner runner;
  CHECK(runner.run(text, {.input = R"({"value":1})"}) == R"({"value"})");
}

TEST_CASE("machine: one that was stopped works again") {
  Runner runner;
  Run few{.input = R"({"list":[1,2,3,4,5,6,7,8]})"};
  few.limits.instructions_max = 1'000;
  const std::string stopped = runner.run(nested_loops(6), few);
  CHECK(stopped.starts_with("eval_cancel_error"));
  CHECK(runner.run(block_of("var 9 = \"x\"")) == R"({"x"})");
}

TEST_CASE("machine: threads share a program and its data") {
  const std::string text = two_bodies("0 1", "\"a\"", "\"a\"");
  const auto program = *Program::make(PlanText::parse(text));
  std::vector<std::string> answers(4);
  std::vector<std::thread> threads;
  threads.reserve(answers.size());
  for (std::string& answer : answers) {
    threads.emplace_back([&program, &answer] {
      Runner runner;
      for (int i = 0; i < 200; ++i) answer = runner.run(*program, {.input = R"({"two":1})"});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& answer : answers) CHECK(answer == R"({"a"})");
}

TEST_CASE("machine: a plan that is not there is an error") {
  const auto clock = sys::real_clock();
  const auto random = sys::real_random();
  Machine machine(*clock, *random);
  const auto program = *Program::make({});
  Query query;
  for (const int plan : {-1, 0, 7}) {
    query.plan = plan;
    const auto answer = machine.run(*program, query);
    REQUIRE(!answer);
    CHECK(answer.error().code == "eval_internal_error");
  }
}

}  // namespace
}  // namespace mc::vm
