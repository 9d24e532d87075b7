// A process full of clients of one accountant, killed at any moment or at a chosen step of its
// journal, and what it has told until then.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "accountant/accountant.h"
#include "sys/sys.h"

namespace mc::storm {

// A step is one statement of a transaction, or one of a client, and whether death comes before or
// after it. "COMMIT" is any, "COMMIT of a result" one that stores what is to be answered.
inline constexpr const char* kSteps[] = {
    "BEGIN",
    "INSERT INTO dp_charge",
    "UPDATE dp_charge SET state = 'executing'",
    "UPDATE dp_charge SET state = ?3",
    "INSERT INTO dp_budget",
    "UPDATE dp_budget",
    "INSERT INTO dp_top_up",
    "UPDATE dp_top_up",
    "COMMIT",
    "COMMIT of a result",
    "noise",   // is drawn: after EXECUTING
    "answer",  // is given: after the result is stored
};
enum class When : std::uint8_t { before, after };
struct Death {
  int step = -1;  // of kSteps; -1: from outside
  When when = When::before;
  int occurrence = 1;
};

struct Plan {
  std::string url;
  std::string node = "one";
  std::uint64_t seed = 1;
  int round = 0;
  int threads = 8;  // 128 at most
  Death death;
};

// What a client says once it knows.
enum class Kind : std::uint8_t { reserved, executing, answered, refused, other, top_up };
struct Told {
  Kind kind = Kind::other;
  std::uint64_t key = 0;     // of the charge
  std::uint64_t answer = 0;  // the first eight bytes of the hash of what was released
};

// The charge of a key: the same in every process. Its key, tenant, dataset and cost follow from it.
accountant::Charge charge_of(std::uint64_t key);
std::uint64_t key_of(int round, const std::string& node, int thread, int number);
std::uint64_t short_hash(const crypto::Digest& digest);

// The real machine, whose clock is a day later in each round.
struct Machine {
  explicit Machine(int round);
  ~Machine();
  accountant::Settings settings() const;
  Result<std::unique_ptr<sql::Connection>> connect(const std::string& url,
                                                   sql::Access access) const;
  Result<std::unique_ptr<accountant::Accountant>> open(const std::string& url,
                                                       const std::string& node,
                                                       Death death = {}) const;

  std::unique_ptr<sys::Clock> clock;
  std::unique_ptr<sys::Random> random;
  std::unique_ptr<sql::Drivers> drivers;
};

// A child process. Its clients start at once and never end by themselves.
class Child {
 public:
  explicit Child(const Plan& plan);
  // Listens until it is dead; kills it when it has told so many things, unless it dies by itself.
  std::vector<Told> listen(std::size_t at_most);

 private:
  pid_t pid_ = 0;
  int pipe_ = 0;
};

// What was spent of each lifetime account, which never falls.
using Spends = std::map<std::string, std::int64_t>;
Result<Spends> lifetime_spends(sql::Connection& connection);

// What is wrong with the books; "" = nothing. Reads the tables by itself.
std::string check_accounts(sql::Connection& connection);
std::string check_sums(sql::Connection& connection);

}  // namespace mc::storm
