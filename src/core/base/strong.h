// Strong<Tag, T>: an id that cannot be mistaken for another. Quantity<Tag>: an integer amount
// whose arithmetic aborts on overflow instead of wrapping.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/result.h"

namespace mc {

template <class Tag, class T>
class Strong {
 public:
  Strong() = default;
  explicit Strong(T value) : value_(std::move(value)) {}
  const T& get() const { return value_; }
  auto operator<=>(const Strong&) const = default;

 private:
  T value_{};
};

template <class Tag>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(std::int64_t value) : value_(value) {}
  constexpr std::int64_t get() const { return value_; }
  constexpr auto operator<=>(const Quantity&) const = default;

  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    std::int64_t sum = 0;
    MC_CHECK(!__builtin_add_overflow(a.value_, b.value_, &sum));
    return Quantity(sum);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    std::int64_t difference = 0;
    MC_CHECK(!__builtin_sub_overflow(a.value_, b.value_, &difference));
    return Quantity(difference);
  }

 private:
  std::int64_t value_ = 0;
};

using TenantId = Strong<struct TenantIdTag, std::string>;
using PrincipalId = Strong<struct PrincipalIdTag, std::string>;
using RequestId = Strong<struct RequestIdTag, std::string>;

}  // namespace mc

template <class Tag, class T>
struct std::hash<mc::Strong<Tag, T>> {
  std::size_t operator()(const mc::Strong<Tag, T>& id) const { return std::hash<T>{}(id.get()); }
};
