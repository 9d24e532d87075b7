#include "builtin/time_layout.h"

#include <doctest/doctest.h>

namespace mc::builtin {

TEST_CASE("layouts: every part is written") {
  LocalTime at = local_time(1'136'214'245, 120'000'000, -7 * 3'600, "MST");  // Go's reference time
  struct Row {
    const char* layout;
    const char* text;
  };
  const Row rows[] = {
      {"2006-01-02T15:04:05Z07:00", "2006-01-02T08:04:05-07:00"},
      {"Monday, 02-Jan-06 03:04:05 PM MST", "Monday, 02-Jan-06 08:04:05 AM MST"},
      {"Mon January 2 _2 002 __2 3 4 5 pm", "Mon January 2  2 002   2 8 4 5 am"},
      {"-0700 -07:00 -07 -070000 -07:00:00", "-0700 -07:00 -07 -070000 -07:00:00"},
      {"Z0700 Z07 Z070000 Z07:00:00", "-0700 -07 -070000 -07:00:00"},
      {"05.000 05.999 05,00 .0000000000", "05.120 05.12 05,12 .120000000"},
      {"Month Janus _2006 1 06", "Month Janus _2006 1 06"},
      {"", ""},
      {".09 x", ".09 x"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.layout);
    std::string out;
    append_time(out, at, row.layout);
    CHECK(out == row.text);
  }
  std::string out;
  append_time(out, local_time(0, 0, 0, "UTC"), "Z07:00 Z0700 .999 MST -07:00");
  CHECK(out == "Z Z  UTC +00:00");
  at.zone.clear();
  out.clear();
  append_time(out, at, "MST");
  CHECK(out == "-0700");
}

TEST_CASE("layouts: what is written reads back") {
  for (const char* name : {"ANSIC", "UnixDate", "RubyDate", "RFC850", "RFC1123", "RFC1123Z",
                           "RFC3339", "RFC3339Nano"}) {
    CAPTURE(name);
    std::string text;
    append_time(text, local_time(1'700'000'000, 0, 0, "UTC"), layout_of(name));
    const Result<LocalTime> time = parse_time(layout_of(name), text);
    REQUIRE(time.has_value());
    CHECK(time->seconds() == 1'700'000'000);
  }
}

TEST_CASE("layouts: what is read, and what is refused") {
  struct Row {
    const char* layout;
    const char* value;
    const char* result;  // in RFC 3339, or the end of the message
  };
  const Row rows[] = {
      {kRfc3339.data(), "2020-02-29T12:00:00.25+02:00", "2020-02-29T12:00:00.25+02:00"},
      {kRfc3339.data(), "2020-02-29T12:00:00,25Z", "2020-02-29T12:00:00.25Z"},
      {"Jan _2 2006", "feb  3 2013", "2013-02-03T00:00:00Z"},
      {"Jan 2 2006", "Feb   13 2013", "2013-02-13T00:00:00Z"},
      {"2006-002", "2020-366", "2020-12-31T00:00:00Z"},
      {"2006 __2", "2021   5", "2021-01-05T00:00:00Z"},
      {"06-1-2", "69-1-2", "1969-01-02T00:00:00Z"},
      {"06-1-2", "68-1-2", "2068-01-02T00:00:00Z"},
      {"2006 3PM", "2020 12AM", "2020-01-01T00:00:00Z"},
      {"2006 3pm", "2020 1pm", "2020-01-01T13:00:00Z"},
      {"2006 MST", "2020 CEST", "2020-01-01T00:00:00Z"},
      {"2006 MST", "2020 GMT-3", "2020-01-01T00:00:00Z"},
      {"2006 MST", "2020 +03", "2020-01-01T00:00:00Z"},
      {"2006 -070000", "2020 +010203", "2020-01-01T00:00:00+01:02"},
      {"2006 .000", "2020 .123", "2020-01-01T00:00:00.123Z"},
      {"2006 .999", "2020 ", "2020-01-01T00:00:00Z"},
      {"2006 Monday", "2020 friday", "2020-01-01T00:00:00Z"},
      {"2006-01-02", "2021-02-29", "parsing time \"2021-02-29\": day out of range"},
      {"2006-01-02", "2021-13-01", "parsing time \"2021-13-01\": month out of range"},
      {"2006-01-02", "2021-1-01",
       "parsing time \"2021-1-01\" as \"2006-01-02\": cannot parse \"1-01\" as \"01\""},
      {"2006-01-02", "2021/01/01",
       "parsing time \"2021/01/01\" as \"2006-01-02\": cannot parse \"/01/01\" as \"-\""},
      {"2006", "2021 ", "parsing time \"2021 \": extra text: \" \""},
      {"15:04", "24:00", "parsing time \"24:00\": hour out of range"},
      {"15:04", "23:60", "parsing time \"23:60\": minute out of range"},
      {"05", "60", "parsing time \"60\": second out of range"},
      {"-07:00", "+25:00", "parsing time \"+25:00\": time zone offset hour out of range"},
      {"2006-002", "2021-366", "parsing time \"2021-366\": day-of-year out of range"},
      {"2006-01-002", "2021-02-001",
       "parsing time \"2021-02-001\": day-of-year does not match month"},
      {"MST", "mst", "parsing time \"mst\" as \"MST\": cannot parse \"mst\" as \"MST\""},
      {"Jan", "\xc3\xa9\"",
       "parsing time \"\\xc3\\xa9\\\"\" as \"Jan\": cannot parse \"\\xc3\\xa9\\\"\" as \"Jan\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.layout);
    CAPTURE(row.value);
    const Result<LocalTime> time = parse_time(row.layout, row.value);
    std::string said;
    if (time) {
      append_time(said, *time, kRfc3339Nano);
    } else {
      said = time.error().what;
    }
    CHECK(said == row.result);
  }
}

TEST_CASE("layouts: durations") {
  struct Row {
    const char* text;
    std::int64_t nanoseconds;
    const char* message;
  };
  const Row rows[] = {
      {"0", 0, ""},
      {"1h2m3.5s", 3'723'500'000'000, ""},
      {"-1.5h", -5'400'000'000'000, ""},
      {"+5m", 300'000'000'000, ""},
      {".5us", 500, ""},
      {"1\xc2\xb5s", 1'000, ""},
      {"1\xce\xbcs", 1'000, ""},
      {"9223372036854775807ns", INT64_MAX, ""},
      {"-9223372036854775808ns", INT64_MIN, ""},
      {"", 0, "time: invalid duration \"\""},
      {"-", 0, "time: invalid duration \"-\""},
      {".s", 0, "time: invalid duration \".s\""},
      {"1", 0, "time: missing unit in duration \"1\""},
      {"1d", 0, "time: unknown unit \"d\" in duration \"1d\""},
      {"9223372036854775808ns", 0, "time: invalid duration \"9223372036854775808ns\""},
      {"9223372036854775808ns9223372036854775808ns", 0,
       "time: invalid duration \"9223372036854775808ns9223372036854775808ns\""},
      {"3000000h", 0, "time: invalid duration \"3000000h\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<std::int64_t> duration = parse_go_duration(row.text);
    CHECK(duration.value_or(0) == row.nanoseconds);
    CHECK((duration ? "" : duration.error().what) == row.message);
  }
}

}  // namespace mc::builtin
