// Exports, and the classes that their rows are in, in the state database. Private to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "export/run.h"
#include "sql/sql.h"

namespace mc::exporting {

inline constexpr std::int64_t kShownMax = 200;

// Which row is in which class, of an export whose rows are or may be known outside.
struct Classes {
  std::string id;          // of the export
  std::int64_t place = 0;  // of its dataset
  std::string bytes;       // as guard.h writes them
};

// Works on a connection lent by its owner; each function is one statement.
class Store {
 public:
  explicit Store(sql::Connection& connection) : connection_(connection) {}

  Status insert(const Run& run);  // `conflict` when the key, or the id, is there
  Result<Run> find(const TenantId& tenant, const std::string& id);  // `not_found`
  Result<std::optional<Run>> find_again(const TenantId& tenant, const std::string& key);
  // Newest first, older than the id `before` ("" = from the newest).
  Result<std::vector<Run>> list(const TenantId& tenant, const std::string& before,
                                std::int64_t limit);
  Result<std::int64_t> count(const TenantId& tenant, State state);
  // Of all tenants, those that are due.
  Result<std::vector<Run>> due(WallTime now, std::int64_t limit);
  Result<std::vector<Run>> running();
  // Of all tenants, those that nobody has approved in their time.
  Result<std::vector<Run>> lapsed(WallTime now, std::int64_t limit);
  // Neither pending nor running nor ready; those that ended last first.
  Result<std::vector<Run>> ended(std::int64_t limit);
  // What can change, when it is still in the state `from`; `conflict` otherwise.
  Status change(const Run& run, State from);

  // Ids of exports that are running or were ready once, by their places; `but` is left out.
  Result<std::vector<std::string>> held(const TenantId& tenant, const std::string& dataset,
                                        const std::string& but);
  // Of one of them; none when it was ended meanwhile.
  Result<std::optional<Classes>> classes(const TenantId& tenant, const std::string& id);
  Result<std::int64_t> last_place(const TenantId& tenant, const std::string& dataset);
  // In place of what the export had; `conflict` when the place is taken: another came between.
  Status keep(const TenantId& tenant, const std::string& dataset, const Classes& classes);
  // What names the rows of a dataset in classes; `made` when there was none yet.
  Result<std::string> secret(const TenantId& tenant, const std::string& dataset,
                             const std::string& made);
  // Its classes, not its place: that never falls, so that it is given to no other export.
  Status forget(const TenantId& tenant, const std::string& id);

 private:
  sql::Connection& connection_;
};

}  // namespace mc::exporting
