#include "kmip/ttlv.h"

#include <doctest/doctest.h>

#include "kmip/seal.h"

namespace mc::kmip {
namespace {

std::string bytes(const char* hex) {
  return *from_hex(hex);
}

// KMIP 1.4, section 9.1.2: the examples of the specification.
TEST_CASE("kmip: the specification's examples of TTLV are read and written") {
  struct Row {
    const char* name;
    const char* hex;
    Item item;
  };
  const std::string big = bytes("0000000003fd35eb6bc2df4618080000");
  const Row rows[] = {
      {"integer", "42002002000000040000000800000000", {0x420020, Type::integer, 8}},
      {"long integer",
       "420020030000000801b69b4ba5749200",
       {0x420020, Type::long_integer, 123'456'789'000'000'000}},
      {"big integer",
       "42002004000000100000000003fd35eb6bc2df4618080000",
       {0x420020, Type::big_integer, std::string_view(big)}},
      {"enumeration", "4200200500000004000000ff00000000", {0x420020, Type::enumeration, 255}},
      {"boolean", "42002006000000080000000000000001", {0x420020, Type::boolean, 1}},
      {"text",
       "420020070000000b48656c6c6f20576f726c640000000000",
       {0x420020, Type::text, "Hello World"}},
      {"bytes",
       "42002008000000030102030000000000",
       {0x420020, Type::bytes, std::string_view("\1\2\3")}},
      {"date-time", "42002009000000080000000047da67f8", {0x420020, Type::date_time, 1'205'495'800}},
      {"interval", "4200200a00000004000d2f0000000000", {0x420020, Type::interval, 864'000}},
      {"structure",
       "42002001000000204200040500000004000000fe000000004200050200000004000000ff00000000",
       {0x420020, {{0x420004, Type::enumeration, 254}, {0x420005, Type::integer, 255}}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto read = read_item(bytes(row.hex));
    REQUIRE(read.has_value());
    CHECK(*read == row.item);
    CHECK(to_hex(write_item(row.item)) == row.hex);
  }
}

TEST_CASE("kmip: negative numbers and empty texts come back") {
  for (const Item& item :
       {Item(0x420020, Type::integer, -1), Item(0x420020, Type::long_integer, -2),
        Item(0x420020, Type::date_time, -3), Item(0x420020, Type::text, ""),
        Item(0x420020, Type::bytes, ""), Item(0x540001, {})}) {
    CHECK(read_item(write_item(item)) == item);
  }
}

TEST_CASE("kmip: bytes that are no TTLV are corrupt") {
  struct Row {
    const char* name;
    const char* hex;
  };
  const Row rows[] = {
      {"nothing", ""},
      {"half a head", "42002002"},
      {"no value", "4200200200000004"},
      {"no filling", "420020020000000400000008"},
      {"more behind it", "4200200200000004000000080000000000"},
      {"filling", "42002002000000040000000800000001"},
      {"an integer of 8 bytes", "42002002000000080000000000000008"},
      {"a boolean of 2", "42002006000000080000000000000002"},
      {"a boolean of 4 bytes", "42002006000000040000000100000000"},
      {"type 0", "42002000000000040000000800000000"},
      {"type 11", "4200200b000000040000000800000000"},
      {"a tag of nobody", "41002002000000040000000800000000"},
      {"a length beyond all", "42002008ffffffff0102030000000000"},
      {"an empty big integer", "4200200400000000"},
      {"a big integer of 4 bytes", "42002004000000040000000800000000"},
      {"no UTF-8", "4200200700000001ff00000000000000"},
      {"a structure of 4 bytes", "42002001000000040000000800000000"},
      {"a structure that its content is longer than", "4200200100000008420004050000000400"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto read = read_item(bytes(row.hex));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::corrupt);
  }
}

TEST_CASE("kmip: depth, number and bytes of items have bounds") {
  Item deep(0x420020, Type::integer, 1);
  for (int i = 1; i < kDepthMax; ++i) deep = Item(0x420020, {deep});
  CHECK(read_item(write_item(deep)).has_value());
  CHECK_FALSE(read_item(write_item(Item(0x420020, {deep}))).has_value());

  Item wide(0x420020, std::vector<Item>(kItemsMax - 1, Item(0x420021, Type::integer, 1)));
  CHECK(read_item(write_item(wide)).has_value());
  wide.items.emplace_back(0x420021, Type::integer, 1);
  CHECK_FALSE(read_item(write_item(wide)).has_value());

  const Item large(0x420020, Type::bytes, std::string(kMessageBytesMax - 8, 'x'));
  CHECK(read_item(write_item(large)).has_value());
  const Item larger(0x420020, Type::bytes, std::string(kMessageBytesMax, 'x'));
  CHECK_FALSE(read_item(write_item(larger)).has_value());
}

TEST_CASE("kmip: the size of a message stands in its head") {
  constexpr std::uint32_t kTag = 0x42007b;
  CHECK(message_size(bytes("42007b010000fff8"), kTag) == kMessageBytesMax);
  for (const char* hex : {"42007b0100010000", "42007b01ffffffff", "42007b0100000004",
                          "4200780100000008", "42007b0200000008", "485454502f312e31", "42007b"}) {
    CHECK_FALSE(message_size(*from_hex(std::string(hex)), kTag).has_value());
  }
}

TEST_CASE("kmip: one item is found where there is one of its type") {
  const Item item(0x420020, {{0x420004, Type::enumeration, 1},
                             {0x420005, Type::integer, 2},
                             {0x420005, Type::integer, 3}});
  CHECK(item.only(0x420004, Type::enumeration)->number == 1);
  CHECK(item.only(0x420004, Type::integer) == nullptr);
  CHECK(item.only(0x420005, Type::integer) == nullptr);
  CHECK(item.only(0x420006, Type::integer) == nullptr);
}

TEST_CASE("kmip: a stored secret is read as it was written, and no other") {
  const Sealed gcm = {Form::gcm, std::string(12, 'i'), "sealed", std::string(16, 't')};
  const Sealed cbc = {Form::cbc, std::string(16, 'i'), std::string(128, 's'), ""};
  for (const Sealed& sealed : {gcm, cbc}) {
    const std::string text = format_sealed(sealed);
    CHECK(parse_sealed(text) == sealed);
    CHECK_FALSE(parse_sealed("\3" + text.substr(1)).has_value());
  }
  CHECK_FALSE(parse_sealed("").has_value());
  CHECK_FALSE(parse_sealed("\1").has_value());
  CHECK_FALSE(parse_sealed(format_sealed(cbc) + "x").has_value());
  CHECK_FALSE(parse_sealed(format_sealed(gcm).substr(0, 29)).has_value());
  CHECK_FALSE(parse_sealed(format_sealed(gcm) + std::string(59, 'x')).has_value());
}

TEST_CASE("kmip: any bit of a frame that is changed is noticed, and another context too") {
  const kms::Context context = {{"tenant", "ten_1"}};
  const Secret framed = frame(Secret("0123456789abcdef"), context);
  const std::string text(framed.reveal(RevealToken()));
  CHECK(text.size() == kFrameBytes);
  CHECK(unframe(framed, context)->reveal(RevealToken()) == "0123456789abcdef");
  CHECK_FALSE(unframe(framed, {{"tenant", "ten_2"}}).has_value());
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    CHECK_FALSE(unframe(Secret(changed), context).has_value());
  }
}

}  // namespace
}  // namespace mc::kmip
