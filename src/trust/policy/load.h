// Policies and data from paths on disk, for the command line: files of Rego and data, folders, and
// bundles (.tar.gz).
#pragma once

#include <string>
#include <vector>

#include "policy/bundle.h"
#include "sys/tree.h"

namespace mc::policy {

struct Loaded {
  std::vector<rego::Module> modules;
  term::Document data;
  std::optional<vm::plan::Policy> plan;  // of a plan bundle
};

struct LoadOptions {
  bool with_tests = false;  // files *_test.rego too
};

// A folder is read as a bundle would be: every .rego file below it, and data.json or data.yaml at
// the path of their folders. A file of JSON or YAML that is named itself is joined in at the top. A
// folder's files that start with '.' are passed over. Errors: the parser's findings, at most 10, as
// diagnostics; what cannot be read, as one without a place.
rego::Checked<Loaded> load_paths(sys::Files& files, const std::vector<std::string>& paths,
                                 const LoadOptions& options = {});

// The files of a folder with paths relative to it, tests too; the limits are those of tree.h.
Result<std::vector<archive::Entry>> read_folder(sys::Files& files, const std::string& folder,
                                                std::size_t bytes_max = sys::kTreeBytesMax);

}  // namespace mc::policy
