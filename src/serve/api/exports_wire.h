// The JSON shape of a request for an export. Private to the module.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "export/export.h"
#include "json/describe.h"

namespace mc::api {

struct ExportBody {
  std::string kind = "kanon";
  std::string profile;
  std::string dataset;
  std::string format;
  std::string purpose;
  std::vector<std::string> releases;
};

}  // namespace mc::api

template <>
struct mc::json::Describe<mc::api::ExportBody> {
  using T = mc::api::ExportBody;
  static constexpr auto fields = std::tuple{
      Field{"kind",
            &T::kind,
            "kanon: a k-anonymous table; dp: a report of differentially private answers",
            {.allowed = {"kanon", "dp"}}},
      Field{"profile", &T::profile, "Of a table: which of the configuration's", {.max = 64}},
      Field{"dataset", &T::dataset, "Of a report; of a table that of its profile", {.max = 63}},
      Field{"format", &T::format, "Empty: that of the profile", {.allowed = {"csv", "jsonl"}}},
      Field{"purpose", &T::purpose, "Empty: that of the caller", {.max = 63}},
      Field{"releases",
            &T::releases,
            "Of a report: the answers in it",
            {.max = mc::exporting::kReleasesMax}},
  };
};
