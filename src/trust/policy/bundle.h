// Policy bundles in OPA's format (OPA docs, "Bundles"): a tar.gz, or the same files in a folder, of
// Rego modules, data.json or data.yaml files, .manifest, .signatures.json; also plan bundles
// (plan.json of `opa build -t plan`). Everything in one is foreign and hostile.
//
// A bundle is taken whole or refused whole. What is refused: a path that archive.h refuses, data or
// a package outside the roots, roots that overlap, a module that does not compile, a signature that
// is missing where a key is configured, a file that is not in the signature or the pack, or
// differs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "rego/rego.h"
#include "term/term.h"
#include "vm/plan.h"

namespace mc::policy {

struct Manifest {
  std::string revision;
  std::vector<std::string> roots = {""};  // "" = all of data
  std::int64_t rego_version = 1;          // 0 is refused: v0 modules are not read
  term::Document metadata;
  bool operator==(const Manifest&) const;
};

// What a pack says (docs/formats/policy-pack.md), when the bundle has one and it was verified.
struct PackTerms {
  std::string version;
  std::string base;  // of a delta: the revision that it changes
  std::string channel;
  WallTime issued, expires;
  bool operator==(const PackTerms&) const = default;
};

// From when on a bundle is not activated any more, and what says so.
struct Ending {
  WallTime at;
  std::string said;
  bool operator==(const Ending&) const = default;
};

struct Bundle {
  Manifest manifest;
  std::vector<rego::Module> modules;     // their file: the path in the bundle
  term::Document data;                   // of all data files, each at the path of its folder
  std::optional<vm::plan::Policy> plan;  // of a plan bundle; then there are no modules
  std::vector<archive::Entry> files;     // as they came, without .signatures.json
  std::string digest;                    // "sha256:<hex>" of the archive; of a folder: of its files
  std::string signed_by;                 // the id of the key; "" = not signed
  std::optional<PackTerms> pack;         // when it covers all of it
  std::optional<Ending> ending;          // the earliest of its manifest, pack and deltas
};

// A key that signatures are checked with. Which algorithm it is good for is fixed here, never taken
// from the token (RFC 8725 section 3.1). HS256 takes the secret itself.
struct VerificationKey {
  std::string id;
  std::string algorithm;  // RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA,
                          // HS256, HS384, HS512
  std::string key;        // PEM, or the secret
  std::string scope;      // what `scope` of the token must be; "" = it must have none
};

struct BundleOptions {
  // Not empty: the bundle must be signed by one of them: by its signatures, its pack, or both, and
  // each that is there must hold. Empty: what is signed is refused, as nobody could check it,
  // unless ignore_signature.
  std::vector<VerificationKey> keys = {};
  bool ignore_signature = false;  // for looking at a bundle, never for activating one
  WallTime now = {};              // a token's exp and nbf, and a pack, are held against it
  std::string channel = {};       // that a pack must be for; "" = any
  bool require_pack = false;
  archive::Limits limits = {};
};

Result<Bundle> read_bundle(std::string_view tar_gz, const BundleOptions& options);
// Files of a folder, paths relative to it. Names that start with '.' but for .manifest and
// .signatures.json are passed over, as are tests (_test.rego) unless with_tests.
Result<Bundle> read_files(std::vector<archive::Entry> files, const BundleOptions& options);

// `opa build`: a bundle of these files, with the revision, optimised for nothing. Adds .manifest
// when there is none. The same files give the same bytes.
struct BuildOptions {
  std::string revision;
  std::vector<std::string> roots;  // empty = as the manifest of the files says
  bool plan = false;               // write plan.json for `entrypoints`
  std::vector<std::string> entrypoints;
};
Result<std::string> build_bundle(std::vector<archive::Entry> files, const BuildOptions& options);

// `opa sign`: .signatures.json for the files ({"signatures": [JWT]}), SHA-256 over each: JSON and
// YAML over their canonical form (keys sorted at every depth), others over their bytes.
struct SigningOptions {
  std::string key_id;
  std::string algorithm;  // as VerificationKey
  std::string key;        // PEM of the private key, or the secret
  std::string scope;
  std::optional<WallTime> expires;
};
Result<std::string> sign_files(const std::vector<archive::Entry>& files,
                               const SigningOptions& options);

}  // namespace mc::policy
