#include "graphql/suggest.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace mc::graphql {
namespace {

using Units = std::vector<std::uint32_t>;

// Lower-case UTF-16 units; only ASCII letters fold, since every name is ASCII.
Units units_of(std::string_view text) {
  Units units;
  units.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) == 0x80) continue;
    if (byte >= 0xf0) units.push_back(0x10000);  // a surrogate pair, equal to no name character
    units.push_back(byte >= 'A' && byte <= 'Z' ? byte + 32U : byte >= 0x80 ? 0x10000U : byte);
  }
  return units;
}

// Damerau-Levenshtein (optimal string alignment), given up once past `threshold`.
class Distance {
 public:
  explicit Distance(std::string_view input) : text_(input), input_(units_of(input)) {}

  std::size_t length() const { return input_.size(); }

  std::optional<std::size_t> measure(std::string_view option, std::size_t threshold) {
    if (text_ == option) return 0;
    const Units other = units_of(option);
    if (other == input_) return 1;  // any change of case counts as one edit
    const Units& a = other.size() < input_.size() ? input_ : other;
    const Units& b = other.size() < input_.size() ? other : input_;
    if (a.size() - b.size() > threshold) return std::nullopt;
    for (auto& row : rows_) row.assign(b.size() + 1, 0);
    for (std::size_t j = 0; j <= b.size(); ++j) rows_[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      if (fill_row(a, b, i) > threshold) return std::nullopt;
    }
    const std::size_t distance = rows_[a.size() % 3][b.size()];
    return distance <= threshold ? std::optional(distance) : std::nullopt;
  }

 private:
  std::size_t fill_row(const Units& a, const Units& b, std::size_t i) {
    const auto& above = rows_[(i - 1) % 3];
    auto& row = rows_[i % 3];
    std::size_t smallest = row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      std::size_t cell = std::min({above[j] + 1, row[j - 1] + 1, substitute});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cell = std::min(cell, rows_[(i - 2) % 3][j - 2] + 1);
      }
      smallest = std::min(smallest, cell);
      row[j] = cell;
    }
    return smallest;
  }

  std::string_view text_;
  Units input_;
  std::array<std::vector<std::size_t>, 3> rows_;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads digits as graphql-js does: a leading zero is a number of its own.
double take_number(std::string_view text, std::size_t& at) {
  double number = 0;
  do {
    number = number * 10 + (text[at++] - '0');
  } while (at < text.size() && is_digit(text[at]) && number > 0);
  return number;
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const double left = take_number(a, i);
      const double right = take_number(b, j);
      if (left != right) return left < right;
    } else {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i;
      ++j;
    }
  }
  return a.size() < b.size();
}

std::vector<std::string_view> suggest(std::string_view input,
                                      std::span<const std::string_view> options) {
  Distance distance(input);
  const std::size_t threshold = distance.length() * 2 / 5 + 1;
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string_view option : options) {
    if (const auto measured = distance.measure(option, threshold)) {
      near.emplace_back(*measured, option);
    }
  }
  std::sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    return natural_less(a.second, b.second);
  });
  std::vector<std::string_view> names;
  for (const auto& [_, name] : near) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::string did_you_mean(std::span<const std::string_view> suggestions, std::string_view what) {
  static constexpr std::size_t kSuggestionsMax = 5;
  if (suggestions.empty()) return {};
  std::string text = " Did you mean ";
  if (!what.empty()) text.append(what).append(" ");
  const std::size_t count = std::min(suggestions.size(), kSuggestionsMax);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += count == 2 ? " or " : i + 1 == count ? ", or " : ", ";
    text.append("\"").append(suggestions[i]).append("\"");
  }
  return text + "?";
}

}  // namespace mc::graphql
