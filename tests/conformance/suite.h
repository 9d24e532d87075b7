// mc-vectors SUITE DIR: runs a suite of somebody else's vectors. A suite reads its folder and tells
// the report what passed; to add one, declare it here and enter it in the table of main.cc.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sys/sys.h"

namespace mc::conformance {

class Report {
 public:
  void pass() { ++passed_; }
  void fail(std::string id, std::string why) {
    failures_.emplace_back(std::move(id), std::move(why));
  }
  // Empty `why` = passed.
  void add(std::string id, std::string why) {
    if (why.empty()) {
      pass();
    } else {
      fail(std::move(id), std::move(why));
    }
  }
  // What cannot be as the vector has it, for the reason given; counted apart.
  void miss(std::string id, std::string why) {
    misses_.emplace_back(std::move(id), std::move(why));
  }
  // A case of what we do not have, for this reason: neither passed nor failed, and counted.
  void skip(std::string why) { ++skipped_[std::move(why)]; }
  std::int64_t passed() const { return passed_; }
  const std::map<std::string, std::int64_t>& skipped() const { return skipped_; }
  const std::vector<std::pair<std::string, std::string>>& failures() const { return failures_; }
  const std::vector<std::pair<std::string, std::string>>& misses() const { return misses_; }

 private:
  std::int64_t passed_ = 0;
  std::map<std::string, std::int64_t> skipped_;
  std::vector<std::pair<std::string, std::string>> failures_;
  std::vector<std::pair<std::string, std::string>> misses_;
};

// A folder of vectors. Paths are relative to it, parts joined by '/'.
class Vectors {
 public:
  Vectors(sys::Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}
  Result<std::string> read(const std::string& path) const {
    return files_.read_all(folder_ + "/" + path);
  }
  Result<std::vector<std::string>> list(const std::string& path) const {
    return files_.list(folder_ + "/" + path);
  }
  // Every file below `path` whose name ends so, in order. Folders nest at most eight deep.
  std::vector<std::string> find(const std::string& path, std::string_view ending,
                                int depth = 8) const;

 private:
  sys::Files& files_;
  std::string folder_;
};

using Suite = void (*)(const Vectors& vectors, Report& report);

// input/X.json canonicalises to output/X.json and outhex/X.txt (RFC 8785).
void run_jcs(const Vectors& vectors, Report& report);
// Proofs of github.com/transparency-dev/merkle: inclusion, consistency, subtrees.
void run_merkle(const Vectors& vectors, Report& report);
// github.com/C2SP/wycheproof: what crypto and cipher have, by each file's algorithm and schema.
// Cases of other algorithms, or of sizes that our functions do not take, are skipped, with the
// reason.
void run_wycheproof(const Vectors& vectors, Report& report);
// Bundles of github.com/sigstore/sigstore-conformance, offline against their trusted roots.
void run_sigstore(const Vectors& vectors, Report& report);
// OPA's compliance suite of Rego: each case by our compiler, and the plan that OPA made of it.
void run_rego(const Vectors& vectors, Report& report);
// AWS Signature Version 4, by the code that signs requests to AWS.
void run_sigv4(const Vectors& vectors, Report& report);
// Scenarios of github.com/graphql-cats/graphql-cats.
void run_graphql_cats(const Vectors& vectors, Report& report);

}  // namespace mc::conformance
