// mc-vectors SUITE [DIR]: prints every failure with its id, and what was missed for a reason that
// stands with it; then "N missed" if any were, and "N passed, N failed".
// Exit 0: all passed; 1: a failure, or nothing to run; 2: usage. Without DIR the suite is looked
// for under MC_VECTORS (../shared/vectors by default) and skipped, with a line that says so, when
// absent.
#include <cstdio>

#include "suite.h"

namespace {

using namespace mc;
using namespace mc::conformance;

struct Entry {
  std::string_view name;
  Suite run;
};
constexpr Entry kSuites[] = {{"graphql-cats", run_graphql_cats},
                             {"jcs", run_jcs},
                             {"merkle", run_merkle},
                             {"rego", run_rego},
                             {"sigstore", run_sigstore},
                             {"sigv4", run_sigv4},
                             {"wycheproof", run_wycheproof}};

int usage() {
  std::fprintf(stderr, "usage: mc-vectors SUITE [DIR]\nsuites:");
  for (const Entry& entry : kSuites) std::fprintf(stderr, " %s", entry.name.data());
  std::fprintf(stderr, "\n");
  return 2;
}

int run(const Entry& suite, const std::string& folder) {
  const auto files = sys::real_files();
  Report report;
  suite.run(Vectors(*files, folder), report);
  for (const auto& [id, why] : report.failures()) {
    std::printf("FAILED %s: %s\n", id.c_str(), why.c_str());
  }
  for (const auto& [id, why] : report.misses()) {
    std::printf("MISSED %s: %s\n", id.c_str(), why.c_str());
  }
  if (!report.misses().empty()) std::printf("%zu missed\n", report.misses().size());
  std::int64_t skipped = 0;
  for (const auto& [why, count] : report.skipped()) {
    std::printf("skipped %lld: %s\n", static_cast<long long>(count), why.c_str());
    skipped += count;
  }
  std::printf("%lld passed, %zu failed", static_cast<long long>(report.passed()),
              report.failures().size());
  if (skipped > 0) std::printf(", %lld skipped", static_cast<long long>(skipped));
  std::printf("\n");
  // An empty folder is not a success.
  return report.failures().empty() && report.passed() > 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2 || count > 3) return usage();
  const std::string_view name = arguments[1];
  if (name == "--list") {
    for (const Entry& entry : kSuites) std::printf("%s\n", entry.name.data());
    return 0;
  }
  for (const Entry& entry : kSuites) {
    if (entry.name != name) continue;
    if (count == 3) return run(entry, arguments[2]);
    const std::string folder =
        sys::environment("MC_VECTORS", "../shared/vectors") + "/" + std::string(name);
    if (const auto there = sys::real_files()->exists(folder); !there || !*there) {
      std::printf("SKIPPED %s: no vectors in %s\n", arguments[1], folder.c_str());
      return 0;
    }
    return run(entry, folder);
  }
  return usage();
}
