#include "job/job.h"

#include <doctest/doctest.h>

#include "contract/job_contract.h"

namespace mc::job {
namespace {

TEST_CASE("job: store and runner keep their contract on SQLite") {
  contract::run_all([] {
    auto connection = sql::sqlite_driver()->open("sqlite::memory:", {});
    REQUIRE_MESSAGE(connection.has_value(), connection.error().what);
    return std::move(*connection);
  });
}

}  // namespace
}  // namespace mc::job
