#include "net/http1_body.h"

#include <doctest/doctest.h>

#include <string>

#include "sim/sim.h"

namespace mc::net::http1 {
namespace {

using Step = ChunkDecoder::Step;

struct Decoded {
  Step step = Step::more;
  std::string body;
  std::size_t used = 0;
};

// Feeds `text` in pieces of at most `piece` bytes.
Decoded decode(const std::string& text, std::size_t piece) {
  Decoded out;
  ChunkDecoder decoder;
  std::size_t given = 0;
  while (out.step != Step::end && out.step != Step::bad) {
    if (out.step == Step::more) {
      if (given == text.size()) break;
      given = std::min(text.size(), given + piece);
    }
    const auto next = decoder.next(std::string_view(text).substr(out.used, given - out.used));
    out.used += next.used;
    out.body += next.data;
    out.step = next.step;
  }
  return out;
}

TEST_CASE("chunks: decodes, and refuses what is not chunked coding, wherever it is cut") {
  struct Row {
    std::string text;
    Step step;
    std::string body;
  };
  const Row rows[] = {
      {"0\r\n\r\n", Step::end, ""},
      {"3\r\nabc\r\n0\r\n\r\n", Step::end, "abc"},
      {"A\r\n0123456789\r\n1\r\nx\r\n000\r\n\r\n", Step::end, "0123456789x"},
      {"3;a=b;c=\"d e\"\r\nabc\r\n0;last\r\n\r\n", Step::end, "abc"},
      {"0\r\nDigest: x\r\nEmpty:\r\n\r\n", Step::end, ""},
      {"3\r\nabc\r\n", Step::more, "abc"},
      {"", Step::more, ""},
      {"\r\n0\r\n\r\n", Step::bad, ""},
      {" 3\r\nabc\r\n", Step::bad, ""},
      {"3 \r\nabc\r\n", Step::bad, ""},
      {"3 ;a\r\nabc\r\n", Step::bad, ""},
      {"+3\r\nabc\r\n", Step::bad, ""},
      {"-1\r\n", Step::bad, ""},
      {"0x3\r\nabc\r\n", Step::bad, ""},
      {"g\r\n", Step::bad, ""},
      {"3\nabc\r\n", Step::bad, ""},
      {"3\r\rabc", Step::bad, ""},
      {"3\r\nabcd\r\n", Step::bad, "abc"},
      {"3\r\nabc\n0\r\n\r\n", Step::bad, "abc"},
      {"3;a\nabc\r\n0\r\n\r\n", Step::bad, ""},
      {"0000000000000001\r\n", Step::bad, ""},
      {"ffffffffffffffff\r\n", Step::bad, ""},
      {"0\r\n X: folded\r\n\r\n", Step::bad, ""},
      {"0\r\nX : 1\r\n\r\n", Step::bad, ""},
      {"0\r\nX: a\nb\r\n\r\n", Step::bad, ""},
      {"0\r\n\rX", Step::bad, ""},
      {"3;" + std::string(kChunkExtensionBytesMax + 1, 'e') + "\r\n", Step::bad, ""},
      {"0\r\nX: " + std::string(kTrailerBytesMax, 't') + "\r\n\r\n", Step::bad, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text.substr(0, 60));
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 100000U}) {
      const Decoded decoded = decode(row.text, piece);
      CHECK(decoded.step == row.step);
      CHECK(decoded.body == row.body);
      if (row.step == Step::end) CHECK(decoded.used == row.text.size());
    }
  }
}

TEST_CASE("chunks: bytes behind the end belong to the next message") {
  const Decoded decoded = decode("1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n", 1000);
  CHECK(decoded.step == Step::end);
  CHECK(decoded.used == 11);
}

TEST_CASE("chunks: extensions of many chunks count together") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "1;" + std::string(60, 'e') + "\r\nx\r\n";
  CHECK(decode(text, 1000).step == Step::bad);
}

TEST_CASE("chunks: what a writer makes is read back, in any pieces") {
  sim::SimRandom random(7);
  for (int round = 0; round < 300; ++round) {
    std::string body;
    std::string text;
    for (std::uint64_t chunks = random.next_u64() % 8; chunks > 0; --chunks) {
      const std::string data(1 + random.next_u64() % 300, static_cast<char>(random.next_u64()));
      char size[20];
      std::snprintf(size, sizeof(size), "%zx\r\n", data.size());
      text += size + data + "\r\n";
      body += data;
    }
    text += "0\r\n\r\n";
    const Decoded decoded = decode(text, 1 + random.next_u64() % 40);
    CHECK(decoded.step == Step::end);
    CHECK(decoded.body == body);
  }
}

}  // namespace
}  // namespace mc::net::http1
