// A query plan: OPA's intermediate representation (IR), statement for statement, as `opa build -t
// plan` writes it to plan.json (OPA docs, "Intermediate Representation"). The compiler of Rego
// makes plans, bundles bring them, vm.h runs them. Plain data, copied freely.
//
// Locals 0 and 1 are input and data. A statement that is undefined ends its block; BreakStmt ends
// `index` + 1 blocks. Blocks of a function or of a BlockStmt are tried one after the other,
// whatever became of the one before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::vm::plan {

using Local = std::int32_t;

struct Operand {
  enum class Kind : std::uint8_t { local, boolean, string } kind = Kind::local;
  std::int32_t value = 0;  // the local, 0 or 1, the index into Static::strings
  static Operand local(Local local) { return {Kind::local, local}; }
  static Operand boolean(bool flag) { return {Kind::boolean, flag ? 1 : 0}; }
  static Operand string(std::int32_t index) { return {Kind::string, index}; }
  bool operator==(const Operand&) const = default;
};

struct Location {
  std::int32_t file = 0, row = 0, column = 0;  // file indexes Static::files
};

// Named as in OPA, without "Stmt".
enum class Op : std::uint8_t {
  array_append,        // target[]= a                    (target: "array")
  assign_int,          // target = integer
  assign_var,          // target = a
  assign_var_once,     // target = a; conflict when target holds another value
  block,               // blocks
  break_,              // integer = index
  call,                // target = name(operands); undefined result: undefined
  call_dynamic,        // target = function at path `path`(operands); none: undefined
  dot,                 // target = a[b]; undefined when absent
  equal,               // undefined unless a == b
  is_array,            // of a
  is_defined,          // of a
  is_object,           // of a
  is_set,              // of a
  is_undefined,        // of a
  len,                 // target = count(a)
  make_array,          // target = [], integer = capacity
  make_null,           // target = null
  make_number_int,     // target = integer
  make_number_ref,     // target = number written in strings[integer]
  make_object,         // target = {}
  make_set,            // target = set()
  nop,                 //
  not_,                // blocks[0] must not reach its end
  not_equal,           // undefined when a == b
  object_insert,       // target[a] = b                  (target: "object")
  object_insert_once,  // the same; conflict when the key has another value
  object_merge,        // target = b merged over by a, recursively (OPA: ObjectMergeStmt{A, B})
  reset_local,         // target = undefined
  result_set_add,      // adds a to the result of the plan
  return_local,        // returns a
  scan,                // for key, value of a: blocks[0]
  set_add,             // target |= {a}                  (target: "set")
  with,                // target (0, 1 or a local) replaced at `path` by a while blocks[0] runs
};

struct Block;
struct Statement {
  Op op = Op::nop;
  Location at;
  Operand a, b;
  Local target = 0;
  Local key = 0, value = 0;             // of scan
  std::int64_t integer = 0;             // see Op
  std::string name;                     // of call: a function of this plan, or a builtin
  std::vector<Operand> operands;        // of call, call_dynamic
  std::vector<Operand> path;            // of call_dynamic (operands)
  std::vector<std::int32_t> with_path;  // of with: indexes of strings
  std::vector<Block> blocks;            // of block, not_, scan, with
};
struct Block {
  std::vector<Statement> statements;
};

struct Function {
  std::string name;               // "g0.data.example.allow"
  std::vector<std::string> path;  // {"g0", "example", "allow"}: what call_dynamic looks up
  std::vector<Local> parameters;  // starts with 0 and 1; a rule has only these, and is remembered
  Local result = 0;               // "return"
  std::vector<Block> blocks;
};
struct Plan {
  std::string name;  // "eval", or an entry point "example/allow"
  std::vector<Block> blocks;
};
struct BuiltinFunction {
  std::string name;  // its declaration is known here by name
};

struct Policy {
  std::vector<std::string> strings;
  std::vector<BuiltinFunction> builtins;
  std::vector<std::string> files;
  std::vector<Plan> plans;
  std::vector<Function> functions;
};

// plan.json in and out. Errors: `invalid`, naming the path of the member ("plans.plans[0].blocks[2]
// .stmts[4].stmt.target: ..."): unknown statement types, indexes out of range, nesting past 250,
// more than 10 million statements.
Result<Policy> parse(std::string_view json);
std::string to_json(const Policy& policy);

}  // namespace mc::vm::plan
