#include "recheck/root.h"

#include <algorithm>
#include <utility>

#include "tlog/tlog.h"

namespace mc::recheck {
namespace {

void append_big_endian(std::string& out, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

}  // namespace

void append_key_text(std::string& key, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  const char bytes[] = {static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                        static_cast<char>(size >> 8), static_cast<char>(size)};
  key.append(bytes, sizeof bytes).append(text);  // at once: this is done for each field of a file
}

std::string_view take_key_text(std::string_view& key) {
  std::size_t size = 0;
  for (const char byte : key.substr(0, 4)) size = size << 8 | static_cast<unsigned char>(byte);
  const std::string_view text = key.substr(4, size);
  key.remove_prefix(4 + size);
  return text;
}

crypto::Digest root_of(const std::vector<ClassRows>& classes) {
  std::vector<std::pair<crypto::Digest, std::int64_t>> hashed;
  hashed.reserve(classes.size());
  for (const ClassRows& one : classes) {
    hashed.emplace_back(crypto::Sha256().add(one.key).finish(), one.rows);
  }
  std::sort(hashed.begin(), hashed.end());
  tlog::Frontier tree;
  std::string leaf;
  for (const auto& [hash, rows] : hashed) {
    leaf.assign(hash.begin(), hash.end());
    append_big_endian(leaf, static_cast<std::uint64_t>(rows), 8);
    tree.append(tlog::leaf_hash(leaf));
  }
  return tree.head().root;
}

}  // namespace mc::recheck
