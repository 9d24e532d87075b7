// Records in the forms of others: CSV for spreadsheets, OCSF 1.3 for security tools. Part of
// transparency.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "json/json.h"
#include "ledger/ledger.h"
#include "notify/notify.h"

namespace mc::transparency {

// A record with its payload, an object; null when it was erased.
struct ReadableRecord {
  ledger::Header header;
  json::Value payload;
  bool erased = false;
};
// `corrupt` for a payload that is no JSON: it would look like an erased one.
Result<ReadableRecord> read_record(const ledger::Store& store, const std::string& log,
                                   std::uint64_t seq);

// A member of the payload as text; "" when there is none.
std::string payload_text(const json::Value& payload, std::string_view name);

// The first line; fields as RFC 4180 has them, with CRLF.
std::string csv_header();
// A cell that a spreadsheet would take for a formula begins with an apostrophe.
std::string print_csv(const ReadableRecord& record);

// One event a line: class 6005 (datastore activity) for what was read, 6003 (API activity) for the
// rest. `log` and the record's number are its unique id, the number its place in the sequence,
// which is dense.
std::string print_ocsf(const ReadableRecord& record);

// The body of a delivery to an endpoint of the form OCSF: the event of the record that the
// notification names, with the notification's id as its correlation_uid; of a test, a base event
// (class 0). Made when it is sent, of what the ledger has then: of an erased payload nothing is
// told. `unavailable` while the record is not in this store, `invalid` for what names none.
Result<std::string> ocsf_of(const ledger::Store& store, const notify::Parcel& parcel);

}  // namespace mc::transparency
