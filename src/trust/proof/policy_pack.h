// What a pack of policies says: which files a bundle has, for which channel, until when
// (`mc.policy-pack/v1`, docs/formats/policy-pack.md). It is signed as a statement, and travels in
// the bundle that it is about.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "proof/envelope.h"
#include "proof/report.h"
#include "proof/statement.h"

namespace mc::proof {

inline constexpr std::string_view kPackKind = "mc.policy-pack/v1";
inline constexpr std::string_view kPackPredicate = "urn:maestro-conductor:policy-pack:v1";
// Files of a bundle of policies that have a meaning of their own.
inline constexpr std::string_view kPackPath = "policies/ig.bundle";
inline constexpr std::string_view kManifestPath = ".manifest";
inline constexpr std::string_view kSignaturesPath = ".signatures.json";
inline constexpr std::string_view kPatchPath = "patch.json";  // of a delta
inline constexpr std::string_view kPlanPath = "plan.json";
inline constexpr std::size_t kPackBytesMax = 16 << 20;  // of the pack's file
inline constexpr std::size_t kPackFilesMax = 20'000;
inline constexpr Nanos kPackEarlyMax = seconds(300);  // how far clocks may be apart

// SHA-256 in lower-case hexadecimal, by path in the bundle.
using PackFiles = std::map<std::string, std::string, std::less<>>;

struct PolicyPack {
  std::string version;  // the bundle's revision
  std::string base;     // of a delta: the revision that it changes; "" of a whole bundle
  std::string channel;
  WallTime issued, expires;  // whole milliseconds; `expires` is the later one
  PackFiles files;           // all but the pack itself and .signatures.json
  bool operator==(const PolicyPack&) const = default;
};

// Whether a file of a folder is one of the bundle that the folder is: Rego, data and other JSON and
// YAML, the manifest, signatures and the pack; no tests, and nothing else whose name starts with
// '.'.
bool is_bundle_file(std::string_view path);
// Whether a pack names this file of its bundle.
bool is_packed_file(std::string_view path);
// Whether it is listed among `policies`, and not among `data`.
bool is_policy_file(std::string_view path);

// `invalid` names the member that is not as it must be, so that what is signed can be read.
Status check_pack(const PolicyPack& pack);
// The subject is the document, "policy-pack/CHANNEL/VERSION" and its SHA-256; the predicate is the
// document too.
Result<Statement> pack_statement(const PolicyPack& pack);
// Its one form, as RFC 8785 has it: what is in a statement and is not that is no pack.
std::string print_pack(const PolicyPack& pack);
Result<PolicyPack> parse_pack_statement(std::string_view statement);

// The envelope in a pack's file: alone, or in a bundle (bundle.h). None in what is no such file,
// or is of another predicate type.
std::optional<Envelope> find_pack(std::string_view file);

// The first difference by path, or none.
struct PackDifference {
  std::string reason;  // "file_changed", "file_missing", "file_extra"
  std::string what;
};
std::optional<PackDifference> compare(const PolicyPack& pack, const PackFiles& files);
// `invalid` at a time when it does not hold: before it was issued, or from its end on.
Status check_period(const PolicyPack& pack, WallTime now);

struct PackQuestion {
  std::optional<std::string> channel = std::nullopt;
  std::optional<PackFiles> files = std::nullopt;
  WallTime now = {};
};
// The steps pack, channel, period, files, behind those of its envelope.
void add_pack_steps(const Envelope& envelope, const PackQuestion& question, Report& report);

}  // namespace mc::proof
