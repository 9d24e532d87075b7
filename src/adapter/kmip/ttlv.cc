#include "kmip/ttlv.h"

#include <algorithm>

namespace mc::kmip {
namespace {

constexpr std::size_t kHead = 8;  // tag, type and length

std::uint64_t number_of(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<std::uint8_t>(c);
  return out;
}
void put_number(std::string& out, std::uint64_t value, int size) {
  for (int i = size - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}
std::size_t filled(std::size_t size) {
  return (size + 7) / 8 * 8;
}
tl::unexpected<Error> bad(const char* why) {
  return fail(Code::corrupt, std::string("kmip: ") + why);
}

bool fits(Type type, std::size_t length) {
  switch (type) {
    case Type::structure:
    case Type::text:
    case Type::bytes:
      return true;
    case Type::integer:
    case Type::enumeration:
    case Type::interval:
      return length == 4;
    case Type::long_integer:
    case Type::boolean:
    case Type::date_time:
      return length == 8;
    case Type::big_integer:
      return length > 0 && length % 8 == 0;
  }
  return false;
}

class Reader {
 public:
  // Takes one item off the front of `rest`.
  Result<Item> take(std::string_view& rest, int depth) {
    if (++count_ > kItemsMax || depth > kDepthMax) return bad("a message of too many items");
    if (rest.size() < kHead) return bad("a message that is cut off");
    Item out;
    out.tag = static_cast<std::uint32_t>(number_of(rest.substr(0, 3)));
    const auto type = static_cast<std::uint8_t>(rest[3]);
    const std::size_t length = number_of(rest.substr(4, 4));
    if (out.tag >> 16 != 0x42 && out.tag >> 16 != 0x54) return bad("a tag that is none");
    if (type < 1 || type > static_cast<std::uint8_t>(Type::interval)) {
      return bad("a type that is none");
    }
    out.type = static_cast<Type>(type);
    if (!fits(out.type, length)) return bad("a length that its type cannot have");
    rest.remove_prefix(kHead);
    if (length > rest.size() || filled(length) > rest.size())
      return bad("a message that is cut off");
    const std::string_view value = rest.substr(0, length);
    const std::string_view zeros = rest.substr(length, filled(length) - length);
    rest.remove_prefix(filled(length));
    if (zeros.find_first_not_of('\0') != std::string_view::npos)
      return bad("filling that is not 0");
    MC_TRY_OK(set_value(out, value, depth));
    return out;
  }

 private:
  Status set_value(Item& out, std::string_view value, int depth) {
    switch (out.type) {
      case Type::structure:
        if (value.size() % 8 != 0) return bad("a structure of a length that none has");
        while (!value.empty()) {
          MC_TRY(Item item, take(value, depth + 1));
          out.items.push_back(std::move(item));
        }
        return ok();
      case Type::integer:
        out.number = static_cast<std::int32_t>(number_of(value));
        return ok();
      case Type::enumeration:
      case Type::interval:
      case Type::long_integer:
      case Type::date_time:
        out.number = static_cast<std::int64_t>(number_of(value));
        return ok();
      case Type::boolean:
        out.number = static_cast<std::int64_t>(number_of(value));
        return out.number == 0 || out.number == 1 ? ok() : bad("a boolean that is none");
      case Type::text:
        if (!is_valid_utf8(value)) return bad("a text that is not UTF-8");
        [[fallthrough]];
      case Type::big_integer:
      case Type::bytes:
        out.bytes = value;
        return ok();
    }
    return ok();
  }

  int count_ = 0;
};

std::size_t length_of(const Item& item) {
  std::size_t out = 0;
  switch (item.type) {
    case Type::structure:
      for (const Item& inner : item.items) out += kHead + filled(length_of(inner));
      return out;
    case Type::integer:
    case Type::enumeration:
    case Type::interval:
      return 4;
    case Type::long_integer:
    case Type::boolean:
    case Type::date_time:
      return 8;
    case Type::big_integer:
    case Type::text:
    case Type::bytes:
      return item.bytes.size();
  }
  return out;
}

void append(std::string& out, const Item& item) {
  const std::size_t length = length_of(item);
  put_number(out, item.tag, 3);
  put_number(out, static_cast<std::uint64_t>(item.type), 1);
  put_number(out, length, 4);
  const std::size_t begin = out.size();
  if (item.type == Type::structure) {
    for (const Item& inner : item.items) append(out, inner);
  } else if (!item.bytes.empty()) {
    out.append(item.bytes);
  } else if (length == 4 || length == 8) {
    put_number(out, static_cast<std::uint64_t>(item.number), static_cast<int>(length));
  }
  out.resize(begin + filled(length), '\0');
}

}  // namespace

const Item* Item::only(std::uint32_t tag_of, Type type_of) const {
  const auto named = [&](const Item& item) { return item.tag == tag_of; };
  const auto found = std::find_if(items.begin(), items.end(), named);
  if (found == items.end() || found->type != type_of) return nullptr;
  return std::find_if(found + 1, items.end(), named) == items.end() ? &*found : nullptr;
}

Result<std::size_t> message_size(std::string_view head, std::uint32_t tag) {
  if (head.size() < kHead || number_of(head.substr(0, 3)) != tag ||
      static_cast<Type>(head[3]) != Type::structure) {
    return bad("the reply is no message of KMIP");
  }
  const std::size_t size = kHead + number_of(head.substr(4, 4));
  if (size > kMessageBytesMax || size % 8 != 0) return bad("the reply is over the limit");
  return size;
}

Result<Item> read_item(std::string_view bytes) {
  if (bytes.size() > kMessageBytesMax) return bad("a message over the limit");
  MC_TRY(Item out, Reader().take(bytes, 1));
  if (!bytes.empty()) return bad("bytes behind the end of a message");
  return out;
}

std::string write_item(const Item& item) {
  std::string out;
  out.reserve(kHead + filled(length_of(item)));  // so that no copy of a secret is left behind
  append(out, item);
  return out;
}

}  // namespace mc::kmip
