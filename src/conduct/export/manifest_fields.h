// The members of a manifest in JSON, sorted by name; include manifest.h.
#pragma once

#include "export/manifest.h"

namespace mc::json {

namespace export_rules {
inline constexpr Rules kNeeded = {.required = true};
inline constexpr Rules kCount = {.min = 0, .max = std::int64_t{1} << 53, .required = true};
inline constexpr Rules kText = {.min = 1, .max = 512, .required = true};
inline constexpr Rules kMayBeEmpty = {.max = 512, .required = true};
inline constexpr Rules kDigest = {.min = 71, .max = 71, .required = true};
inline constexpr Rules kDecimal = {.min = 1, .max = 40, .required = true};
}  // namespace export_rules

template <>
struct Describe<exporting::Item> {
  using T = exporting::Item;
  static constexpr auto fields =
      std::tuple{Field{"bytes", &T::bytes, "", export_rules::kCount},
                 Field{"media_type", &T::media_type, "", export_rules::kText},
                 Field{"name", &T::name, "", export_rules::kText},
                 Field{"rows", &T::rows, "", {.min = 0, .max = std::int64_t{1} << 53}},
                 Field{"sha256", &T::sha256, "", export_rules::kDigest}};
};
template <>
struct Describe<exporting::ManifestInput> {
  using T = exporting::ManifestInput;
  static constexpr auto fields =
      std::tuple{Field{"columns", &T::columns, "", {.max = 256, .required = true}},
                 Field{"rows", &T::rows, "", export_rules::kCount},
                 Field{"snapshot", &T::snapshot, "", export_rules::kDigest}};
};
template <>
struct Describe<exporting::Label> {
  using T = exporting::Label;
  static constexpr auto fields =
      std::tuple{Field{"handling", &T::handling, "", export_rules::kText},
                 Field{"watermark", &T::watermark, "", export_rules::kText}};
};
template <>
struct Describe<exporting::Lineage> {
  using T = exporting::Lineage;
  static constexpr auto fields =
      std::tuple{Field{"decision", &T::decision, "", export_rules::kMayBeEmpty},
                 Field{"earlier", &T::earlier, "", {.max = 100'000, .required = true}},
                 Field{"engine", &T::engine, "", export_rules::kText},
                 Field{"job", &T::job, "", export_rules::kMayBeEmpty},
                 Field{"policy", &T::policy, "", export_rules::kMayBeEmpty},
                 Field{"region", &T::region, "", export_rules::kMayBeEmpty},
                 Field{"rules", &T::rules, "", {.max = 256, .required = true}},
                 Field{"source", &T::source, "", export_rules::kText}};
};
template <>
struct Describe<exporting::ParameterColumn> {
  using T = exporting::ParameterColumn;
  static constexpr auto fields =
      std::tuple{Field{"criteria", &T::criteria, "", export_rules::kNeeded},
                 Field{"role", &T::role, "", export_rules::kNeeded}};
};
template <>
struct Describe<exporting::Parameters> {
  using T = exporting::Parameters;
  static constexpr auto fields =
      std::tuple{Field{"columns", &T::columns, "", {.min = 1, .max = 256, .required = true}},
                 Field{"format", &T::format, "", export_rules::kNeeded},
                 Field{"k", &T::k, "", {.min = 2, .max = 1'000'000, .required = true}},
                 Field{"suppression", &T::suppression, "", export_rules::kDecimal}};
};
template <>
struct Describe<exporting::KanonSuppression> {
  using T = exporting::KanonSuppression;
  static constexpr auto fields = std::tuple{Field{"limit", &T::limit, "", export_rules::kDecimal},
                                            Field{"rows", &T::rows, "", export_rules::kCount}};
};
template <>
struct Describe<exporting::KanonPart> {
  using T = exporting::KanonPart;
  static constexpr auto fields =
      std::tuple{Field{"criteria", &T::criteria, "", {.min = 1, .max = 256, .required = true}},
                 Field{"k", &T::k, "", {.min = 2, .max = 1'000'000, .required = true}},
                 Field{"release", &T::release, "", export_rules::kNeeded},
                 Field{"sha256", &T::sha256, "", export_rules::kDigest},
                 Field{"suppression", &T::suppression, "", export_rules::kNeeded}};
};
template <>
struct Describe<exporting::DpPartAnswer> {
  using T = exporting::DpPartAnswer;
  static constexpr auto fields =
      std::tuple{Field{"delta", &T::delta, "", export_rules::kDecimal},
                 Field{"epsilon", &T::epsilon, "", export_rules::kDecimal},
                 Field{"mechanism", &T::mechanism, "", export_rules::kText},
                 Field{"release", &T::release, "", export_rules::kText},
                 Field{"snapshot", &T::snapshot, "", export_rules::kText}};
};
template <>
struct Describe<exporting::DpPart> {
  using T = exporting::DpPart;
  static constexpr auto fields =
      std::tuple{Field{"accountant", &T::accountant, "", export_rules::kDigest},
                 Field{"answers",
                       &T::answers,
                       "",
                       {.min = 1, .max = exporting::kDpAnswersMax, .required = true}},
                 Field{"delta", &T::delta, "", export_rules::kDecimal},
                 Field{"epsilon", &T::epsilon, "", export_rules::kDecimal},
                 Field{"mechanism", &T::mechanism, "", export_rules::kText},
                 Field{"unit", &T::unit, "", export_rules::kText}};
};
template <>
struct Describe<exporting::HoldPart> {
  using T = exporting::HoldPart;
  static constexpr auto fields =
      std::tuple{Field{"approved_at", &T::approved_at, "", export_rules::kText},
                 Field{"approved_by", &T::approved_by, "", export_rules::kText},
                 Field{"exception", &T::exception, "", export_rules::kCount},
                 Field{"masked", &T::masked, "", {.max = 256, .required = true}},
                 Field{"pet", &T::pet, "", {.allowed = {exporting::kNoPet}, .required = true}},
                 Field{"reason", &T::reason, "", export_rules::kText},
                 Field{"reference", &T::reference, "", export_rules::kText}};
};
template <>
struct Describe<exporting::Manifest> {
  using T = exporting::Manifest;
  static constexpr auto fields = std::tuple{
      Field{"absent", &T::absent, "", {.max = 16, .required = true}},
      Field{"created_at", &T::created_at, "", export_rules::kText},
      Field{"dataset", &T::dataset, "", export_rules::kText},
      Field{"dp", &T::dp},
      Field{"export", &T::id, "", export_rules::kText},
      Field{"hold", &T::hold},
      Field{"input", &T::input, "", export_rules::kNeeded},
      Field{"items", &T::items, "", {.min = 1, .max = exporting::kItemsMax, .required = true}},
      Field{"kanon", &T::kanon},
      Field{"kind", &T::kind, "", {.allowed = {exporting::kManifestKind}, .required = true}},
      Field{"label", &T::label, "", export_rules::kNeeded},
      Field{"licenseProof", &T::license_proof, "", {.min = 71, .max = 71}},
      Field{"lineage", &T::lineage, "", export_rules::kNeeded},
      Field{"parameters", &T::parameters},
      Field{"profile", &T::profile, "", export_rules::kMayBeEmpty},
      Field{"purpose", &T::purpose, "", export_rules::kText},
      Field{"requester", &T::requester, "", export_rules::kText},
      Field{"residencyProof", &T::residency_proof, "", {.min = 71, .max = 71}},
      Field{"tenant", &T::tenant, "", export_rules::kText},
      Field{"version",
            &T::version,
            "",
            {.allowed = {exporting::kManifestVersion}, .required = true}}};
};

}  // namespace mc::json
