#include "postgres/decode.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "postgres/failure.h"
#include "postgres/settings.h"

namespace mc::postgres {
namespace {

using sql::Blob;
using sql::Param;

TEST_CASE("decode: numbers from binary and text form") {
  struct Row {
    Shape shape;
    Wire wire;
    std::string bytes;
    std::int64_t integer;
    double real;
  };
  const Row rows[] = {
      {Shape::boolean, Wire::binary, std::string("\x01", 1), 1, 0},
      {Shape::boolean, Wire::text, "t", 1, 0},
      {Shape::boolean, Wire::text, "f", 0, 0},
      {Shape::int2, Wire::binary, std::string("\xff\xfe", 2), -2, 0},
      {Shape::int4, Wire::binary, std::string("\x00\x01\x00\x00", 4), 65536, 0},
      {Shape::int8, Wire::binary, std::string("\x80\0\0\0\0\0\0\0", 8),
       std::numeric_limits<std::int64_t>::min(), 0},
      {Shape::int8, Wire::text, "-12", -12, 0},
      {Shape::float4, Wire::binary, std::string("\x3f\xc0\0\0", 4), 0, 1.5},
      {Shape::float8, Wire::binary, std::string("\xbf\xf8\0\0\0\0\0\0", 8), 0, -1.5},
      {Shape::float8, Wire::text, "0.1", 0, 0.1},
      {Shape::text, Wire::text, "12", 0, 0},
      {Shape::int8, Wire::binary, "short", 0, 0},
      {Shape::int4, Wire::text, "12x", 0, 0},
      {Shape::float8, Wire::binary, "", 0, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    CHECK(decode_integer(row.shape, row.wire, row.bytes) == row.integer);
    CHECK(decode_real(row.shape, row.wire, row.bytes) == row.real);
  }
  CHECK(decode_real(Shape::float8, Wire::text, "-Infinity") ==
        -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(decode_real(Shape::float8, Wire::text, "NaN")));
}

TEST_CASE("decode: bytea in both text forms") {
  CHECK(decode_bytea("\\x00fF61") == std::string("\0\xff"
                                                 "a",
                                                 3));
  CHECK(decode_bytea("\\x") == "");
  CHECK(decode_bytea("\\xzz") == "");
  CHECK(decode_bytea("a\\000b\\\\c\\377") == std::string("a\0b\\c\xff", 6));
  CHECK(decode_bytea("tail\\") == "tail\\");
}

TEST_CASE("decode: printed numbers read back to the same bits") {
  for (const double number : {0.1, -0.0, 1e308, 5e-324, 1.0 / 3, 123456789.0}) {
    const double back = decode_real(Shape::float8, Wire::text, number_text(number));
    CHECK(back == number);
    CHECK(std::signbit(back) == std::signbit(number));
  }
  CHECK(number_text(std::numeric_limits<double>::infinity()) == "Infinity");
  CHECK(number_text(-std::numeric_limits<double>::infinity()) == "-Infinity");
  CHECK(number_text(std::nan("")) == "NaN");
}

TEST_CASE("decode: COPY rows escape what ends a field or a row") {
  std::string out;
  const std::vector<Param> row = {Param(),
                                  true,
                                  std::int64_t{-5},
                                  0.5,
                                  std::string("a\tb\nc\rd\\"),
                                  Blob{std::string("\0\x01", 2)},
                                  std::string()};
  CHECK(append_copy_row(out, row).has_value());
  CHECK(out == "\\N\t1\t-5\t0.5\ta\\tb\\nc\\rd\\\\\t\\\\x0001\t\n");
  CHECK(append_copy_row(out, std::vector<Param>{std::string("\0", 1)}).error().code ==
        Code::invalid);
}

TEST_CASE("failure: SQLSTATE codes map to the short list") {
  struct Row {
    const char* sqlstate;
    Code code;
  };
  const Row rows[] = {
      {"23505", Code::conflict},    {"23502", Code::invalid},     {"23503", Code::conflict},
      {"40001", Code::unavailable}, {"40P01", Code::unavailable}, {"42601", Code::invalid},
      {"42501", Code::denied},      {"25006", Code::unavailable}, {"28P01", Code::denied},
      {"3D000", Code::not_found},   {"53100", Code::unavailable}, {"55P03", Code::unavailable},
      {"57014", Code::unavailable}, {"57P01", Code::unavailable}, {"XX001", Code::corrupt},
      {"XX000", Code::unavailable}, {"22003", Code::invalid}};
  for (const Row& row : rows) {
    CAPTURE(row.sqlstate);
    CHECK(code_of(row.sqlstate) == row.code);
  }
  CHECK(ends_session("57P01"));
  CHECK(!ends_session("57014"));
}

TEST_CASE("settings: both schemes, known options kept, order of the URL does not matter") {
  for (const char* scheme : {"postgres", "postgresql"}) {
    const auto settings = read_settings(
        std::string(scheme) + "://ann@db.example:5433/orders?sslmode=verify-full&passfile=/etc/p",
        {.access = sql::Access::read_only, .connect_timeout = seconds(2)});
    REQUIRE_MESSAGE(settings.has_value(), settings.error().what);
    CHECK(settings->access == sql::Access::read_only);
    CHECK(settings->connect_timeout == seconds(2));
    std::string all;
    for (const auto& [keyword, value] : settings->options) all += keyword + "=" + value + ";";
    for (const char* want : {"user=ann;", "host=db.example;", "port=5433;", "dbname=orders;",
                             "sslmode=verify-full;", "passfile=/etc/p;"}) {
      CAPTURE(want);
      CHECK(all.find(want) != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace mc::postgres
