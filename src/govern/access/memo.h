// Verdicts remembered: what a thread decided before about the same question. Private to the module.
//
// A question is a request without its id. Remembered are answers whose evaluation looked at nothing
// that changes by itself (the time, random numbers), of requests without a warrant, for as long as
// the same policies are in use: to ask again would give the same verdict. A fixed number of them is
// kept; one that falls into the place of another takes it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "access/line.h"

namespace mc::access {

// Of one thread.
class Memo {
 public:
  struct Kept {
    Verdict verdict;   // without its id
    LinePattern line;  // of the decision log; empty until it was wanted
  };
  // Null when the question is new, or was answered under other policies.
  Kept* find(const Request& request, std::uint64_t generation);
  // Null for a request with a warrant, which ends.
  Kept* keep(const Request& request, std::uint64_t generation, const Verdict& verdict);

 private:
  static constexpr std::size_t kPlaces = 512;
  struct Entry {
    explicit Entry(const Request& request);
    bool answers(const Request& request) const;

    std::uint64_t resource;
    Action action;
    bool stepped_up, is_person;
    std::string purpose, tenant, tenant_region, node_region;
    std::string principal, of_tenant, region;
    identity::Flags<identity::Role> roles;
    std::vector<std::string> purposes;
    Kept kept;
  };
  std::unique_ptr<Entry>& place_of(const Request& request);

  std::uint64_t generation_ = 0;  // of all entries
  std::array<std::unique_ptr<Entry>, kPlaces> entries_;
};

}  // namespace mc::access
