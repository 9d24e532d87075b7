// Calls of the graphql functions in tests.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "graphrego/graphrego.h"
#include "sys/sys.h"
#include "term/term.h"

namespace mc::graphrego::testing {

using term::Value;

class NoRandom final : public sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = 0;
  }
};

class Calls {
 public:
  // The result as JSON, "undefined", or the code and message of a fault.
  std::string operator()(std::string_view function, const std::vector<Value>& operands) {
    for (const builtin::Builtin& row : functions_) {
      if (row.name != function) continue;
      builtin::Context context(arena_, *caches_, WallTime{}, random_);
      context.steps_left = steps;
      const Value result = row.function(context, operands);
      if (context.fault) {
        return std::string(builtin::failure_code(context.fault->failure)) + ": " +
               context.fault->message;
      }
      return result.is_undefined() ? "undefined" : term::to_json(result);
    }
    return "no such function";
  }
  std::string operator()(std::string_view function, std::initializer_list<std::string_view> texts) {
    std::vector<Value> operands;
    for (const std::string_view text : texts) operands.push_back(term::string(arena_, text));
    return (*this)(function, operands);
  }
  Value json(std::string_view text) {
    const auto parsed = term::parse_json(arena_, text);
    REQUIRE(parsed.has_value());
    return *parsed;
  }
  Value text(std::string_view of) { return term::string(arena_, of); }

  std::int64_t steps = INT64_MAX;

 private:
  term::Arena arena_;
  std::unique_ptr<builtin::Caches, void (*)(builtin::Caches*)> caches_ = builtin::make_caches();
  NoRandom random_;
  std::vector<builtin::Builtin> functions_ = graphql_builtins();
};

// JSON in the form of term::to_json().
inline std::string canonical(std::string_view json) {
  term::Arena arena;
  const auto parsed = term::parse_json(arena, json);
  REQUIRE_MESSAGE(parsed.has_value(), json);
  return term::to_json(*parsed);
}

}  // namespace mc::graphrego::testing
