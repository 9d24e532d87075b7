// The connections to a model's sources: readers of one thread, the one writer of each source. A
// server that says that it stands in another region than its source is refused with `denied`, also
// when a connection is made anew (sql::wrong_region).
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/model.h"
#include "sql/sql.h"

namespace mc::dataset {

// The writing connections: one a source in the process, opened at first use, lent to one caller
// at a time. Thread-safe.
class Writers {
 public:
  // A server never makes a missing database: a file that is gone would come back empty.
  Writers(const sql::Drivers& drivers, const Model& model, bool create_missing = true);
  ~Writers();
  struct Slot;
  class Lease {
   public:
    Lease(Lease&&) noexcept = default;
    ~Lease() {
      if (lock_.owns_lock()) writers_->leases_ended_.fetch_add(1, std::memory_order_release);
    }
    sql::Connection& operator*() const { return *connection_; }
    sql::Connection* operator->() const { return connection_; }

   private:
    friend class Writers;
    Lease(Writers& writers, std::unique_lock<std::timed_mutex> lock, sql::Connection* connection)
        : writers_(&writers), lock_(std::move(lock)), connection_(connection) {}
    Writers* writers_;
    std::unique_lock<std::timed_mutex> lock_;
    sql::Connection* connection_;
  };
  // `unavailable` when another caller keeps it longer than `wait`; `not_found`: no such placement
  // (Model::placement).
  Result<Lease> borrow(std::string_view placement, Nanos wait);
  // Changes when something may have been written since the last look.
  std::uint64_t leases_ended() const { return leases_ended_.load(std::memory_order_acquire); }

 private:
  const sql::Drivers& drivers_;
  bool create_missing_;
  std::atomic<std::uint64_t> leases_ended_ = 0;
  std::map<std::string, std::unique_ptr<Slot>, std::less<>> slots_;
};

// Reading connections of one thread, opened at first use, one a source.
class ConnectionSet {
 public:
  ConnectionSet(const sql::Drivers& drivers, const Model& model, Writers& writers);
  // Of one of Model::sources. Opened anew when its database was moved or replaced. `wait` bounds
  // the wait for its lock.
  Result<sql::Connection*> reader(std::size_t source, Nanos wait = seconds(5));
  // No statement of this source waits for another process.
  bool in_process(std::size_t source) const { return places_[source].in_process; }
  // Until release_views(), a reader of an in-process database keeps the view of the data that its
  // first statement has: several reads cost one lock and one look at the file, and agree with each
  // other. Called at the start of every request: views from before a change by the Writers end.
  void hold_views();
  bool holds_views() const { return holds_views_; }
  void release_views();
  void end_views();  // the next reader() begins new ones; after a failure
  Writers& writers() { return writers_; }

 private:
  struct Place {
    std::string url;
    std::string region;
    bool in_process = false;
    std::unique_ptr<sql::Connection> connection;
    bool has_view = false;
  };

  const sql::Drivers& drivers_;
  std::vector<Place> places_;
  Writers& writers_;
  bool holds_views_ = false;
  std::uint64_t leases_ended_ = 0;  // of the Writers, before the views began
};

}  // namespace mc::dataset
