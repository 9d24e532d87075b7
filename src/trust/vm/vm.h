// Runs plans (plan.h): Program is the immutable bytecode of a policy, shared by threads without a
// lock; Machine is one thread's stack, arena and caches, used for one evaluation after the other.
//
// A program never changes and holds no values of an evaluation. Data and input are frozen
// term::Documents (or any frozen values) and are passed by pointer: the cost of a decision does not
// depend on their size. Rules without arguments are evaluated once a query and remembered, except
// across `with`. Functions whose bodies test input or data against constants are indexed: only the
// bodies that can succeed are entered.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "builtin/builtin.h"
#include "term/term.h"
#include "vm/plan.h"

namespace mc::vm {

struct Limits {
  std::int64_t instructions_max = 10'000'000;
  std::size_t memory_bytes_max = std::size_t{256} << 20;
  int call_depth_max = 512;
  // Checked every few thousand instructions; 0 = none.
  Nanos time_max = seconds(1);
};

// What the host adds to or takes from builtin::builtins().
struct Capabilities {
  std::vector<builtin::Builtin> more;  // instead of one of the same name, or new
  bool may_reach_out = false;          // functions with reaches_out
  // Of any number of threads; null: UTC and fixed offsets only.
  std::shared_ptr<builtin::ZoneSource> zones;
};

class Program {
 public:
  // `invalid`: a call of an unknown function, an argument count that does not match, a function
  // that calls itself, more than 2^16 locals.
  static Result<std::shared_ptr<const Program>> make(const plan::Policy& policy,
                                                     const Capabilities& capabilities = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::vector<std::string> plan_names() const;
  // -1 when there is none.
  int find_plan(std::string_view name) const;
  std::string disassemble() const;  // for people and golden files
  std::size_t bytes() const;

  struct Code;  // code.h
  const Code& code() const { return *code_; }

 private:
  explicit Program(std::unique_ptr<const Code> code);
  std::unique_ptr<const Code> code_;
};

// Per line of source: how often statements of it were entered, for coverage, and the time spent in
// functions, for the profiler. Collected only when a Machine is given one.
struct Profile {
  std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> lines;  // file, row -> entries
  std::map<std::string, std::pair<std::int64_t, Nanos>> functions;      // calls, time with callees
};

// An input to explain a decision with: one function's outcome.
struct TraceEvent {
  std::string function;  // "data.example.allow"
  plan::Location at;     // of the body that succeeded, or of the statement that failed
  enum class Outcome : std::uint8_t { entered, succeeded, failed } outcome = Outcome::entered;
  int depth = 0;
};

struct Query {
  int plan = 0;
  term::Value input;  // undefined = no input
  term::Value data;   // the base documents
  WallTime now;
  bool strict_errors = false;  // a fault of a builtin ends the query
  Limits limits;
  // All may be null.
  std::vector<std::string>* printed = nullptr;
  Profile* profile = nullptr;
  std::vector<TraceEvent>* trace = nullptr;
};

struct Answer {
  // The set of results of the plan: of `eval`, objects of the bindings; of an entry point, at most
  // one {"result": value}. In the machine's arena: valid until its next run.
  term::Value results;
  term::Value fixed_answers;  // of functions without a fixed answer; undefined when there was none
  std::int64_t instructions = 0;
};

// Ends a query. `code` is OPA's: eval_conflict_error, eval_type_error, eval_builtin_error,
// eval_cancel_error (limits), eval_internal_error.
struct EvalError {
  std::string code;
  std::string message;
  plan::Location at;
  std::string file;
  bool operator==(const EvalError& other) const {
    return code == other.code && message == other.message;
  }
};

class Machine {
 public:
  Machine(sys::Clock& clock, sys::Random& random);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  tl::expected<Answer, EvalError> run(const Program& program, const Query& query);
  // Whether the last run, whose program still lives, may have looked at this member of the input.
  // When it says no, the answer is the same whatever the member is.
  bool may_have_read(std::string_view member) const;
  // Where a caller may build an input for the next run: run() does not reset it, this does.
  term::Arena& arena();
  void reset();

  struct State;  // state.h

 private:
  std::unique_ptr<State> state_;
};

}  // namespace mc::vm
