#include "vm/plan.h"

#include <doctest/doctest.h>

#include <string>

#include "vm/test_plans.h"

namespace mc::vm::plan {
namespace {

// plan.json with one plan of one block of these statements, and strings "a", "1".
std::string json_of(const std::string& statements) {
  return R"({"static":{"strings":[{"value":"a"},{"value":"1"}],"files":[{"value":"x.rego"}]},)"
         R"("plans":{"plans":[{"name":"eval","blocks":[{"stmts":[)" +
         statements + R"(]}]}]},"funcs":{"funcs":null}})";
}

std::string statement(const std::string& type, const std::string& members) {
  return R"({"type":")" + type + R"(","stmt":{)" + members + "}}";
}

constexpr const char* kLocal = R"({"type":"local","value":3})";

TEST_CASE("plan: statements are read member by member") {
  const Result<Policy> policy = parse(json_of(
      statement("DotStmt", R"("source":{"type":"local","value":0},"key":{"type":"string_index",)"
                           R"("value":0},"target":4,"file":0,"row":7,"col":3)") +
      "," + statement("MakeNumberRefStmt", R"("Index":1,"target":5)") + "," +
      statement("CallStmt", R"("func":"count","args":null,"result":6)") + "," +
      statement("CallDynamicStmt", R"("args":[0,1],"path":[{"type":"bool","value":true}],)"
                                   R"("result":7)") +
      "," +
      statement("WithStmt", R"("local":1,"path":[0,1],"value":{"type":"local","value":3},)"
                            R"("block":{"stmts":null})")));
  REQUIRE_MESSAGE(policy, policy.error().what);
  const auto& statements = policy->plans.at(0).blocks.at(0).statements;
  REQUIRE(statements.size() == 5);
  CHECK(statements[0].op == Op::dot);
  CHECK(statements[0].a == Operand::local(0));
  CHECK(statements[0].b == Operand::string(0));
  CHECK(statements[0].target == 4);
  CHECK(statements[0].at.row == 7);
  CHECK(statements[0].at.column == 3);
  CHECK(statements[1].integer == 1);
  CHECK(statements[2].name == "count");
  CHECK(statements[3].operands.at(1) == Operand::local(1));
  CHECK(statements[3].path.at(0) == Operand::boolean(true));
  CHECK(statements[4].with_path == std::vector<std::int32_t>{0, 1});
  CHECK(statements[4].blocks.size() == 1);
}

TEST_CASE("plan: what is printed reads back as the same") {
  const Policy policy = PlanText::parse(R"(
function g0.data.t.f 0 1 4 : 2
  block
    reset 3
    block
      -
        dot 5 = 0 "a"
        break 1
      -
        num 5 = "1.5"
    scan 5 6 7
      not
        equal 6 7
      with 0 6 "a" "b"
        once 3 = true
  block
    defined 3
    return 3
plan eval
  block
    object 8
    insert_once 8 "k" false
    merge 9 = 8 8
    dynamic 10 = "g0" 9 : 0 1
    call 11 = g0.data.t.f 0 1 "x"
    result 11
)");
  const std::string text = to_json(policy);
  const Result<Policy> again = parse(text);
  REQUIRE_MESSAGE(again, again.error().what);
  CHECK(to_json(*again) == text);
  CHECK(again->functions.at(0).path == std::vector<std::string>{"g0", "t", "f"});
  CHECK(again->functions.at(0).parameters == std::vector<Local>{0, 1, 4});
}

TEST_CASE("plan: what is wrong is named by its place") {
  struct Row {
    const char* name;
    std::string json;
    const char* message;
  };
  const std::string deep_open = R"({"type":"BlockStmt","stmt":{"blocks":[{"stmts":[)";
  std::string deep;
  for (int i = 0; i < 252; ++i) deep += deep_open;
  for (int i = 0; i < 252; ++i) deep += "]}]}}";
  const Row rows[] = {
      {"no JSON", "{", "invalid JSON at byte 1"},
      {"no object", "[]", "plan: must be an object"},
      {"unknown statement", json_of(statement("FlyStmt", "")),
       "plans.plans[0].blocks[0].stmts[0]: unknown statement 'FlyStmt'"},
      {"no type", json_of("{}"), "plans.plans[0].blocks[0].stmts[0]: must have a text 'type'"},
      {"missing member", json_of(statement("ResetLocalStmt", "")),
       "plans.plans[0].blocks[0].stmts[0].stmt.target: is missing"},
      {"negative local", json_of(statement("ResetLocalStmt", R"("target":-1)")),
       "plans.plans[0].blocks[0].stmts[0].stmt.target: -1 is not from 0 to 2147483647"},
      {"string past the list", json_of(statement("MakeNumberRefStmt", R"("Index":2,"target":3)")),
       "plans.plans[0].blocks[0].stmts[0].stmt.Index: 2 is not from 0 to 1"},
      {"operand past the list",
       json_of(statement("IsArrayStmt", R"("source":{"type":"string_index","value":9})")),
       "plans.plans[0].blocks[0].stmts[0].stmt.source: 9 is not from 0 to 1"},
      {"operand of an unknown type",
       json_of(statement("IsArrayStmt", R"("source":{"type":"int","value":9})")),
       "plans.plans[0].blocks[0].stmts[0].stmt.source: has an unknown 'type'"},
      {"a text as a number", json_of(statement("ResetLocalStmt", R"("target":"1")")),
       "plans.plans[0].blocks[0].stmts[0].stmt.target: must be an integer"},
      {"file past the list", json_of(statement("NopStmt", R"("file":1)")),
       "plans.plans[0].blocks[0].stmts[0].stmt: 'file' is past the list of files"},
      {"break too far", json_of(statement("BreakStmt", R"("index":1)")),
       "plans.plans[0].blocks[0].stmts[0].stmt: 'index' is past the outermost block"},
      {"nested too deep", json_of(deep), "nests deeper than 250"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Result<Policy> policy = parse(row.json);
    REQUIRE(!policy);
    CHECK(policy.error().code == Code::invalid);
    CHECK_MESSAGE(policy.error().what.find(row.message) != std::string::npos, policy.error().what);
  }
  CHECK(parse(json_of(statement("IsDefinedStmt", R"("source":3)"))));
  CHECK(parse(json_of(statement("IsArrayStmt", std::string(R"("source":)") + kLocal))));
}

}  // namespace
}  // namespace mc::vm::plan
