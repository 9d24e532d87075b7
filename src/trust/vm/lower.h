// From the simplified statements of a function (flow.h) to instructions (code.h): registers, the
// index of bodies, and the instructions themselves. Private to the module.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "vm/code.h"
#include "vm/flow.h"

namespace mc::vm {

inline constexpr std::int32_t kRegistersMax = 1 << 16;

// Locals of one block share registers with those of other blocks: what is used in several blocks
// keeps a register of its own.
struct Registers {
  std::vector<std::int32_t> of_local;
  std::vector<std::int32_t> home;                 // the only block a local is used in; -1 = several
  std::int32_t shared_begin = 0, shared_end = 0;  // undefined when the function begins
  struct Block {
    std::int32_t reset_end = 0;  // from shared_end on: may be read before they are written
    std::int32_t end = 0;
  };
  std::vector<Block> blocks;
};
Registers place_registers(Flow& flow);

// The paths of a program, each once.
class PathTable {
 public:
  explicit PathTable(std::vector<Path>& paths) : paths_(paths) {}
  // The number of a path, -1 when it is too deep.
  std::int32_t of(const Path& path);

 private:
  std::vector<Path>& paths_;
  std::vector<int> depths_;
  std::map<std::tuple<std::int32_t, std::int32_t, Ref, std::int32_t>, std::int32_t> index_;
};

// Which locals hold the value of a path, while statements are looked at in their order. A `with`
// makes another input or data: what was read before is no path of that.
class PathTracker {
 public:
  PathTracker(PathTable& table, const std::vector<Use>& uses) : table_(table), uses_(uses) {}
  // The path that a dot statement reads, or -1. Remembers it for the statement's target.
  std::int32_t of_dot(const Step& dot);
  std::int32_t of_local(Ref local) const;
  int enter_with() {
    const int outer = epoch_;
    epoch_ = ++epochs_;
    return outer;
  }
  void leave_with(int outer) { epoch_ = outer; }

 private:
  struct Known {
    std::int32_t path = -1;
    int epoch = 0;
  };
  PathTable& table_;
  const std::vector<Use>& uses_;
  std::unordered_map<Ref, Known> known_;
  int epoch_ = 0, epochs_ = 0;
};

// What calls of well-known builtins become when only their truth is asked.
enum class Test : std::uint8_t { none, equal, not_equal, less, at_most, more, at_least, member };
Test test_of(const builtin::Builtin& builtin);
// `at` is a call, and the next live statement asks whether its result is not false; nobody else
// reads it. The place of that statement, or 0.
std::size_t find_test(const StepBlock& block, std::size_t at, const std::vector<Use>& uses);
std::size_t next_live(const StepBlock& block, std::size_t at);  // steps.size() when none

// The bodies of a function by the value of one path or parameter. Blocks outside [begin, end) are
// not indexed; a block without values is a candidate whatever the value.
struct BodyIndex {
  std::size_t begin = 0, end = 0;  // equal: no index
  std::int32_t path = -1;          // or
  Ref local = -1;
  std::vector<std::vector<Ref>> values;  // of each block from begin on; sorted
};
struct IndexInputs {
  Flow& flow;
  const std::vector<Use>& uses;
  const Registers& registers;
  PathTable& paths;
  const Constants& constants;
};
BodyIndex find_index(const IndexInputs& in);
// `first_of`: where the code of each block from `index.begin` on begins (-1: none), and where that
// of index.end does.
Dispatch make_dispatch(const BodyIndex& index, const std::vector<std::int32_t>& first_of,
                       const Constants& constants, std::vector<std::int32_t>& bodies);

class Lowering {
 public:
  Lowering(Program::Code& code, Constants& constants)
      : code_(code), constants_(constants), paths_(code.paths) {}
  // Appends the instructions of a function or plan, and says how many registers it needs.
  Result<std::int32_t> lower(Flow& flow);

 private:
  friend class Emitter;
  Program::Code& code_;
  Constants& constants_;
  PathTable paths_;
  std::unordered_map<const builtin::Builtin*, std::string_view> names_;
};

}  // namespace mc::vm
