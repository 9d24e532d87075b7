// For the tests, fuzzers and benches of this module: a branch key, a data key, and randomness that
// is none.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>

#include "base/base.h"
#include "envelope/envelope.h"
#include "envelope/parts.h"
#include "sys/sys.h"

namespace mc::envelope {

// Thirty-two bytes, each one more than the last.
inline std::array<std::uint8_t, 32> counted_key(std::uint8_t first) {
  std::array<std::uint8_t, 32> out;
  std::iota(out.begin(), out.end(), first);
  return out;
}

// The same byte always: nonces that do not depend on how many are drawn at a time.
class OneByte final : public sys::Random {
 public:
  explicit OneByte(std::uint8_t byte) : byte_(byte) {}
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, byte_); }

 private:
  std::uint8_t byte_;
};

template <class T>
T must(Result<T> result) {
  MC_CHECK(result.has_value());
  return std::move(*result);
}

struct MadeKeys {
  explicit MadeKeys(sys::Random& random, Scope scope = usual_scope())
      : arena(must(cipher::KeyArena::make(64))),
        branch(must(BranchKey::make(counted_key(1), *arena))),
        row(must(make_data_key(branch, 3, std::move(scope), random))),
        key(must(open_data_key(branch, row, *arena))) {}

  static Scope usual_scope() {
    return {.tenant = TenantId("alpha"), .kind = ScopeKind::dataset, .name = "people", .epoch = 7};
  }
  // Another branch key in the same arena.
  BranchKey other_branch(std::uint8_t first = 101) {
    return must(BranchKey::make(counted_key(first), *arena));
  }
  // Another data key of the same scope and branch key.
  DataKey other_key(sys::Random& random) {
    return must(open_data_key(branch, must(make_data_key(branch, 3, row.scope, random)), *arena));
  }

  std::unique_ptr<cipher::KeyArena> arena;
  BranchKey branch;
  WrappedDataKey row;
  DataKey key;
};

}  // namespace mc::envelope
