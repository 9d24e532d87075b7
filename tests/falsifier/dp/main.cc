// The falsifier against a build of dp with one fault (the other file of the program): it must be
// caught. usage: mc-dp-NAME MECHANISM SAMPLES; exits 0 when at least one pair is found at fault.
#include <cstdio>
#include <cstdlib>

#include "dp/audit.h"
#include "sim/sim.h"

int main(int argc, char** argv) {
  using namespace mc;  // NOLINT(google-build-using-namespace)
  if (argc != 3) return 2;
  sim::SimRandom random(20'260);
  noise::Source source(random);
  noise::Pool pool(source);
  const auto found =
      dp::audit({.mechanism = argv[1], .samples = std::atoll(argv[2])}, {pool, source});
  if (!found) {
    std::fprintf(stderr, "%s\n", found.error().what.c_str());
    return 2;
  }
  int caught = 0;
  for (const dp::AuditFinding& each : *found) {
    caught += each.holds ? 0 : 1;
    std::printf("%-6s %s, %s: epsilon %.4f of %.4f, rho %.4f of %.4f (%s; %.6f against %.6f)\n",
                each.holds ? "holds" : "CAUGHT", each.mechanism.c_str(), each.pair.c_str(),
                each.lower, each.epsilon, each.rho_lower, each.rho, each.event.c_str(), each.chance,
                each.chance_other);
  }
  return caught > 0 ? 0 : 1;
}
