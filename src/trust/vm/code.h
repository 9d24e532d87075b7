// The bytecode of a Program: what lower.h makes and machine.cc runs. Private to the module.
//
// A function has a window of registers: its parameters first (0 is input, 1 is data), then its
// locals and what the lowering needs. The window of a called function begins where the caller's
// ends. An operand (Ref) is a register, or a constant of the pool. Undefined is a value like
// others in a register; an instruction that is undefined jumps to `d`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "builtin/builtin.h"
#include "term/term.h"
#include "vm/plan.h"
#include "vm/vm.h"

namespace mc::vm {

using term::Kind;
using term::Value;

using Ref = std::int32_t;  // a register or local; ~index of a constant when negative
constexpr Ref constant_ref(std::size_t index) {
  return ~static_cast<Ref>(index);
}
constexpr std::size_t constant_index(Ref ref) {
  const Ref index = ~ref;
  return static_cast<std::size_t>(index);
}
inline constexpr Ref kUndefined = constant_ref(0);  // the first constant
inline constexpr Ref kFalse = constant_ref(1);
inline constexpr Ref kTrue = constant_ref(2);

// X(name, what b, c and d are): r = Ref, j = jump, p = path, n = number, f = function, s = site,
// l = list of operands, t = dispatch table, . = nothing. `a` is always a register, or a kind.
#define MC_VM_OPCODES(X)                                                                  \
  X(jump, "..j")           /* */                                                          \
  X(move, "r..")           /* a = b */                                                    \
  X(reset, "n..")          /* b registers from a on are undefined */                      \
  X(path, "p.j")           /* a = the value at path b */                                  \
  X(path_defined, "p.j")   /* */                                                          \
  X(path_equal, "prj")     /* the value at path b is c */                                 \
  X(path_not_equal, "prj") /* */                                                          \
  X(dot, "rrj")            /* a = b[c] */                                                 \
  X(equal, "rrj")          /* */                                                          \
  X(not_equal, "rrj")      /* */                                                          \
  X(truthy, "r.j")         /* b is defined and not false */                               \
  X(defined, "r.j")        /* */                                                          \
  X(undefined, "r.j")      /* */                                                          \
  X(is_kind, "r.j")        /* the kind of b is a */                                       \
  X(len, "r.j")            /* a = count(b) */                                             \
  X(make_array, "n..")     /* a = [], of capacity b */                                    \
  X(make_object, "n..")    /* */                                                          \
  X(make_set, "n..")       /* */                                                          \
  X(fill_array, "l.j")     /* a = [list b] */                                             \
  X(append, "r.j")         /* */                                                          \
  X(add, "r.j")            /* */                                                          \
  X(insert, "rrj")         /* a[b] = c */                                                 \
  X(insert_once, "rrj")    /* */                                                          \
  X(merge, "rrj")          /* a = c merged over by b */                                   \
  X(assign_once, "r..")    /* */                                                          \
  X(result, "r..")         /* adds b to the results */                                    \
  X(return_value, "r..")   /* */                                                          \
  X(scan, "r.j")           /* an iterator of b in a and a + 1; on to its next */          \
  X(next, "nnj")           /* b, c = next key and value; again d, or on when at an end */ \
  X(with_enter, "rlj")     /* a is b, at path c when >= 0, until with_leave */            \
  X(with_leave, "...")     /* */                                                          \
  X(call, "flj")           /* */                                                          \
  X(call_rule, "f.j")      /* a function of input and data: remembered */                 \
  X(test_call, "flj")      /* its result is defined and not false */                      \
  X(test_rule, "f.j")      /* */                                                          \
  X(call_dynamic, "s.j")   /* */                                                          \
  X(call_builtin, "s.j")   /* */                                                          \
  X(test_builtin, "s.j")   /* its result is defined and not false */                      \
  X(test_less, "rrj")      /* b < c */                                                    \
  X(test_at_most, "rrj")   /* b <= c */                                                   \
  X(test_member, "rrj")    /* b in c */                                                   \
  X(add_numbers, "rrs")    /* a = b + c; as call_builtin when not of 64 bits */           \
  X(subtract, "rrs")       /* */                                                          \
  X(count, "r.s")          /* a = count(b) */                                             \
  X(dispatch, "t..")       /* to the first body that can succeed; its list in a */        \
  X(next_body, "...")      /* to the next of list a */                                    \
  X(halt, "...")

enum class Opcode : std::uint16_t {
#define MC_VM_NAME(name, shape) name,
  MC_VM_OPCODES(MC_VM_NAME)
#undef MC_VM_NAME
};
std::string_view opcode_name(Opcode op);
std::string_view opcode_shape(Opcode op);

struct Instruction {
  Opcode op = Opcode::halt;
  std::uint16_t a = 0;
  std::int32_t b = 0, c = 0, d = 0;
};
static_assert(sizeof(Instruction) == 16);

inline constexpr int kPathDepthMax = 32;  // longer ones go on as registers
// input.a.b is {parent: the path of input.a, key: "b"}, data.a[input.b] has a path as its key. The
// value is looked up once a query.
struct Path {
  std::int32_t parent = -1;    // -1: the root
  std::int32_t root = 0;       // 0 input, 1 data
  Ref key = kUndefined;        // a constant, or
  std::int32_t key_path = -1;  // >= 0: the value of this path
};

// A call of a builtin (or of a function by path). Lists are [count, operands...] in Code::lists.
struct Site {
  builtin::Function function = nullptr;
  std::string_view name;
  std::int32_t list = 0;
  std::int32_t path = 0;       // of a dynamic call: a list
  std::int32_t undefined = 0;  // jump, for instructions whose d is the site
};

struct FunctionCode {
  std::string name;  // as in the plan
  std::int32_t entry = 0, end = 0;
  std::int32_t registers = 0;  // with room for the operands of builtins
  std::int32_t parameters = 0;
  bool is_rule = false;   // of input and data only
  std::vector<Ref> path;  // constants
};

struct PlanCode {
  std::string name;
  std::int32_t entry = 0, end = 0, registers = 0;
};

// From the value of a path or a register to the bodies that can succeed.
struct Dispatch {
  struct Slot {
    std::uint64_t hash = 0;
    Ref key = kUndefined;  // kUndefined: free
    std::int32_t bodies = 0;
  };
  std::int32_t path = -1;  // or
  std::int32_t local = 0;
  std::int32_t otherwise = 0;  // list for other values
  std::int32_t end = 0;        // the instruction after all bodies
  std::vector<Slot> slots;     // open addressing, a power of two
};

struct Mark {
  std::int32_t instruction = 0;
  plan::Location at;
};

struct Program::Code {
  term::Arena arena;  // of the constants
  std::vector<Value> constants;
  std::vector<Instruction> instructions;
  std::vector<std::int32_t> lists;
  std::vector<std::int32_t> bodies;  // instruction indexes; each list ends with the end of all
  std::vector<Path> paths;
  std::vector<Site> sites;
  std::vector<Dispatch> dispatches;
  std::vector<FunctionCode> functions;
  std::vector<PlanCode> plans;
  // Functions by hash of their path, sorted, for dynamic calls.
  std::vector<std::pair<std::uint64_t, std::int32_t>> by_path;
  std::vector<std::unique_ptr<std::string>> names;  // of builtins, where sites point
  std::vector<std::string> files;
  std::shared_ptr<builtin::ZoneSource> zones;
  bool uses_whole_input = false;  // otherwise it is read by paths alone
  std::vector<Mark> marks;        // sorted; an instruction has one for each statement it stands for

  plan::Location location(std::int32_t instruction) const;
};

// Of a dynamic call: the function whose path is this, or -1.
std::int32_t find_function(const Program::Code& code, const Value* path, std::size_t size);
std::uint64_t path_hash(const Value* path, std::size_t size);

}  // namespace mc::vm
