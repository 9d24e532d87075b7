// Another tenant's data that a request asks for. Private to the module.
#pragma once

#include <optional>
#include <string>

#include "access/access.h"
#include "base/base.h"
#include "ledger/ledger.h"
#include "transparency/transparency.h"

namespace mc::gateway {

struct Reach {
  TenantId tenant;
  std::string region;                           // the tenant's, once it is open
  std::string named;                            // the warrant that the request gives; "" = any
  std::optional<access::WarrantFacts> warrant;  // that opened it
  std::optional<transparency::Access> access;   // as it is recorded
  std::optional<ledger::Recorded> recorded;     // of a change, before it is made
};

}  // namespace mc::gateway
