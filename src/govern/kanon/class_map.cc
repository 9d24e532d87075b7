// Maps of classes and their stored form: intersection.h, docs/formats/kanon.md.
#include <algorithm>

#include "crypto/crypto.h"
#include "kanon/intersection.h"

namespace mc::kanon {
namespace {

constexpr std::string_view kMagic = "mc-kanon-class-map-1\n";
constexpr std::size_t kSecretBytesMin = 32;
constexpr std::size_t kDigestBytes = 32;

// LEB128, seven bits a byte, lowest first.
void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Takes a number off the front, none when it is cut short, too long or not the shortest form.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    if (i == 9 && byte > 1) return std::nullopt;
    value |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte >= 0x80) continue;
    if (i > 0 && byte == 0) return std::nullopt;
    bytes.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

std::uint64_t key_of(const Secret& secret, std::string_view text) {
  const std::string hash = crypto::hmac_sha256(secret.reveal(RevealToken()), text);
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | static_cast<std::uint8_t>(hash[i]);
  return out;
}

tl::unexpected<Error> corrupt(const char* why) {
  return fail(Code::corrupt, std::string("the map of classes is damaged: ") + why);
}

}  // namespace

Result<RowKeys> RowKeys::make(const Problem& problem, const Secret& secret) {
  if (!problem.row_key()) {
    return fail(Code::invalid, "the config names no row_key, by which releases are compared");
  }
  if (secret.reveal(RevealToken()).size() < kSecretBytesMin) {
    return fail(Code::invalid, "the secret of row keys is shorter than 32 bytes");
  }
  const Column& column = problem.table().columns[*problem.row_key()];
  std::vector<std::uint64_t> of_code;
  of_code.reserve(column.values.size());
  for (const std::string& value : column.values) of_code.push_back(key_of(secret, value));
  std::vector<std::uint8_t> seen(column.values.size());
  RowKeys out;
  for (std::size_t row = 0; row < column.codes.size(); ++row) {
    const std::uint32_t code = column.codes[row];
    out.key.push_back(of_code[code]);
    if (!problem.to_release(row)) continue;
    if (seen[code]++ != 0) {
      return fail(Code::invalid, "column '" + excerpt(column.name) + "' is the row key, but row " +
                                     std::to_string(row + 1) + " has one that stood before");
    }
    out.by_key.push_back(static_cast<std::uint32_t>(row));
  }
  std::sort(out.by_key.begin(), out.by_key.end(),
            [&](std::uint32_t a, std::uint32_t b) { return out.key[a] < out.key[b]; });
  for (std::size_t i = 1; i < out.by_key.size(); ++i) {
    // One in 10^8 for a million rows.
    if (out.key[out.by_key[i]] == out.key[out.by_key[i - 1]]) {
      return fail(Code::conflict, "two row keys have the same hash; another secret parts them");
    }
  }
  return out;
}

ClassMap::ClassMap(const RowKeys& keys, const Classes& classes)
    : classes_(static_cast<std::uint32_t>(classes.size())) {
  for (const std::uint32_t row : keys.by_key) {
    const std::uint32_t of_class = classes.of_row[row];
    if (of_class < classes_) rows_.push_back({keys.key[row], of_class});
  }
}

std::string ClassMap::encode() const {
  std::string out(kMagic);
  append_varint(out, rows_.size());
  append_varint(out, classes_);
  std::uint64_t before = 0;
  for (const Row& row : rows_) {
    append_varint(out, row.key - before);
    append_varint(out, row.of_class);
    before = row.key;
  }
  const crypto::Digest digest = crypto::Sha256().add(out).finish();
  out.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  return out;
}

std::optional<std::uint64_t> ClassMap::rows_in(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return std::nullopt;
  std::string_view rest = bytes.substr(kMagic.size());
  const std::optional<std::uint64_t> rows = take_varint(rest);
  return rows && *rows <= rest.size() / 2 ? rows : std::nullopt;
}

Result<ClassMap> ClassMap::decode(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return corrupt("it does not begin as one");
  if (bytes.size() < kMagic.size() + kDigestBytes) return corrupt("it is cut short");
  const std::string_view body = bytes.substr(0, bytes.size() - kDigestBytes);
  const crypto::Digest digest = crypto::Sha256().add(body).finish();
  const std::string_view wanted(reinterpret_cast<const char*>(digest.data()), digest.size());
  if (bytes.substr(body.size()) != wanted) return corrupt("its digest is another");
  std::string_view rest = body.substr(kMagic.size());
  const auto rows = take_varint(rest), classes = take_varint(rest);
  // A row takes two bytes at least.
  if (!rows || !classes || *rows > rest.size() / 2 || *classes > *rows) return corrupt("counts");
  ClassMap out;
  out.rows_.reserve(*rows);
  out.classes_ = static_cast<std::uint32_t>(*classes);
  std::vector<std::uint8_t> seen(*classes);
  std::uint64_t key = 0;
  for (std::uint64_t i = 0; i < *rows; ++i) {
    const auto more = take_varint(rest), of_class = take_varint(rest);
    if (!more || !of_class || *of_class >= *classes) return corrupt("a row");
    if ((i > 0 && *more == 0) || key + *more < key) return corrupt("rows out of order");
    key += *more;
    seen[*of_class] = 1;
    out.rows_.push_back({key, static_cast<std::uint32_t>(*of_class)});
  }
  if (!rest.empty()) return corrupt("bytes behind its rows");
  if (std::find(seen.begin(), seen.end(), 0) != seen.end()) return corrupt("an empty class");
  return out;
}

}  // namespace mc::kanon
