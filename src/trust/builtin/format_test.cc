#include "builtin/format.h"

#include <doctest/doctest.h>

#include "builtin/test_calls.h"

namespace mc::builtin {
namespace {

struct Row {
  std::string_view format, arguments, text;
};

void check(std::initializer_list<Row> rows) {
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.format);
    CAPTURE(row.arguments);
    const std::vector<Value> operands{term::string(call.arena(), row.format),
                                      TermReader(call.arena(), row.arguments).list().at(0)};
    CHECK(call.run("sprintf", operands) == term::to_rego(term::string(call.arena(), row.text)));
  }
}

TEST_CASE("sprintf: values without a verb of their own are text") {
  check({
      {"%v %v %v", R"([{"a": [1, "b"]}, {2}, null])", R"({"a": [1, "b"]} {2} null)"},
      {"%s|%v|%d", R"(["x", true, 7])", "x|true|7"},
      {"%t", "[true]", "%!t(string=true)"},
      {"100%%", "[]", "100%"},
      {"%T %T %T %T", R"([1, 1.5, "a", 36893488147419103232])", "int float64 string *big.Int"},
  });
}

TEST_CASE("sprintf: integers") {
  check({
      {"%5d|%-5d|%05d|%+d|% d", "[42, 42, -42, 42, 42]", "   42|42   |-0042|+42| 42"},
      {"%x %X %#x %o %#o %O %b %#b", "[255, 255, 255, 8, 8, 8, 5, 5]",
       "ff FF 0xff 10 010 0o10 101 0b101"},
      {"%c%c %q %U %#U", "[72, 128034, 120, 128034, 128034]", "H🐢 'x' U+1F422 U+1F422 '🐢'"},
      {"%.3d|%8.3d|%.0d|%08.3d", "[7, 7, 0, 7]", "007|     007||     007"},
      {"%x", "[-255]", "-ff"},
      {"%+q", "[229]", R"('\u00e5')"},
      {"%s %f", "[1, 2]", "%!s(int=1) %!f(int=2)"},
  });
}

TEST_CASE("sprintf: large integers") {
  check({
      {"%d %s %v", "[36893488147419103232, 36893488147419103232, -36893488147419103232]",
       "36893488147419103232 36893488147419103232 -36893488147419103232"},
      {"%x %#X %b", "[36893488147419103232, 36893488147419103232, 36893488147419103232]",
       "20000000000000000 0X20000000000000000 1" + std::string(65, '0')},
      {"%25d|%-22d|%+025d", "[36893488147419103232, 36893488147419103232, 36893488147419103232]",
       "     36893488147419103232|36893488147419103232  |+000036893488147419103232"},
      {"%t", "[36893488147419103232]", "%!t(big.Int=36893488147419103232)"},
  });
}

TEST_CASE("sprintf: floating-point numbers") {
  check({
      {"%v %v %v %v %v", "[1.5, 1e21, 1234567.5, 0.00001, 100000.0]",
       "1.5 1e+21 1.2345675e+06 1e-05 100000"},
      {"%f %.2f %8.3f %-8.1f|%+.1f", "[1.5, 3.14159, 3.14159, 2.25, 1.25]",
       "1.500000 3.14    3.142 2.2     |+1.2"},
      {"%e %.2E %g %.3g %G", "[1234.5, 1234.5, 0.5, 1234.5, 1e-7]",
       "1.234500e+03 1.23E+03 0.5 1.23e+03 1E-07"},
      {"%08.3f|%x|%#g|%#.0f", "[-3.14159, 1.5, 1.5, 2.0]", "-003.142|0x1.8p+00|1.50000|2."},
      {"%d %s", "[1.0, 2.5]", "%!d(float64=1) %!s(float64=2.5)"},
      {"%b", "[1.0]", "4503599627370496p-52"},
      {"%v", "[1e400]", "1e400"},
  });
}

TEST_CASE("sprintf: text") {
  check({
      {"%5s|%-5s|%.2s|%05s", R"(["ab", "ab", "åäö", "ab"])", "   ab|ab   |åä|000ab"},
      {"%q %#q %+q %#v", R"(["a\"b", "ab", "å", "x"])", R"("a\"b" `ab` "\u00e5" "x")"},
      {"%x % X %#x %.1x|%6x", R"(["ab", "ab", "ab", "ab", "ab"])", "6162 61 62 0x6162 61|  6162"},
      {"%d|%5d", R"(["x", "y"])", "%!d(string=x)|%!d(string=    y)"},
  });
}

TEST_CASE("sprintf: says what does not fit") {
  check({
      {"%d %d", "[1]", "1 %!d(MISSING)"},
      {"%d", R"([1, 2.5, "x", [1]])", "1%!(EXTRA float64=2.5, string=x, string=[1])"},
      {"100%", "[]", "100%!(NOVERB)"},
      {"%z %!", "[1, 2]", "%!z(int=1) %!!(int=2)"},
      {"%[2]d %[1]d", "[1, 2]", "2 1"},
      {"%[3]d", "[1]", "%!d(BADINDEX)"},
      {"%[x]d", "[1]", "%!d(BADINDEX)"},
      {"%[2]*[1]d|%-*d|", "[5, 4, 6]", "   5|6   |"},
      {"%[1]d|%*d", "[5]", "5|%!(BADWIDTH)%!d(MISSING)"},
      {"%*d|%.*f", "[4, 7, 2, 1.5]", "   7|1.50"},
      {"%*d", R"(["x", 1])", "%!(BADWIDTH)1"},
      {"%99999999d", "[1]", "%!(NOVERB)%!(EXTRA int=1)"},
      {"%å", "[1]", "%!å(int=1)"},
  });
}

TEST_CASE("sprintf: its operands are a string and an array") {
  Calls call;
  CHECK(call("sprintf", "1, []") == "eval_type_error: operand 1 must be string but got number");
  CHECK(call("sprintf", R"("%d", 1)") == "eval_type_error: operand 2 must be array but got number");
}

}  // namespace
}  // namespace mc::builtin
