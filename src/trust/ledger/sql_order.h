// The order of a shared ledger in PostgreSQL (docs/formats/ledger.md, "In a database").
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "ledger/order.h"
#include "sql/sql.h"

namespace mc::ledger {

class SqlOrder final : public Order {
 public:
  // Two connections to one database: of the thread that has turns, and of the others. Makes the
  // tables when they are not there. `keys` are those that checkpoints are signed with (keys.h),
  // the one that takes the place of the other first: `conflict` when the ledger has none of them.
  static Result<std::unique_ptr<SqlOrder>> open(std::unique_ptr<sql::Connection> turns,
                                                std::unique_ptr<sql::Connection> rest,
                                                std::span<const tlog::NoteKey> keys);

  Result<OrderEnd> begin_turn() override;
  Status append(const OrderEnd& end, const OrderedBatch& batch) override;
  void leave_turn() override;
  Result<OrderEnd> end() override;
  Result<std::string> batch(std::uint64_t number) override;
  Result<tlog::Hash> digest(std::uint64_t number) override;
  Result<tlog::TreeHead> signed_head() override;
  Status note_signed(const tlog::TreeHead& head) override;
  Status erase(std::uint64_t number, std::uint64_t offset, std::uint64_t size) override;

 private:
  SqlOrder(std::unique_ptr<sql::Connection> turns, std::unique_ptr<sql::Connection> rest)
      : turns_(std::move(turns)), rest_(std::move(rest)) {}
  Status make_tables(std::span<const tlog::NoteKey> keys);
  Result<OrderEnd> read_end(std::string_view query);

  std::unique_ptr<sql::Connection> turns_;
  bool in_turn_ = false;
  std::int64_t epoch_ = 0;
  std::mutex mutex_;  // of rest_
  std::unique_ptr<sql::Connection> rest_;
};

// Ends the right of every process that has the ledger open to append to it and to sign: after a
// database has failed over, or when a machine is lost that may still run. They must be started
// again. Gives the new epoch. `not_found` when the database has no ledger.
Result<std::int64_t> fence(sql::Connection& connection);

}  // namespace mc::ledger
