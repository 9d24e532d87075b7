#include "maestro/record_query.h"

namespace mc::app {
void RecordFilters::add_to(cli::Command& command) {
  command.option("--type", type, "access, change, denied, ...");
  command.option("--actor", actor, "principal@tenant; a * at its end fits what follows");
  command.option("--action", action, "GET /v1/tenants/{tenant}/tokens; the same");
  command.option("--purpose", purpose, "Stated purpose; the same");
  command.option("--used-warrant", warrant, "Reference of a warrant; the same");
  command.option("--reason", reason, "no-warrant, customer-support, cross-region, ...; the same");
  command.option("--from", from, "RFC 3339 or a day, inside");
  command.option("--to", to, "RFC 3339 or a day, not inside");
}

Fields RecordFilters::fields() const {
  return {{"type", type},       {"actor", actor},   {"action", action}, {"purpose", purpose},
          {"warrant", warrant}, {"reason", reason}, {"from", from},     {"to", to}};
}

std::string query_of(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    out.append(out.empty() ? "?" : "&").append(name).append("=").append(encoded(value));
  }
  return out;
}

}  // namespace mc::app
