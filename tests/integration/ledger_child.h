// A process with a ledger under 1,000 waiting writers, which is killed at a random point, and what
// it has told until then.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace mc::ledger {

// What the child says when a record is durable, and when a checkpoint was signed.
struct Told {
  std::uint64_t kind = 0;  // 1 a record, 2 a checkpoint
  std::uint64_t tenant = 0;
  std::uint64_t seq = 0;
  tlog::Hash hash = {};  // of the leaf; the root
};

struct Machine {
  std::unique_ptr<sys::Files> files = sys::real_files();
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();

  // `url` is empty, or that of the PostgreSQL in which the ledger is shared.
  Result<std::unique_ptr<Ledger>> open(const std::string& folder, const std::string& url) const;
};

// Killed when it has told `records` times.
class Child {
 public:
  Child(const std::string& folder, const std::string& url, std::size_t records);
  // All that it told until it was dead.
  std::vector<Told> listen();

 private:
  std::size_t records_;
  pid_t child_ = 0;
  int pipe_ = 0;
};

// Every record that was told is there, and each checkpoint continues those before it; `last` is
// the largest of them.
void check_told(const Ledger& ledger, const std::vector<Told>& all, tlog::TreeHead& last);

// What was told in all rounds.
struct Tally {
  std::size_t records = 0;
  std::size_t checkpoints = 0;
  void add(const std::vector<Told>& told) {
    for (const Told& each : told) ++(each.kind == 1 ? records : checkpoints);
  }
};

int kills_wanted();  // MC_LEDGER_KILLS, or 20
std::string temporary_folder();

}  // namespace mc::ledger
