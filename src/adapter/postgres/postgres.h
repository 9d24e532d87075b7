// PostgreSQL behind core/sql's Connection, on libpq.
//
// URLs are libpq's: postgres://user@host:port/database?sslmode=...&passfile=/path. A password comes
// from a file only (passfile= or PGPASSFILE), never from the URL or PGPASSWORD. Results stream row
// by row. A lost connection fails the running call with `unavailable` (its outcome is unknown); the
// next call outside a transaction connects again, and a connection that was lost while nothing ran
// fails none. With several hosts (postgres://h1,h2/db?target_session_attrs=read-write) it connects
// to the one that takes writes, also when that has changed. Statements wait for locks at most the
// busy timeout. Rows dropped in the middle of a transaction are read to their end first.
#pragma once

#include <memory>

#include "sql/sql.h"

namespace mc::postgres {

std::unique_ptr<sql::Driver> postgres_driver();

}  // namespace mc::postgres
