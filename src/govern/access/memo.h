// Answers remembered: what a thread was told before about the same question. Private to the module.
//
// A question is a request without its id. Remembered are answers whose evaluation looked at nothing
// that changes by itself (the time, random numbers), of requests without a warrant, for as long as
// the same policies are in use: to ask again would give the same answer. A fixed number of them is
// kept; one that falls into the place of another takes it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/line.h"

namespace mc::access {

class Question {
 public:
  explicit Question(const Request& request);
  bool is(const Request& request) const;
  static std::size_t hash_of(const Request& request);

 private:
  std::uint64_t resource_;
  Action action_;
  bool stepped_up_, is_person_;
  std::string purpose_, tenant_, tenant_region_, node_region_;
  std::string principal_, of_tenant_, region_;
  identity::Flags<identity::Role> roles_;
  std::vector<std::string> purposes_;
};

// Of one thread.
template <class Answer>
class MemoOf {
 public:
  using Kept = Answer;
  // Null when the question is new, or was answered under other policies.
  Kept* find(const Request& request, std::uint64_t generation) {
    if (request.warrant != nullptr || generation != generation_) return nullptr;
    const std::unique_ptr<Entry>& entry = place_of(request);
    return entry != nullptr && entry->question.is(request) ? &entry->kept : nullptr;
  }
  // Null for a request with a warrant, which ends.
  Kept* keep(const Request& request, std::uint64_t generation, Answer answer) {
    if (request.warrant != nullptr) return nullptr;
    if (generation != generation_) {
      for (std::unique_ptr<Entry>& entry : entries_) entry.reset();
      generation_ = generation;
    }
    std::unique_ptr<Entry>& entry = place_of(request);
    entry = std::make_unique<Entry>(Entry{Question(request), std::move(answer)});
    return &entry->kept;
  }

 private:
  static constexpr std::size_t kPlaces = 512;
  struct Entry {
    Question question;
    Kept kept;
  };
  std::unique_ptr<Entry>& place_of(const Request& request) {
    return entries_[Question::hash_of(request) >> 32 & (kPlaces - 1)];
  }

  std::uint64_t generation_ = 0;  // of all entries
  std::array<std::unique_ptr<Entry>, kPlaces> entries_;
};

struct KeptVerdict {
  Verdict verdict;   // without its id
  LinePattern line;  // of the decision log; empty until it was wanted
};
using Memo = MemoOf<KeptVerdict>;

}  // namespace mc::access
