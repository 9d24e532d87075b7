// Statements prepared on the server, their names, and parameters in the form they want.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/base.h"
#include "sql/sql.h"

namespace mc::postgres {

struct Prepared {
  std::string name;
  std::vector<Oid> parameters;
  bool binary = false;  // results come in binary form
  bool exists = true;   // on the server
  void describe(const PGresult* description);
};

// Names statements, and remembers those that were dropped here but still exist on the server.
class PreparedNames {
 public:
  struct Drop {
    PreparedNames* names = nullptr;
    void operator()(Prepared* statement) const;
  };
  std::unique_ptr<Prepared, Drop> make();
  std::vector<std::string> take_dropped() { return std::exchange(dropped_, {}); }
  void forget() { dropped_.clear(); }  // with the session

 private:
  std::vector<std::string> dropped_;
  std::int64_t next_ = 0;
};
using PreparedPtr = std::unique_ptr<Prepared, PreparedNames::Drop>;

// What PQsendQueryPrepared takes. Texts of the caller's strings and blobs are borrowed.
struct Bound {
  std::vector<std::string> numbers;  // owns the printed numbers
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;  // 0 text, 1 binary
};
Result<Bound> bind_params(const Prepared& statement, std::span<const sql::Param> params);

}  // namespace mc::postgres
