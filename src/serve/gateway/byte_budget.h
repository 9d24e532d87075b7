// How many bytes many requests may hold at a time, all together. A share is taken before there are
// any, for the most that there can be, and made smaller when it is known how many there are; what
// is held of it goes back when it ends. Thread-safe; the budget outlives its shares.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace mc::gateway {

class ByteBudget {
 public:
  explicit ByteBudget(std::int64_t bytes_max) : bytes_max_(bytes_max) {}

  // Used by one thread at a time.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() { shrink(0); }
    // Gives back what is more than these; never takes any.
    void shrink(std::int64_t bytes) {
      const std::int64_t kept = std::clamp<std::int64_t>(bytes, 0, bytes_);
      if (budget_ != nullptr) budget_->held_.fetch_sub(bytes_ - kept, std::memory_order_relaxed);
      bytes_ = kept;
    }
    std::int64_t bytes() const { return bytes_; }

   private:
    friend class ByteBudget;
    Share(ByteBudget& budget, std::int64_t bytes) : budget_(&budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    std::int64_t bytes_ = 0;
  };

  // None when that would be more than all may hold.
  std::optional<Share> take(std::int64_t bytes) {
    std::int64_t held = held_.load(std::memory_order_relaxed);
    do {
      if (bytes > bytes_max_ - held) return std::nullopt;
    } while (!held_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
    return Share(*this, bytes);
  }
  std::int64_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  const std::int64_t bytes_max_;
  std::atomic<std::int64_t> held_ = 0;
};

}  // namespace mc::gateway
