// What a session was granted of one dataset for one use, and the connection that goes with it.
//
// A statement cannot pass by the gate: it is run by Session::Core::run() and write() alone, which
// take a GrantedConnection; only Core::reader() and Core::begin() make one, after Core::enter()
// has asked the gate; and the statement has to be one over the very dataset that was granted
// (checked in Core::before_statement()). A value cannot pass by the masks: rows carry the grant
// they were read under, and Core::show() is the only way from a Cell to a Datum.
#pragma once

#include <string_view>
#include <vector>

#include "dataset/access.h"
#include "dataset/session.h"
#include "dataset/value.h"

namespace mc::dataset {

// How a masked column is shown.
struct MaskedColumn {
  // What the mask gives that the GraphQL type can hold.
  enum class As : std::uint8_t { nothing, text, number };
  mask::Mask mask{};
  bool usable = false;  // in filters, orders, groups, keys
  As as = As::nothing;
  mask::Form form = mask::Form::text;
  bool promised = false;     // the schema says that it is never null
  bool told = false;         // of a drop: it is in the report
  mask::ColumnKey key = {};  // asked for at the first value that needs it
};

class Grant {
 public:
  // Everything of the dataset, as it is.
  Grant(const Dataset& described, int index, Capabilities allowed)
      : dataset(&described), index(index), may(allowed) {}
  // `denied` when the masks are not of this dataset.
  static Result<Grant> make(const Dataset& described, int index, const DatasetAccess& access);
  // What both show, for the answer of a mutation.
  static Grant both(const Grant& a, const Grant& b);

  const Dataset* dataset;
  int index;  // in the model
  Capabilities may;

  bool masks() const { return !columns_.empty(); }
  // Null when the column is shown as it is.
  MaskedColumn* masked(int column) {
    if (columns_.empty()) return nullptr;
    MaskedColumn& found = columns_[static_cast<std::size_t>(column)];
    return found.mask.masks() ? &found : nullptr;
  }
  // `denied` when the caller may not learn of this column by what is found with it, whatever it
  // is compared with. `place` is the argument: "filter.email".
  Status usable(int column, std::string_view place) const;

 private:
  void set(int column, mask::Mask mask, bool usable);

  std::vector<MaskedColumn> columns_;  // empty = nothing is masked
};

// A connection to the source of a dataset, for statements over that dataset.
class GrantedConnection {
 public:
  Grant& grant() const { return *grant_; }
  sql::Dialect dialect() const { return connection_->dialect(); }

 private:
  friend struct Session::Core;
  GrantedConnection(sql::Connection& connection, Grant& grant)
      : connection_(&connection), grant_(&grant) {}
  sql::Connection* connection_;
  Grant* grant_;
};

}  // namespace mc::dataset
