// Manifests from anywhere. What is taken has one text, and its report is that of an empty release.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "recheck/recheck.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc::recheck;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = parse_manifest(text);
  Recheck recheck({text, {"a;*\nb;*\n"}, {}, 4});
  const auto more = recheck.add("a,b\n");
  MC_CHECK((more == Recheck::More::wanted) == manifest.has_value());
  const auto report = recheck.report();
  MC_CHECK(!report.verified());  // no manifest has the digest of that file
  if (!manifest) return 0;
  MC_CHECK(print_manifest(*manifest) == text);
  MC_CHECK(manifest->check());
  return 0;
}
