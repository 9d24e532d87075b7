#include "recheck/count.h"

#include <algorithm>

#include "recheck/root.h"

namespace mc::recheck {

Count::Count(const Manifest& manifest, const Limits& limits, std::uint64_t secret)
    : manifest_(manifest),
      limits_(limits),
      classes_(limits.classes_max, limits.class_bytes_max, secret),
      lines_(manifest.release.delimiter[0], limits.row_bytes_max,
             [this](const std::vector<csv::Field>& fields) { return take(fields); }) {
  for (std::size_t field = 0; field < manifest.columns.size(); ++field) {
    const Column& column = manifest.columns[field];
    if (column.role == Role::quasi_identifier) quasi_.push_back(field);
    const bool asked =
        std::any_of(manifest.criteria.begin(), manifest.criteria.end(),
                    [&](const Criterion& criterion) { return criterion.column == column.name; });
    const bool starred =
        column.role == Role::sensitive && manifest.suppression.form == SuppressionForm::starred;
    if (!asked && !starred) continue;
    sensitive_.push_back({field, column.name,
                          TextTable(limits.pairs_max, limits.class_bytes_max, secret),
                          PairTable(limits.pairs_max, secret)});
  }
}

void Count::add(std::string_view bytes) {
  hash_.add(bytes);
  bytes_ += static_cast<std::int64_t>(bytes.size());
  lines_.add(bytes);
}

void Count::finish() {
  digest_ = hash_.finish();
  form_ = lines_.finish();
}

Status Count::take(const std::vector<csv::Field>& fields) {
  if (!has_header_) {
    has_header_ = true;
    columns_ = take_header(fields);
    return ok();
  }
  ++rows_;
  if (!columns_) return ok();
  if (fields.size() != manifest_.columns.size()) {
    return fail(Code::invalid, "it has " + std::to_string(fields.size()) + " fields, not " +
                                   std::to_string(manifest_.columns.size()));
  }
  if (within_) take_row(fields);
  return ok();
}

Status Count::take_header(const std::vector<csv::Field>& fields) {
  if (fields.size() != manifest_.columns.size()) {
    return fail(Code::invalid, "the header has " + std::to_string(fields.size()) +
                                   " columns, the manifest " +
                                   std::to_string(manifest_.columns.size()));
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].text == manifest_.columns[i].name) continue;
    return fail(Code::invalid, "column " + std::to_string(i + 1) + " is '" +
                                   excerpt(fields[i].text) + "', in the manifest '" +
                                   excerpt(manifest_.columns[i].name) + "'");
  }
  return ok();
}

Status Count::pass(std::string_view what, std::size_t limit) const {
  return fail(Code::exhausted, std::string(what) + " pass the limit of this verifier (" +
                                   std::to_string(limit) + ")");
}

void Count::take_row(const std::vector<csv::Field>& fields) {
  if (rows_ > kRowsMax) {
    within_ = pass("rows", static_cast<std::size_t>(kRowsMax));
    return;
  }
  key_.clear();
  for (const std::size_t field : quasi_) append_key_text(key_, fields[field].text);
  const std::optional<std::uint32_t> number = classes_.add(key_);
  if (!number) {
    within_ = pass("classes, or their texts,", limits_.classes_max);
    return;
  }
  for (SensitiveCount& column : sensitive_) {
    const std::optional<std::uint32_t> value = column.values.add(fields[column.field].text);
    if (value && column.pairs.add(*number, *value)) continue;
    within_ = pass("values in classes", limits_.pairs_max);
    return;
  }
}

}  // namespace mc::recheck
