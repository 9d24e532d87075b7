#include "maestro/machine.h"

#include "postgres/postgres.h"

namespace mc::app {

Machine::Machine()
    : clock(sys::real_clock()), random(sys::real_random()), files(sys::real_files()) {
  drivers.add(sql::sqlite_driver());
  drivers.add(postgres::postgres_driver());
}

}  // namespace mc::app
