// Events of a journal as they are kept in memory: numbers in as few bytes as they need, names as
// they are. Private to the journal; nothing from outside is ever unpacked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "budget/journal_line.h"

namespace mc::budget {

enum class Packed : std::uint8_t { decision, settlement, queue, overrides, restored };

class Packer {
 public:
  explicit Packer(std::string& out) : out_(out) {}
  Packer& kind(Packed kind);
  Packer& whole(std::int64_t number);  // what is negative is none
  Packer& ticks(Ticks time);           // in whole nanoseconds
  Packer& name(std::string_view name);
  Packer& amounts(const Amounts& amounts);
  Packer& rules(std::span<const Override> rules);  // the active ones
  Packer& counts(std::span<const WindowCount> counts);
  Packer& answer(const Answer& answer, std::span<const Mark> against, bool shared);

 private:
  Packer& mark(const Mark& mark);
  std::string& out_;
};

// Events in the order in which they were packed, numbered from `first` on.
class Unpacker {
 public:
  Unpacker(std::string_view bytes, std::int64_t first) : rest_(bytes), next_(first) {}
  bool done() const { return rest_.empty(); }
  JournalEvent next();

 private:
  std::int64_t whole();
  Nanos nanos() { return {whole()}; }
  std::string name();
  Amounts amounts();
  Mark mark();
  Decision decision(std::int64_t seq);
  Override rule();
  WindowCount count();

  std::string_view rest_;
  std::int64_t next_;
};

}  // namespace mc::budget
