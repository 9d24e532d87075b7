// The manifest of an export: what left, of what, for whom, and how it was protected. Version 1.4,
// byte-exact in docs/formats/export-manifest.md. Part of export.h.
//
// It is the predicate of a statement (in-toto) whose subjects are the files, signed in an envelope
// in a bundle; so `maestro verify` checks it together with a file. print_manifest() writes the form
// of RFC 8785, and parse_manifest() takes that form alone. Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "export/profile.h"
#include "proof/proof.h"
#include "recheck/recheck.h"

namespace mc::exporting {

inline constexpr std::string_view kManifestKind = "mc.export/v1";
inline constexpr std::string_view kManifestVersion = "1.4";
inline constexpr std::string_view kManifestPredicate = "urn:maestro-conductor:export:v1.4";
inline constexpr std::size_t kManifestBytesMax = 12 << 20;
inline constexpr std::size_t kItemsMax = 16;
inline constexpr std::size_t kDpAnswersMax = 1'000;
inline constexpr std::string_view kNoPet = "none";  // no technology that protects
inline constexpr std::string_view kUnprotected = "no-privacy-technology";
// Proofs that version 1.4 has and this part does not make yet; their members are left out.
inline constexpr std::array<std::string_view, 2> kProofMembers = {"licenseProof", "residencyProof"};

struct Item {
  std::int64_t bytes = 0;
  std::string media_type;
  std::string name;
  std::optional<std::int64_t> rows;  // of a table
  std::string sha256;                // "sha256:HEX", as all digests here
  bool operator==(const Item&) const = default;
};

struct ManifestInput {
  std::vector<std::string> columns;  // that were read, in their order
  std::int64_t rows = 0;
  std::string snapshot;  // a commitment: SHA-256 of a salt and the rows
  bool operator==(const ManifestInput&) const = default;
};

struct Label {
  std::string handling;   // "k-anonymous", "differentially-private", "no-privacy-technology"
  std::string watermark;  // whose copy it is: "alpha / ada@alpha / training / exp_..."
  bool operator==(const Label&) const = default;
};

struct Lineage {
  std::string decision;              // of the policies, on the export
  std::vector<std::string> earlier;  // exports that this one was held against
  std::string engine;                // "maestro 0.1.0"
  std::string job;
  std::string policy;              // revision
  std::string region;              // the tenant's; "" = anywhere
  std::vector<std::string> rules;  // of the policies, that spoke
  std::string source;              // "dataset/person"
  bool operator==(const Lineage&) const = default;
};

struct ParameterColumn {
  std::vector<CriterionSettings> criteria;
  Role role = Role::insensitive;
  bool operator==(const ParameterColumn&) const = default;
};
struct Parameters {
  std::map<std::string, ParameterColumn> columns;
  Format format = Format::csv;
  std::int64_t k = 0;
  std::string suppression;
  bool operator==(const Parameters&) const = default;
};

struct KanonSuppression {
  std::string limit;
  std::int64_t rows = 0;
  bool operator==(const KanonSuppression&) const = default;
};
// `release` is the whole manifest of the anonymisation (docs/formats/kanon-release.md), which is a
// file of its own too; `sha256` is that of the file.
struct KanonPart {
  std::vector<std::string> criteria;  // for people: "distinct-l(l 2) of work"
  std::int64_t k = 0;
  recheck::Manifest release;
  std::string sha256;
  KanonSuppression suppression;
  bool operator==(const KanonPart&) const = default;
};

struct DpPartAnswer {
  std::string delta;
  std::string epsilon;
  std::string mechanism;
  std::string release;  // its id
  std::string snapshot;
  bool operator==(const DpPartAnswer&) const = default;
};
struct DpPart {
  std::string accountant;  // "sha256:HEX" of its state behind the charges
  std::vector<DpPartAnswer> answers;
  std::string delta;  // decimals as text; what the answers cost together
  std::string epsilon;
  std::string mechanism;  // "several" when the answers have not all the same
  std::string unit;       // whose rows are protected together: a column
  bool operator==(const DpPart&) const = default;
};

// Rows that left as they are, for a legal hold: nothing of the above was applied. `masked`: columns
// that the policies mask, "mail: hash", sorted.
struct HoldPart {
  std::string approved_at;
  std::string approved_by;     // principal@tenant; not the requester
  std::int64_t exception = 0;  // record of the tenant's log, written before the rows left
  std::vector<std::string> masked;
  std::string pet = std::string(kNoPet);
  std::string reason;
  std::string reference;  // of the case
  bool operator==(const HoldPart&) const = default;
};

struct Manifest {
  std::vector<std::string> absent;  // members of version 1.4 that it does not have, sorted
  std::string created_at;
  std::string dataset;
  std::optional<DpPart> dp;
  std::string id;                // "export"
  std::optional<HoldPart> hold;  // there is one of dp, hold and kanon
  ManifestInput input;
  std::vector<Item> items;
  std::optional<KanonPart> kanon;
  std::string kind = std::string(kManifestKind);
  Label label;
  std::optional<std::string> license_proof;  // digests
  Lineage lineage;
  std::optional<Parameters> parameters;  // of a table
  std::string profile;                   // "" of a report
  std::string purpose;
  std::string requester;  // principal@tenant
  std::optional<std::string> residency_proof;
  std::string tenant;
  std::string version = std::string(kManifestVersion);
  bool operator==(const Manifest&) const = default;
  Status check() const;
};

std::string print_manifest(const Manifest& manifest);
Result<Manifest> parse_manifest(std::string_view json);
// The subjects are the items: "exports/TENANT/EXPORT/NAME" with SHA-256.
Result<proof::Statement> statement_of(const Manifest& manifest);
// Takes such a statement apart; `invalid` when subjects and items are not the same.
Result<Manifest> manifest_of(const proof::Statement& statement);

std::string digest_text(std::string_view sha256);  // "sha256:" and hexadecimal of 32 bytes
std::string watermark_of(const Manifest& manifest);

}  // namespace mc::exporting

#include "export/manifest_fields.h"  // IWYU pragma: export
