#include <algorithm>

#include "json/json.h"
#include "policy/bundle.h"
#include "proof/proof.h"

namespace mc::policy {
namespace {

std::string lines(const std::vector<rego::Diagnostic>& findings) {
  std::string out;
  for (const rego::Diagnostic& found : findings) out += rego::to_line(found) + "\n";
  if (!out.empty()) out.pop_back();
  return out;
}

std::string manifest_text(const Manifest& manifest) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (manifest.metadata.root().size() > 0) {
    writer.key("metadata").raw(term::to_json(manifest.metadata.root()));
  }
  writer.member("rego_version", manifest.rego_version).member("revision", manifest.revision);
  writer.key("roots").begin_array();
  for (const std::string& root : manifest.roots) writer.value(root);
  writer.end_array().end_object();
  return out;
}

Result<std::string> plan_text(const Bundle& bundle, const BuildOptions& options) {
  if (options.entrypoints.empty()) {
    return fail(Code::invalid, "a plan bundle needs at least one entry point");
  }
  rego::CompileOptions compile;
  for (const std::string& path : options.entrypoints) compile.entrypoints.push_back({path});
  compile.data = bundle.data.root();
  const auto compiled = rego::compile(bundle.modules, compile);
  if (!compiled) return fail(Code::invalid, lines(compiled.error()));
  return vm::plan::to_json(compiled->policy);
}

}  // namespace

Result<std::string> build_bundle(std::vector<archive::Entry> files, const BuildOptions& options) {
  MC_TRY(Bundle bundle, read_files(std::move(files), {.ignore_signature = true}));
  if (!options.revision.empty()) bundle.manifest.revision = options.revision;
  if (!options.roots.empty()) bundle.manifest.roots = options.roots;
  std::vector<archive::Entry> out = std::move(bundle.files);
  // A pack of the folder is not one of the bundle, whose manifest is another.
  std::erase_if(out, [](const archive::Entry& file) {
    return file.path == proof::kManifestPath || file.path == proof::kPlanPath ||
           file.path == proof::kPackPath;
  });
  out.push_back({std::string(proof::kManifestPath), manifest_text(bundle.manifest)});
  if (options.plan) {
    MC_TRY(std::string plan, plan_text(bundle, options));
    out.push_back({std::string(proof::kPlanPath), std::move(plan)});
  }
  // What is written must be what a reader takes: roots that the files do not lie in show here.
  MC_TRY(const Bundle checked, read_files(out, {}));
  if (!options.plan) {
    rego::CompileOptions compile;
    compile.data = checked.data.root();
    const auto compiled = rego::compile(checked.modules, compile);
    if (!compiled) return fail(Code::invalid, lines(compiled.error()));
  }
  return archive::write_tar_gz(std::move(out));
}

}  // namespace mc::policy
