// What the tenant's log says of its residency: attempts that were denied, and what probes found.
// Part of residency.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "transparency/transparency.h"

namespace mc::residency {

inline constexpr std::string_view kProofType = "residency";      // of the record of a proof
inline constexpr std::string_view kViolationType = "violation";  // of what a probe found
// How the actions of all records of residency begin.
inline constexpr std::string_view kRecordAction = "residency";

// As its record says it; of an erased payload, `code` and all below it are empty.
struct Tried {
  std::uint64_t record = 0;
  WallTime at;
  bool denied = false;  // it was tried, and nothing of it was done
  bool erased = false;
  std::string actor;
  std::string purpose;
  std::string code = {};     // of a Violation
  std::string action = {};   // "read", "write"
  std::string dataset = {};  // empty of what a probe found
  std::string source = {};
  std::string src = {};
  std::string dst = {};
  std::optional<std::int64_t> count = {};
  std::string period = {};      // of a probe
  std::string request_id = {};  // of an attempt
};

// None of a record that is about something else.
std::optional<Tried> read_tried(const transparency::ReadableRecord& record);

}  // namespace mc::residency
