// The independent check of a k-anonymous release: everything that its manifest claims is computed
// again from the released file alone, by code that shares nothing with the engine that made it.
//
// The file is read once, piece by piece: memory for its classes and the values in them, constant
// time a row, no search. Both texts are hostile. Not thread-safe. What a step means, and the order
// of steps, is docs/formats/kanon-release.md. Sources: Sweeney 2002 (k), Machanavajjhala et al.
// 2007 (l), Li et al. 2007 (t), RFC 4180, RFC 6962 section 2.1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "proof/proof.h"
#include "recheck/manifest.h"  // IWYU pragma: export

namespace mc::recheck {

// What is refused, or not checked, beyond these is said with the limit.
struct Limits {
  std::size_t row_bytes_max = 64 << 10;
  std::size_t classes_max = 4'000'000;
  std::size_t class_bytes_max = std::size_t{1} << 30;  // texts of all classes
  std::size_t pairs_max = 16'000'000;  // a class and a value of a sensitive column in it
  std::size_t hierarchy_bytes_max = 256 << 20;
};

struct Question {
  std::string_view manifest;
  // Contents of hierarchy files, in any order: the manifest's digests tell which is whose. Without
  // any, what needs them is reported as not checked.
  std::vector<std::string> hierarchies = {};
  Limits limits = {};
  // A random number that who wrote the file cannot know, so that they cannot choose texts whose
  // hashes collide. It decides nothing else.
  std::uint64_t secret = 0;
};

class Recheck {
 public:
  explicit Recheck(const Question& question);
  ~Recheck();
  Recheck(Recheck&&) noexcept;
  Recheck& operator=(Recheck&&) noexcept;

  // The next bytes of the released file. Nothing more is needed when it says so: the manifest is
  // none, and the report says why.
  enum class More : std::uint8_t { wanted, useless };
  More add(std::string_view bytes);
  // Behind the last bytes; once. Steps do not depend on each other: all that fail are shown, and
  // what cannot be checked is `skipped` with why. verified() of it is the answer.
  proof::Report report();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mc::recheck
