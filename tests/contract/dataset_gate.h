// For tests: a gate that answers as it is told and remembers what it was asked.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dataset/dataset.h"

namespace mc::dataset {

class TestGate final : public DatasetGate {
 public:
  explicit TestGate(const Model& model) : model_(model) {}

  Result<DatasetAccess> enter(int dataset, Use use) override {
    ++asked[{name(dataset), use}];
    return answer(dataset, use);
  }
  mask::ColumnKey key(int dataset, int column) override {
    ++keys_asked[name(dataset) + "." + column_of(dataset, column).name];
    return key_of(name(dataset), column_of(dataset, column).name);
  }

  // Masks a column for every use; `how` is the text of a mask.
  void mask(const std::string& dataset, const std::string& column, const std::string& how) {
    masks[{dataset, column}] = *mask::parse_mask(how);
  }
  DatasetAccess access(int dataset) const {
    DatasetAccess out{.may = {.aggregates = true, .writes = true}};
    const Dataset& described = model_.datasets[static_cast<std::size_t>(dataset)];
    for (const Column& column : described.columns) {
      const auto found = masks.find({described.name, column.name});
      out.masks.push_back(found == masks.end() ? mask::Mask{} : found->second);
      out.filterable.push_back(filterable.contains({described.name, column.name}));
    }
    return out;
  }
  static mask::ColumnKey key_of(const std::string& dataset, const std::string& column) {
    static const mask::Keys keys = *mask::Keys::make(Secret("the secret of the tests"));
    return keys.column("alpha", dataset, column);
  }
  std::string name(int dataset) const {
    return model_.datasets[static_cast<std::size_t>(dataset)].name;
  }
  // Everything is open, and as `masks` and `filterable` say.
  std::function<Result<DatasetAccess>(int dataset, Use use)> answer =
      [this](int dataset, Use) -> Result<DatasetAccess> { return access(dataset); };

  using ColumnName = std::pair<std::string, std::string>;  // dataset, column
  std::map<ColumnName, mask::Mask> masks;
  std::set<ColumnName> filterable;
  std::map<std::pair<std::string, Use>, int> asked;
  std::map<std::string, int> keys_asked;

 private:
  const Column& column_of(int dataset, int column) const {
    return model_.datasets[static_cast<std::size_t>(dataset)]
        .columns[static_cast<std::size_t>(column)];
  }
  const Model& model_;
};

}  // namespace mc::dataset
