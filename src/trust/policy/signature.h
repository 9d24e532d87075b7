// .signatures.json: which files a bundle has, by hash, in a signed token (OPA docs, "Signing").
// Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/bundle.h"

namespace mc::policy {

// The id of the key whose signature holds for exactly these files.
Result<std::string> verify_signatures(std::string_view signatures_json,
                                      const std::vector<archive::Entry>& files,
                                      const BundleOptions& options);

// The bytes that are hashed of a file: JSON and YAML in canonical form, others as they are.
Result<std::string> hashed_form(const archive::Entry& file);

// data.yaml as the JSON that it means.
Result<std::string> yaml_to_json(std::string_view yaml, const std::string& path);

}  // namespace mc::policy
