// CSV rows out of a buffer (RFC 4180), without copies where nothing is quoted.
//
// Lines end with LF or CRLF. A field that begins with a quote ends with one; "" inside is a quote.
// A row that breaks the rules is reported and skipped to the end of its first line, so one stray
// quote costs one line. Memory: the buffer of the caller and one unquoted row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mc::csv {

struct Field {
  std::string_view text;  // until the next call of next()
  bool quoted = false;    // "" is an empty text, an empty unquoted field is a missing value
};

class Parser {
 public:
  Parser(char delimiter, std::size_t row_bytes_max)
      : delimiter_(delimiter), row_bytes_max_(row_bytes_max) {}

  enum class Step : std::uint8_t {
    row,   // fields()
    bad,   // error(), bad_field()
    more,  // no whole row in `input`; give the same bytes and more
    end,   // `input` is empty and nothing follows
  };
  // `last`: nothing follows `input`. consumed() bytes of it are done with afterwards.
  Step next(std::string_view input, bool last);

  const std::vector<Field>& fields() const { return fields_; }
  std::size_t consumed() const { return consumed_; }
  std::int64_t lines() const { return lines_; }  // line ends in what was consumed
  const char* error() const { return error_; }
  std::size_t bad_field() const { return bad_field_; }  // index, from 0

 private:
  Step plain_line(std::string_view line, std::size_t end);
  Step quoted_row(std::string_view input, bool last);
  // Reads the field that begins at `at`, which then stands behind it; row = fine.
  Step quoted_field(std::string_view input, bool last, std::size_t& at);
  Step plain_field(std::string_view input, bool last, std::size_t& at);
  Step bad(const char* error, std::string_view input);

  char delimiter_;
  std::size_t row_bytes_max_;
  std::vector<Field> fields_;
  std::string unquoted_;   // texts of quoted fields with doubled quotes, back to back
  bool skipping_ = false;  // inside a line that was too long, up to its end
  std::size_t consumed_ = 0;
  std::int64_t lines_ = 0;
  const char* error_ = "";
  std::size_t bad_field_ = 0;
};

// The delimiter of , ; tab | that cuts the first lines of `sample` into the most equal columns.
char detect_delimiter(std::string_view sample);

}  // namespace mc::csv
