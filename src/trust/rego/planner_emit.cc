// Statements and blocks.
#include "rego/planner.h"

namespace mc::rego {

Statement& Planner::add(Op op) {
  Statement& made = cur_->statements.emplace_back();
  made.op = op;
  made.at = at_;
  return made;
}

void Planner::add_block(std::vector<Block> blocks, Op op) {
  add(op).blocks = std::move(blocks);
}

Block Planner::in_block(const Action& action, bool keep) {
  Block block;
  Block* const outer = cur_;
  const int nesting = nesting_;
  const vm::plan::Location at = at_;
  const std::size_t mark = frame_.bound.size();
  cur_ = &block;
  if (++nesting_ > kNestingMax && errors_.empty()) {
    fail("blocks nest deeper than " + std::to_string(kNestingMax), {});
  }
  action();
  if (!keep) forget(mark);
  cur_ = outer;
  nesting_ = nesting;
  at_ = at;
  return block;
}

void Planner::open_block(Statement& statement) {
  if (++nesting_ > kNestingMax && errors_.empty()) {
    fail("iterations nest deeper than " + std::to_string(kNestingMax), {});
  }
  statement.blocks.emplace_back();
  cur_ = &statement.blocks.back();
}

void Planner::forget(std::size_t mark) {
  while (frame_.bound.size() > mark) {
    frame_.vars.erase(frame_.bound.back());
    frame_.bound.pop_back();
  }
}

std::int32_t Planner::string_index(const std::string& text) {
  const auto [at, added] =
      strings_.try_emplace(text, static_cast<std::int32_t>(policy_.strings.size()));
  if (added) policy_.strings.push_back(text);
  return at->second;
}

Operand Planner::integer(std::int64_t value) {
  const Local target = new_local();
  Statement& made = add(Op::make_number_int);
  made.integer = value;
  made.target = target;
  return Operand::local(target);
}

Operand Planner::dot(Operand from, Operand key) {
  const Local target = new_local();
  Statement& made = add(Op::dot);
  made.a = from;
  made.b = key;
  made.target = target;
  return Operand::local(target);
}

void Planner::equal(Operand a, Operand b, Op op) {
  Statement& made = add(op);
  made.a = a;
  made.b = b;
}

void Planner::assign(Local target, Operand value, Op op) {
  Statement& made = add(op);
  made.a = value;
  made.target = target;
}

void Planner::reset(Local target) {
  add(Op::reset_local).target = target;
}

void Planner::is_kind(Op op, Operand value) {
  add(op).a = value;
}

void Planner::append(Local array, Operand value) {
  assign(array, value, Op::array_append);
}

Local Planner::make(Op op, std::size_t capacity) {
  const Local target = new_local();
  Statement& made = add(op);
  made.target = target;
  made.integer = static_cast<std::int64_t>(capacity);
  return target;
}

void Planner::insert(Local object, Operand key, Operand value, Op op) {
  Statement& made = add(op);
  made.target = object;
  made.a = key;
  made.b = value;
}

void Planner::scan(Operand from, Local& key, Local& value) {
  key = new_local();
  value = new_local();
  if (from.kind != Operand::Kind::local) return fail_here();
  Statement& made = add(Op::scan);
  made.a = from;
  made.key = key;
  made.value = value;
  open_block(made);
}

void Planner::fail_here() {
  equal(Operand::boolean(true), Operand::boolean(false));
}

// Input and data change under `with`: what is to keep its value is copied.
Operand Planner::copied(Operand value) {
  if (value.kind != Operand::Kind::local || value.value > kData) return value;
  const Local target = new_local();
  assign(target, value);
  return Operand::local(target);
}

void Planner::set_location(const Location& at) {
  at_ = {.file = static_cast<std::int32_t>(at.file),
         .row = static_cast<std::int32_t>(at.row),
         .column = static_cast<std::int32_t>(at.column)};
}

}  // namespace mc::rego
