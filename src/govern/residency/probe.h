// Where a tenant's rows go and come from, tried out: a sentinel row is written to each of its
// sources on the way that its data take, and read back. Part of residency.h.
//
// The sentinels are in the table mc_residency_probe of the source, which is made when it is absent.
// Nothing is written to a source that is not permitted, nor where the server says that it stands
// elsewhere. A PostgreSQL server says so with the setting mc.region of its own postgresql.conf.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/dataset.h"
#include "identity/identity.h"
#include "residency/document.h"
#include "residency/regions.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::residency {

struct ProbeWorld {
  sys::Clock& clock;
  sys::Random& random;
  const sql::Drivers& drivers;
  const dataset::Model& model;
  dataset::Writers& writers;  // those that the tenants' writes use
};

struct Probed {
  std::vector<SourceCheck> sources;
  std::vector<Violation> violations;
};

// The sources that hold a tenant's rows: of a placed one, the placement of its region. Indices.
std::vector<std::size_t> sources_of(const dataset::Model& model, std::string_view tenant_region);

// The one of this name that holds them; null when there is no placement in that region.
const dataset::Source* source_of(const dataset::Model& model, std::string_view name,
                                 std::string_view tenant_region);

// Blocks; each statement ends within five seconds. A source that does not answer is no violation.
Probed probe(const ProbeWorld& world, const Regions& regions, const identity::Tenant& tenant,
             const std::string& period);

}  // namespace mc::residency
