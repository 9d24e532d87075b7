#include "kanon/decimal.h"

namespace mc::kanon {
namespace {

constexpr int kNanoDigits = 9, kPicoDigits = 12;
constexpr std::size_t kWholeDigitsMax = 9;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// `units` of which 10^digits are one.
std::string print(std::int64_t units, int digits) {
  std::string fraction;
  std::int64_t rest = units;
  for (int i = 0; i < digits; ++i) {
    fraction.insert(fraction.begin(), static_cast<char>('0' + rest % 10));
    rest /= 10;
  }
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  std::string out = std::to_string(rest);
  if (!fraction.empty()) out += "." + fraction;
  return out;
}

}  // namespace

Result<Decimal> parse_decimal(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return fail(Code::invalid, "'" + excerpt(text) + "' is no decimal: " + why);
  };
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && fraction.empty())) {
    return refuse("digits are missing");
  }
  if (whole.size() > kWholeDigitsMax) return refuse("more than 9 digits before the point");
  if (fraction.size() > kNanoDigits) return refuse("more than 9 digits behind the point");
  std::int64_t nano = 0;
  for (const char c : whole) {
    if (!is_digit(c)) return refuse("only digits and a point are allowed");
    nano = nano * 10 + (c - '0');
  }
  for (std::size_t i = 0; i < kNanoDigits; ++i) {
    const char c = i < fraction.size() ? fraction[i] : '0';
    if (!is_digit(c)) return refuse("only digits and a point are allowed");
    nano = nano * 10 + (c - '0');
  }
  return Decimal{nano};
}

std::string to_text(Decimal decimal) {
  return print(decimal.nano, kNanoDigits);
}

std::string pico_text(std::int64_t pico) {
  return print(pico, kPicoDigits);
}

}  // namespace mc::kanon
