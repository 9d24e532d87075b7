// Hierarchies and tables from anywhere: what is taken keeps what the headers promise.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kanon/hierarchy.h"
#include "kanon/table.h"

namespace {

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::kanon;  // NOLINT(google-build-using-namespace)

void check(const Hierarchy& hierarchy) {
  for (std::uint32_t leaf = 0; leaf < hierarchy.leaves(); ++leaf) {
    MC_CHECK(hierarchy.find_leaf(hierarchy.label(0, leaf)) == leaf);
    for (std::size_t level = 0; level < hierarchy.levels(); ++level) {
      const std::uint32_t value = hierarchy.value_of(level, leaf);
      MC_CHECK(value < hierarchy.values(level));
      if (level + 1 == hierarchy.levels()) continue;
      MC_CHECK(hierarchy.parent(level, value) == hierarchy.value_of(level + 1, leaf));
    }
  }
  for (std::size_t level = 0; level < hierarchy.levels(); ++level) {
    std::size_t leaves = 0;
    for (std::uint32_t value = 0; value < hierarchy.values(level); ++value) {
      leaves += hierarchy.leaves_under(level, value);
    }
    MC_CHECK(leaves == hierarchy.leaves());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto hierarchy =
      Hierarchy::read("fuzz", text, {.leaves_max = 1000, .levels_max = 8, .cell_bytes_max = 64});
  if (hierarchy) check(*hierarchy);
  const TableOptions options{.delimiter = ';', .limits = {.rows_max = 1000, .columns_max = 8}};
  const auto whole = read_table(text, options);
  TableReader reader(options);
  Status taken = ok();
  for (std::size_t i = 0; i < size && taken; ++i) taken = reader.add(text.substr(i, 1));
  const auto pieces = reader.finish();
  MC_CHECK(whole.has_value() == pieces.has_value());
  if (!whole) return 0;
  MC_CHECK(whole->rows == pieces->rows);
  for (std::size_t i = 0; i < whole->columns.size(); ++i) {
    MC_CHECK(whole->columns[i].values == pieces->columns[i].values);
    MC_CHECK(whole->columns[i].codes == pieces->columns[i].codes);
  }
  return 0;
}
