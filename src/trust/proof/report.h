// What a check did, step by step, for people and for machines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.h"

namespace mc::proof {

// How the detail of an artifact begins to tell that; for people it is the last line, too.
inline constexpr std::string_view kUnprotected = "NO privacy technology was applied";

enum class Outcome : std::uint8_t { passed, failed, skipped };
std::string_view outcome_name(Outcome outcome);

struct Step {
  std::string name;  // "inclusion"; the list is docs/formats/proofs.md
  Outcome outcome = Outcome::skipped;
  std::string reason;  // of a failure, for machines: "inclusion_invalid"
  std::string detail;  // what was seen, or why it does not hold
  bool operator==(const Step&) const = default;
};

class Report {
 public:
  explicit Report(std::string subject) : subject_(std::move(subject)) {}

  // Does `check`, which gives a Result<std::string> with the detail, unless an earlier step failed.
  // Whether the step passed.
  template <class Check>
  bool step(std::string_view name, std::string_view reason, const Check& check) {
    if (failed_) return add(name, Outcome::skipped, "", "an earlier step failed");
    const Result<std::string> checked = check();
    if (checked) return add(name, Outcome::passed, "", *checked);
    failed_ = true;
    return add(name, Outcome::failed, reason, checked.error().what);
  }
  // The same of a check that depends on no earlier one and is done: all that fail are shown.
  bool found(std::string_view name, std::string_view reason, const Result<std::string>& checked) {
    if (checked) return add(name, Outcome::passed, "", *checked);
    failed_ = true;
    return add(name, Outcome::failed, reason, checked.error().what);
  }
  // Of what is not there to be checked and need not be.
  void skip(std::string_view name, std::string_view why) { add(name, Outcome::skipped, "", why); }

  // What was given: "bundle", "checkpoint", ...
  const std::string& subject() const { return subject_; }
  const std::vector<Step>& steps() const { return steps_; }
  // A report without a step that passed verifies nothing.
  bool verified() const;
  const Step* failure() const;  // null when there is none

 private:
  bool add(std::string_view name, Outcome outcome, std::string_view reason,
           std::string_view detail);
  std::string subject_;
  std::vector<Step> steps_;
  bool failed_ = false;
};

std::string print_text(const Report& report);  // a line a step, with a mark
std::string print_json(const Report& report);  // {"subject","verified","steps":[...]}, one line

}  // namespace mc::proof
