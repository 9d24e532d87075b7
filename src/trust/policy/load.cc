#include "policy/load.h"

#include "policy/signature.h"
#include "proof/proof.h"

namespace mc::policy {
namespace {

using term::Value;

std::vector<rego::Diagnostic> one(std::string message, std::string file) {
  return {{.code = "rego_load_error",
           .message = std::move(message),
           .file = std::move(file),
           .at = {}}};
}

bool is_read(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // all of it without a slash
  return proof::is_bundle_file(path) || (name.ends_with("_test.rego") && !name.starts_with('.'));
}

class Loader {
 public:
  Loader(sys::Files& files, const LoadOptions& options) : files_(files), options_(options) {
    data_ = term::object(arena_);
  }

  rego::Checked<Loaded> load(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      if (const auto done = take(path); !done) {
        if (findings_.empty()) findings_ = one(done.error().what, path);
        break;
      }
    }
    if (!findings_.empty()) return tl::unexpected(std::move(findings_));
    loaded_.data = term::Document::of(data_);
    return std::move(loaded_);
  }

 private:
  Status take(const std::string& path) {
    if (path.ends_with(".tar.gz") || path.ends_with(".tgz")) return take_bundle(path);
    if (files_.list(path)) return take_folder(path);
    MC_TRY(const std::string bytes, files_.read_all(path, sys::kTreeFileBytesMax));
    if (path.ends_with(".rego")) return take_module(bytes, path);
    return take_data(bytes, path, "");
  }

  Status take_bundle(const std::string& path) {
    MC_TRY(const std::string bytes, files_.read_all(path, sys::kTreeFileBytesMax));
    BundleOptions options;
    options.ignore_signature = true;
    MC_TRY(Bundle bundle, read_bundle(bytes, options));
    for (rego::Module& module : bundle.modules) loaded_.modules.push_back(std::move(module));
    if (bundle.plan) loaded_.plan = std::move(bundle.plan);
    data_ = term::merge(arena_, data_, term::copy(arena_, bundle.data.root()));
    return ok();
  }

  Status take_folder(const std::string& path) {
    MC_TRY(const std::vector<archive::Entry> found, read_folder(files_, path));
    for (const archive::Entry& file : found) {
      const std::size_t slash = file.path.rfind('/');
      const std::string name = file.path.substr(slash == std::string::npos ? 0 : slash + 1);
      const std::string folder = slash == std::string::npos ? "" : file.path.substr(0, slash);
      if (name.ends_with("_test.rego") && !options_.with_tests) continue;
      if (name.ends_with(".rego")) {
        MC_TRY_OK(take_module(file.bytes, path + "/" + file.path));
      } else if (name == "data.json" || name == "data.yaml" || name == "data.yml") {
        MC_TRY_OK(take_data(file.bytes, path + "/" + file.path, folder));
      }
    }
    return ok();
  }

  // Findings are gathered, so that a person sees those of all files.
  Status take_module(const std::string& text, const std::string& path) {
    auto module = rego::parse_module(text, path);
    if (module) {
      loaded_.modules.push_back(std::move(*module));
      return ok();
    }
    for (rego::Diagnostic& finding : module.error()) {
      if (findings_.size() < 10) findings_.push_back(std::move(finding));
    }
    return ok();
  }

  Status take_data(const std::string& bytes, const std::string& path, const std::string& folder) {
    std::string text = bytes;
    if (!path.ends_with(".json")) {
      MC_TRY(text, yaml_to_json(bytes, path));
    }
    auto value = term::parse_json(arena_, text);
    if (!value) return fail(Code::invalid, path + ": " + value.error().what);
    if (folder.empty() && !value->is_object()) {
      return fail(Code::invalid, path + ": data at the top are an object");
    }
    Value inner = *value;
    if (!folder.empty()) {
      const std::vector<std::string_view> parts = split(folder, '/');
      for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        Value outer = term::object(arena_);
        term::insert(arena_, outer, *part, inner);
        inner = outer;
      }
    }
    data_ = term::merge(arena_, data_, inner);
    return ok();
  }

  sys::Files& files_;
  const LoadOptions& options_;
  Loaded loaded_;
  std::vector<rego::Diagnostic> findings_;
  term::Arena arena_;
  Value data_;
};

}  // namespace

Result<std::vector<archive::Entry>> read_folder(sys::Files& files, const std::string& folder,
                                                std::size_t bytes_max) {
  MC_TRY(std::vector<sys::TreeFile> found, sys::read_tree(files, folder, is_read, bytes_max));
  std::vector<archive::Entry> out;
  for (auto& [path, bytes] : found) out.push_back({std::move(path), std::move(bytes)});
  return out;
}

rego::Checked<Loaded> load_paths(sys::Files& files, const std::vector<std::string>& paths,
                                 const LoadOptions& options) {
  return Loader(files, options).load(paths);
}

}  // namespace mc::policy
