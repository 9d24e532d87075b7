// The JSON shape of a request for an export. Private to the module.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "export/export.h"
#include "json/describe.h"

namespace mc::api {

struct LegalHoldBody {
  std::string reference;
  std::string reason;
  std::vector<std::string> columns;
};

struct ExportBody {
  std::string kind = "kanon";
  std::string profile;
  std::string dataset;
  std::string format;
  std::string purpose;
  std::vector<std::string> releases;
  std::optional<LegalHoldBody> legal_hold;
};

}  // namespace mc::api

template <>
struct mc::json::Describe<mc::api::LegalHoldBody> {
  using T = mc::api::LegalHoldBody;
  static constexpr auto fields = std::tuple{
      Field{"reference", &T::reference, "Of the case", {.min = 1, .max = 64, .required = true}},
      Field{"reason", &T::reason, "In words, one line", {.min = 20, .max = 500, .required = true}},
      Field{"columns", &T::columns, "Those that leave beside the key; none: all", {.max = 256}}};
};
template <>
struct mc::json::Describe<mc::api::ExportBody> {
  using T = mc::api::ExportBody;
  static constexpr auto fields = std::tuple{
      Field{
          "kind",
          &T::kind,
          "kanon: a k-anonymous table; dp: a report of differentially private answers; hold: rows "
          "as they are, for a legal hold",
          {.allowed = {"kanon", "dp", "hold"}}},
      Field{"profile", &T::profile, "Of a table: which of the configuration's", {.max = 64}},
      Field{"dataset",
            &T::dataset,
            "Of a report and a hold; of a table that of its profile",
            {.max = 63}},
      Field{"format", &T::format, "Empty: that of the profile", {.allowed = {"csv", "jsonl"}}},
      Field{"purpose", &T::purpose, "Empty: that of the caller", {.max = 63}},
      Field{"releases",
            &T::releases,
            "Of a report: the answers in it",
            {.max = mc::exporting::kReleasesMax}},
      Field{"legal_hold", &T::legal_hold, "Of a hold: what the rows leave for"},
  };
};
