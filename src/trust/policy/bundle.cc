#include "policy/bundle.h"

#include <algorithm>

#include "builtin/builtin.h"
#include "json/json.h"
#include "policy/pack.h"
#include "policy/roots.h"
#include "policy/signature.h"

namespace mc::policy {
namespace {

using term::Value;

constexpr std::size_t kRootsMax = 1'000;

std::string_view file_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}
std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

bool is_data(std::string_view path) {
  const std::string_view name = file_name(path);
  return name == "data.json" || name == "data.yaml" || name == "data.yml";
}

tl::unexpected<Error> refuse(std::string_view what) {
  return fail(Code::invalid, "bundle: " + std::string(what));
}

Result<std::vector<std::string>> read_roots(Value list) {
  if (!list.is_array()) return refuse(".manifest: roots is a list of paths");
  if (list.size() > kRootsMax) return refuse(".manifest: roots: more than 1000");
  std::vector<std::string> roots;
  for (const Value item : list.items()) {
    if (!item.is_string()) return refuse(".manifest: roots is a list of paths");
    std::string_view root = item.text();
    while (root.starts_with('/')) root.remove_prefix(1);
    while (root.ends_with('/')) root.remove_suffix(1);
    for (const std::string& other : roots) {
      if (lies_under(root, other) || lies_under(other, root)) {
        return refuse(".manifest: roots: '" + excerpt(root) + "' and '" + excerpt(other) +
                      "' overlap");
      }
    }
    roots.emplace_back(root);
  }
  return roots;
}

Result<Manifest> read_manifest(std::string_view text) {
  Manifest manifest;
  MC_TRY(const term::Document document, term::Document::parse(text));
  const Value root = document.root();
  if (!root.is_object()) return refuse(".manifest is not an object");
  for (const term::Entry& member : root.members()) {
    const std::string_view name = member.key.text();
    if (name == "revision") {
      if (!member.value.is_string()) return refuse(".manifest: revision is not a string");
      manifest.revision = member.value.text();
    } else if (name == "roots") {
      MC_TRY(manifest.roots, read_roots(member.value));
    } else if (name == "rego_version") {
      if (!member.value.is_small()) return refuse(".manifest: rego_version is not a number");
      manifest.rego_version = member.value.small();
    } else if (name == "metadata") {
      manifest.metadata = term::Document::of(member.value);
    } else if (name == "file_rego_versions") {
      for (const term::Entry& one : member.value.members()) {
        if (!one.value.is_small() || one.value.small() != 1) {
          return refuse(".manifest: file_rego_versions: only version 1 of Rego is read");
        }
      }
    }  // wasm and what OPA may add: not for us
  }
  if (manifest.rego_version != 1) {
    return refuse(".manifest: rego_version: only version 1 of Rego is read");
  }
  return manifest;
}

// The earlier one of the manifest's `metadata.expires` and that of the pack.
std::optional<Ending> ending_of(const Bundle& bundle) {
  std::optional<Ending> out;
  if (const Value at = bundle.manifest.metadata.root().find("expires"); !at.is_undefined()) {
    const auto time = parse_rfc3339(at.text());
    out = {time ? *time : WallTime{0},  // what cannot be read has ended
           ".manifest: metadata.expires has passed"};
  }
  if (bundle.pack && (!out || bundle.pack->expires < out->at)) {
    out = {bundle.pack->expires, std::string(proof::kPackPath) + ": it has expired"};
  }
  return out;
}

// What a bundle is put together from.
class Assembly {
 public:
  explicit Assembly(const BundleOptions& options) : options_(options) {
    data_ = term::object(arena_);
  }

  Result<Bundle> make(std::vector<archive::Entry> files) {
    MC_TRY_OK(take_signatures(files));
    bundle_.files = std::move(files);
    for (const archive::Entry& file : bundle_.files) {
      if (file.path == proof::kManifestPath) {
        MC_TRY(bundle_.manifest, read_manifest(file.bytes));
      }
    }
    MC_TRY_OK(take_pack());
    bundle_.ending = ending_of(bundle_);
    for (const archive::Entry& file : bundle_.files) MC_TRY_OK(take(file));
    if (bundle_.plan && !bundle_.modules.empty()) {
      bundle_.modules.clear();  // a plan bundle carries its sources for people
    }
    bundle_.data = term::Document::of(data_);
    return std::move(bundle_);
  }

 private:
  Status take_signatures(std::vector<archive::Entry>& files) {
    const auto found = std::find_if(files.begin(), files.end(), [](const archive::Entry& file) {
      return file.path == proof::kSignaturesPath;
    });
    if (found == files.end()) {
      const bool packed = std::any_of(files.begin(), files.end(), [](const archive::Entry& file) {
        return file.path == proof::kPackPath;
      });
      const bool pack_says = packed || options_.require_pack;  // take_pack()
      if (options_.keys.empty() || options_.ignore_signature || pack_says) return ok();
      return refuse("it is not signed, and a key is configured (.signatures.json is missing)");
    }
    const std::string signatures = std::move(found->bytes);
    files.erase(found);
    if (options_.ignore_signature) return ok();
    if (options_.keys.empty()) {
      return refuse("it is signed, and no key to verify it with is configured");
    }
    MC_TRY(bundle_.signed_by, verify_signatures(signatures, files, options_));
    return ok();
  }

  Status take_pack() {
    if (options_.ignore_signature) return ok();
    MC_TRY(std::optional<VerifiedPack> pack, verify_pack(bundle_.files, options_));
    if (!pack) return ok();
    if (pack->terms.version != bundle_.manifest.revision) {
      return refuse(std::string(proof::kPackPath) + ": its version '" +
                    excerpt(pack->terms.version) + "' is not the revision of .manifest");
    }
    if (bundle_.signed_by.empty()) bundle_.signed_by = std::move(pack->signed_by);
    bundle_.pack = std::move(pack->terms);
    return ok();
  }

  Status take(const archive::Entry& file) {
    if (file.path == proof::kManifestPath) return ok();
    if (file.path.ends_with(".rego")) return take_module(file);
    if (is_data(file.path)) return take_data(file);
    if (file.path == proof::kPlanPath) {
      MC_TRY(bundle_.plan, vm::plan::parse(file.bytes));
    }
    return ok();  // other files are carried along and mean nothing
  }

  Status take_module(const archive::Entry& file) {
    auto module = rego::parse_module(file.bytes, file.path);
    if (!module) {
      std::string what;
      for (const rego::Diagnostic& found : module.error()) what += rego::to_line(found) + "\n";
      if (!what.empty()) what.pop_back();
      return fail(Code::invalid, what);
    }
    std::string path;
    for (std::size_t i = 1; i < module->package.items.size(); ++i) {
      const std::string& name = module->package.items[i].text;
      if (!can_stand_in_path(name)) break;
      path += (i > 1 ? "/" : "") + name;
    }
    if (!in_roots(path, bundle_.manifest.roots)) {
      return refuse(file.path + ": the package '" + excerpt(path) + "' lies outside the roots");
    }
    bundle_.modules.push_back(std::move(*module));
    return ok();
  }

  Status take_data(const archive::Entry& file) {
    std::string text;
    if (file.path.ends_with(".json")) {
      text = file.bytes;
    } else {
      MC_TRY(text, yaml_to_json(file.bytes, file.path));
    }
    const auto parsed = term::parse_json(arena_, text);
    if (!parsed) return refuse(file.path + ": " + parsed.error().what);
    Value value = *parsed;
    const std::string_view folder = folder_of(file.path);
    MC_TRY_OK(check_data_roots(file.path, folder, value));
    if (!folder.empty()) {
      const std::vector<std::string_view> parts = split(folder, '/');
      for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        Value outer = term::object(arena_);
        term::insert(arena_, outer, *part, value);
        value = outer;
      }
    } else if (!value.is_object()) {
      return refuse(file.path + ": the topmost data is an object");
    }
    return join(data_, value, file.path);
  }

  // Data that lie above a root are looked at name by name.
  // NOLINTNEXTLINE(misc-no-recursion): as deep as the longest root
  Status check_data_roots(const std::string& file, std::string_view path, Value value) const {
    const auto& roots = bundle_.manifest.roots;
    if (in_roots(path, roots)) return ok();
    const bool above = std::any_of(roots.begin(), roots.end(),
                                   [&](const std::string& root) { return lies_under(root, path); });
    if (!above || !value.is_object()) {
      return refuse(file + ": data at '" + excerpt(path) + "' lie outside the roots");
    }
    for (const term::Entry& member : value.members()) {
      const std::string_view name = member.key.text();
      if (!can_stand_in_path(name)) {
        return refuse(file + ": data under the name '" + excerpt(name) + "' lie outside the roots");
      }
      const std::string inner = (path.empty() ? "" : std::string(path) + "/") + std::string(name);
      MC_TRY_OK(check_data_roots(file, inner, member.value));
    }
    return ok();
  }

  // Two files may fill the same object, never the same leaf.
  // NOLINTNEXTLINE(misc-no-recursion): as deep as the JSON, which is bounded
  Status join(Value& into, Value more, const std::string& file) {
    for (const term::Entry& member : more.members()) {
      Value held = into.find(member.key);
      if (held.is_undefined()) {
        term::insert(arena_, into, member.key, member.value);
      } else if (held.is_object() && member.value.is_object()) {
        MC_TRY_OK(join(held, member.value, file));
        term::insert(arena_, into, member.key, held);
      } else {
        return refuse(file + ": '" + excerpt(member.key.text()) + "' is given by another file too");
      }
    }
    return ok();
  }

  const BundleOptions& options_;
  Bundle bundle_;
  term::Arena arena_;
  Value data_;
};

}  // namespace

bool Manifest::operator==(const Manifest& other) const {
  return revision == other.revision && roots == other.roots && rego_version == other.rego_version &&
         term::equal(metadata.root(), other.metadata.root());
}

Result<Bundle> read_bundle(std::string_view tar_gz, const BundleOptions& options) {
  MC_TRY(std::vector<archive::Entry> files, archive::read_tar_gz(tar_gz, options.limits));
  MC_TRY(Bundle bundle, Assembly(options).make(std::move(files)));
  bundle.digest = "sha256:" + to_hex(sys::sha256(tar_gz));
  return bundle;
}

Result<Bundle> read_files(std::vector<archive::Entry> files, const BundleOptions& options) {
  std::erase_if(files, [](const archive::Entry& file) {
    const std::string_view name = file_name(file.path);
    const bool known = name == proof::kManifestPath || name == proof::kSignaturesPath;
    return (name.starts_with('.') && !known) || name.ends_with("_test.rego");
  });
  std::sort(files.begin(), files.end(),
            [](const archive::Entry& a, const archive::Entry& b) { return a.path < b.path; });
  std::string listed;
  for (const archive::Entry& file : files) {
    listed += to_hex(sys::sha256(file.bytes)) + "  " + file.path + "\n";
  }
  MC_TRY(Bundle bundle, Assembly(options).make(std::move(files)));
  bundle.digest = "sha256:" + to_hex(sys::sha256(listed));
  return bundle;
}

}  // namespace mc::policy
