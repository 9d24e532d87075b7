// The names of plan.json for the statements of plan.h. Private to the module.
#pragma once

#include <string_view>

#include "vm/plan.h"

namespace mc::vm::plan {

// Where a statement of plan.h keeps what a member of plan.json says.
enum class Slot : std::uint8_t {
  none,
  a,         // an operand
  b,         // an operand
  a_local,   // `a`, written as the number of a local
  b_local,   // `b`, the same
  target,    // a local
  key,       // a local
  value,     // a local
  integer,   // a number
  size,      // integer, a capacity
  string,    // integer, the index of a string
  name,      // text
  operands,  // operands
  locals,    // `operands`, written as numbers of locals
  path,      // operands
  strings,   // with_path
  block,     // blocks[0]
  blocks,    // blocks
};

struct Member {
  std::string_view name;
  Slot slot = Slot::none;
};

struct Shape {
  std::string_view name;  // "DotStmt"
  Op op;
  Member members[4];
};

// In the order of Op.
inline constexpr Shape kShapes[] = {
    {"ArrayAppendStmt", Op::array_append, {{"array", Slot::target}, {"value", Slot::a}}},
    {"AssignIntStmt", Op::assign_int, {{"value", Slot::integer}, {"target", Slot::target}}},
    {"AssignVarStmt", Op::assign_var, {{"source", Slot::a}, {"target", Slot::target}}},
    {"AssignVarOnceStmt", Op::assign_var_once, {{"source", Slot::a}, {"target", Slot::target}}},
    {"BlockStmt", Op::block, {{"blocks", Slot::blocks}}},
    {"BreakStmt", Op::break_, {{"index", Slot::integer}}},
    {"CallStmt",
     Op::call,
     {{"func", Slot::name}, {"args", Slot::operands}, {"result", Slot::target}}},
    {"CallDynamicStmt",
     Op::call_dynamic,
     {{"args", Slot::locals}, {"result", Slot::target}, {"path", Slot::path}}},
    {"DotStmt", Op::dot, {{"source", Slot::a}, {"key", Slot::b}, {"target", Slot::target}}},
    {"EqualStmt", Op::equal, {{"a", Slot::a}, {"b", Slot::b}}},
    {"IsArrayStmt", Op::is_array, {{"source", Slot::a}}},
    {"IsDefinedStmt", Op::is_defined, {{"source", Slot::a_local}}},
    {"IsObjectStmt", Op::is_object, {{"source", Slot::a}}},
    {"IsSetStmt", Op::is_set, {{"source", Slot::a}}},
    {"IsUndefinedStmt", Op::is_undefined, {{"source", Slot::a_local}}},
    {"LenStmt", Op::len, {{"source", Slot::a}, {"target", Slot::target}}},
    {"MakeArrayStmt", Op::make_array, {{"capacity", Slot::size}, {"target", Slot::target}}},
    {"MakeNullStmt", Op::make_null, {{"target", Slot::target}}},
    {"MakeNumberIntStmt",
     Op::make_number_int,
     {{"value", Slot::integer}, {"target", Slot::target}}},
    {"MakeNumberRefStmt", Op::make_number_ref, {{"Index", Slot::string}, {"target", Slot::target}}},
    {"MakeObjectStmt", Op::make_object, {{"target", Slot::target}}},
    {"MakeSetStmt", Op::make_set, {{"target", Slot::target}}},
    {"NopStmt", Op::nop, {}},
    {"NotStmt", Op::not_, {{"block", Slot::block}}},
    {"NotEqualStmt", Op::not_equal, {{"a", Slot::a}, {"b", Slot::b}}},
    {"ObjectInsertStmt",
     Op::object_insert,
     {{"key", Slot::a}, {"value", Slot::b}, {"object", Slot::target}}},
    {"ObjectInsertOnceStmt",
     Op::object_insert_once,
     {{"key", Slot::a}, {"value", Slot::b}, {"object", Slot::target}}},
    {"ObjectMergeStmt",
     Op::object_merge,
     {{"a", Slot::a_local}, {"b", Slot::b_local}, {"target", Slot::target}}},
    {"ResetLocalStmt", Op::reset_local, {{"target", Slot::target}}},
    {"ResultSetAddStmt", Op::result_set_add, {{"value", Slot::a_local}}},
    {"ReturnLocalStmt", Op::return_local, {{"source", Slot::a_local}}},
    {"ScanStmt",
     Op::scan,
     {{"source", Slot::a_local},
      {"key", Slot::key},
      {"value", Slot::value},
      {"block", Slot::block}}},
    {"SetAddStmt", Op::set_add, {{"value", Slot::a}, {"set", Slot::target}}},
    {"WithStmt",
     Op::with,
     {{"local", Slot::target},
      {"path", Slot::strings},
      {"value", Slot::a},
      {"block", Slot::block}}},
};
static_assert(std::size(kShapes) == static_cast<std::size_t>(Op::with) + 1);

}  // namespace mc::vm::plan
