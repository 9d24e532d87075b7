// Rows of an import file, CSV or JSON lines, as cells of text with their place in the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "csv/csv.h"
#include "dataset/import.h"
#include "json/json.h"
#include "sys/sys.h"

namespace mc::dataset {

// A value of the file. For JSON lines `text` is the value without quotes and `kind` its type.
struct RecordCell {
  enum class Kind : std::uint8_t { missing, text, boolean, number, json };
  Kind kind = Kind::missing;
  std::string_view text;
};

// Where a reader stands: behind `offset` bytes, on line `line` (from 1).
struct RecordPlace {
  std::int64_t offset = 0;
  std::int64_t line = 1;
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  enum class Step : std::uint8_t { row, bad, end };
  // Cells are in the order of headers() and valid until the next call.
  virtual Result<Step> next() = 0;
  virtual const std::vector<RecordCell>& cells() const = 0;
  const std::vector<std::string>& headers() const { return headers_; }
  const BadRow& bad() const { return bad_; }
  std::int64_t row_line() const { return row_line_; }  // first line of the row just read
  RecordPlace place() const { return place_; }         // behind it
  virtual Status seek(RecordPlace place) = 0;

 protected:
  std::vector<std::string> headers_;
  BadRow bad_;
  RecordPlace place_;
  std::int64_t row_line_ = 1;
};

// Reads a file in blocks; keeps the unread bytes together. For the readers.
class BlockFile {
 public:
  static Result<BlockFile> open(sys::Files& files, const std::string& path);
  std::string_view unread() const { return std::string_view(buffer_).substr(begin_); }
  bool at_end() const { return at_end_; }
  std::int64_t size() const { return size_; }
  void consume(std::size_t bytes) { begin_ += bytes; }
  Status fill();  // at least one byte more, or at_end()
  Status seek(std::int64_t offset);

 private:
  std::unique_ptr<sys::File> file_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::int64_t size_ = 0;
  bool at_end_ = false;
};

struct RecordOptions {
  char delimiter = ',';
  std::size_t row_bytes_max = 1 << 20;
};
// The first row is the header. `invalid` when it is empty, has a name twice or is not text.
Result<std::unique_ptr<RecordReader>> csv_records(BlockFile file, const RecordOptions& options);
// Each line an object. Headers: the keys of the first `sample_rows` lines, in order of appearance.
Result<std::unique_ptr<RecordReader>> jsonl_records(BlockFile file, const RecordOptions& options,
                                                    std::size_t sample_rows);

}  // namespace mc::dataset
