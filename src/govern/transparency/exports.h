// Records in the forms of others: CSV for spreadsheets, OCSF 1.3 for security tools. Part of
// transparency.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "json/json.h"
#include "ledger/ledger.h"

namespace mc::transparency {

// A record with its payload, an object; null when it was erased.
struct ReadableRecord {
  ledger::Header header;
  json::Value payload;
};

// A member of the payload as text; "" when there is none.
std::string payload_text(const json::Value& payload, std::string_view name);

// The first line; fields as RFC 4180 has them, with CRLF.
std::string csv_header();
// A cell that a spreadsheet would take for a formula begins with an apostrophe.
std::string print_csv(const ReadableRecord& record);

// One event a line: class 6005 (datastore activity) for what was read, 6003 (API activity) for the
// rest. `log` and the record's number are its unique id.
std::string print_ocsf(const ReadableRecord& record);

}  // namespace mc::transparency
