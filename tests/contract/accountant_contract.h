// What govern/accountant has to do on every database, as cases over an empty one. The unit tests
// run them on SQLite, tests/integration on PostgreSQL.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "accountant/accountant.h"
#include "sim/faulty_sql.h"
#include "sim/sim.h"
#include "sql/sql.h"

namespace mc::accountant::contract {

// Opens connections to one database, which was empty when this was made.
using Connect = std::function<std::unique_ptr<sql::Connection>(sql::Access)>;
using Fresh = std::function<Connect()>;

// A database with its migrations, a clock that only the test moves, and accountants on it.
struct World {
  explicit World(Connect how, Settings given = {});
  // A server that starts; on SQLite the one before has to be gone.
  std::unique_ptr<Accountant> open(const std::string& node = "one");
  std::unique_ptr<Accountant> open_on(std::unique_ptr<sql::Connection> writer,
                                      const std::string& node = "one");

  Connect connect;
  sim::SimClock clock;
  sim::SimRandom random;
  Settings settings;
};

// The accountant owns what it is given.
struct FaultyOwner final : sql::Connection {
  explicit FaultyOwner(std::unique_ptr<sql::Connection> real)
      : inner(std::move(real)), faulty(*inner) {}
  sql::Dialect dialect() const override { return faulty.dialect(); }
  Result<std::unique_ptr<sql::Rows>> query(std::string_view text,
                                           std::span<const sql::Param> params) override {
    return faulty.query(text, params);
  }
  Result<std::int64_t> execute(std::string_view text, std::span<const sql::Param> params) override {
    return faulty.execute(text, params);
  }
  Status script(std::string_view text) override { return faulty.script(text); }
  Status begin() override { return faulty.begin(); }
  Status commit() override { return faulty.commit(); }
  Status rollback() override { return faulty.rollback(); }
  void interrupt() override { faulty.interrupt(); }
  void set_statement_timeout(Nanos limit) override { faulty.set_statement_timeout(limit); }
  Status insert_many(std::string_view, std::span<const std::string>,
                     std::span<const sql::Param>) override {
    return fail(Code::invalid, "is not used");
  }
  std::string version() const override { return faulty.version(); }
  std::unique_ptr<sql::Connection> inner;
  sim::FaultyConnection faulty;
};

NanoEpsilon epsilon(const char* text);
// A count on dataset "visits" by ana of tenant alpha, for "research".
Charge count_of(const char* cost, const std::string& key);
// Reserved, as it must be.
Reservation reserved(Accountant& accountant, const Charge& charge);
// Through all three steps.
ReleasedResult spent(Accountant& accountant, const Charge& charge, const std::string& result);
Refusal refused(Accountant& accountant, const Charge& charge);
// Of that scope, as reports have it.
Standing standing(Accountant& accountant, Scope scope, const Charge& like);
// For every account: the invariant, and reserved and spent are the sums of its charges. Reads the
// tables by itself.
void check_books(sql::Connection& connection);
void migrate(sql::Connection& connection, sys::Clock& clock);

void run_cases(const Fresh& fresh);
void run_filters(const Fresh& fresh);
void run_top_ups(const Fresh& fresh);
void run_reports(const Fresh& fresh);
void run_faults(const Fresh& fresh);
void run_shards(const Fresh& fresh);
void run_races(const Fresh& fresh, int clients);
void run_oracle(const Fresh& fresh, std::uint64_t seed, int operations);

}  // namespace mc::accountant::contract
