// What every command has: its version, the real machine and the databases it can open.
#pragma once

#include <memory>
#include <string>

#include "sql/sql.h"
#include "sys/sys.h"
#include "verifier/verifier.h"  // IWYU pragma: export

namespace mc::app {

struct Machine {
  Machine();
  std::unique_ptr<sys::Clock> clock;
  std::unique_ptr<sys::Random> random;
  std::unique_ptr<sys::Files> files;
  sql::Drivers drivers;
};

}  // namespace mc::app
