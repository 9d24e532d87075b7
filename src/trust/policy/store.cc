#include "policy/store.h"

#include "json/json.h"

namespace mc::policy {
namespace {

// First a line of JSON that says what follows, then the bundle itself.
constexpr std::string_view kEnding = ".bundle";

// Names of bundles are words: what they are in a path cannot be more than a file name.
Status check_name(const std::string& name) {
  const bool word = !name.empty() && name.size() <= 64 &&
                    name.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-_") == std::string::npos;
  if (word) return ok();
  return fail(Code::invalid, "bundle name '" + excerpt(name) +
                                 "': 1 to 64 letters, digits, '-' and '_' are allowed");
}

Status check_size(const std::string& name, std::size_t bytes) {
  if (bytes <= kStoredBytesMax) return ok();
  return fail(Code::invalid, "bundle '" + name + "': with its deltas it is a file of " +
                                 std::to_string(bytes) + " bytes, of at most " +
                                 std::to_string(kStoredBytesMax) + " that are kept");
}

std::string text_of(const json::Value& head, std::string_view member) {
  const json::Value* const found = head.find(member);
  const std::string* const text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? std::string() : *text;
}

// Of each part; files of before have only that of the last one.
bool read_times(const json::Value& head, StoredBundle& bundle) {
  std::vector<WallTime> times(1 + bundle.deltas.size(), bundle.activated);
  if (const json::Value* const given = head.find("taken_ms")) {
    const json::Array* const list = given->as_array();
    if (list == nullptr || list->size() != times.size()) return false;
    for (std::size_t i = 0; i < times.size(); ++i) {
      const std::int64_t* const time = (*list)[i].as_int();
      if (time == nullptr) return false;
      times[i] = from_unix_ms(*time);
    }
  }
  bundle.taken = times.front();
  for (std::size_t i = 0; i < bundle.deltas.size(); ++i) bundle.deltas[i].taken = times[i + 1];
  return true;
}

}  // namespace

Status BundleStore::keep(const StoredBundle& bundle) {
  MC_TRY_OK(check_name(bundle.name));
  std::size_t size = bundle.tar_gz.size();
  for (const StoredBundle::Delta& delta : bundle.deltas) size += delta.tar_gz.size();
  MC_TRY_OK(check_size(bundle.name, size));
  MC_TRY_OK(files_.make_folders(folder_));
  std::string head;
  json::Writer writer(head);
  writer.begin_object().member("kind", "mc.policy-bundle").member("version", 1);
  writer.member("etag", bundle.etag).member("revision", bundle.revision);
  writer.member("activated_ms", to_unix_ms(bundle.activated));
  std::string bytes = bundle.tar_gz;
  writer.key("sizes").begin_array().value(static_cast<std::int64_t>(bundle.tar_gz.size()));
  for (const StoredBundle::Delta& delta : bundle.deltas) {
    writer.value(static_cast<std::int64_t>(delta.tar_gz.size()));
    bytes += delta.tar_gz;
  }
  writer.end_array().key("taken_ms").begin_array().value(to_unix_ms(bundle.taken));
  for (const StoredBundle::Delta& delta : bundle.deltas) writer.value(to_unix_ms(delta.taken));
  writer.end_array();
  writer.member("sha256", to_hex(sys::sha256(bytes))).end_object();
  MC_TRY_OK(check_size(bundle.name, head.size() + 1 + bytes.size()));
  return files_.write_atomic(folder_ + "/" + bundle.name + std::string(kEnding),
                             head + "\n" + bytes);
}

Result<StoredBundle> BundleStore::last(const std::string& name) {
  MC_TRY_OK(check_name(name));
  const std::string path = folder_ + "/" + name + std::string(kEnding);
  MC_TRY(const bool there, files_.exists(path));
  if (!there) return fail(Code::not_found, "no bundle '" + name + "' is kept");
  MC_TRY(const std::string bytes, files_.read_all(path, kStoredBytesMax));
  const std::size_t line = bytes.find('\n');
  const auto head = json::parse(std::string_view(bytes).substr(0, std::min(line, bytes.size())));
  const auto damaged = [&] {
    return fail(Code::corrupt, "the kept bundle '" + name + "' is damaged");
  };
  if (line == std::string::npos || !head) return damaged();
  StoredBundle bundle;
  bundle.name = name;
  std::string_view rest = std::string_view(bytes).substr(line + 1);
  if (text_of(*head, "sha256") != to_hex(sys::sha256(rest))) return damaged();
  const json::Value* const sizes = head->find("sizes");
  if (sizes == nullptr || sizes->as_array() == nullptr || sizes->as_array()->empty()) {
    return damaged();
  }
  for (const json::Value& size : *sizes->as_array()) {
    const std::int64_t* const count = size.as_int();
    if (count == nullptr || *count < 0 || static_cast<std::size_t>(*count) > rest.size()) {
      return damaged();
    }
    const std::string_view part = rest.substr(0, static_cast<std::size_t>(*count));
    if (&size == &sizes->as_array()->front()) {
      bundle.tar_gz = part;
    } else {
      bundle.deltas.push_back({std::string(part), {}});
    }
    rest.remove_prefix(part.size());
  }
  bundle.etag = text_of(*head, "etag");
  bundle.revision = text_of(*head, "revision");
  const json::Value* const activated = head->find("activated_ms");
  if (activated == nullptr || activated->as_int() == nullptr) return damaged();
  bundle.activated = from_unix_ms(*activated->as_int());
  if (!read_times(*head, bundle)) return damaged();
  return bundle;
}

Result<std::vector<std::string>> BundleStore::names() {
  MC_TRY(const bool there, files_.exists(folder_));
  std::vector<std::string> names;
  if (!there) return names;
  MC_TRY(const std::vector<std::string> files, files_.list(folder_));
  for (const std::string& file : files) {
    if (file.ends_with(kEnding)) names.push_back(file.substr(0, file.size() - kEnding.size()));
  }
  return names;
}

Status BundleStore::forget(const std::string& name) {
  MC_TRY_OK(check_name(name));
  return files_.remove(folder_ + "/" + name + std::string(kEnding));
}

}  // namespace mc::policy
