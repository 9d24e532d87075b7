// Manifests of exports, and statements about them, from anywhere: what `maestro verify` and the
// portal are given. What is taken has one text, and comes back from its statement as it was.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "export/manifest.h"
#include "proof/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto statement = proof::parse_statement(text)) {
    (void)proof::find_subject(*statement, {text});
    if (const auto inner = exporting::manifest_of(*statement)) MC_CHECK(inner->check());
  }
  const auto manifest = exporting::parse_manifest(text);
  if (!manifest) return 0;
  MC_CHECK(exporting::print_manifest(*manifest) == text);
  const auto statement = exporting::statement_of(*manifest);
  MC_CHECK(statement.has_value() == manifest->check().has_value());
  if (!statement) return 0;
  const auto read = proof::parse_statement(proof::print_statement(*statement));
  MC_CHECK(read);
  const auto again = exporting::manifest_of(*read);
  MC_CHECK(again && *again == *manifest);
  const auto subject = proof::find_subject(*read, {text});
  const bool warned = subject && subject->find("NO privacy technology") != std::string::npos;
  MC_CHECK(!warned || manifest->hold);
  return 0;
}
