// Random requests of one tenant that try to reach the rows, documents, cursors, tokens and people
// of another, mixed with honest and with malformed ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/fake_net.h"
#include "sim/sim.h"

namespace mc::isolation {

// What the other tenant has; tried as if it had leaked.
struct Loot {
  std::vector<std::string> cursors;
  std::vector<std::string> document_ids;  // hexadecimal SHA-256
  std::string token_id;
};

class RequestMaker {
 public:
  RequestMaker(const Loot& loot, std::uint64_t seed) : loot_(loot), random_(seed) {}
  sim::FakeRequest next();

 private:
  std::size_t below(std::size_t n) { return random_.next_u64() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  const std::string& of(const std::vector<std::string>& items) {
    return items[below(items.size())];
  }

  std::string person_id() { return "p" + std::to_string(below(45)); }
  std::string document();
  std::string field(int depth);
  std::string person(int depth);
  std::string arguments();
  std::string mutation();
  std::string persisted();
  std::string item();
  std::string malformed();
  sim::FakeRequest admin();

  const Loot& loot_;
  sim::SimRandom random_;
};

}  // namespace mc::isolation
