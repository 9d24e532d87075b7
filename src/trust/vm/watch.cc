// What a run that is watched notes: coverage, times, events.
#include <utility>

#include "vm/state.h"

namespace mc::vm {
namespace {

// "g0.data.example.allow" -> "data.example.allow"
std::string shown_name(const std::string& name) {
  const std::size_t dot = name.find('.');
  const bool is_marked =
      dot != std::string::npos && name[0] == 'g' && name.find_first_not_of("0123456789", 1) == dot;
  return is_marked ? name.substr(dot + 1) : name;
}

bool may_fail(const Instruction& in) {
  return opcode_shape(in.op)[2] == 'j' && in.op != Opcode::jump && in.op != Opcode::scan &&
         in.op != Opcode::next;
}

bool makes_result(Opcode op) {
  return op == Opcode::assign_once || op == Opcode::add || op == Opcode::insert ||
         op == Opcode::insert_once;
}

}  // namespace

void Machine::State::begin_watch() {
  watch.calls.clear();
  watch.last = nullptr;
  watch.entries.assign(program->instructions.size(), 0);
  watch.functions.assign(program->functions.size(), {});
}

void Machine::State::note(const Instruction* pc) {
  const auto here = static_cast<std::int32_t>(pc - code);
  ++watch.entries[static_cast<std::size_t>(here)];
  const Instruction* const last = std::exchange(watch.last, pc);
  if (last == nullptr || watch.calls.empty()) return;
  const auto before = static_cast<std::int32_t>(last - code);
  if (makes_result(last->op)) {
    watch.calls.back().succeeded = program->location(before);
  } else if (may_fail(*last) && last->d == here && last + 1 != pc) {
    watch.calls.back().failed = program->location(before);
  }
}

void Machine::State::note_call(std::int32_t function) {
  const FunctionCode& called = program->functions[static_cast<std::size_t>(function)];
  Watch::Call& call = watch.calls.emplace_back();
  call.function = function;
  call.since = clock.mono();
  call.failed = call.succeeded = program->location(called.entry);
  watch.last = nullptr;
  if (query->trace == nullptr) return;
  query->trace->push_back({.function = shown_name(called.name),
                           .at = call.failed,
                           .outcome = TraceEvent::Outcome::entered,
                           .depth = static_cast<int>(watch.calls.size())});
}

void Machine::State::note_return(Value value, const Instruction* pc) {
  Watch::Call& call = watch.calls.back();
  auto& [count, time] = watch.functions[static_cast<std::size_t>(call.function)];
  ++count;
  time = time + (clock.mono() - call.since);
  if (query->trace != nullptr) {
    const bool failed = value.is_undefined();
    // A constant or a local that is returned at once is its body's success.
    const bool is_last =
        pc + 1 == code + program->functions[static_cast<std::size_t>(call.function)].end;
    if (!failed && !is_last)
      call.succeeded = program->location(static_cast<std::int32_t>(pc - code));
    query->trace->push_back(
        {.function = shown_name(program->functions[static_cast<std::size_t>(call.function)].name),
         .at = failed ? call.failed : call.succeeded,
         .outcome = failed ? TraceEvent::Outcome::failed : TraceEvent::Outcome::succeeded,
         .depth = static_cast<int>(watch.calls.size())});
  }
  watch.calls.pop_back();
  watch.last = nullptr;
  if (value.is_undefined() && !watch.calls.empty()) {  // so the call fails; `frame` is its frame
    watch.calls.back().failed = program->location(static_cast<std::int32_t>(frame->call - code));
  }
}

void Machine::State::write_profile(Profile& profile) const {
  for (const Mark& mark : program->marks) {
    const std::int64_t times = watch.entries[static_cast<std::size_t>(mark.instruction)];
    if (times > 0 && mark.at.row > 0) profile.lines[{mark.at.file, mark.at.row}] += times;
  }
  for (std::size_t i = 0; i < watch.functions.size(); ++i) {
    const auto& [count, time] = watch.functions[i];
    if (count == 0) continue;
    auto& [calls, total] = profile.functions[shown_name(program->functions[i].name)];
    calls += count;
    total = total + time;
  }
}

}  // namespace mc::vm
