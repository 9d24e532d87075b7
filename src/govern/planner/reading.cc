#include "planner/reading.h"

#include <array>
#include <vector>

namespace mc::planner {
namespace {

using Value = sql::Rows::Value;

constexpr std::size_t kChunkRows = 1'024;

// What no public key could be is no key at all: decided of the row alone.
bool may_be_key(const Value& value) {
  if (value.type != sql::Type::text && value.type != sql::Type::blob) return true;
  return value.text.size() <= dataset::kPrivateKeyBytesMax && is_valid_utf8(value.text);
}

// The text of a value that is the same wherever it comes from: equal persons have equal texts.
std::string_view unit_text(const Value& value, std::string& room) {
  if (value.type == sql::Type::text || value.type == sql::Type::blob) return value.text;
  room.clear();
  if (value.type == sql::Type::integer) {
    room = std::to_string(value.integer);
  } else {
    json::append_double(room, value.real);
  }
  return room;
}

class Reader {
 public:
  Reader(const Question& question, const dp::PrivacyUnit& unit, dp::Groups& groups,
         dp::Table& table)
      : question_(question), unit_(unit), groups_(groups), table_(table) {}

  Status row(std::span<const Value> row) {
    std::int64_t value = 0;
    if (question_.grid) {
      const std::optional<std::int64_t> point = question_.grid->point_of(row.back());
      if (!point) return ok();
      value = *point;
    }
    std::uint32_t group = 0;
    if (!question_.keys.empty()) {
      group = group_of(row);
      if (group == dp::kNoGroup) return ok();
    }
    units_.push_back(row[0].type == sql::Type::null ? unit_.nobody()
                                                    : unit_.unit_of(unit_text(row[0], room_)));
    groups_of_.push_back(group);
    values_.push_back(value);
    return units_.size() < kChunkRows ? ok() : flush();
  }

  Status flush() {
    dp::Rows rows;
    rows.units = units_;
    if (!question_.keys.empty()) rows.groups = groups_of_;
    if (question_.grid) rows.values = values_;
    MC_TRY_OK(table_.add(rows));
    units_.clear();
    groups_of_.clear();
    values_.clear();
    return ok();
  }

 private:
  std::uint32_t group_of(std::span<const Value> row) {
    key_ = "[";
    for (const std::size_t at : question_.sorted) {
      const dataset::Column& column =
          question_.dataset->columns[static_cast<std::size_t>(question_.keys[at])];
      if (key_.size() > 1) key_ += ',';
      const Value& value = row[1 + at];
      if (!may_be_key(value)) return dp::kNoGroup;
      if (value.type == sql::Type::text && column.type == dataset::ColumnType::string) {
        json::append_quoted(key_, value.text);
      } else {
        key_ += json::print(key_value(column, value));
      }
    }
    key_ += ']';
    return groups_.index_of(key_);
  }

  const Question& question_;
  const dp::PrivacyUnit& unit_;
  dp::Groups& groups_;
  dp::Table& table_;
  std::vector<dp::Unit> units_;
  std::vector<std::uint32_t> groups_of_;
  std::vector<std::int64_t> values_;
  std::string key_, room_;
};

Result<dp::Groups> groups_of(const Question& question, const dp::PrivacyUnit& unit) {
  switch (question.spec.keys) {
    case dp::Keys::none:
      return dp::Groups::none(unit);
    case dp::Keys::known:
      return dp::Groups::known(unit, question.known);
    default:
      return dp::Groups::unknown(unit);
  }
}

}  // namespace

Result<dp::Release> release_of(const Question& question, const dp::Spec& spec,
                               const Reading& reading, dp::Chance chance) {
  MC_TRY(dp::Groups groups, groups_of(question, reading.unit));
  const auto values = question.grid ? dp::Table::Values::some : dp::Table::Values::none;
  MC_TRY(dp::Table table, dp::Table::make(groups, spec.bounds, values));
  Reader reader(question, reading.unit, groups, table);
  MC_TRY_OK(reading.scan.scan(question.columns, reading.where,
                              [&](std::span<const Value> row) { return reader.row(row); }));
  MC_TRY_OK(reader.flush());
  if (groups.full()) return fail(Code::exhausted, "groupBy: more keys than there is room for");
  return dp::release(table, spec, chance);
}

}  // namespace mc::planner
