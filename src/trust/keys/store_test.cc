#include "keys/store.h"

#include <doctest/doctest.h>

#include "contract/keys_store_contract.h"

namespace mc::keys {
namespace {

TEST_CASE("key store: does on SQLite what the contract says") {
  contract::run_store_cases([] { return *sql::sqlite_driver()->open("sqlite::memory:", {}); });
}

}  // namespace
}  // namespace mc::keys
