#include "archive/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>

namespace mc::archive {
namespace {

struct FreeReader {
  void operator()(struct archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<struct archive, FreeReader>;

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameMax = 100, kPrefixMax = 155;  // of ustar
constexpr std::uint64_t kSizeMax = 077777777777;         // eleven octal digits

std::string reason(struct archive* reader) {
  const char* const text = archive_error_string(reader);
  return text == nullptr ? "unreadable" : excerpt(text);
}

Status read_bytes(struct archive* reader, Entry& entry, std::size_t bytes_max) {
  char block[64 << 10];
  while (true) {
    const la_ssize_t got = archive_read_data(reader, block, sizeof block);
    if (got == 0) return ok();
    if (got < 0) {
      return fail(Code::invalid, "archive: " + entry.path + ": " + reason(reader));
    }
    if (entry.bytes.size() + static_cast<std::size_t>(got) > bytes_max) {
      return fail(Code::invalid, "archive: " + entry.path + ": more than " +
                                     std::to_string(bytes_max) + " bytes unpacked");
    }
    entry.bytes.append(block, static_cast<std::size_t>(got));
  }
}

// Splits a path into ustar's prefix and name; false when it does not fit.
bool split_name(const std::string& path, std::string& prefix, std::string& name) {
  if (path.size() <= kNameMax) {
    name = path;
    return true;
  }
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    if (slash <= kPrefixMax && path.size() - slash - 1 <= kNameMax) {
      prefix = path.substr(0, slash);
      name = path.substr(slash + 1);
      return true;
    }
  }
  return false;
}

void put_octal(char* field, int digits, std::uint64_t number) {
  for (int i = digits - 1; i >= 0; --i, number >>= 3) {
    field[i] = static_cast<char>('0' + (number & 7));
  }
}

Status append_entry(std::string& tar, const Entry& entry) {
  std::string prefix, name;
  if (!split_name(entry.path, prefix, name)) {
    return fail(Code::invalid, "archive: " + entry.path + ": the path is too long for tar");
  }
  if (entry.bytes.size() > kSizeMax) {
    return fail(Code::invalid, "archive: " + entry.path + ": too large for tar");
  }
  char header[kBlock] = {};
  std::memcpy(header, name.data(), name.size());
  put_octal(header + 100, 7, 0644);
  put_octal(header + 108, 7, 0);
  put_octal(header + 116, 7, 0);
  put_octal(header + 124, 11, entry.bytes.size());
  put_octal(header + 136, 11, 0);
  std::memset(header + 148, ' ', 8);
  header[156] = '0';
  std::memcpy(header + 257, "ustar\00000", 8);
  std::memcpy(header + 345, prefix.data(), prefix.size());
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header + 148, 6, sum);
  header[154] = '\0';
  tar.append(header, kBlock);
  tar += entry.bytes;
  tar.append((kBlock - tar.size() % kBlock) % kBlock, '\0');
  return ok();
}

Result<std::string> gzip(const std::string& bytes) {
  z_stream stream = {};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, 9, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail(Code::unavailable, "archive: no memory to compress");
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return fail(Code::unavailable, "archive: compression failed");
  return out;
}

}  // namespace

Result<std::string> clean_path(std::string_view path, std::size_t bytes_max) {
  const auto refuse = [&](const char* why) {
    return fail(Code::invalid, "archive: '" + excerpt(path) + "': " + why);
  };
  std::string_view rest = path;
  while (rest.starts_with("./") || rest.starts_with('/'))
    rest.remove_prefix(rest[0] == '/' ? 1 : 2);
  if (rest.empty()) return refuse("an empty path");
  if (rest.size() > bytes_max) return refuse("the path is too long");
  if (!is_one_line(rest)) return refuse("the path has bytes that are no text");
  if (rest.find('\\') != std::string_view::npos) return refuse("the path has a backslash");
  for (const std::string_view part : split(rest, '/')) {
    if (part == "..") return refuse("the path leaves its folder");
    if (part.empty() || part == ".") return refuse("the path has an empty part");
  }
  return std::string(rest);
}

Result<std::vector<Entry>> read_tar_gz(std::string_view bytes, const Limits& limits) {
  if (bytes.size() > limits.packed_bytes_max) {
    return fail(Code::invalid, "archive: larger than " + std::to_string(limits.packed_bytes_max) +
                                   " bytes packed");
  }
  const Reader reader(archive_read_new());
  if (reader == nullptr) return fail(Code::unavailable, "archive: no memory");
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return fail(Code::invalid, "archive: " + reason(reader.get()));
  }
  if (archive_filter_code(reader.get(), 0) != ARCHIVE_FILTER_GZIP) {
    return fail(Code::invalid, "archive: not gzip");
  }
  std::vector<Entry> entries;
  std::set<std::string> paths;
  std::size_t left = limits.bytes_max;
  struct archive_entry* header = nullptr;
  while (true) {
    const int result = archive_read_next_header(reader.get(), &header);
    if (result == ARCHIVE_EOF) break;
    if (result != ARCHIVE_OK) return fail(Code::invalid, "archive: " + reason(reader.get()));
    const char* const name = archive_entry_pathname(header);
    const std::string_view written = name == nullptr ? std::string_view() : name;
    if (archive_entry_filetype(header) == AE_IFDIR) continue;
    MC_TRY(std::string path, clean_path(written, limits.path_bytes_max));
    if (archive_entry_filetype(header) != AE_IFREG || archive_entry_hardlink(header) != nullptr ||
        archive_entry_symlink(header) != nullptr) {
      return fail(Code::invalid, "archive: " + path + ": only plain files are allowed, no links");
    }
    if (!paths.insert(path).second) return fail(Code::invalid, "archive: " + path + ": twice");
    if (entries.size() == limits.entries_max) {
      return fail(Code::invalid,
                  "archive: more than " + std::to_string(limits.entries_max) + " files");
    }
    Entry entry{std::move(path), {}};
    MC_TRY_OK(read_bytes(reader.get(), entry, std::min(left, limits.entry_bytes_max)));
    left -= entry.bytes.size();
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<std::string> write_tar_gz(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.path < b.path; });
  std::string tar;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    MC_TRY(const std::string path, clean_path(entries[i].path));
    if (path != entries[i].path || (i > 0 && path == entries[i - 1].path)) {
      return fail(Code::invalid, "archive: " + entries[i].path + ": twice, or not a clean path");
    }
    MC_TRY_OK(append_entry(tar, entries[i]));
  }
  tar.append(2 * kBlock, '\0');
  return gzip(tar);
}

}  // namespace mc::archive
