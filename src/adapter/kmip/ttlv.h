// TTLV, the encoding of KMIP messages (KMIP 1.4, section 9.1): tag, type, length, value, each
// value filled up with zeros to a multiple of eight bytes.
//
// Read strictly, as the bytes are foreign: one item and nothing behind it, lengths that fit their
// types, zeros where zeros belong, tags of KMIP's own range, booleans of 0 and 1, texts of UTF-8,
// and the bounds below. So what is read is written as it was. Errors tell nothing of the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::kmip {

inline constexpr std::size_t kMessageBytesMax = 64 << 10;
inline constexpr int kDepthMax = 8;
inline constexpr int kItemsMax = 1'024;

enum class Type : std::uint8_t {
  structure = 1,
  integer,       // 32 bits, signed
  long_integer,  // 64 bits, signed
  big_integer,   // bytes
  enumeration,   // 32 bits, unsigned
  boolean,
  text,
  bytes,
  date_time,  // seconds since 1970
  interval,   // seconds, 32 bits, unsigned
};

// Wiped at its end, as some hold secrets.
struct Item {
  std::uint32_t tag = 0;
  Type type = Type::structure;
  std::int64_t number = 0;       // of numbers, booleans and times
  std::string bytes = "";        // of big_integer, text and bytes
  std::vector<Item> items = {};  // of structures

  Item() = default;
  Item(std::uint32_t tag_of, std::vector<Item> content) : tag(tag_of), items(std::move(content)) {}
  Item(std::uint32_t tag_of, Type type_of, std::int64_t value)
      : tag(tag_of), type(type_of), number(value) {}
  Item(std::uint32_t tag_of, Type type_of, std::string_view value)
      : tag(tag_of), type(type_of), bytes(value) {}
  Item(const Item&) = default;
  Item& operator=(const Item&) = default;
  Item(Item&&) = default;
  Item& operator=(Item&&) = default;
  ~Item() { wipe(bytes); }
  bool operator==(const Item&) const = default;

  // The one of that tag and type in a structure; nothing when there is none or more than one.
  const Item* only(std::uint32_t tag_of, Type type_of) const;
};

// The bytes that the whole message has, from its first eight; `corrupt`: it begins with another
// tag, is no structure or is over the limit.
Result<std::size_t> message_size(std::string_view head, std::uint32_t tag);
Result<Item> read_item(std::string_view bytes);
std::string write_item(const Item& item);

}  // namespace mc::kmip
