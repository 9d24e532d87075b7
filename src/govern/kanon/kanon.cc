#include "kanon/kanon.h"

#include <algorithm>
#include <atomic>

#include "kanon/walk.h"

namespace mc::kanon {
namespace {

// What all walks of a search share: progress, and whether to go on.
class Teller {
 public:
  Teller(const Watch& watch, const Lattice& lattice) : watch_(watch), lattice_(lattice) {
    shared_.with([&](Progress& progress) { progress.nodes_total = lattice.nodes; });
  }
  bool tell(std::uint64_t done, const Found& best) {
    if (!watch_) return true;
    return shared_.with([&](Progress& progress) {
      progress.nodes_done += done;
      if (best.any) {
        const std::int64_t pico = lattice_.loss.pico(best.sums);
        const bool better = progress.best_pico < 0 || pico < progress.best_pico;
        if (better) progress.best_pico = pico;
      }
      if (go_ == Go::on) go_ = watch_(progress);
      return go_ == Go::on;
    });
  }
  bool cancelled() const { return go_ == Go::cancel; }  // when all have ended

 private:
  const Watch& watch_;
  const Lattice& lattice_;
  Guarded<Progress> shared_;
  Go go_ = Go::on;  // reached with `shared_` held, or alone
};

Result<Solution> solution_of(const Problem& problem, const Lattice& lattice,
                             const WalkResult& found) {
  const Found& best = found.best;
  Solution out{.levels = best.levels,
               .classes = classes_of_levels(problem, best.levels),
               .loss = lattice.loss.loss(best.sums),
               .stats = {.nodes_total = lattice.nodes, .nodes_looked = found.looked}};
  out.stats.bound_pico = lattice.loss.pico(best.sums);
  for (const std::vector<std::uint64_t>& cut : found.cuts) {
    // A part that cannot have a lower loss is no loss of proof, but may hold a smaller vector.
    out.stats.optimal = false;
    out.stats.bound_pico = std::min(out.stats.bound_pico, lattice.loss.pico(cut));
  }
  MC_CHECK(out.classes.suppressed == best.suppressed);
  return out;
}

}  // namespace

Result<Solution> search(const Problem& problem, const SearchOptions& options) {
  const Lattice lattice(problem);
  Teller teller(options.watch, lattice);
  WalkBudget budget{options.nodes_max, options.nodes_max > 0};
  Walk walk(lattice, budget,
            [&](std::uint64_t done, const Found& best) { return teller.tell(done, best); });
  walk.run(options.workers);
  const WalkResult found = walk.take();
  if (teller.cancelled()) return fail(Code::unavailable, "the search was cancelled");
  if (found.best.any) return solution_of(problem, lattice, found);
  if (found.stopped) {
    return fail(Code::exhausted,
                "the budget was used up before a generalisation was found that "
                "fulfils the criteria");
  }
  return fail(Code::denied, "no generalisation fulfils the criteria with at most " +
                                std::to_string(problem.suppressed_max()) + " rows suppressed");
}

}  // namespace mc::kanon
