#include "policy/delta.h"

#include <algorithm>

#include "policy/roots.h"
#include "proof/proof.h"

namespace mc::policy {
namespace {

using term::Value;

constexpr std::size_t kOperationsMax = 100'000, kDepthMax = 64;

tl::unexpected<Error> refuse(const std::string& what) {
  return fail(Code::invalid, "bundle: patch.json: " + what);
}

// RFC 6901: "~1" is "/", "~0" is "~".
Result<std::vector<std::string>> pointer(std::string_view path) {
  if (!path.starts_with('/')) return refuse("path '" + excerpt(path) + "' does not begin with '/'");
  std::vector<std::string> parts;
  for (const std::string_view part : split(path.substr(1), '/')) {
    std::string name;
    for (std::size_t i = 0; i < part.size(); ++i) {
      const bool escaped = part[i] == '~' && i + 1 < part.size();
      if (escaped && (part[i + 1] == '0' || part[i + 1] == '1')) {
        name += part[++i] == '0' ? '~' : '/';
      } else {
        name += part[i];
      }
    }
    parts.push_back(std::move(name));
  }
  if (parts.size() > kDepthMax) return refuse("path '" + excerpt(path) + "' is too deep");
  return parts;
}

bool is_owned(const std::vector<std::string>& parts, const Manifest& manifest) {
  std::string path;
  for (const std::string& part : parts) {
    if (!can_stand_in_path(part)) break;
    path += (path.empty() ? "" : "/") + part;
  }
  return in_roots(path, manifest.roots);
}

struct Operation {
  std::string_view name;
  std::vector<std::string> path;
  Value value;
};

class Patcher {
 public:
  explicit Patcher(term::Arena& arena) : arena_(arena) {}

  // The value with the operation done at path[from...].
  // NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
  Result<Value> apply(Value value, const Operation& operation, std::size_t from) {
    const std::string& part = operation.path[from];
    const bool last = from + 1 == operation.path.size();
    if (value.is_undefined() && operation.name == "upsert") value = term::object(arena_);
    if (!value.is_object()) return refuse("'" + excerpt(part) + "' lies below no object");
    const Value held = value.find(part);
    if (operation.name != "upsert" && held.is_undefined()) {
      return refuse("'" + excerpt(part) + "' is not there to " + std::string(operation.name));
    }
    if (last && operation.name == "remove") return without(value, part);
    Value inner = operation.value;
    if (!last) {
      MC_TRY(inner, apply(held, operation, from + 1));
    }
    term::insert(arena_, value, part, inner);  // copies what is frozen
    return value;
  }

 private:
  Value without(Value object, const std::string& name) {
    Value out = term::object(arena_, object.size());
    for (const term::Entry& member : object.members()) {
      if (member.key.text() != name) term::insert(arena_, out, member.key, member.value);
    }
    return out;
  }

  term::Arena& arena_;
};

Result<Operation> read_operation(Value one) {
  Operation out;
  out.name = one.find("op").text();
  if (out.name != "upsert" && out.name != "remove" && out.name != "replace") {
    return refuse("op '" + excerpt(out.name) + "': upsert, remove or replace");
  }
  MC_TRY(out.path, pointer(one.find("path").text()));
  out.value = one.find("value");
  if (out.name != "remove" && out.value.is_undefined()) return refuse("an operation has no value");
  return out;
}

const archive::Entry* find_file(const Bundle& bundle, std::string_view path) {
  for (const archive::Entry& file : bundle.files) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

}  // namespace

bool is_delta(const Bundle& bundle) {
  return find_file(bundle, proof::kPatchPath) != nullptr;
}

Result<Bundle> apply_delta(const Bundle& base, const Bundle& delta) {
  for (const archive::Entry& file : delta.files) {
    if (file.path != proof::kPatchPath && file.path != proof::kManifestPath &&
        file.path != proof::kPackPath) {
      return refuse("'" + excerpt(file.path) + "' stands beside it: a delta changes data only");
    }
  }
  if (delta.pack && delta.pack->base != base.manifest.revision) {
    return refuse("its pack is of a delta to '" + excerpt(delta.pack->base) + "', not to '" +
                  excerpt(base.manifest.revision) + "'");
  }
  term::Arena arena;
  const auto patch = term::parse_json(arena, find_file(delta, proof::kPatchPath)->bytes);
  if (!patch) return refuse(patch.error().what);
  const Value list = patch->find("data");
  if (!list.is_array() || list.size() == 0 || list.size() > kOperationsMax) {
    return refuse("`data` is a list of 1 to 100000 operations");
  }
  Patcher patcher(arena);
  Value data = base.data.root();
  for (const Value one : list.items()) {
    MC_TRY(const Operation operation, read_operation(one));
    if (!is_owned(operation.path, base.manifest)) {
      return refuse("path '" + excerpt(one.find("path").text()) + "' lies outside the roots");
    }
    MC_TRY(data, patcher.apply(data, operation, 0));
  }
  Bundle out = base;
  out.data = term::Document::of(data);
  out.manifest.revision = delta.manifest.revision;
  out.digest = delta.digest;
  out.signed_by = delta.signed_by;
  // All of it holds as long as each part does, and a pack covers it only when one covers each.
  out.pack.reset();
  if (base.pack && delta.pack) {
    out.pack = delta.pack;
    out.pack->base.clear();
    out.pack->expires = std::min(base.pack->expires, delta.pack->expires);
  }
  if (delta.ending && (!out.ending || delta.ending->at < out.ending->at)) {
    out.ending = delta.ending;
  }
  return out;
}

}  // namespace mc::policy
