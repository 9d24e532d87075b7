#include "kanon/table.h"

#include <algorithm>
#include <numeric>

#include "kanon/csv_lines.h"
#include "kanon/dictionary.h"

namespace mc::kanon {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

tl::unexpected<Error> refuse(std::int64_t line, const std::string& why) {
  return fail(Code::invalid, "line " + std::to_string(line) + ": " + why);
}

// Codes by first appearance become places in the sorted order.
void sort_codes(Column& column, Dictionary&& seen) {
  std::vector<std::string> texts = std::move(seen).take();
  std::vector<std::uint32_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return texts[a] < texts[b]; });
  std::vector<std::uint32_t> place(texts.size());
  column.values.resize(texts.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    column.values[i] = std::move(texts[order[i]]);
  }
  for (std::uint32_t& code : column.codes) code = place[code];
}

}  // namespace

std::optional<std::uint32_t> Column::code_of(std::string_view value) const {
  const auto at = std::lower_bound(values.begin(), values.end(), value);
  if (at == values.end() || *at != value) return std::nullopt;
  return static_cast<std::uint32_t>(at - values.begin());
}

std::optional<std::size_t> Table::find(std::string_view name) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return i;
  }
  return std::nullopt;
}

struct TableReader::State {
  explicit State(TableOptions given)
      : options(std::move(given)), lines(options.delimiter, options.limits.row_bytes_max) {}

  Status header(const std::vector<csv::Field>& fields, std::int64_t line) {
    if (fields.size() > options.limits.columns_max) {
      return refuse(line, "more columns than " + std::to_string(options.limits.columns_max));
    }
    for (const csv::Field& field : fields) {
      if (field.text.starts_with(kByteOrderMark)) {
        return refuse(line, "begins with a byte order mark; it must be UTF-8 without one");
      }
      if (field.text.empty()) return refuse(line, "a column without a name");
      if (!is_one_line(field.text) || field.text.size() > options.limits.cell_bytes_max) {
        return refuse(line, "the name of a column is too long or not one line of UTF-8");
      }
      if (table.find(field.text)) {
        return refuse(line, "two columns are named '" + excerpt(field.text) + "'");
      }
      Column column;
      column.name = std::string(field.text);
      column.skipped =
          std::find(options.skip.begin(), options.skip.end(), column.name) != options.skip.end();
      table.columns.push_back(std::move(column));
    }
    for (const std::string& name : options.skip) {
      if (!table.find(name)) return refuse(line, "there is no column '" + excerpt(name) + "'");
    }
    seen.resize(table.columns.size());
    return ok();
  }

  Status row(const std::vector<csv::Field>& fields, std::int64_t line) {
    if (fields.size() != table.columns.size()) {
      return refuse(line, std::to_string(fields.size()) + " cells where the header has " +
                              std::to_string(table.columns.size()));
    }
    if (table.rows == options.limits.rows_max) {
      return refuse(line, "more rows than " + std::to_string(options.limits.rows_max));
    }
    ++table.rows;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (table.columns[i].skipped) continue;
      std::uint32_t code = seen[i].find(fields[i].text);
      if (code == Dictionary::kNone) {
        MC_TRY_OK(new_value(i, fields[i].text, line));
        code = seen[i].add(fields[i].text);
      }
      table.columns[i].codes.push_back(code);
    }
    return ok();
  }

  Status new_value(std::size_t at, std::string_view text, std::int64_t line) const {
    const std::string column = "column '" + excerpt(table.columns[at].name) + "' ";
    if (text.size() > options.limits.cell_bytes_max) {
      return refuse(line, column + "has a cell of more bytes than " +
                              std::to_string(options.limits.cell_bytes_max));
    }
    if (!is_valid_utf8(text)) return refuse(line, column + "has a cell that is not UTF-8");
    if (seen[at].size() == options.limits.distinct_max) {
      return refuse(line, column + "has more different values than " +
                              std::to_string(options.limits.distinct_max));
    }
    return ok();
  }

  Status add(std::string_view bytes, bool last) {
    bytes_read += bytes.size();
    if (bytes_read > options.limits.bytes_max) {
      return fail(Code::invalid,
                  "the table has more bytes than " + std::to_string(options.limits.bytes_max));
    }
    return lines.add(bytes, last, [&](const std::vector<csv::Field>& fields, std::int64_t line) {
      return table.columns.empty() ? header(fields, line) : row(fields, line);
    });
  }

  TableOptions options;
  CsvLines lines;
  Table table;
  std::vector<Dictionary> seen;  // by column
  std::uint64_t bytes_read = 0;
  std::optional<Error> error;
};

TableReader::TableReader(TableOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader::~TableReader() = default;

Status TableReader::add(std::string_view bytes) {
  if (state_->error) return tl::unexpected<Error>(*state_->error);
  Status added = state_->add(bytes, false);
  if (!added) state_->error = added.error();
  return added;
}

Result<Table> TableReader::finish() {
  if (state_->error) return tl::unexpected<Error>(*state_->error);
  MC_TRY_OK(state_->add("", true));
  if (state_->table.columns.empty()) return fail(Code::invalid, "the table has no header");
  for (std::size_t i = 0; i < state_->seen.size(); ++i) {
    sort_codes(state_->table.columns[i], std::move(state_->seen[i]));
  }
  return std::move(state_->table);
}

Result<Table> read_table(std::string_view text, const TableOptions& options) {
  TableReader reader(options);
  MC_TRY_OK(reader.add(text));
  return reader.finish();
}

}  // namespace mc::kanon
