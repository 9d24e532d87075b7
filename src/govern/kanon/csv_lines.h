// The rows of a CSV text with the lines they begin on, and strict about what csv::Parser skips:
// blank lines and rows that break the rules. Private to the module.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "csv/csv.h"

namespace mc::kanon {

class CsvLines {
 public:
  CsvLines(char delimiter, std::size_t row_bytes_max) : parser_(delimiter, row_bytes_max) {}

  // `take(fields, line)` gets each whole row of what was added; lines count from 1. `last`: the
  // text ends with these bytes.
  template <class Take>
  Status add(std::string_view bytes, bool last, const Take& take) {
    if (rest_.empty()) return run(bytes, last, take);
    std::string joined = std::move(rest_);
    rest_.clear();
    joined += bytes;
    return run(joined, last, take);
  }

 private:
  template <class Take>
  Status run(std::string_view input, bool last, const Take& take) {
    for (;;) {
      const csv::Parser::Step step = parser_.next(input, last);
      const std::int64_t first = line_;
      line_ += parser_.lines();
      if (step == csv::Parser::Step::bad) return refuse(first, parser_.error());
      if (step == csv::Parser::Step::row) {
        if (parser_.lines() > lines_of_row() && blank_ == 0) blank_ = first;
        if (blank_ != 0) return refuse(blank_, "a blank line");
        MC_TRY_OK(take(parser_.fields(), first));
      } else {
        if (parser_.lines() > 0 && blank_ == 0) blank_ = first;
        rest_ = std::string(input.substr(parser_.consumed()));
        return ok();
      }
      input.remove_prefix(parser_.consumed());
    }
  }
  static Status refuse(std::int64_t line, const char* why) {
    return fail(Code::invalid, "line " + std::to_string(line) + ": " + why);
  }
  // One, and as many more as its cells have line ends.
  std::int64_t lines_of_row() const {
    std::int64_t lines = 1;
    for (const csv::Field& field : parser_.fields()) {
      if (field.quoted) lines += std::count(field.text.begin(), field.text.end(), '\n');
    }
    return lines;
  }

  csv::Parser parser_;
  std::string rest_;
  std::int64_t line_ = 1;
  std::int64_t blank_ = 0;  // the first blank line behind the last row
};

}  // namespace mc::kanon
