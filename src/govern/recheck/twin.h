// For tests: a table made by hand and the manifest that is true of it, computed the slow and
// obvious way, with nothing of what it is compared to but the form of a manifest.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "crypto/crypto.h"
#include "recheck/recheck.h"

namespace mc::recheck::twin {

using Row = std::vector<std::string>;

struct Table {
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::int64_t k = 2;
  std::int64_t dropped = 0;
  std::string limit = "1";
  std::vector<Criterion> criteria;
};

inline std::string raw_sha(const std::string& bytes) {
  return *crypto::digest("sha256", bytes);
}
inline std::string hex_sha(const std::string& bytes) {
  return to_hex(raw_sha(bytes));
}

inline std::string quoted(const std::string& text) {
  if (!text.empty() && text.find_first_of(",\"") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}
inline std::string csv(const Table& table) {
  std::vector<Row> lines(1);
  for (const Column& column : table.columns) lines[0].push_back(column.name);
  lines.insert(lines.end(), table.rows.begin(), table.rows.end());
  std::string out;
  for (const Row& row : lines) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += (i > 0 ? "," : "") + quoted(row[i]);
    }
    out += '\n';
  }
  return out;
}

inline Row key_of(const Table& table, const Row& row) {
  Row out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (table.columns[i].role == Role::quasi_identifier) out.push_back(row[i]);
  }
  return out;
}
inline std::map<Row, std::int64_t> classes_of(const Table& table) {
  std::map<Row, std::int64_t> out;
  for (const Row& row : table.rows) ++out[key_of(table, row)];
  return out;
}

inline std::string big_endian(std::uint64_t number, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((number >> (8 * i)) & 0xff);
  return out;
}
// RFC 6962 section 2.1, as it is written there.
inline std::string tree_hash(const std::vector<std::string>& leaves) {
  if (leaves.empty()) return raw_sha("");
  if (leaves.size() == 1) return raw_sha(std::string(1, '\0') + leaves[0]);
  std::size_t cut = 1;
  while (cut * 2 < leaves.size()) cut *= 2;
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(cut);
  return raw_sha("\x01" + tree_hash({leaves.begin(), middle}) + tree_hash({middle, leaves.end()}));
}
inline std::string root_of(const std::map<Row, std::int64_t>& classes) {
  std::set<std::string> leaves;
  for (const auto& [row, rows] : classes) {
    std::string key;
    for (const std::string& text : row) key += big_endian(text.size(), 4) + text;
    leaves.insert(raw_sha(key) + big_endian(static_cast<std::uint64_t>(rows), 8));
  }
  return to_hex(tree_hash({leaves.begin(), leaves.end()}));
}

// The manifest of `table` at level 0 of everything, if `levels` are not given.
inline Manifest manifest_of(const Table& table, std::vector<std::int64_t> levels = {}) {
  Manifest out;
  out.columns = table.columns;
  out.k = table.k;
  out.engine = "test 1";
  out.criteria = {{.k = table.k}};
  out.criteria.insert(out.criteria.end(), table.criteria.begin(), table.criteria.end());
  out.input = {static_cast<std::int64_t>(table.rows.size()) + table.dropped, hex_sha("input")};
  const std::string file = csv(table);
  out.release = {static_cast<std::int64_t>(file.size()), ",",
                 static_cast<std::int64_t>(table.rows.size()), hex_sha(file)};
  out.suppression = {SuppressionForm::dropped, table.limit, table.dropped};
  for (const Column& column : table.columns) {
    if (column.role == Role::quasi_identifier) out.recoding.levels.push_back(0);
  }
  if (!levels.empty()) out.recoding.levels = std::move(levels);
  const auto classes = classes_of(table);
  std::map<std::int64_t, std::int64_t> sizes;
  for (const auto& [row, rows] : classes) ++sizes[rows];
  for (const auto& [rows, count] : sizes) out.classes.histogram.push_back({count, rows});
  out.classes.count = static_cast<std::int64_t>(classes.size());
  out.classes.min = sizes.empty() ? 0 : sizes.begin()->first;
  out.classes.root = root_of(classes);
  out.quality = {"0", "0"};
  out.search = {"0", 1, true};
  return out;
}

// `piece` bytes of the file arrive at a time.
inline proof::Report check(const std::string& manifest, const std::string& file,
                           std::vector<std::string> hierarchies = {}, std::size_t piece = 1 << 20) {
  Recheck recheck({manifest, std::move(hierarchies), {}, 1});
  for (std::size_t at = 0; at < file.size(); at += piece) {
    if (recheck.add(std::string_view(file).substr(at, piece)) == Recheck::More::useless) break;
  }
  return recheck.report();
}
// "k: k_violated" for each step that failed, in order; "" when it is verified.
inline std::string failures(const proof::Report& report) {
  std::string out;
  for (const proof::Step& step : report.steps()) {
    if (step.outcome != proof::Outcome::failed) continue;
    out += (out.empty() ? "" : " ") + step.reason;
  }
  return out;
}
inline const proof::Step* find(const proof::Report& report, std::string_view name) {
  for (const proof::Step& step : report.steps()) {
    if (step.name == name) return &step;
  }
  return nullptr;
}

}  // namespace mc::recheck::twin
