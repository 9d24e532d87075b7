#include "ledger/record.h"

#include <doctest/doctest.h>

#include "json/json.h"

namespace mc::ledger {
namespace {

Header sample() {
  Header out;
  out.log = "audit/alpha";
  out.seq = 41;
  out.time = from_unix_ms(1'700'000'000'123);
  out.type = "access";
  out.actor = "system/otto";
  out.tenant = "alpha";
  out.action = "read \"person\" \\ \xC3\xBC";
  out.purpose = "support";
  out.prev.fill(0xAB);
  out.commitment = commit(Salt{}, "{}");
  return out;
}

// The slow twin: a tree of values, canonicalised.
std::string slow_leaf(const Header& header) {
  const auto hex = [](const tlog::Hash& hash) {
    return to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
  };
  json::Object out;
  out.set("v", kRecordVersion);
  out.set("log", header.log);
  out.set("seq", static_cast<std::int64_t>(header.seq));
  out.set("ts", format_rfc3339(header.time));
  out.set("type", header.type);
  out.set("actor", header.actor);
  out.set("tenant", header.tenant);
  out.set("action", header.action);
  out.set("purpose", header.purpose);
  out.set("warrant", header.warrant);
  out.set("prev", hex(header.prev));
  out.set("pc", hex(header.commitment));
  return json::canonical(json::Value(std::move(out)));
}

TEST_CASE("record: the leaf is canonical JSON, and reads back") {
  const std::string texts[] = {"plain",
                               "\"quoted\" \\ /",
                               "\xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80",
                               "\xE2\x80\xA8 and \xEF\xBB\xBF",
                               "<script>&'",
                               std::string(512, 'x')};
  for (const std::string& text : texts) {
    CAPTURE(text);
    Header header = sample();
    header.action = header.actor = header.warrant = text;
    header.seq = text.size();
    const std::string leaf = print_leaf(header);
    CHECK(leaf == slow_leaf(header));
    const auto read = parse_leaf(leaf);
    REQUIRE(read.has_value());
    CHECK(*read == header);
  }
}

TEST_CASE("record: any other spelling of a leaf is refused") {
  const std::string leaf = print_leaf(sample());
  REQUIRE(parse_leaf(leaf).has_value());
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string out = leaf;
    const std::size_t at = out.find(from);
    REQUIRE(at != std::string::npos);
    return out.replace(at, from.size(), to);
  };
  const std::string bad[] = {"",
                             leaf + " ",
                             leaf + leaf,
                             with("{", "{ "),
                             with("\"v\":1", "\"v\":2"),
                             with("\"v\":1", "\"v\":1,\"v\":1"),
                             with("\"seq\":41", "\"seq\":-41"),
                             with("\"seq\":41", "\"seq\":41.0"),
                             with("\"seq\":41", "\"seq\":\"41\""),
                             with("\"seq\":41", "\"seq\":9007199254740992"),
                             with("\"warrant\":\"\"", "\"warrant\":null"),
                             with(",\"warrant\":\"\"", ""),
                             with(",\"warrant\":\"\"", ",\"warrant\":\"\",\"x\":1"),
                             with("abab", "ABAB"),
                             with("abab", "ab"),
                             with(".123Z", "Z"),
                             with(".123Z", ".123+00:00"),
                             with("support", "sup\\u0070ort"),
                             with("support", ""),
                             with("support", "sup\\nport"),
                             with("support", std::string(513, 'x'))};
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK_FALSE(parse_leaf(text).has_value());
    CHECK_FALSE(parse_leaf_links(text).has_value());
  }
}

TEST_CASE("record: a hash is 64 lower-case digits, in every place") {
  Header header = sample();
  for (std::size_t i = 0; i < header.prev.size(); ++i) {
    header.prev[i] = static_cast<std::uint8_t>(i * 8 + 5);  // all digits, high and low
  }
  const std::string leaf = print_leaf(header);
  const std::size_t begin = leaf.find("\"prev\":\"") + 8;
  CHECK(leaf.substr(begin, 8) == "050d151d");
  CHECK(parse_leaf(leaf) == header);
  for (std::size_t at = begin; at < begin + 64; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string other = leaf;
      other[at] = static_cast<char>(byte);
      const bool digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
      if (parse_leaf_links(other).has_value() == digit) continue;
      CAPTURE(at);
      FAIL("a digit of the value ", byte);
    }
  }
}

TEST_CASE("record: the form of a leaf serves for any place in its log") {
  Header header = sample();
  const LeafForm form(header);
  for (const std::uint64_t seq : {std::uint64_t{0}, std::uint64_t{41}, kSeqMax}) {
    header.seq = seq;
    header.time = header.time + millis(1);
    header.prev = tlog::leaf_hash(std::to_string(seq));
    std::string out = "before";
    form.print(out, seq, header.prev, format_rfc3339(header.time));
    CHECK(out == "before" + slow_leaf(header));
    CHECK(out.size() - 6 <= form.size_max());
  }
  std::string plain;
  LeafForm(std::string("plain")).print(plain, 7, header.prev, "time");
  CHECK(plain == "plain");
}

TEST_CASE("record: the links of a leaf are those of its header") {
  Header header = sample();
  for (const char* action : {"read", "a \"quoted\" one", "back\\slash", "\xC3\xA4"}) {
    header.action = action;
    const auto links = parse_leaf_links(print_leaf(header));
    REQUIRE(links.has_value());
    CHECK(links->log == header.log);
    CHECK(links->seq == header.seq);
    CHECK(links->prev == header.prev);
    CHECK(links->commitment == header.commitment);
  }
}

TEST_CASE("record: a text that cannot stand in a header is named") {
  CHECK(check_header(sample()).has_value());
  Header header = sample();
  header.purpose.clear();
  CHECK(check_header(header).error().what == "'purpose' is empty");
  header = sample();
  header.warrant = "a\nb";
  CHECK(check_header(header).error().what == "'warrant' is not one line of UTF-8");
  header.warrant = "\xff";
  CHECK_FALSE(check_header(header).has_value());
  header.warrant = std::string(513, 'w');
  CHECK(check_header(header).error().what == "'warrant' has 513 bytes; the limit is 512");
}

TEST_CASE("record: a head leaf is canonical JSON, reads back, and has one spelling") {
  HeadLeaf head;
  head.log = "audit/alpha";
  head.head = {7, tlog::leaf_hash("root")};
  head.seq = 3;
  head.time = from_unix_ms(1'700'000'000'123);
  head.prev.fill(0xAB);
  const std::string leaf = print_head_leaf(head);
  CHECK(leaf == json::canonical(*json::parse(leaf)));
  CHECK(*parse_head_leaf(leaf) == head);
  CHECK_FALSE(parse_leaf(leaf).has_value());
  CHECK_FALSE(parse_head_leaf(print_leaf(sample())).has_value());
  std::string other = leaf;
  SUBCASE("a space") {
    other.insert(1, " ");
  }
  SUBCASE("a line behind it") {
    other += "\n";
  }
  SUBCASE("one more member") {
    other.insert(other.size() - 1, R"(,"w":1)");
  }
  SUBCASE("a negative size") {
    other.replace(other.find(":7}"), 3, ":-7}");
  }
  SUBCASE("another log to stand in") {
    other.replace(other.find(R"("root","prev")"), 6, R"("loot")");
  }
  SUBCASE("no name") {
    other.replace(other.find("audit/alpha"), 11, "");
  }
  SUBCASE("a name of two lines") {
    other.replace(other.find("audit/"), 6, "audit\\n");
  }
  SUBCASE("capital digits") {
    other.replace(other.find("abab"), 4, "ABAB");
  }
  CHECK_FALSE(parse_head_leaf(other).has_value());
}

TEST_CASE("record: a commitment is of salt and payload, and of nothing else") {
  Salt salt{};
  const tlog::Hash base = commit(salt, "payload");
  CHECK(base == crypto::Sha256().add("\x02" + std::string(32, '\0') + "payload").finish());
  salt[31] = 1;
  CHECK(commit(salt, "payload") != base);
  CHECK(commit(Salt{}, "payloae") != base);
  CHECK(commit(Salt{}, "payload") != tlog::leaf_hash(std::string(32, '\0') + "payload"));
}

}  // namespace
}  // namespace mc::ledger
