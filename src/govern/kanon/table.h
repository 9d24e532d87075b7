// A CSV table whose columns are coded by dictionaries.
//
// Strict: a header of unique, non-empty names; every row as long as the header; valid UTF-8; no
// byte order mark; no blank line between rows. An empty cell is the empty text, quoted or not.
// Errors are `invalid` and name the line, and the limit that was reached. Codes do not depend on
// the order of rows: the values of a column are sorted by bytes, and the code of a value is its
// place. Memory: four bytes a cell, and each distinct value once. A reader belongs to one thread; a
// table is plain data that any number of threads may read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::kanon {

struct TableLimits {
  std::uint64_t bytes_max = std::uint64_t{4} << 30;
  std::size_t rows_max = 50'000'000;
  std::size_t columns_max = 256;
  std::size_t distinct_max = 4'000'000;  // values of one column
  std::size_t row_bytes_max = 1 << 20;
  std::size_t cell_bytes_max = 4096;
};

struct TableOptions {
  char delimiter = ',';
  TableLimits limits = {};
  // Columns that are read past, so that nothing of them is kept; each must be there.
  std::vector<std::string> skip = {};
};

struct Column {
  std::string name;
  std::vector<std::string> values;   // sorted by bytes, unique
  std::vector<std::uint32_t> codes;  // of each row; empty for a column that was read past
  bool skipped = false;

  const std::string& text(std::size_t row) const { return values[codes[row]]; }
  std::optional<std::uint32_t> code_of(std::string_view value) const;
};

struct Table {
  std::vector<Column> columns;  // in the order of the header
  std::size_t rows = 0;

  std::optional<std::size_t> find(std::string_view name) const;  // index of a column
};

// Takes a file in pieces of any size.
class TableReader {
 public:
  explicit TableReader(TableOptions options);
  TableReader(TableReader&&) noexcept;
  ~TableReader();
  Status add(std::string_view bytes);  // after an error the reader takes nothing more
  Result<Table> finish();              // once, at the end of the file

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Result<Table> read_table(std::string_view text, const TableOptions& options = {});

}  // namespace mc::kanon
