#include "dataset/import.h"

#include <algorithm>

#include "dataset/import_store.h"
#include "dataset/import_types.h"
#include "dataset/record.h"

namespace mc::dataset {
namespace {

constexpr std::size_t kHeadBytes = 64 << 10;
constexpr std::size_t kBadRowsKept = 100;

class Import {
 public:
  Import(sql::Connection& connection, const std::string& path, const ImportOptions& options)
      : path_(path), options_(options), store_(connection, options, path) {}

  Result<ImportReport> run(sys::Files& files) {
    MC_TRY_OK(open_file(files));
    MC_TRY(const std::vector<std::string> existing, store_.target_columns());
    create_ = existing.empty();
    if (create_ && options_.create == CreateTable::no) {
      return fail(Code::not_found, "there is no table " + options_.table);
    }
    MC_TRY_OK(choose_columns(existing));
    MC_TRY_OK(guess_types());
    MC_TRY_OK(open_store());
    MC_TRY_OK(load());
    MC_TRY_OK(finish());
    return std::move(report_);
  }

 private:
  Status open_file(sys::Files& files) {
    MC_TRY(auto file, files.open(path_, sys::OpenMode::read));
    MC_TRY(report_.bytes, file->size());
    head_.resize(kHeadBytes);
    std::size_t held = 0;
    while (held < head_.size()) {
      MC_TRY(const std::size_t got,
             file->read(std::span<char>(head_.data() + held, head_.size() - held)));
      if (got == 0) break;
      held += got;
    }
    head_.resize(held);
    MC_TRY(BlockFile blocks, BlockFile::open(files, path_));
    RecordOptions record{.delimiter = options_.delimiter, .row_bytes_max = options_.row_bytes_max};
    if (is_jsonl()) {
      MC_TRY(reader_, jsonl_records(std::move(blocks), record, options_.sample_rows));
      return ok();
    }
    if (record.delimiter == 0) record.delimiter = csv::detect_delimiter(head_);
    report_.delimiter = record.delimiter;
    MC_TRY(reader_, csv_records(std::move(blocks), record));
    return ok();
  }

  bool is_jsonl() const {
    if (options_.format != ImportFormat::detect) return options_.format == ImportFormat::jsonl;
    for (const char* ending : {".jsonl", ".ndjson"}) {
      if (path_.ends_with(ending)) return true;
    }
    if (path_.ends_with(".csv")) return false;
    return trim(std::string_view(head_)).starts_with('{');
  }

  // Pairs the headers with columns of the table, or names new ones.
  Status choose_columns(const std::vector<std::string>& existing) {
    const auto exists = [&](const std::string& name) {
      return std::find(existing.begin(), existing.end(), name) != existing.end();
    };
    bool has_key = false;
    for (const std::string& header : reader_->headers()) {
      LoadColumn column{.header = header, .column = column_name(header)};
      if (exists(header) || header == options_.key_column) column.column = header;
      column.is_key = column.column == options_.key_column;
      has_key = has_key || column.is_key;
      if (column.column == options_.tenant_column) {
        return fail(Code::invalid, "the file must not hold the tenant column '" + excerpt(header) +
                                       "'; the tenant is given by the caller");
      }
      if (!create_ && !exists(column.column)) {
        return fail(Code::invalid,
                    "table " + options_.table + " has no column for '" + excerpt(header) + "'");
      }
      for (const LoadColumn& other : columns_) {
        if (other.column != column.column) continue;
        return fail(Code::invalid, "'" + excerpt(other.header) + "' and '" + excerpt(header) +
                                       "' are both column " + column.column);
      }
      columns_.push_back(std::move(column));
    }
    made_key_ = !has_key;
    if (made_key_) {
      columns_.insert(
          columns_.begin(),
          {.header = "", .column = options_.key_column, .type = ColumnType::long_, .is_key = true});
    }
    return ok();
  }

  // Headers are columns_ without a made key.
  std::size_t first_read() const { return made_key_ ? 1 : 0; }

  Status guess_types() {
    const RecordPlace start = reader_->place();
    std::vector<TypeGuess> guesses(reader_->headers().size());
    for (std::size_t row = 0; row < options_.sample_rows; ++row) {
      MC_TRY(const RecordReader::Step step, reader_->next());
      if (step == RecordReader::Step::end) break;
      if (step == RecordReader::Step::bad) continue;
      for (std::size_t i = 0; i < guesses.size(); ++i) guesses[i].see(reader_->cells()[i]);
    }
    for (std::size_t i = 0; i < guesses.size(); ++i) {
      LoadColumn& column = columns_[i + first_read()];
      column.type = guesses[i].type();
      for (const ImportColumn& given : options_.types) {
        if (given.header == column.header) column.type = given.type;
      }
      // A key is a number or a text.
      const bool number = column.type == ColumnType::int_ || column.type == ColumnType::long_;
      if (column.is_key) column.type = number ? ColumnType::long_ : ColumnType::string;
    }
    for (const ImportColumn& given : options_.types) {
      const auto& headers = reader_->headers();
      if (std::find(headers.begin(), headers.end(), given.header) == headers.end()) {
        return fail(Code::invalid, "the file has no column '" + excerpt(given.header) + "'");
      }
    }
    return reader_->seek(start);
  }

  std::string fingerprint() const {
    std::string text = sys::sha256(head_) + std::to_string(report_.bytes) + report_.delimiter;
    text += create_ ? "create" : "insert";
    for (const LoadColumn& column : columns_) {
      text += '\0' + column.header + '\0' + column.column + '\0';
      text += type_name(column.type);
    }
    return to_hex(sys::sha256(text));
  }

  Status open_store() {
    checkpoint_.fingerprint = fingerprint();
    if (made_key_ && !create_) {
      MC_TRY(first_key_, store_.last_key());
    }
    MC_TRY(const std::optional<Checkpoint> found,
           store_.open(checkpoint_.fingerprint, columns_, create_));
    checkpoint_.place = reader_->place();
    if (!found) return ok();
    checkpoint_ = *found;
    report_.resumed_at = checkpoint_.place.offset;
    return reader_->seek(checkpoint_.place);
  }

  Status load() {
    const std::size_t width = columns_.size() + 1;
    names_.push_back(options_.tenant_column);
    for (const LoadColumn& column : columns_) names_.push_back(column.column);
    values_.resize(width * std::max<std::size_t>(options_.batch_rows, 1));
    for (std::size_t at = 0; at < values_.size(); at += width) {
      values_[at] = options_.tenant.get();
    }
    for (;;) {
      MC_TRY(const RecordReader::Step step, reader_->next());
      if (step == RecordReader::Step::end) break;
      if (step == RecordReader::Step::bad) {
        MC_TRY_OK(note_bad(reader_->bad()));
      } else {
        MC_TRY_OK(take_row(width));
      }
      if (filled_ * width == values_.size()) MC_TRY_OK(store_batch(width));
    }
    return store_batch(width);
  }

  Status take_row(std::size_t width) {
    sql::Param* row = values_.data() + filled_ * width + 1;
    const std::vector<RecordCell>& cells = reader_->cells();
    if (made_key_) row[0] = first_key_ + checkpoint_.rows + static_cast<std::int64_t>(filled_) + 1;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const LoadColumn& column = columns_[i + first_read()];
      const char* wrong = convert(cells[i], column.type, row[i + first_read()]);
      if (wrong == nullptr && column.is_key && cells[i].kind == RecordCell::Kind::missing) {
        wrong = "is missing, but it is the key";
      }
      if (wrong == nullptr) continue;
      return note_bad({reader_->row_line(), column.header,
                       is_valid_utf8(cells[i].text) ? "'" + excerpt(cells[i].text) + "' " + wrong
                                                    : std::string(wrong)});
    }
    ++filled_;
    return ok();
  }

  Status note_bad(BadRow row) {
    ++checkpoint_.bad_rows;
    if (report_.bad.size() < kBadRowsKept) report_.bad.push_back(row);
    if (checkpoint_.bad_rows <= options_.bad_rows_max) return ok();
    std::string what = "line " + std::to_string(row.line);
    if (!row.column.empty()) what += ", column '" + excerpt(row.column) + "'";
    what += ": " + row.what;
    if (options_.bad_rows_max > 0) {
      what += " (more than " + std::to_string(options_.bad_rows_max) + " bad rows)";
    }
    return fail(Code::invalid, std::move(what));
  }

  Status store_batch(std::size_t width) {
    checkpoint_.place = reader_->place();
    checkpoint_.rows += static_cast<std::int64_t>(filled_);
    const Status stored = store_.add(
        names_, std::span<const sql::Param>(values_).first(filled_ * width), checkpoint_);
    if (!stored && stored.error().code == Code::conflict) {
      return fail(Code::conflict, "two rows have the same key; the second is before line " +
                                      std::to_string(checkpoint_.place.line));
    }
    MC_TRY_OK(stored);
    filled_ = 0;
    return tell(false);
  }

  Status tell(bool finishing) {
    if (!options_.progress) return ok();
    const ImportProgress progress{.bytes_done = checkpoint_.place.offset,
                                  .bytes_total = report_.bytes,
                                  .rows = checkpoint_.rows,
                                  .bad_rows = checkpoint_.bad_rows,
                                  .finishing = finishing};
    if (options_.progress(progress)) return ok();
    return fail(Code::unavailable, "the import was stopped; the same call goes on from here");
  }

  Status finish() {
    MC_TRY_OK(tell(true));
    MC_TRY(const std::vector<std::int64_t> counts, store_.count_values(columns_));
    describe(counts);
    const Status moved = store_.finish(columns_, create_);
    if (!moved && moved.error().code == Code::conflict) {
      return fail(Code::conflict, "table " + options_.table +
                                      " holds one of these keys already; nothing was imported");
    }
    MC_TRY_OK(moved);
    report_.rows = checkpoint_.rows;
    report_.bad_rows = checkpoint_.bad_rows;
    report_.table_created = create_;
    return ok();
  }

  void describe(const std::vector<std::int64_t>& counts) {
    Dataset& dataset = report_.dataset;
    dataset.name = graphql_name(options_.table);
    dataset.plural = dataset.name + "s";
    dataset.type = dataset.name;
    dataset.type[0] = static_cast<char>(dataset.type[0] - 'a' + 'A');
    dataset.table = options_.table;
    dataset.tenant = options_.tenant_column;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const LoadColumn& from = columns_[i];
      Column column;
      column.name = graphql_name(from.column);
      column.column = from.column;
      column.type = from.type;
      column.filterable = from.type != ColumnType::json;
      column.nullable = i < counts.size() && counts[i] < checkpoint_.rows;
      if (from.is_key) {
        dataset.key = column.name;
        column.type = ColumnType::id;
        column.storage = from.type == ColumnType::long_ ? Storage::integer : Storage::natural;
      }
      dataset.columns.push_back(std::move(column));
    }
  }

  const std::string& path_;
  const ImportOptions& options_;
  ImportStore store_;
  std::unique_ptr<RecordReader> reader_;
  std::string head_;
  std::vector<LoadColumn> columns_;
  bool create_ = false;
  bool made_key_ = false;
  std::int64_t first_key_ = 0;
  Checkpoint checkpoint_;
  std::vector<std::string> names_;
  std::vector<sql::Param> values_;
  std::size_t filled_ = 0;
  ImportReport report_;
};

Status check_options(const ImportOptions& options) {
  if (options.tenant.get().empty()) return fail(Code::denied, "an import needs a tenant");
  for (const std::string& name : {options.table, options.tenant_column, options.key_column}) {
    if (name.empty() || name.size() > 63 || name.find('\0') != std::string::npos) {
      return fail(Code::invalid, "table and column names are 1 to 63 bytes");
    }
  }
  if (options.tenant_column == options.key_column) {
    return fail(Code::invalid, "tenant_column and key_column must differ");
  }
  constexpr std::string_view kDelimiters(",;\t|\0", 5);
  if (kDelimiters.find(options.delimiter) == std::string_view::npos) {
    return fail(Code::invalid, "delimiter must be one of , ; tab |");
  }
  return ok();
}

}  // namespace

Result<ImportReport> import_file(sql::Connection& connection, sys::Files& files,
                                 const std::string& path, const ImportOptions& options) {
  MC_TRY_OK(check_options(options));
  return Import(connection, path, options).run(files);
}

Status forget_import(sql::Connection& connection, const std::string& path,
                     const ImportOptions& options) {
  MC_TRY_OK(check_options(options));
  return ImportStore(connection, options, path).forget();
}

}  // namespace mc::dataset
