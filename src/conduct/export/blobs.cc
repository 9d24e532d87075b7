#include "export/blobs.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "export/run.h"

namespace mc::exporting {
namespace {

constexpr std::string_view kBegun = ".part";

bool is_tenant(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_';
         });
}

}  // namespace

Result<std::string> Blobs::path_of(const BlobPlace& place, std::string_view name) const {
  if (!is_tenant(place.tenant.get()) || !is_export_id(place.id) || !is_file_name(name)) {
    return fail(Code::not_found, "an export has no file '" + excerpt(name) + "'");
  }
  return folder_ + "/" + place.tenant.get() + "/" + place.id + "/" + std::string(name);
}

Result<Item> Blobs::put(const BlobPlace& place, const Named& named, const Write& write) {
  MC_TRY(const std::string path, path_of(place, named.name));
  MC_TRY_OK(files_.make_folders(folder_ + "/" + place.tenant.get() + "/" + place.id));
  const std::string begun = path + std::string(kBegun);
  Item out;
  out.media_type = named.media_type;
  out.name = named.name;
  crypto::Sha256 hash;
  {
    MC_TRY(const std::unique_ptr<sys::File> file, files_.open(begun, sys::OpenMode::truncate));
    MC_TRY_OK(write([&](std::string_view bytes) -> Status {
      out.bytes += static_cast<std::int64_t>(bytes.size());
      if (out.bytes > named.bytes_max) {
        return fail(Code::exhausted, named.name + " has more than " +
                                         std::to_string(named.bytes_max) +
                                         " bytes (exports.bytes_max)");
      }
      hash.add(bytes);
      return file->write(bytes);
    }));
    MC_TRY_OK(file->sync());
  }
  MC_TRY_OK(files_.rename(begun, path));
  const crypto::Digest digest = hash.finish();
  out.sha256 =
      digest_text(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
  return out;
}

Result<Item> Blobs::put(const BlobPlace& place, const Named& named, std::string_view bytes) {
  return put(place, named, [bytes](const Sink& sink) { return sink(bytes); });
}

Result<std::string> Blobs::read(const BlobPlace& place, const std::string& name,
                                std::size_t bytes_max) const {
  MC_TRY(const std::string path, path_of(place, name));
  return files_.read_all(path, bytes_max);
}

Result<bool> Blobs::has(const BlobPlace& place, const std::string& name) const {
  MC_TRY(const std::string path, path_of(place, name));
  return files_.exists(path);
}

Status Blobs::remove(const BlobPlace& place) {
  MC_TRY(const std::string any, path_of(place, "any"));
  const std::string folder = any.substr(0, any.rfind('/'));
  MC_TRY(const bool there, files_.exists(folder));
  if (!there) return ok();
  MC_TRY(const std::vector<std::string> names, files_.list(folder));
  for (const std::string& name : names) {
    const Status removed = files_.remove(folder + "/" + name);
    if (!removed && removed.error().code != Code::not_found) return removed;
  }
  return ok();
}

}  // namespace mc::exporting
