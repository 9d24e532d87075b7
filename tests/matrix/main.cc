// mc-matrix: every cell of role x purpose x warrant x region x tenant x action x columns is decided
// by the gate with the policies of a new installation, and by the oracle; they must not differ.
// Then each planted change of the policies must make a difference. Closes with "N passed, N
// failed", where all cells together are one.
#include <cstdio>
#include <memory>
#include <string>

#include "access/access.h"
#include "matrix/cells.h"
#include "matrix/oracle.h"
#include "matrix/planted.h"
#include "sim/sim.h"

namespace mc::matrix {
namespace {

constexpr std::size_t kShownMax = 5;
// Far apart and without a common divisor with the number of cells: neighbours are much alike.
constexpr std::size_t kStride = 611'953;

Result<std::shared_ptr<const policy::Policies>> compile(std::vector<archive::Entry> files) {
  MC_TRY(policy::Bundle bundle, policy::read_files(std::move(files), {}));
  std::vector<policy::Policies::NamedBundle> bundles;
  bundles.push_back({"default", std::move(bundle)});
  return policy::Policies::make(std::move(bundles));
}

class Comparison {
 public:
  explicit Comparison(std::shared_ptr<const policy::Policies> policies) {
    engine_.activate(std::move(policies));
  }

  // Cells that differ, at most `most` of them.
  std::size_t differences(std::size_t most, bool shown) {
    std::size_t found = 0, cell = 0;
    for (std::size_t i = 0; i < cell_count() && found < most; ++i) {
      cell = (cell + kStride) % cell_count();
      cells_.with(cell, [&](const access::Request& request) {
        const Judgement wanted = judge(request, clock_.wall());
        const Judgement given = judgement_of(gate_.decide(request), request.resource);
        if (wanted == given) return;
        if (shown && found < kShownMax) {
          std::fprintf(stderr, "DIFFERS cell %zu: %s\n  oracle:   %s\n  policies: %s\n", cell,
                       describe(cell).c_str(), to_text(wanted).c_str(), to_text(given).c_str());
        }
        ++found;
      });
    }
    return found;
  }

 private:
  sim::SimClock clock_;
  sim::SimRandom random_;
  policy::Engine engine_;
  access::Gate gate_{{engine_, clock_, random_}};
  Cells cells_{clock_.wall()};
};

// Whether the oracle sees the change.
bool is_noticed(const Planted& planted) {
  std::vector<archive::Entry> files = plant(access::default_policies(), planted);
  if (files.empty()) {
    std::fprintf(stderr, "FAILED %s: its text does not stand once in %s\n", planted.name,
                 planted.file);
    return false;
  }
  auto policies = compile(std::move(files));
  if (!policies) {
    std::fprintf(stderr, "FAILED %s: %s\n", planted.name, policies.error().what.c_str());
    return false;
  }
  Comparison comparison(std::move(*policies));
  if (comparison.differences(1, false) > 0) return true;
  std::fprintf(stderr, "FAILED %s: no cell differs\n", planted.name);
  return false;
}

int run() {
  auto policies = compile(access::default_policies());
  if (!policies) {
    std::fprintf(stderr, "FAILED %s\n", policies.error().what.c_str());
    return 1;
  }
  Comparison comparison(std::move(*policies));
  const std::size_t differences = comparison.differences(cell_count(), true);
  std::printf("%zu cells, %zu differences\n", cell_count(), differences);
  int passed = differences == 0 ? 1 : 0;
  int failed = 1 - passed;
  for (const Planted& planted : all_planted()) ++(is_noticed(planted) ? passed : failed);
  std::printf("%zu planted changes of the policies, %d unnoticed\n", all_planted().size(),
              failed - (differences == 0 ? 0 : 1));
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace mc::matrix

int main() {
  return mc::matrix::run();
}
