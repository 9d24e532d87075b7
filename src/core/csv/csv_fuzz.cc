#include <cstdint>
#include <cstdlib>
#include <string>

#include "csv/csv.h"

namespace {

using mc::csv::Parser;

// The rows as one text; `chunk` bytes arrive at a time.
std::string rows_of(std::string_view input, char delimiter, std::size_t chunk) {
  Parser parser(delimiter, 64);
  std::string out, buffer;
  std::size_t given = 0;
  for (;;) {
    const Parser::Step step = parser.next(buffer, given == input.size());
    if (parser.consumed() > buffer.size()) std::abort();
    if (step == Parser::Step::end) return out;
    for (const mc::csv::Field& field : parser.fields()) {
      if (step == Parser::Step::row)
        out += std::string(field.text) + (field.quoted ? "\x01" : "\x02");
    }
    if (step == Parser::Step::bad) out += "\x03";
    if (step != Parser::Step::more) out += "\x04";
    if (step != Parser::Step::more && parser.consumed() == 0) std::abort();
    buffer.erase(0, parser.consumed());
    if (step == Parser::Step::more) {
      if (given == input.size()) std::abort();
      const std::string_view part = input.substr(given, chunk);
      buffer += part;
      given += part.size();
    }
  }
}

}  // namespace

// Rows do not depend on how the bytes arrive, and the parser always moves on. Lines over the limit
// may be cut at different places into bad rows, so only inputs without them are compared.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const char delimiter = ",;\t|"[data[0] % 4];
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = rows_of(input, delimiter, SIZE_MAX);
  const std::string bytes = rows_of(input, delimiter, 1);
  if (input.size() < 64 && whole != bytes) std::abort();
  static_cast<void>(mc::csv::detect_delimiter(input));
  return 0;
}
