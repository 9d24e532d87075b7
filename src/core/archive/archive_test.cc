#include "archive/archive.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstring>
#include <string>
#include <vector>

namespace mc::archive {
namespace {

std::string compress(const std::string& bytes) {
  z_stream stream = {};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A tar of one member, of any type, whose name and link are as given.
std::string hostile(const std::string& name, char type, const std::string& link = "",
                    const std::string& bytes = "x") {
  char header[512] = {};
  std::memcpy(header, name.data(), std::min<std::size_t>(name.size(), 100));
  std::snprintf(header + 100, 8, "%07o", 0644);
  std::snprintf(header + 108, 8, "%07o", 0);
  std::snprintf(header + 116, 8, "%07o", 0);
  std::snprintf(header + 124, 12, "%011o", static_cast<unsigned>(type == '0' ? bytes.size() : 0));
  std::snprintf(header + 136, 12, "%011o", 0);
  header[156] = type;
  std::memcpy(header + 157, link.data(), link.size());
  std::memcpy(header + 257, "ustar\00000", 8);
  std::memset(header + 148, ' ', 8);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(header + 148, 7, "%06o", sum);
  std::string tar(header, 512);
  if (type == '0') {
    tar += bytes;
    tar.append((512 - tar.size() % 512) % 512, '\0');
  }
  return tar;
}

std::string ended(std::string tar) {
  tar.append(1'024, '\0');
  return compress(tar);
}

TEST_CASE("archive: what is written reads back, sorted, and is the same bytes each time") {
  const std::string deep = std::string(120, 'd') + "/" + std::string(90, 'f');
  const std::vector<Entry> entries = {{"b.json", "{}"}, {"a/c.rego", "package a"}, {deep, ""}};
  const auto packed = write_tar_gz(entries);
  REQUIRE(packed);
  const auto read = read_tar_gz(*packed);
  REQUIRE(read);
  REQUIRE(read->size() == 3);
  CHECK((*read)[0] == Entry{"a/c.rego", "package a"});
  CHECK((*read)[1] == Entry{"b.json", "{}"});
  CHECK((*read)[2].path == deep);
  CHECK(*write_tar_gz({entries.rbegin(), entries.rend()}) == *packed);
}

TEST_CASE("archive: paths that ustar cannot hold or a reader would refuse are not written") {
  CHECK(!write_tar_gz({{std::string(300, 'x'), ""}}));
  CHECK(!write_tar_gz({{"../x", ""}}));
  CHECK(!write_tar_gz({{"/x", ""}}));
  CHECK(!write_tar_gz({{"x", "1"}, {"x", "2"}}));
}

TEST_CASE("archive: hostile members are refused by name") {
  struct Row {
    const char* what;
    std::string tar;
    const char* why;
  };
  const Row rows[] = {
      {"leaves its folder", hostile("../../etc/passwd", '0'), "leaves its folder"},
      {"leaves from inside", hostile("a/../../b", '0'), "leaves its folder"},
      {"symbolic link", hostile("a", '2', "/etc/passwd"), "no links"},
      {"hard link", hostile("a", '1', "b"), "no links"},
      {"device", hostile("a", '3'), "only plain files"},
      {"pipe", hostile("a", '6'), "only plain files"},
      {"backslash", hostile("a\\..\\b", '0'), "backslash"},
      {"empty part", hostile("a//b", '0'), "empty part"},
      {"control byte", hostile("a\x01", '0'), "no text"},
      {"twice", hostile("a", '0') + hostile("./a", '0'), "twice"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto read = read_tar_gz(ended(row.tar));
    REQUIRE(!read);
    CHECK(read.error().what.find(row.why) != std::string::npos);
  }
}

TEST_CASE("archive: leading slashes and dots of names are dropped, folders left out") {
  const auto read = read_tar_gz(ended(hostile("/.manifest", '0', "", "{}") + hostile("d/", '5') +
                                      hostile("./d/data.json", '0', "", "1")));
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK((*read)[0] == Entry{".manifest", "{}"});
  CHECK((*read)[1] == Entry{"d/data.json", "1"});
}

TEST_CASE("archive: every limit is named and holds at its edge") {
  const std::string bomb = *write_tar_gz({{"zeros", std::string(1'000'000, '\0')}, {"more", "12"}});
  CHECK(bomb.size() < 5'000);
  CHECK(read_tar_gz(bomb, {.bytes_max = 1'000'002}));
  CHECK(!read_tar_gz(bomb, {.bytes_max = 1'000'001}));
  CHECK(read_tar_gz(bomb, {.entry_bytes_max = 1'000'000}));
  const auto large = read_tar_gz(bomb, {.entry_bytes_max = 999'999});
  REQUIRE(!large);
  CHECK(large.error().what == "archive: zeros: more than 999999 bytes unpacked");
  CHECK(read_tar_gz(bomb, {.entries_max = 2}));
  CHECK(!read_tar_gz(bomb, {.entries_max = 1}));
  CHECK(!read_tar_gz(bomb, {.packed_bytes_max = bomb.size() - 1}));
  CHECK(!read_tar_gz(bomb, {.path_bytes_max = 4}));
}

TEST_CASE("archive: bytes that are no tar.gz are refused, cut ones too") {
  CHECK(!read_tar_gz(""));
  CHECK(!read_tar_gz("PK\x03\x04"));
  CHECK(!read_tar_gz(hostile("a", '0')));  // not packed
  const std::string packed = *write_tar_gz({{"a", std::string(10'000, 'r') + "x"}});
  for (std::size_t cut = 1; cut + 8 < packed.size(); ++cut) {
    CAPTURE(cut);
    CHECK(!read_tar_gz(packed.substr(0, cut)));
  }
}

}  // namespace
}  // namespace mc::archive
