// What a session has read: rows, pages of them, aggregates.
#pragma once

#include <string>
#include <vector>

#include "dataset/filter.h"
#include "dataset/guard.h"
#include "dataset/private.h"
#include "dataset/value.h"

namespace mc::dataset {

// Which columns of a dataset a statement reads.
struct RowShape {
  RowShape(const Dataset& described, std::vector<int> read);
  std::vector<int> columns;  // model indices, in the order of the statement
  std::vector<int> slot_of;  // by model index: position in `columns`, -1 = not read
};

// The rows of one statement, row-major.
struct RowSet {
  const RowShape* shape = nullptr;
  Grant* grant = nullptr;  // they were read under
  std::vector<Cell> cells;
  std::size_t count = 0;

  const Cell& at(std::size_t row, int column) const {
    const auto slot = static_cast<std::size_t>(shape->slot_of[static_cast<std::size_t>(column)]);
    return cells[row * shape->columns.size() + slot];
  }
};

struct OrderTerm {
  int column = -1;
  bool descending = false;
};

// One connection field as asked: shared by the pages of all its parents.
struct PageRequest {
  int dataset = -1;
  int remote = -1;               // relation: the column that holds the parent's value; -1 = root
  std::vector<OrderTerm> order;  // ends with the key
  Condition filter;
  std::int64_t size = 0;
  bool backward = false;
  std::vector<Cell> after, before;  // values of `order`; empty = none
  std::string context_digest;       // of cursors
  std::vector<Cell> parents;        // distinct parent values of a relation
};

// A window of a RowSet.
struct Page {
  const PageRequest* request = nullptr;
  const RowSet* rows = nullptr;
  std::size_t begin = 0;
  std::size_t count = 0;
  bool more = false;  // rows beyond the window, in its direction
  const Cell* parent = nullptr;
};

// Results of COUNT, SUM ... of one set of rows.
struct AggregateRow {
  Grant* grant = nullptr;
  const Condition* filter = nullptr;  // for groups
  std::int64_t count = 0;
  Cell key;  // of a group
  int key_column = -1;
  std::vector<Cell> numbers;  // by function * columns + column
};

// An answer of the planner, and under which grant its keys are shown.
struct AnsweredPrivately {
  PrivateAnswer answer;
  Grant* grant = nullptr;
  std::vector<int> key_columns;  // empty: its keys are no values of columns
};

}  // namespace mc::dataset
