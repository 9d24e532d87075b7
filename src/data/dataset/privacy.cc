#include "dataset/privacy.h"

#include <algorithm>
#include <set>

#include "dataset/privacy_check.h"
#include "dataset/value.h"

namespace mc::dataset {
namespace {

using Decimal9 = __int128;  // in units of 10^-9

// -?digits[.digits]
Result<Decimal9> parse_decimal9(std::string_view text) {
  const auto refuse = [&] {
    return fail(Code::invalid, "'" + excerpt(text) + "' is not a decimal such as 0.05 (at most " +
                                   std::to_string(kDecimalDigitsMax) + " digits, " +
                                   std::to_string(kDecimalPlacesMax) + " after the point)");
  };
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t places = point == digits.size() ? 0 : digits.size() - point - 1;
  const bool ends_in_point = point != digits.size() && places == 0;
  if (point == 0 || ends_in_point || places > kDecimalPlacesMax) return refuse();
  if (point + places > kDecimalDigitsMax) return refuse();
  Decimal9 value = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i == point) continue;
    if (digits[i] < '0' || digits[i] > '9') return refuse();
    value = value * 10 + (digits[i] - '0');
  }
  for (std::size_t i = places; i < kDecimalPlacesMax; ++i) value *= 10;
  return negative ? -value : value;
}

bool is_number(ColumnType type) {
  return type == ColumnType::int_ || type == ColumnType::long_ || type == ColumnType::float_;
}

// A key that no row can have by the way it is written would be a group that is always empty.
bool is_canonical_key(const Column& column, const std::string& key) {
  switch (column.type) {
    case ColumnType::int_:
    case ColumnType::long_: {
      const Result<std::int64_t> number = parse_int(key);
      return number && std::to_string(*number) == key;
    }
    case ColumnType::boolean:
      return key == "true" || key == "false";
    case ColumnType::date:
      return is_date(key);
    case ColumnType::datetime: {
      const Result<std::string> moment = canonical_datetime(key);
      return moment && *moment == key;
    }
    default:
      return is_valid_utf8(key) && key.find('\0') == std::string::npos;
  }
}

class Checker {
 public:
  Checker(const Dataset& dataset, const std::string& path)
      : dataset_(dataset), privacy_(*dataset.privacy), path_(path + ".privacy") {}

  std::vector<Problem> run() {
    check_unit();
    check_range(".groups_per_unit", privacy_.groups_per_unit, kGroupsPerUnitMax);
    check_range(".rows_per_group", privacy_.rows_per_group, kRowsPerGroupMax);
    const std::vector<PrivateColumn>& columns = privacy_.columns;
    if (columns.empty()) add(".columns", "must name at least one column");
    if (columns.size() > kPrivateColumnsMax) {
      add(".columns", "more than " + std::to_string(kPrivateColumnsMax) + " entries");
    }
    std::set<std::string> names;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string here = ".columns[" + std::to_string(i) + "]";
      if (!names.insert(columns[i].name).second) {
        add(here + ".name", "used twice: " + excerpt(columns[i].name));
      }
      check_column(columns[i], here);
    }
    return std::move(problems_);
  }

 private:
  void add(const std::string& where, std::string what) {
    problems_.push_back({path_ + where, std::move(what)});
  }

  void check_range(const std::string& where, int value, int max) {
    if (value < 1 || value > max) add(where, "must be 1 to " + std::to_string(max));
  }

  void check_unit() {
    if (privacy_.unit.empty()) {
      add(".unit", "is missing: the column that says whose row it is");
      return;
    }
    const Column* unit = dataset_.column(privacy_.unit);
    if (unit == nullptr) {
      add(".unit", "no column is called '" + excerpt(privacy_.unit) + "'");
      return;
    }
    if (unit->nullable) add(".unit", "the column of the unit must not be nullable");
    if (unit->type != ColumnType::id && unit->type != ColumnType::int_ &&
        unit->type != ColumnType::long_ && unit->type != ColumnType::string) {
      add(".unit", "the column of the unit must be of type id, int, long or string");
    }
  }

  void check_column(const PrivateColumn& entry, const std::string& here) {
    const Column* column = dataset_.column(entry.name);
    if (column == nullptr) {
      add(here + ".name", "no column is called '" + excerpt(entry.name) + "'");
      return;
    }
    if (entry.name == privacy_.unit) {
      add(here + ".name", "the unit can be neither aggregated nor grouped by");
    }
    check_grid(entry, *column, here);
    if (entry.key()) check_keys(entry, *column, here);
  }

  void check_grid(const PrivateColumn& entry, const Column& column, const std::string& here) {
    const bool none = entry.min.empty() && entry.max.empty() && entry.step.empty();
    if (none) return;
    if (entry.min.empty() || entry.max.empty() || entry.step.empty()) {
      add(here, "min, max and step belong together");
      return;
    }
    if (!is_number(column.type)) {
      add(here, "min, max and step are for columns of type int, long and float");
    }
    const Result<Decimal9> min = decimal(here + ".min", entry.min);
    const Result<Decimal9> max = decimal(here + ".max", entry.max);
    const Result<Decimal9> step = decimal(here + ".step", entry.step);
    if (!min || !max || !step) return;
    if (*step <= 0) {
      add(here + ".step", "must be greater than 0");
    } else if (*min >= *max) {
      add(here + ".max", "must be greater than min");
    } else if ((*max - *min) % *step != 0) {
      add(here + ".max", "must be min and a whole number of steps");
    } else if ((*max - *min) / *step > kPrivateStepsMax) {
      add(here + ".step", "makes more than " + std::to_string(kPrivateStepsMax) + " steps");
    }
  }

  Result<Decimal9> decimal(const std::string& where, const std::string& text) {
    Result<Decimal9> value = parse_decimal9(text);
    if (!value) add(where, value.error().what);
    return value;
  }

  void check_keys(const PrivateColumn& entry, const Column& column, const std::string& here) {
    if (!column.filterable || column.type == ColumnType::json ||
        column.type == ColumnType::float_) {
      add(here + ".name", "cannot be grouped by: it is json, float or not filterable");
      return;
    }
    if (entry.keys.size() > kPrivateKeysMax) {
      add(here + ".keys", "more than " + std::to_string(kPrivateKeysMax) + " entries");
    }
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < entry.keys.size(); ++i) {
      const std::string& key = entry.keys[i];
      const std::string where = here + ".keys[" + std::to_string(i) + "]";
      if (key.size() > kPrivateKeyBytesMax) {
        add(where, "more than " + std::to_string(kPrivateKeyBytesMax) + " bytes");
      } else if (!is_canonical_key(column, key)) {
        add(where, "'" + excerpt(key) + "' is not how a value of the column is written");
      } else if (!seen.insert(key).second) {
        add(where, "used twice: " + excerpt(key));
      }
    }
  }

  const Dataset& dataset_;
  const DatasetPrivacy& privacy_;
  std::string path_;
  std::vector<Problem> problems_;
};

}  // namespace

const PrivateColumn* DatasetPrivacy::column(std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const PrivateColumn& one) { return one.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

bool DatasetPrivacy::numbers() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const PrivateColumn& column) { return column.number(); });
}

bool DatasetPrivacy::keys() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const PrivateColumn& column) { return column.key(); });
}

std::vector<Problem> privacy_problems(const Dataset& dataset, const std::string& path) {
  return Checker(dataset, path).run();
}

}  // namespace mc::dataset
