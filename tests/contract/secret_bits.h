// Reconstruction (Dinur and Nissim 2003): the secret bits of 64 people, from noisy counts of those
// whose bit is set among random sets of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

namespace mc {

class SecretBits {
 public:
  static constexpr std::size_t kPeople = 64;
  explicit SecretBits(std::uint64_t seed) : random_(seed) {
    for (auto& bit : bits_) bit = (random_() & 1) != 0;
  }

  // The next set, as those in it whose bit is set.
  std::vector<int> next() {
    Answer answer{};
    std::vector<int> out;
    for (std::size_t person = 0; person < kPeople; ++person) {
      if ((random_() & 1) == 0) continue;
      answer.asked[person] = 1;
      if (bits_[person]) out.push_back(static_cast<int>(person));
    }
    answers_.push_back(answer);
    return out;
  }
  void answered(double count) { answers_.back().count = count; }
  void refused() { answers_.pop_back(); }
  std::size_t answers() const { return answers_.size(); }

  // Least squares within [0, 1], by descent, then rounded: how many bits are right.
  std::size_t recovered() const {
    std::array<double, kPeople> guess{};
    guess.fill(0.5);
    for (int round = 0; round < 300; ++round) {
      std::array<double, kPeople> slope{};
      for (const Answer& answer : answers_) {
        double off = -answer.count;
        for (std::size_t i = 0; i < kPeople; ++i) off += answer.asked[i] * guess[i];
        for (std::size_t i = 0; i < kPeople; ++i) slope[i] += off * answer.asked[i];
      }
      const double step = 1.5 / static_cast<double>(answers_.size() * kPeople / 4 + kPeople);
      for (std::size_t i = 0; i < kPeople; ++i) {
        guess[i] = std::clamp(guess[i] - step * slope[i], 0.0, 1.0);
      }
    }
    std::size_t right = 0;
    for (std::size_t i = 0; i < kPeople; ++i) right += (guess[i] > 0.5) == bits_[i] ? 1 : 0;
    return right;
  }

 private:
  struct Answer {
    std::array<double, kPeople> asked;  // 1 or 0
    double count;
  };
  std::mt19937_64 random_;
  std::array<bool, kPeople> bits_{};
  std::vector<Answer> answers_;
};

}  // namespace mc
