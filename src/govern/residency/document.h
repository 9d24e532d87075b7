// What a proof of residency says: `mc.residency/v1` (docs/formats/residency.md). Part of
// residency.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "json/json.h"
#include "proof/proof.h"
#include "residency/counts.h"
#include "residency/regions.h"

namespace mc::residency {

inline constexpr std::string_view kResidencyKind = "mc.residency/v1";
inline constexpr std::string_view kResidencyPredicate = "urn:maestro-conductor:residency:v1";
inline constexpr std::size_t kViolationsMax = 100;  // that a document lists; the others are counted

// "2026-11-22T11Z", the proof of that hour.
std::string hour_name(WallTime at);
// "2026-11-22T11-42-07Z", one that was made at that second. Sorts before that of its hour.
std::string moment_name(WallTime at);
bool is_period(std::string_view name);
WallTime hour_of(WallTime at);  // its begin

inline constexpr std::string_view kHolds = "ok";
inline constexpr std::string_view kNotPermitted = "not-permitted";
inline constexpr std::string_view kWrongRegion = "wrong-region";
inline constexpr std::string_view kForeignSentinel = "foreign-sentinel";
inline constexpr std::string_view kMismatch = "mismatch";  // another sentinel came back

// What a probe found of one source.
struct SourceCheck {
  std::string name;
  std::string region;    // as the model says
  std::string claim;     // as the server says; "" when it does not
  std::string database;  // "PostgreSQL 15.18", "" when it was not reached
  std::string write;     // of the sentinel: kHolds, or why not
  std::string read;      // the same
  std::int64_t write_ms = 0;
  std::int64_t read_ms = 0;
  bool operator==(const SourceCheck&) const = default;
};

// Something that must not be. `denied`: it was tried, and nothing of it was done.
struct Violation {
  WallTime at = {};       // of the first
  std::string code = {};  // "cross-region", "region-unstated", "wrong-region", "foreign-sentinel"
  std::string actor = {};
  std::string action = {};
  std::string source = {};
  std::string src = {};
  std::string dst = {};
  std::int64_t count = 1;
  bool denied = true;
  bool operator==(const Violation&) const = default;
};

struct Evidence {
  std::string tenant;
  std::string region;  // the tenant's
  std::vector<std::string> permitted;
  Unstated unstated = Unstated::allow;
  std::string period;  // its name
  WallTime from;       // of what was counted
  WallTime to;
  WallTime at;       // of the probe
  std::string node;  // this server's name
  std::string node_region;
  std::vector<SourceCheck> sources;
  std::vector<Traffic> traffic;
  std::vector<Violation> violations;
};

// Adds what follows from the rest: traffic between places that are not permitted.
void judge_traffic(Evidence& evidence);
// Everything was where it must be: there is a place, each of the traffic and of the probe is
// permitted and stated, the sentinels came back, and all violations were denied.
bool holds(const Evidence& evidence);
// As it is signed; canonical JSON of it is the artifact of the bundle.
json::Object document_of(const Evidence& evidence);
// The subject is the document: "residency/alpha/2026-11-22T11Z" and its SHA-256.
Result<proof::Statement> statement_of(const Evidence& evidence);

struct Summary {
  std::string tenant;
  std::string period;
  std::string region;
  std::string node;
  std::string node_region;
  std::string from, to, at;  // RFC 3339
  bool ok = false;
  std::int64_t reads = 0;  // statements, of all places
  std::int64_t writes = 0;
  std::int64_t probes = 0;     // sources that are open to the tenant
  std::int64_t probes_ok = 0;  // whose sentinel was written and came back
  std::int64_t violations = 0;
  std::string sha256;  // of the document, hexadecimal
  bool operator==(const Summary&) const = default;
};
// A bundle that was stored, taken apart. `corrupt` when it is none of ours.
struct Stored {
  Summary summary;
  std::string document;  // canonical
};
Result<Stored> read_stored(std::string_view bundle);

}  // namespace mc::residency
