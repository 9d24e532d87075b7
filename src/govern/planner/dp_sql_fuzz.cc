// Any text is parsed or refused; what was parsed has the shape that the planner relies on.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "planner/sql_form.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = planner::parse_sql(text);
  if (!query) return query.error().what.empty() ? std::abort(), 0 : 0;
  using enum dataset::PrivateAggregate;
  if (query->dataset.empty() || query->group_by.size() > planner::kSqlColumnsMax) std::abort();
  if ((query->aggregate == count) != query->of.empty()) std::abort();
  if ((query->aggregate == quantile) == query->q.empty()) std::abort();
  if ((query->aggregate == top_k) != (query->k > 0)) std::abort();
  return 0;
}
