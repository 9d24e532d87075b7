// An export from its request to its end, as it is kept. Part of export.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "export/manifest.h"
#include "export/rules.h"
#include "json/json.h"

namespace mc::exporting {

// Only of a `ready` one something can be downloaded. `expired`: its files are gone, and what later
// ones are held against stays. `pending`: it waits for a second person.
enum class State : std::uint8_t { running, ready, refused, failed, cancelled, expired, pending };
std::string_view state_name(State state);
Result<State> parse_state(std::string_view name);

// What came of it; all empty until it is ready.
struct Outcome {
  std::vector<Item> items;
  std::string manifest;  // "sha256:HEX" of the bundle
  std::string snapshot;
  std::int64_t rows_in = 0, rows_out = 0, suppressed = 0;
  std::int64_t exception = 0;  // of a hold: the record that says what leaves unprotected
  bool operator==(const Outcome&) const = default;
};

// Who asks, kept until it has ended: what policies look at.
struct Requester {
  std::string principal, region, purpose, decision;
  std::vector<std::string> roles, purposes;
  bool person = false, stepped_up = false;
  bool operator==(const Requester&) const = default;
};

// What an export for a legal hold may leave for. Who approved it is not who asked.
struct Hold {
  std::string reference = "";             // of the case
  std::string reason = "";                // in words, one line
  std::vector<std::string> columns = {};  // empty = all, until it is asked for
  std::string approved_by = "";           // principal@tenant, "" until then
  std::int64_t approved_ms = 0;           // since 1970
  Requester approver = {};                // as policies see them
  bool operator==(const Hold&) const = default;
  Status check() const;
};

struct Run {
  TenantId tenant;
  std::string id;   // "exp_..."
  std::string job;  // "job_..."
  Kind kind = Kind::kanon;
  std::string dataset;
  std::string profile;
  Format format = Format::csv;
  std::string purpose;
  std::string requester;  // principal@tenant
  State state = State::running;
  WallTime asked, changed, expires;  // whole milliseconds
  std::string idempotency_key;       // "" = none
  std::string request_hash;          // of what was asked under it
  std::string decision;              // id
  std::string salt;                  // of the commitment to the input, 64 hexadecimal digits
  Outcome outcome;
  std::string reason;                       // why it was refused or failed; for people
  std::int64_t record = 0;                  // of the ledger; 0 = none yet
  std::optional<Hold> hold = std::nullopt;  // of that kind
  bool operator==(const Run&) const = default;
};

// `exp_` and 26 characters of Crockford's base32: nothing else is looked for, in no place.
bool is_export_id(std::string_view text);
// A name of a file that an export may have: a-z, 0-9, '-', '.', and no '.' first.
bool is_file_name(std::string_view text);

}  // namespace mc::exporting

template <>
struct mc::json::Describe<mc::exporting::Outcome> {
  using T = mc::exporting::Outcome;
  static constexpr auto fields =
      std::tuple{Field{"items", &T::items},        Field{"manifest", &T::manifest},
                 Field{"snapshot", &T::snapshot},  Field{"rows_in", &T::rows_in},
                 Field{"rows_out", &T::rows_out},  Field{"suppressed", &T::suppressed},
                 Field{"exception", &T::exception}};
};
template <>
struct mc::json::Describe<mc::exporting::Requester> {
  using T = mc::exporting::Requester;
  static constexpr auto fields =
      std::tuple{Field{"principal", &T::principal}, Field{"region", &T::region},
                 Field{"purpose", &T::purpose},     Field{"decision", &T::decision},
                 Field{"roles", &T::roles},         Field{"purposes", &T::purposes},
                 Field{"person", &T::person},       Field{"stepped_up", &T::stepped_up}};
};
template <>
struct mc::json::Describe<mc::exporting::Hold> {
  using T = mc::exporting::Hold;
  static constexpr auto fields =
      std::tuple{Field{"reference", &T::reference},     Field{"reason", &T::reason},
                 Field{"columns", &T::columns},         Field{"approved_by", &T::approved_by},
                 Field{"approved_ms", &T::approved_ms}, Field{"approver", &T::approver}};
};
