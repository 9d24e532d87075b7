// Archives of files: foreign tar.gz are read with every limit named (libarchive, with no other
// format or filter switched on), our own are written so that the same files give the same bytes.
//
// Reading refuses what a bundle has no use for and an attacker has: links, devices, names that
// leave the folder, names twice, bytes past the limits, whatever the packed size promised. Pure
// functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::archive {

struct Entry {
  std::string path;  // "a/b.json": relative, no empty, "." or ".." part
  std::string bytes;
  bool operator==(const Entry&) const = default;
};

struct Limits {
  std::size_t packed_bytes_max = 64 << 20;
  std::size_t bytes_max = 512 << 20;  // of all files together
  std::size_t entry_bytes_max = 256 << 20;
  std::size_t entries_max = 20'000;
  std::size_t path_bytes_max = 512;
};

// The files in the order of the archive; folders are left out, a leading "/" or "./" of a name too
// (tar files have them). Errors, `invalid`, name the entry and the limit.
Result<std::vector<Entry>> read_tar_gz(std::string_view bytes, const Limits& limits = {});

// POSIX ustar (IEEE Std 1003.1-2017, pax, "ustar Interchange Format") in gzip (RFC 1952): sorted by
// path, no times, no owners, mode 0644. `invalid` for a path that ustar cannot hold or that reading
// would refuse.
Result<std::string> write_tar_gz(std::vector<Entry> entries);

// The path as a reader would give it; `invalid` naming what is wrong with it.
Result<std::string> clean_path(std::string_view path, std::size_t bytes_max = 512);

}  // namespace mc::archive
