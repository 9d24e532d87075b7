// What the ledger of a world of top-ups has of them.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "json/json.h"
#include "ledger/ledger.h"
#include "sim/faulty_sql.h"
#include "topup/topup.h"

namespace mc::topup {

using accountant::NanoEpsilon;
using Fault = sim::FaultyConnection::Fault;
using Run = Desk::Run;
using Names = std::vector<std::string>;

inline const TenantId kAlpha("alpha");
inline const Actor kAna{"ana@alpha", "research", "req-1"};
inline const Actor kDora{"dora@alpha", "", "req-2"};

inline NanoEpsilon epsilon(const char* text) {
  return *accountant::parse_epsilon(text);
}

// Of a World, which has the ledger.
template <class World>
struct LedgerReads {
  struct Record {
    std::string action, actor;
    json::Value payload;
  };
  std::vector<Record> records() const {
    std::vector<Record> out;
    const auto head = self().ledger->store().head("audit/alpha");
    for (std::uint64_t i = 0; head && i < head->size; ++i) {
      const auto read = self().ledger->store().read("audit/alpha", i);
      REQUIRE(read.has_value());
      const auto leaf = ledger::parse_leaf(read->leaf);
      if (leaf->type != "dp.top_up") continue;
      out.push_back({leaf->action.substr(10), leaf->actor, *json::parse(read->payload)});
    }
    return out;
  }
  Names actions() const {
    Names out;
    for (const Record& each : records()) out.push_back(each.action);
    return out;
  }

 private:
  const World& self() const { return static_cast<const World&>(*this); }
};

}  // namespace mc::topup
