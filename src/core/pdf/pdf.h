// Documents for people as PDF (ISO 32000-1): pages drawn by cairo with the structure that readers
// for the blind need, a watermark drawn as shapes, and a seal over the whole file.
//
// Text may be anything in UTF-8; control characters are drawn as spaces. Everything is thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/base.h"
#include "pdf/seal.h"  // IWYU pragma: export

namespace mc::pdf {

inline constexpr std::size_t kBlocksMax = 20'000;
inline constexpr std::size_t kTextBytesMax = 64 << 10;  // of each text

struct Heading {
  std::string text;
  int level = 1;  // 1 to 3
};
struct Paragraph {
  std::string text;
};
// Fixed width, broken anywhere, line ends kept: what is to be typed or compared.
struct Listing {
  std::string text;
};
// Rows have as many cells as the header; widths are shares of the page's.
struct Table {
  std::vector<std::string> header;
  std::vector<double> widths;
  std::vector<std::vector<std::string>> rows;
};
using Block = std::variant<Heading, Paragraph, Listing, Table>;

struct Document {
  std::string title;
  std::string author;
  WallTime made;
  std::vector<Block> blocks;
  std::string watermark;  // across every page, as shapes; "" for none
};

// A4, with page numbers. `invalid` past a limit, or when a table's rows do not fit its header.
Result<std::string> print(const Document& document);

}  // namespace mc::pdf
