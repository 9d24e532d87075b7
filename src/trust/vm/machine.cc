#include <algorithm>
#include <array>

#include "vm/state.h"
#include "vm/vm.h"

namespace mc::vm {
namespace {

constexpr std::int64_t kCheckEvery = 4'000;  // instructions
constexpr std::size_t kFirstStack = 4'096;   // registers
constexpr std::size_t kOverridesMax = 16;    // that are compared

// The same value for certain, without looking into it.
bool identical(Value a, Value b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::object:
      return a.size() == b.size() && a.members().data() == b.members().data();
    case Kind::array:
    case Kind::set:
      return a.size() == b.size() && a.items().data() == b.items().data();
    case Kind::undefined:
    case Kind::null:
      return true;
    default:
      return a.is_small() == b.is_small() && term::equal(a, b);
  }
}

// One's own copy of the topmost level.
Value shallow_copy(term::Arena& arena, Value object) {
  Value made = term::object(arena, object.size() + 1);
  for (const term::Entry& member : object.members()) {
    term::insert(arena, made, member.key, member.value);
  }
  return made;
}

// `from` with `value` at a path, which is made where it is missing or no object.
Value replace_at(term::Arena& arena, Value from, std::span<const Value> path, Value value) {
  std::vector<Value> parents;
  for (const Value& key : path) {
    parents.push_back(from.is_object() ? from : Value());
    from = from.is_object() ? from.find(key) : Value();
  }
  for (std::size_t i = path.size(); i-- > 0;) {
    Value object =
        parents[i].is_undefined() ? term::object(arena) : shallow_copy(arena, parents[i]);
    term::insert(arena, object, path[i], value);
    value = object;
  }
  return value;
}

std::string plural(std::int64_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what);
}

}  // namespace

Machine::State::State(sys::Clock& clock_in, sys::Random& random_in)
    : clock(clock_in), random(random_in), caches(builtin::make_caches()) {}

bool Machine::State::stop(std::string_view code_name, std::string message, const Instruction* pc) {
  error.emplace();
  error->code = code_name;
  error->message = std::move(message);
  error->at = program->location(static_cast<std::int32_t>(pc - code));
  const auto file = static_cast<std::size_t>(error->at.file);
  if (file < program->files.size()) error->file = program->files[file];
  return false;
}

bool Machine::State::check_memory(const Instruction* pc) {
  if (!arena.over_limit()) return true;
  if (arena.too_deep()) {
    return stop("eval_cancel_error",
                "a value nests deeper than " + std::to_string(term::kDepthMax) + " levels", pc);
  }
  return stop("eval_cancel_error",
              "the evaluation needs more than " +
                  plural(static_cast<std::int64_t>(query->limits.memory_bytes_max), "bytes"),
              pc);
}

bool Machine::State::check_limits(const Instruction* pc) {
  if (context->steps_left <= 0) {
    return stop(
        "eval_cancel_error",
        "the evaluation takes more than " + plural(query->limits.instructions_max, "instructions"),
        pc);
  }
  check_at = std::max<std::int64_t>(0, context->steps_left - kCheckEvery);
  if (!check_memory(pc)) return false;
  if (query->limits.time_max.count <= 0) return true;
  const MonoTime now = clock.mono();
  if (!deadline) deadline = now + query->limits.time_max;
  if (now < *deadline) return true;
  return stop("eval_cancel_error",
              "the evaluation takes longer than " + format_duration(query->limits.time_max), pc);
}

Value* Machine::State::grow(const Value* regs, std::int32_t wanted, const Instruction* pc) {
  const auto base = static_cast<std::size_t>(regs - stack.data());
  const auto used = static_cast<std::size_t>(top - stack.data());
  const std::size_t size = std::max(stack.size() * 2, used + static_cast<std::size_t>(wanted));
  if (size * sizeof(Value) > query->limits.memory_bytes_max) {
    stop("eval_cancel_error",
         "the calls need more than " +
             plural(static_cast<std::int64_t>(query->limits.memory_bytes_max), "bytes"),
         pc);
    return nullptr;
  }
  stack.resize(size);
  top = stack.data() + used;
  stack_end = stack.data() + stack.size();
  return stack.data() + base;
}

// NOLINTNEXTLINE(misc-no-recursion): kPathDepthMax bounds it, keys count like parents
Value Machine::State::load_path(const Value* regs, std::int32_t path) {
  std::array<std::int32_t, kPathDepthMax> missing;
  std::size_t count = 0;
  Value value;
  for (std::int32_t at = path;; at = program->paths[static_cast<std::size_t>(at)].parent) {
    if (at < 0) {
      const auto last = static_cast<std::size_t>(missing[count - 1]);
      value = regs[program->paths[last].root];
      break;
    }
    if (paths[at].generation == generation) {
      value = paths[at].value;
      break;
    }
    missing[count++] = at;
  }
  while (count > 0) {
    const std::int32_t at = missing[--count];
    const Path& wanted = program->paths[static_cast<std::size_t>(at)];
    if (wanted.key_path < 0) {
      value = value.find(constants[~wanted.key]);
    } else if (paths[wanted.key_path].generation == generation) {
      value = value.find(paths[wanted.key_path].value);
    } else {
      value = value.find(load_path(regs, wanted.key_path));
    }
    paths[at] = {value, generation};
  }
  return value;
}

bool Machine::State::note_fault(const Site& site, const Instruction* pc) {
  const builtin::Fault fault = std::move(*context->fault);
  context->fault.reset();
  const bool is_soft =
      fault.failure == builtin::Failure::type || fault.failure == builtin::Failure::builtin;
  if (!is_soft) return stop(builtin::failure_code(fault.failure), fault.message, pc);
  if (!query->strict_errors) return true;
  return stop(builtin::failure_code(fault.failure), std::string(site.name) + ": " + fault.message,
              pc);
}

void Machine::State::enter_with(const Instruction& in, Value* regs, Value value) {
  Value& local = regs[in.a];
  overrides.push_back(
      {.old = local, .input = regs[0], .data = regs[1], .generation = generation, .local = in.a});
  if (in.c >= 0) {
    const std::int32_t* const list = program->lists.data() + in.c;
    std::vector<Value> path;
    for (std::int32_t i = 1; i <= list[0]; ++i) path.push_back(constants[~list[i]]);
    value = replace_at(arena, local, path, value);
  }
  local = value;
  if (in.a >= 2) return;
  // A `with` often ends by putting back what was there before: then what was remembered holds.
  const std::size_t looked_at = std::min(overrides.size(), kOverridesMax);
  for (std::size_t i = overrides.size() - looked_at; i < overrides.size(); ++i) {
    if (identical(overrides[i].input, regs[0]) && identical(overrides[i].data, regs[1])) {
      generation = overrides[i].generation;
      return;
    }
  }
  generation = ++last_generation;
}

void Machine::State::leave_with(Value* regs) {
  const Override& last = overrides.back();
  regs[last.local] = last.old;
  generation = last.generation;
  overrides.pop_back();
}

std::int32_t Machine::State::find_dynamic(const Site& site, const Value* regs) {
  const std::int32_t* const list = program->lists.data() + site.path;
  const auto count = static_cast<std::size_t>(list[0]);
  Value* const path = top - count;  // as the operands of builtins
  for (std::size_t i = 0; i < count; ++i) path[i] = at(regs, list[i + 1]);
  const std::int32_t function = find_function(*program, path, count);
  if (function < 0) return -1;
  const std::int32_t operands = program->lists[static_cast<std::size_t>(site.list)];
  const FunctionCode& found = program->functions[static_cast<std::size_t>(function)];
  return found.parameters == operands ? function : -1;
}

Machine::Machine(sys::Clock& clock, sys::Random& random)
    : state_(std::make_unique<State>(clock, random)) {}

Machine::~Machine() = default;

term::Arena& Machine::arena() {
  return state_->arena;
}

void Machine::reset() {
  state_->results = Value();
  state_->arena.reset();
}

tl::expected<Answer, EvalError> Machine::run(const Program& program, const Query& query) {
  State& m = *state_;
  const Program::Code& code = program.code();
  m.error.reset();
  if (query.plan < 0 || static_cast<std::size_t>(query.plan) >= code.plans.size()) {
    return tl::unexpected(EvalError{"eval_internal_error", "no such plan", {}, {}});
  }
  const PlanCode& plan = code.plans[static_cast<std::size_t>(query.plan)];
  builtin::Context context(m.arena, *m.caches, query.now, m.random);
  context.steps_left = query.limits.instructions_max;
  context.printed = query.printed;
  context.zones = code.zones.get();
  m.begin(code, query, context);
  const bool is_watched = query.profile != nullptr || query.trace != nullptr;
  if (static_cast<std::size_t>(plan.registers) > m.stack.size()) {
    m.stack.resize(static_cast<std::size_t>(plan.registers) * 2);
    m.stack_end = m.stack.data() + m.stack.size();
  }
  Value* const regs = m.stack.data();
  m.top = regs + plan.registers;
  regs[0] = query.input;
  regs[1] = query.data;
  const Instruction* const entry = m.code + plan.entry;
  m.counted = entry;
  (is_watched ? run_watched : run_plain)(entry, regs, m);
  if (query.profile != nullptr) m.write_profile(*query.profile);
  m.context = nullptr;
  m.query = nullptr;
  if (m.error) return tl::unexpected(std::move(*m.error));
  return Answer{.results = m.results,
                .fixed_answers = context.fixed_answers,
                .instructions = query.limits.instructions_max - context.steps_left};
}

bool Machine::may_have_read(std::string_view member) const {
  const State& m = *state_;
  if (m.program == nullptr || m.program->uses_whole_input) return true;
  for (std::size_t i = 0; i < m.program->paths.size(); ++i) {
    const Path& path = m.program->paths[i];
    if (path.root != 0 || path.parent >= 0) continue;
    if (m.path_slots[i].generation < m.first_generation) continue;
    const Value key = path.key_path >= 0 ? Value() : m.constants[~path.key];
    if (key.kind() != Kind::string || key.text() == member) return true;
  }
  return false;
}

void Machine::State::begin(const Program::Code& code_in, const Query& query_in,
                           builtin::Context& context_in) {
  program = &code_in;
  query = &query_in;
  context = &context_in;
  code = code_in.instructions.data();
  constants = code_in.constants.data();
  if (stack.size() < kFirstStack) {
    stack.resize(kFirstStack);
    stack_end = stack.data() + stack.size();
  }
  const auto depth =
      static_cast<std::size_t>(std::clamp(query_in.limits.call_depth_max, 1, 100'000));
  if (frames.size() < depth) frames.resize(depth);
  frame = frames.data();
  frames_end = frame + depth;
  if (rule_slots.size() < code_in.functions.size()) rule_slots.resize(code_in.functions.size());
  if (path_slots.size() < code_in.paths.size()) path_slots.resize(code_in.paths.size());
  rules = rule_slots.data();
  paths = path_slots.data();
  generation = first_generation = ++last_generation;
  overrides.clear();
  deadline.reset();
  check_at = std::max<std::int64_t>(0, context_in.steps_left - kCheckEvery);
  arena.set_bytes_max(query_in.limits.memory_bytes_max);
  results = term::set(arena);
  if (query_in.profile != nullptr || query_in.trace != nullptr) begin_watch();
}

}  // namespace mc::vm
