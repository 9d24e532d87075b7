// What the values of an import look like: types detected from a sample, values converted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dataset/import.h"
#include "dataset/record.h"
#include "sql/sql.h"

namespace mc::dataset {

// Rules out, value by value, the types that a column cannot have.
class TypeGuess {
 public:
  void see(const RecordCell& cell);
  // boolean, int, long, float, date, datetime, json or string, in this order of preference.
  ColumnType type() const;

 private:
  bool boolean_ = true, integer_ = true, small_ = true, real_ = true, date_ = true,
       datetime_ = true;
  bool json_ = false, any_ = false;
};

// Sets `out`, keeping its capacity. Gives null, or what is wrong ("is not an int").
const char* convert(const RecordCell& cell, ColumnType type, sql::Param& out);

// "Marital status" -> "marital_status": the database name of a made column.
std::string column_name(std::string_view header);

}  // namespace mc::dataset
