// One session with a server: connect, wait for results with a deadline, cancel.
//
// One thread at a time, except cancel(). A link that is lost stays lost; make a new one.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/base.h"
#include "postgres/settings.h"
#include "sys/sys.h"

namespace mc::postgres {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;
struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct FreeCancel {
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};
using CancelPtr = std::unique_ptr<PGcancel, FreeCancel>;

class Link {
 public:
  static Result<std::unique_ptr<Link>> open(const Settings& settings, sys::Clock& clock);

  PGconn* connection() { return connection_.get(); }
  bool lost() const { return lost_ || PQstatus(connection_.get()) == CONNECTION_BAD; }
  void lose() { lost_ = true; }
  // The next result of the running statement; null when it has ended or the link was lost.
  // Past the deadline the link counts as lost.
  ResultPtr receive(std::optional<MonoTime> deadline);
  // Whether the server has closed the connection; of one on which no statement runs.
  bool went_away();
  // Whether receive() would give its answer within `wait`.
  bool ready_within(Nanos wait);
  CancelPtr make_cancel() { return CancelPtr(PQgetCancel(connection_.get())); }
  std::string server_version() const;

 private:
  Link(PGconn* connection, sys::Clock& clock) : connection_(connection), clock_(&clock) {}
  // Waits for bytes; false when the deadline has passed.
  bool wait_for_bytes(std::optional<MonoTime> deadline);
  Status set_up(const Settings& settings);

  std::unique_ptr<PGconn, FinishConnection> connection_;
  sys::Clock* clock_;
  bool lost_ = false;
};

}  // namespace mc::postgres
