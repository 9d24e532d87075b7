#include "builtin/der.h"

namespace mc::builtin {
namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

bool is_minimal_integer(std::string_view bytes) {
  if (bytes.empty()) return false;
  if (bytes.size() == 1) return true;
  const bool high = (byte_at(bytes, 1) & 0x80) != 0;
  return !(byte_at(bytes, 0) == 0 && !high) && !(byte_at(bytes, 0) == 0xff && high);
}

}  // namespace

bool Der::read(Element& out) {
  if (rest_.size() < 2 || (byte_at(rest_, 0) & 0x1f) == 0x1f) return false;
  std::size_t size = byte_at(rest_, 1);
  std::size_t head = 2;
  if (size >= 0x80) {
    const std::size_t width = size & 0x7f;
    if (width == 0 || width > 4 || rest_.size() < 2 + width || byte_at(rest_, 2) == 0) return false;
    size = 0;
    for (std::size_t i = 0; i < width; ++i) size = size << 8 | byte_at(rest_, 2 + i);
    if (size < 0x80) return false;
    head += width;
  }
  if (rest_.size() - head < size) return false;
  out = {byte_at(rest_, 0), rest_.substr(0, head + size), rest_.substr(head, size)};
  rest_.remove_prefix(head + size);
  return true;
}

bool Der::read(std::uint8_t tag, Element& out) {
  return next_is(tag) && read(out);
}

bool Der::read(std::uint8_t tag, Der& content) {
  Element element;
  if (!read(tag, element)) return false;
  content = Der(element.content);
  return true;
}

bool Der::read(std::uint8_t tag, std::string_view& content) {
  Element element;
  if (!read(tag, element)) return false;
  content = element.content;
  return true;
}

bool Der::read_optional(std::uint8_t tag, Der& content, bool& present) {
  present = next_is(tag);
  return !present || read(tag, content);
}

bool Der::read_boolean(bool& out) {
  const Der before = *this;
  std::string_view bytes;
  if (!read(kBoolean, bytes) || bytes.size() != 1 ||
      (byte_at(bytes, 0) != 0 && byte_at(bytes, 0) != 0xff)) {
    *this = before;
    return false;
  }
  out = byte_at(bytes, 0) != 0;
  return true;
}

bool Der::read_integer(std::int64_t& out) {
  const Der before = *this;
  std::string_view bytes;
  if (!read_big_integer(bytes) || bytes.size() > 8) {
    *this = before;
    return false;
  }
  std::uint64_t number = (byte_at(bytes, 0) & 0x80) != 0 ? UINT64_MAX : 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) number = number << 8 | byte_at(bytes, i);
  out = static_cast<std::int64_t>(number);
  return true;
}

bool Der::read_big_integer(std::string_view& out) {
  const Der before = *this;
  if (!read(kInteger, out) || !is_minimal_integer(out)) {
    *this = before;
    return false;
  }
  return true;
}

bool Der::read_bit_string(std::string& out) {
  const Der before = *this;
  std::string_view bytes;
  bool good = read(kBitString, bytes) && !bytes.empty();
  const unsigned unused = good ? byte_at(bytes, 0) : 0;
  good = good && unused < 8 && (unused == 0 || bytes.size() > 1) &&
         (unused == 0 || (byte_at(bytes, bytes.size() - 1) & ((1U << unused) - 1)) == 0);
  if (!good) {
    *this = before;
    return false;
  }
  out = std::string(bytes.substr(1));
  if (unused == 0) return true;
  unsigned carried = 0;
  for (char& c : out) {
    const unsigned byte = static_cast<std::uint8_t>(c);
    c = static_cast<char>(((carried << 8 | byte) >> unused) & 0xff);
    carried = byte;
  }
  return true;
}

bool Der::oid_numbers(std::string_view oid, std::vector<std::uint64_t>& out) {
  out.clear();
  std::uint64_t number = 0;
  bool inside = false;
  for (std::size_t i = 0; i < oid.size(); ++i) {
    const std::uint8_t byte = byte_at(oid, i);
    if (!inside && byte == 0x80) return false;
    number = number << 7 | (byte & 0x7f);
    if (number > INT32_MAX) return false;
    inside = (byte & 0x80) != 0;
    if (inside) continue;
    if (out.empty()) {
      const std::uint64_t first = number < 40 ? 0 : number < 80 ? 1 : 2;
      out = {first, number - first * 40};
    } else {
      out.push_back(number);
    }
    number = 0;
  }
  return !inside && !out.empty();
}

}  // namespace mc::builtin
