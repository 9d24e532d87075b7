#include <algorithm>

#include "dataset/record.h"

namespace mc::dataset {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr std::size_t kHeadersMax = 256;

class CsvRecords final : public RecordReader {
 public:
  CsvRecords(BlockFile file, const RecordOptions& options)
      : file_(std::move(file)), parser_(options.delimiter, options.row_bytes_max) {}

  Status read_header() {
    MC_TRY_OK(file_.fill());
    if (file_.unread().starts_with("\xEF\xBB\xBF")) {
      file_.consume(3);
      place_.offset += 3;
    }
    MC_TRY(const csv::Parser::Step step, advance());
    if (step == csv::Parser::Step::end) return fail(Code::invalid, "the file is empty");
    if (step != csv::Parser::Step::row) {
      return fail(Code::invalid, "line 1: " + std::string(parser_.error()));
    }
    for (const csv::Field& field : parser_.fields()) {
      const std::string name(trim(field.text));
      if (name.empty() || !is_valid_utf8(name)) {
        return fail(Code::invalid, "line 1: a column has no name, or one that is not UTF-8");
      }
      if (std::find(headers_.begin(), headers_.end(), name) != headers_.end()) {
        return fail(Code::invalid, "line 1: two columns are called '" + excerpt(name) + "'");
      }
      headers_.push_back(name);
    }
    if (headers_.size() > kHeadersMax) {
      return fail(Code::invalid, "line 1: more than " + std::to_string(kHeadersMax) + " columns");
    }
    return ok();
  }

  Result<Step> next() override {
    MC_TRY(const csv::Parser::Step step, advance());
    if (step == csv::Parser::Step::end) return Step::end;
    if (step == csv::Parser::Step::bad) {
      bad_ = {row_line_, header(parser_.bad_field()), parser_.error()};
      return Step::bad;
    }
    const std::vector<csv::Field>& fields = parser_.fields();
    if (fields.size() != headers_.size()) {
      bad_ = {row_line_, "",
              std::to_string(fields.size()) + " fields, the header has " +
                  std::to_string(headers_.size())};
      return Step::bad;
    }
    cells_.resize(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool missing = fields[i].text.empty() && !fields[i].quoted;
      cells_[i].kind = missing ? RecordCell::Kind::missing : RecordCell::Kind::text;
      cells_[i].text = fields[i].text;
    }
    return Step::row;
  }

  const std::vector<RecordCell>& cells() const override { return cells_; }

  Status seek(RecordPlace place) override {
    place_ = place;
    consumed_ = 0;
    return file_.seek(place.offset);
  }

 private:
  std::string header(std::size_t index) const {
    return index < headers_.size() ? headers_[index] : std::string();
  }

  // One step of the parser, reading more of the file as it asks for it.
  Result<csv::Parser::Step> advance() {
    file_.consume(consumed_);
    consumed_ = 0;
    for (;;) {
      const csv::Parser::Step step = parser_.next(file_.unread(), file_.at_end());
      if (step == csv::Parser::Step::more) {
        MC_TRY_OK(file_.fill());
        continue;
      }
      consumed_ = parser_.consumed();
      place_.offset += static_cast<std::int64_t>(consumed_);
      // Blank lines in front belong to what was consumed.
      const std::string_view used = file_.unread().substr(0, consumed_);
      const std::size_t start = used.find_first_not_of("\r\n");
      const auto skipped = static_cast<std::ptrdiff_t>(std::min(start, used.size()));
      row_line_ = place_.line + std::count(used.begin(), used.begin() + skipped, '\n');
      place_.line += parser_.lines();
      return step;
    }
  }

  BlockFile file_;
  csv::Parser parser_;
  std::size_t consumed_ = 0;  // of the buffer, by the row that cells() still show
  std::vector<RecordCell> cells_;
};

}  // namespace

Result<BlockFile> BlockFile::open(sys::Files& files, const std::string& path) {
  BlockFile out;
  MC_TRY(out.file_, files.open(path, sys::OpenMode::read));
  MC_TRY(out.size_, out.file_->size());
  return out;
}

Status BlockFile::fill() {
  if (at_end_) return ok();
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t held = buffer_.size();
  buffer_.resize(held + kBlockBytes);
  MC_TRY(const std::size_t got, file_->read(std::span<char>(buffer_.data() + held, kBlockBytes)));
  buffer_.resize(held + got);
  at_end_ = got == 0;
  return ok();
}

Status BlockFile::seek(std::int64_t offset) {
  buffer_.clear();
  begin_ = 0;
  at_end_ = false;
  return file_->seek(offset);
}

Result<std::unique_ptr<RecordReader>> csv_records(BlockFile file, const RecordOptions& options) {
  auto reader = std::make_unique<CsvRecords>(std::move(file), options);
  MC_TRY_OK(reader->read_header());
  return std::unique_ptr<RecordReader>(std::move(reader));
}

}  // namespace mc::dataset
