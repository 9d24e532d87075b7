// The rows of a released file, in the one form that it may have (docs/formats/kanon-release.md):
// UTF-8 without control characters, every line ended with LF, quotes where they must be and nowhere
// else. Anything else ends the reading, with the line. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "csv/csv.h"

namespace mc::recheck {

class Lines {
 public:
  // A Status that fails ends the reading as a fault of the form does.
  using Take = std::function<Status(const std::vector<csv::Field>&)>;

  Lines(char delimiter, std::size_t row_bytes_max, Take take);
  void add(std::string_view bytes);
  // The first fault, once all bytes were given: "line 7: it ends with CR LF".
  Status finish();

 private:
  Status line(std::string_view text);  // without its LF
  Status take_plain();
  Status check_form(std::string_view text) const;
  void end_with(const Error& error);

  char delimiter_;
  std::size_t row_bytes_max_;
  Take take_;
  csv::Parser parser_;
  std::string begun_;  // of a line whose end has not come
  std::int64_t lines_ = 0;
  std::optional<Error> fault_;
};

// The line that these texts have, with its LF.
void append_line(std::string& out, const std::vector<std::string_view>& texts, char delimiter);

}  // namespace mc::recheck
