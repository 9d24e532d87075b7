// ig-offline: the verifier alone, for machines without a network.
#include <cstdio>

#include "verifier/verifier.h"

namespace {

int exit_code(const mc::Error& error) {
  switch (error.code) {
    case mc::Code::corrupt:
      return 5;
    case mc::Code::not_found:
      return 3;
    case mc::Code::invalid:
      return 2;
    default:
      return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  mc::cli::Line line("Checks receipts, bundles, envelopes, log proofs and checkpoints, offline",
                     "ig-offline", "ig-offline " + mc::app::kVersion);
  bool json = false;
  line.root().flag("--json", json, "Machine-readable output");
  const auto files = mc::sys::real_files();
  const auto clock = mc::sys::real_clock();
  mc::app::add_verify(line.root(), {*files, *clock, json});
  const mc::cli::Parsed parsed = line.parse(argc, argv);
  if (!parsed.action) return parsed.exit;
  const mc::Status done = parsed.action();
  if (done) return 0;
  std::fprintf(stderr, "ig-offline: %s\n", done.error().what.c_str());
  return exit_code(done.error());
}
