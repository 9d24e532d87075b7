// What the checks read: an immutable picture of the database. Private to the module.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "identity/identity.h"

namespace mc::identity {

struct Index {
  struct ActiveTenant {
    std::string plan;
    std::string region;
  };
  std::unordered_map<std::string, std::shared_ptr<const Caller>> by_hash;  // raw SHA-256
  std::unordered_map<std::string, ActiveTenant> tenants;
  std::unordered_set<std::string> suspended;  // people: "tenant principal"
};

}  // namespace mc::identity
