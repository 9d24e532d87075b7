// Why a request got what it got, from an admission log: the budget, what it asked for, what was
// left, when it would have been let in, which requests of the same tenant had used the budget up,
// how long it waited in the queue, and what became of the tenant's next attempt.
//
// Two passes over the same events: find() all of them, then look() at all of them. Nothing of other
// tenants comes in: of a budget that tenants share only the own part is told. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/base.h"
#include "budget/journal_line.h"

namespace mc::budget {

inline constexpr std::size_t kNeighboursShown = 10;    // those with the most
inline constexpr std::size_t kNeighboursMax = 20'000;  // that are known of one by one
inline constexpr std::size_t kExplainedMax = 16;       // decisions of one id

// A request that had some of the budget when the other one came.
struct Neighbour {
  std::int64_t seq = 0;
  std::string request, user, route;
  Nanos before;             // how long before
  std::int64_t amount = 0;  // of the dimension: used, or asked for when it was not over
  bool open = false;        // it was not over
};

struct Explained {
  std::string run;
  WallTime started;  // of the run
  Decision decision;
  // The limit that speaks: of a denial the tenant's own that stood against it, else a shared one;
  // of one that was let through the one that warned, else the nearest. None when nothing limits it.
  std::optional<Mark> mark;
  bool shared = false;  // the mark's
  // Until it would have been let through; nothing when it was, kNever's when no time helps, and
  // none with known = false when it waits for what others hold.
  struct Wait {
    bool known = false;
    bool never = false;
    Nanos wait;
    WallTime at;
  };
  std::optional<Wait> wait;
  std::optional<Settlement> settled;
  Nanos window;                        // in which neighbours are looked for, back from it
  std::vector<Neighbour> neighbours;   // at most kNeighboursShown, the largest first
  std::int64_t neighbours_count = 0;   // all of them
  std::int64_t neighbours_amount = 0;  // of all of them
  std::optional<Decision> next;        // of the tenant, of another request
};

// When a denial would have been let through, by an Answer's eligible_at; nothing when it was.
std::optional<Explained::Wait> wait_of(const Decision& decision, Ticks eligible_at);
// The limit that speaks, as in Explained.
std::optional<Mark> speaking_mark(const Decision& decision);

struct Explanation {
  std::vector<Explained> decisions;  // in the order in which they were made
  std::vector<QueueFact> queue;
};

class Explainer {
 public:
  // "" as `tenant`: any; ids of requests may come from outside, so tenants may share them.
  explicit Explainer(std::string request, std::string tenant = "");

  void find(const JournalEvent& event);
  bool has_found() const { return !searches_.empty() || !queue_.empty(); }
  void look(const JournalEvent& event);
  // After both; `not_found` when the log has nothing of it.
  Result<Explanation> result();

 private:
  struct Search {
    Explained out;
    std::map<std::int64_t, Neighbour> neighbours;  // by their decisions
    bool passed = false;                           // its own decision
  };
  void begin(const Decision& decision);
  static void meet(Search& search, const Decision& decision);
  static void meet(Search& search, const Settlement& settlement);
  static void forget(Search& search, std::int64_t of);

  const std::string request_, tenant_;
  JournalHeader header_;
  std::vector<Search> searches_;
  std::vector<QueueFact> queue_;
  std::string run_;  // of the second pass
};

}  // namespace mc::budget
