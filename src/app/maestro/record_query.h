// The filters of a tenant's records, the same at every command that reads them.
#pragma once

#include <string>

#include "cli/cli.h"
#include "maestro/admin_client.h"

namespace mc::app {

struct RecordFilters {
  std::string type;
  std::string actor;
  std::string action;
  std::string purpose;
  std::string warrant;
  std::string reason;
  std::string from;
  std::string to;

  void add_to(cli::Command& command);  // which writes here, so they outlive the line
  Fields fields() const;
};

// "?name=value&...", percent-encoded, without what is empty; "" when all are.
std::string query_of(const Fields& fields);

}  // namespace mc::app
