// Calls of functions in tests, written as Rego: call("count", "{1, 2}") is "2", of an undefined
// result "undefined", of a fault its code and message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builtin/builtin.h"
#include "sys/sys.h"

namespace mc::builtin {

// Ground terms of Rego: JSON with sets, and keys of any kind. Aborts on anything else.
class TermReader {
 public:
  TermReader(term::Arena& arena, std::string_view text) : arena_(arena), text_(text) {}

  std::vector<Value> list() {
    std::vector<Value> values;
    for (skip(); at_ < text_.size(); skip()) {
      values.push_back(value());
      take(',');
    }
    return values;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Value value() {
    skip();
    if (text_.substr(at_, 5) == "set()") {
      at_ += 5;
      return term::set(arena_);
    }
    if (take('[')) {
      Value array = term::array(arena_);
      while (!take(']')) {
        term::append(arena_, array, value());
        take(',');
      }
      return array;
    }
    return take('{') ? braces() : scalar();
  }
  Value braces() {
    if (take('}')) return term::object(arena_);
    Value first = value();
    const bool is_object = take(':');
    Value all = is_object ? term::object(arena_) : term::set(arena_);
    for (;;) {
      if (is_object) {
        term::insert(arena_, all, first, value());
      } else {
        term::add(arena_, all, first);
      }
      take(',');
      if (take('}')) return all;
      first = value();
      if (is_object) MC_CHECK(take(':'));
    }
  }
  Value scalar() {
    std::size_t end = at_ + 1;
    if (text_[at_] == '"') {
      while (text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
      ++end;
    } else {
      while (end < text_.size() && std::string_view(" ,:]}").find(text_[end]) == text_.npos) ++end;
    }
    const auto parsed = term::parse_json(arena_, text_.substr(at_, end - at_));
    MC_CHECK(parsed.has_value());
    at_ = end;
    return *parsed;
  }

  term::Arena& arena_;
  std::string_view text_;
  std::size_t at_ = 0;
};

// Bytes that count up.
class CountingRandom final : public sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

class Calls {
 public:
  explicit Calls(std::size_t bytes_max = term::Arena::kUnlimited) : arena_(bytes_max) {}

  std::string operator()(std::string_view function, std::string_view operands) {
    return run(function, TermReader(arena_, operands).list());
  }
  std::string run(std::string_view function, const std::vector<Value>& operands) {
    const Builtin* const builtin = find_builtin(function);
    if (builtin == nullptr || builtin->function == nullptr) return "no such function";
    Context context(arena_, *caches_, WallTime{}, random_);
    context.steps_left = steps;
    const Value result = builtin->function(context, operands);
    if (context.fault) {
      return std::string(failure_code(context.fault->failure)) + ": " + context.fault->message;
    }
    return result.is_undefined() ? "undefined" : term::to_rego(result);
  }
  term::Arena& arena() { return arena_; }

  std::int64_t steps = INT64_MAX;

 private:
  term::Arena arena_;
  std::unique_ptr<Caches, void (*)(Caches*)> caches_ = make_caches();
  CountingRandom random_;
};

// A table of calls.
struct CallRow {
  std::string_view function, operands, result;
};

}  // namespace mc::builtin
