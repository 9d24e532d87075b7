#include <algorithm>

#include "dataset/record.h"

namespace mc::dataset {
namespace {

constexpr std::size_t kKeysMax = 256;

class JsonRecords final : public RecordReader {
 public:
  JsonRecords(BlockFile file, const RecordOptions& options)
      : file_(std::move(file)), row_bytes_max_(options.row_bytes_max) {}

  // The keys of the first lines; lines that are bad are left to the import proper.
  Status read_headers(std::size_t sample_rows) {
    for (std::size_t row = 0; row < sample_rows; ++row) {
      MC_TRY(const Step step, line_step());
      if (step == Step::end) break;
      if (step == Step::bad) continue;
      for (const json::Member& member : object_->members()) {
        if (std::find(headers_.begin(), headers_.end(), member.name) != headers_.end()) continue;
        if (headers_.size() == kKeysMax) {
          return fail(Code::invalid, "more than " + std::to_string(kKeysMax) + " keys");
        }
        headers_.push_back(member.name);
      }
    }
    if (headers_.empty()) return fail(Code::invalid, "the first lines hold no JSON object");
    return seek({});
  }

  Result<Step> next() override {
    MC_TRY(const Step step, line_step());
    if (step != Step::row) return step;
    cells_.assign(headers_.size(), RecordCell{});
    texts_.resize(headers_.size());
    for (const json::Member& member : object_->members()) {
      const auto found = std::find(headers_.begin(), headers_.end(), member.name);
      if (found == headers_.end()) {
        bad_ = {row_line_, excerpt(member.name), "the first lines have no such key"};
        return Step::bad;
      }
      const auto index = static_cast<std::size_t>(found - headers_.begin());
      cells_[index] = cell_of(member.value, texts_[index]);
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
  static RecordCell cell_of(const json::Value& value, std::string& text) {
    using Kind = RecordCell::Kind;
    if (value.is_null()) return {};
    if (const std::string* string = value.as_string()) return {Kind::text, *string};
    if (const bool* flag = value.as_bool()) return {Kind::boolean, *flag ? "true" : "false"};
    text = json::print(value);
    const bool composite = value.as_array() != nullptr || value.as_object() != nullptr;
    return {composite ? Kind::json : Kind::number, text};
  }

  // The next line that is not blank, parsed into object_.
  Result<Step> line_step() {
    for (;;) {
      file_.consume(consumed_);
      consumed_ = 0;
      const std::string_view unread = file_.unread();
      const std::size_t end = unread.find('\n');
      const bool too_long = std::min(end, unread.size()) > row_bytes_max_;
      if (end == std::string_view::npos && !file_.at_end() && !too_long) {
        MC_TRY_OK(file_.fill());
        continue;
      }
      if (unread.empty()) return Step::end;
      const bool skipped = skipping_;
      skipping_ = too_long && end == std::string_view::npos;
      consumed_ = end == std::string_view::npos ? unread.size() : end + 1;
      row_line_ = place_.line;
      place_.offset += static_cast<std::int64_t>(consumed_);
      place_.line += end == std::string_view::npos ? 0 : 1;
      if (skipped) continue;
      if (too_long) return bad("the line is longer than the limit");
      std::string_view line = unread.substr(0, end);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (trim(line).empty()) continue;
      return parse(line);
    }
  }

  Result<Step> parse(std::string_view line) {
    Result<json::Value> value = json::parse(line, {.bytes_max = row_bytes_max_});
    if (!value) return bad(value.error().what);
    value_ = std::move(*value);
    object_ = value_.as_object();
    if (object_ == nullptr) return bad("the line is not a JSON object");
    return Step::row;
  }

  Step bad(std::string what) {
    bad_ = {row_line_, "", std::move(what)};
    return Step::bad;
  }

  BlockFile file_;
  std::size_t row_bytes_max_;
  std::size_t consumed_ = 0;
  bool skipping_ = false;  // inside a line that was too long
  json::Value value_;
  const json::Object* object_ = nullptr;
  std::vector<RecordCell> cells_;
  std::vector<std::string> texts_;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> jsonl_records(BlockFile file, const RecordOptions& options,
                                                    std::size_t sample_rows) {
  auto reader = std::make_unique<JsonRecords>(std::move(file), options);
  MC_TRY_OK(reader->read_headers(sample_rows));
  return std::unique_ptr<RecordReader>(std::move(reader));
}

}  // namespace mc::dataset
