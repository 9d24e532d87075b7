#include <doctest/doctest.h>

#include <random>

#include "fixed/fixed.h"

namespace mc::fixed {
namespace {

const DecimalRule kEpsilon{"epsilon", kNanoDigits, 1, 1'000'000'000'000};
const DecimalRule kDelta{"delta", kAttoDigits, 0, 1'000'000'000'000'000'000};

TEST_CASE("decimal: exact decimals become whole units") {
  struct Row {
    const char* text;
    std::int64_t nano;
  };
  const Row rows[] = {{"0.05", 50'000'000},
                      {"1e-6", 1'000},
                      {"1E-6", 1'000},
                      {"0.5", 500'000'000},
                      {"12", 12'000'000'000},
                      {"1e3", 1'000'000'000'000},
                      {"1e+0", 1'000'000'000},
                      {"2.50", 2'500'000'000},
                      {"0.000000001", 1},
                      {"0.5000000000000000", 500'000'000},
                      {"10e-9", 10},
                      {"0.00001e5", 1'000'000'000},
                      {"1000.0e-3", 1'000'000'000},
                      {"100e-11", 1}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<std::int64_t> parsed = parse_decimal(row.text, kEpsilon);
    REQUIRE(parsed);
    CHECK(*parsed == row.nano);
  }
  CHECK(*parse_decimal("1e-18", kDelta) == 1);
  CHECK(*parse_decimal("0", kDelta) == 0);
  CHECK(*parse_decimal("0e9", kDelta) == 0);
  CHECK(*parse_decimal("1", kDelta) == 1'000'000'000'000'000'000);
  CHECK(*parse_decimal("9223372036854775807", {"count", 0}) == INT64_MAX);
}

TEST_CASE("decimal: what is no exact decimal in range is refused, naming the limit") {
  struct Row {
    const char* text;
    const char* says;
  };
  const Row rows[] = {
      {"", "not a decimal number"},
      {"NaN", "not a decimal number"},
      {"nan", "not a decimal number"},
      {"inf", "not a decimal number"},
      {"Infinity", "not a decimal number"},
      {"-inf", "at least 0.000000001, without a sign"},
      {"-0.5", "at least 0.000000001, without a sign"},
      {"-0", "at least 0.000000001, without a sign"},
      {"+1", "not a decimal number"},
      {"0", "at least 0.000000001"},
      {"0.0", "at least 0.000000001"},
      {"1e-300", "at most 9 decimals"},
      {"1e-99999999999999999999", "at most 9 decimals"},
      {"0.0000000001", "at most 9 decimals"},
      {"0.1234567891", "at most 9 decimals"},
      {"1000.000000001", "at most 1000"},
      {"1e300", "at most 1000"},
      {"1e99999999999999999999999999999999", "at most 1000"},
      {"99999999999999999999999999", "at most 1000"},
      {"0.50000000000000000000000000000000000000001", "at most 40 characters"},
      {".5", "not a decimal number"},
      {"5.", "not a decimal number"},
      {"05", "not a decimal number"},
      {"0x1", "not a decimal number"},
      {"1e", "not a decimal number"},
      {"1e-", "not a decimal number"},
      {"1,5", "not a decimal number"},
      {"1 ", "not a decimal number"},
      {" 1", "not a decimal number"},
      {"1_000", "not a decimal number"},
      {"\xef\xbc\x91", "not a decimal number"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<std::int64_t> parsed = parse_decimal(row.text, kEpsilon);
    REQUIRE(!parsed);
    CHECK(parsed.error().code == Code::invalid);
    CAPTURE(parsed.error().what);
    CHECK(parsed.error().what.starts_with("epsilon: "));
    CHECK(parsed.error().what.find(row.says) != std::string::npos);
  }
  CHECK(!parse_decimal(std::string_view("1\0", 2), kEpsilon));
}

TEST_CASE("decimal: units print as the shortest decimal and are read back") {
  CHECK(print_decimal(50'000'000, 9) == "0.05");
  CHECK(print_decimal(1, 18) == "0.000000000000000001");
  CHECK(print_decimal(0, 18) == "0");
  CHECK(print_decimal(12'000'000'000, 9) == "12");
  CHECK(print_decimal(-500'000'000, 9) == "-0.5");
  CHECK(print_decimal(100, 0) == "100");
  CHECK(print_decimal(INT64_MAX, 0) == "9223372036854775807");
  CHECK(print_decimal(INT64_MIN, 18) == "-9.223372036854775808");
  std::mt19937_64 random(1);
  for (int i = 0; i < 2'000; ++i) {
    const auto units = static_cast<std::int64_t>(random() >> (1 + random() % 63));
    const int digits = static_cast<int>(random() % 19);
    const std::string text = print_decimal(units, digits);
    CAPTURE(text);
    CHECK(parse_decimal(text, {"x", digits}) == units);
    CHECK((text.find('.') == std::string::npos || text.back() != '0'));
  }
}

}  // namespace
}  // namespace mc::fixed
