#include "dataset/cursor.h"

#include <bit>
#include <cstring>

#include "sys/sys.h"

namespace mc::dataset {
namespace {

constexpr std::size_t kTagBytes = 16;
constexpr std::string_view kWrong =
    "the cursor is not of this query (same tenant, field, filter and order)";

void append_u64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void append_part(std::string& out, std::string_view part) {
  append_u64(out, part.size());
  out += part;
}

Status append_cell(std::string& out, const Cell& cell) {
  out.push_back(static_cast<char>(cell.kind));
  switch (cell.kind) {
    case Cell::Kind::null:
      return ok();
    case Cell::Kind::text:
      if (cell.text.size() > kCursorTextValueMax) {
        return fail(Code::invalid, "an ordering value is longer than " +
                                       std::to_string(kCursorTextValueMax) +
                                       " bytes; order by another column to get cursors");
      }
      append_part(out, cell.text);
      return ok();
    case Cell::Kind::bad:
      return fail(Code::corrupt, "an ordering value has the wrong type");
    default:
      append_u64(out, std::bit_cast<std::uint64_t>(cell.integer));
      return ok();
  }
}

// Reads what append_cell wrote; `plain` shrinks. The bytes are authentic, so a failure means a
// bug or a stolen key; it is still answered, not trusted.
class PlainReader {
 public:
  explicit PlainReader(std::string_view plain) : plain_(plain) {}
  bool at_end() const { return plain_.empty(); }

  bool number(std::uint64_t& out) {
    if (plain_.size() < 8) return false;
    out = 0;
    for (std::size_t i = 0; i < 8; ++i) out = (out << 8) | static_cast<unsigned char>(plain_[i]);
    plain_.remove_prefix(8);
    return true;
  }

  bool cell(Cell& out, graphql::Arena& arena) {
    if (plain_.empty() || plain_[0] < 0 || plain_[0] > static_cast<char>(Cell::Kind::text)) {
      return false;
    }
    out.kind = static_cast<Cell::Kind>(plain_[0]);
    plain_.remove_prefix(1);
    if (out.kind == Cell::Kind::null) return true;
    std::uint64_t value = 0;
    if (!number(value)) return false;
    if (out.kind != Cell::Kind::text) {
      out.integer = std::bit_cast<std::int64_t>(value);
      return true;
    }
    if (value > plain_.size()) return false;
    out.text = arena.keep(plain_.substr(0, value));
    plain_.remove_prefix(value);
    return true;
  }

 private:
  std::string_view plain_;
};

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view message) {
  constexpr std::size_t kBlock = 64;
  std::string block = key.size() > kBlock ? sys::sha256(key) : std::string(key);
  block.resize(kBlock, '\0');
  std::string inner, outer;
  inner.reserve(kBlock + message.size());
  outer.reserve(kBlock + 32);
  for (const char c : block) {
    inner.push_back(static_cast<char>(c ^ 0x36));
    outer.push_back(static_cast<char>(c ^ 0x5c));
  }
  inner += message;
  outer += sys::sha256(inner);
  std::string digest = sys::sha256(outer);
  wipe(block);
  wipe(inner);
  wipe(outer);
  return digest;
}

std::string CursorContext::digest() const {
  std::string text;
  for (const std::string_view part : {tenant, field, order, filter}) append_part(text, part);
  return sys::sha256(text);
}

CursorSealer::CursorSealer(const Secret& key)
    : tag_key_(hmac_sha256(key.reveal(RevealToken{}), "mc cursor tag 1")),
      stream_key_(hmac_sha256(key.reveal(RevealToken{}), "mc cursor stream 1")) {}

std::string CursorSealer::crypt(std::string_view tag, std::string_view bytes) const {
  std::string out(bytes);
  std::string message;
  for (std::size_t at = 0; at < out.size(); at += 32) {
    message.assign(tag);
    append_u64(message, at);
    const std::string stream = hmac_sha256(stream_key_.reveal(RevealToken{}), message);
    for (std::size_t i = 0; i < 32 && at + i < out.size(); ++i) {
      out[at + i] = static_cast<char>(out[at + i] ^ stream[i]);
    }
  }
  return out;
}

Result<std::string> CursorSealer::seal(std::string_view context_digest,
                                       std::span<const Cell> values) const {
  std::string message(context_digest);
  for (const Cell& cell : values) MC_TRY_OK(append_cell(message, cell));
  std::string sealed = hmac_sha256(tag_key_.reveal(RevealToken{}), message).substr(0, kTagBytes);
  sealed += crypt(sealed, std::string_view(message).substr(context_digest.size()));
  std::string text = to_base64url(sealed);
  if (text.size() > kCursorBytesMax) {
    return fail(Code::invalid, "the ordering values are too long for a cursor");
  }
  return text;
}

Result<std::vector<Cell>> CursorSealer::open(std::string_view context_digest,
                                             std::string_view cursor, std::size_t count,
                                             graphql::Arena& arena) const {
  if (cursor.size() > kCursorBytesMax) return fail(Code::invalid, std::string(kWrong));
  const Result<std::string> sealed = from_base64url(cursor);
  if (!sealed || sealed->size() < kTagBytes) return fail(Code::invalid, std::string(kWrong));
  const std::string_view tag = std::string_view(*sealed).substr(0, kTagBytes);
  const std::string plain = crypt(tag, std::string_view(*sealed).substr(kTagBytes));
  const std::string expected =
      hmac_sha256(tag_key_.reveal(RevealToken{}), std::string(context_digest) + plain);
  if (!equal_constant_time(tag, std::string_view(expected).substr(0, kTagBytes))) {
    return fail(Code::invalid, std::string(kWrong));
  }
  std::vector<Cell> cells(count);
  PlainReader reader(plain);
  for (Cell& cell : cells) {
    if (!reader.cell(cell, arena)) return fail(Code::invalid, std::string(kWrong));
  }
  if (!reader.at_end()) return fail(Code::invalid, std::string(kWrong));
  return cells;
}

}  // namespace mc::dataset
