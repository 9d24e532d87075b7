#include <doctest/doctest.h>

#include "builtin/test_keys.h"

namespace mc::builtin {
namespace {

// One zone, "Here", an hour ahead.
class OneZone final : public ZoneSource {
 public:
  Result<std::shared_ptr<const TimeZone>> find(std::string_view name) override {
    if (name != "Here") return fail(Code::not_found, "unknown time zone " + std::string(name));
    return std::make_shared<const TimeZone>(TimeZone::fixed("HT", 3'600));
  }
};

struct Row {
  const char* function;
  const char* operands;  // an array
  const char* result;
};

void check(Callee& callee, std::span<const Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.function);
    CAPTURE(row.operands);
    const Value operands = callee.read(row.operands);
    CHECK(callee.shown(std::string("time.") + row.function,
                       {operands.items().begin(), operands.items().end()}) == row.result);
  }
}

}  // namespace

TEST_CASE("time: reads, writes and takes apart") {
  OneZone zones;
  Callee callee(&zones);
  const Row rows[] = {
      {"now_ns", "[]", "1800000000000000000"},
      {"parse_ns", R"(["2006-01-02", "1970-01-02"])", "86400000000000"},
      {"parse_ns", R"(["RFC1123", "Thu, 01 Jan 1970 00:00:01 GMT"])", "1000000000"},
      {"parse_ns", R"(["2006", "1600"])", "eval_builtin_error: time outside of valid range"},
      {"parse_ns", R"(["2006", 1])", "eval_type_error: operand 2 must be string but got number"},
      {"parse_rfc3339_ns", R"(["1969-12-31T23:59:59.999999999Z"])", "-1"},
      {"parse_rfc3339_ns", R"(["2262-04-11T23:47:16.854775807Z"])", "9223372036854775807"},
      {"parse_rfc3339_ns", R"(["2262-04-11T23:47:16.854775808Z"])",
       "eval_builtin_error: time outside of valid range"},
      {"parse_duration_ns", R"(["2h"])", "7200000000000"},
      {"parse_duration_ns", R"([2])", "eval_type_error: operand 1 must be string but got number"},
      {"format", "[-1]", "\"1969-12-31T23:59:59.999999999Z\""},
      {"format", R"([[0, "Here"]])", "\"1970-01-01T01:00:00+01:00\""},
      {"format", R"([[0, "Here", "RFC850"]])", "\"Thursday, 01-Jan-70 01:00:00 HT\""},
      {"format", R"([[0, "", "2006"]])", "\"1970\""},
      {"date", R"([[-1, "Here"]])", "[1970, 1, 1]"},
      {"date", "[-1]", "[1969, 12, 31]"},
      {"clock", R"([[0, "Here"]])", "[1, 0, 0]"},
      {"clock", R"([[0, "Etc/GMT+1"]])", "[23, 0, 0]"},
      {"weekday", "[-1]", "\"Wednesday\""},
      {"weekday", "[1.0]", "\"Thursday\""},
  };
  check(callee, rows);
}

TEST_CASE("time: moments that are none") {
  Callee callee;
  const Row rows[] = {
      {"date", R"(["x"])",
       "eval_type_error: operand 1 must be either number (ns) or [number (ns), string (tz)] but "
       "got string"},
      {"date", "[[]]",
       "eval_type_error: operand 1 must be either number (ns) or [number (ns), string (tz)] but "
       "got array"},
      {"date", R"([["x"]])", "eval_type_error: operand 1 must be number but got string"},
      {"date", "[[1, 2]]", "eval_type_error: operand 1 must be string but got number"},
      {"format", R"([[1, "", 2]])", "eval_type_error: operand 1 must be string but got number"},
      {"date", "[1.5]", "eval_builtin_error: timestamp too big"},
      {"date", "[1e30]", "eval_builtin_error: timestamp too big"},
      {"date", R"([[1, "Europe/Berlin"]])", "eval_builtin_error: unknown time zone Europe/Berlin"},
      {"clock", R"([[3600000000000, "UTC"]])", "[1, 0, 0]"},
  };
  check(callee, rows);
}

TEST_CASE("time: add_date carries what is out of range") {
  OneZone zones;
  Callee callee(&zones);
  const Row rows[] = {
      {"add_date", "[0, 1, 1, 1]", "34300800000000000"},                      // 1971-02-02
      {"add_date", "[0, 0, -1, 0]", "-2678400000000000"},                     // 1969-12-01
      {"add_date", "[1582934400000000000, 1, 0, 0]", "1614556800000000000"},  // February 29
      {"add_date", R"([[7, "Here"], 0, 0, 1])", "86400000000007"},
      {"add_date", "[0, 1000000000000000000, -9000000000000000000, 0]",
       "eval_builtin_error: time outside of valid range"},
      {"add_date", "[-9223372036854775808, 0, 0, -1]",
       "eval_builtin_error: time outside of valid range"},
      {"add_date", "[0, 9223372036854775807, 9223372036854775807, 9223372036854775807]",
       "eval_builtin_error: time outside of valid range"},
      {"add_date", "[0, 400, -4800, 0]", "0"},
      {"add_date", "[0, 1.5, 0, 0]",
       "eval_type_error: operand 2 must be integer number but got floating-point number"},
      {"add_date", "[0, 0, 0, \"x\"]", "eval_type_error: operand 4 must be number but got string"},
  };
  check(callee, rows);
}

TEST_CASE("time: diff counts from the earlier to the later") {
  OneZone zones;
  Callee callee(&zones);
  const Row rows[] = {
      {"diff", "[0, 0]", "[0, 0, 0, 0, 0, 0]"},
      {"diff", "[3661000000000, 0]", "[0, 0, 0, 1, 1, 1]"},
      {"diff", "[0, 3661000000000]", "[0, 0, 0, 1, 1, 1]"},
      // 2020-01-31 to 2020-03-01: a month to February 31 is too far, so 30 days and what is left.
      {"diff", "[1580428800000000000, 1583020800000000000]", "[0, 1, 1, 0, 0, 0]"},
      // Seen from "Here", both are of the same day.
      {"diff", R"([[82800000000000, "Here"], 86400000000000])", "[0, 0, 0, 1, 0, 0]"},
  };
  check(callee, rows);
}

}  // namespace mc::builtin
