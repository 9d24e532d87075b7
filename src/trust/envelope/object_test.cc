#include "envelope/object.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "crypto/crypto.h"
#include "envelope/made_keys.h"
#include "sim/sim.h"

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

namespace {

constexpr ObjectName kName = {.tenant = "alpha", .kind = "export", .id = "exp_1"};
constexpr std::size_t kChunk = kChunkBytesMin, kWhole = kChunk + 16, kHeader = kObjectHeaderBytes;
const Error kDoesNotOpen = {Code::corrupt, "sealed bytes: do not open"};

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i % 251);
  return out;
}

struct World {
  sim::SimRandom random;
  MadeKeys made{random};

  std::string seal(std::string_view plaintext, std::size_t piece = 1 << 30,
                   const ObjectOptions& options = {}) {
    std::string out;
    auto writer = must(ObjectWriter::make(made.key, kName, options, random, [&](auto bytes) {
      out += bytes;
      return ok();
    }));
    for (; !plaintext.empty(); plaintext.remove_prefix(std::min(piece, plaintext.size()))) {
      MC_CHECK(writer.write(plaintext.substr(0, piece)).has_value());
    }
    MC_CHECK(writer.finish().has_value());
    return out;
  }
  Result<std::string> open(std::string_view sealed, const ObjectName& name = kName) {
    return open_with(made.key, sealed, name);
  }
  static Result<std::string> open_with(const DataKey& key, std::string_view sealed,
                                       const ObjectName& name = kName) {
    MC_TRY(const ObjectReader reader,
           ObjectReader::make(key, name, sealed.substr(0, kHeader), sealed.size()));
    std::string all, chunk;
    for (std::uint64_t i = 0; i < reader.chunks(); ++i) {
      const ObjectReader::Place place = reader.place_of(i);
      chunk = "of before";
      const Status opened = reader.open(i, sealed.substr(place.offset, place.bytes), chunk);
      if (!opened) {
        CHECK(chunk.empty());
        return tl::unexpected<Error>(opened.error());
      }
      all += chunk;
    }
    CHECK(all.size() == reader.size());
    return all;
  }
  void refuses(std::string_view sealed, const ObjectName& name = kName) {
    const auto opened = open(sealed, name);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error() == kDoesNotOpen);
  }
};

}  // namespace

TEST_CASE("object: opens as it was written, whatever its length and its pieces") {
  World world;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunk - 1, kChunk, kChunk + 1,
                                 2 * kChunk, 3 * kChunk - 1, 3 * kChunk + 7}) {
    CAPTURE(size);
    const std::string plaintext = pattern(size);
    const std::size_t chunks = std::max<std::size_t>(1, (size + kChunk - 1) / kChunk);
    for (const std::size_t piece : {std::size_t{1'000}, kChunk, kChunk + 1, 3 * kChunk}) {
      const std::string sealed = world.seal(plaintext, piece);
      CHECK(sealed.size() == kHeader + size + 16 * chunks);
      CHECK(object_key_id(sealed) == world.made.key.id());
      const auto opened = world.open(sealed);
      REQUIRE(opened.has_value());
      CHECK(*opened == plaintext);
    }
  }
}

TEST_CASE("object: chunks have the size that was asked for") {
  World world;
  const std::string plaintext = pattern(300'000);
  for (std::uint32_t bytes = kChunkBytesMin; bytes <= kChunkBytesMax; bytes *= 2) {
    const std::string sealed = world.seal(plaintext, 7'777, {.chunk_bytes = bytes});
    const std::size_t chunks = (plaintext.size() + bytes - 1) / bytes;
    CHECK(sealed.size() == kHeader + plaintext.size() + 16 * chunks);
    CHECK(world.open(sealed) == plaintext);
  }
  const auto sink = [](std::string_view) { return ok(); };
  for (const std::uint32_t bytes :
       {0U, 1U, kChunkBytesMin / 2, kChunkBytesMin + 1, 3U << 16, 2 * kChunkBytesMax}) {
    const auto writer = ObjectWriter::make(world.made.key, kName, {bytes}, world.random, sink);
    REQUIRE_FALSE(writer.has_value());
    CHECK(writer.error().code == Code::invalid);
  }
}

TEST_CASE("object: opens from any place, by several threads at once") {
  World world;
  const std::string plaintext = pattern(5 * kChunk + 100), sealed = world.seal(plaintext);
  const auto reader = must(ObjectReader::make(world.made.key, kName, sealed, sealed.size()));
  REQUIRE(reader.chunks() == 6);
  const auto read_all = [&](std::uint64_t first, int& right) {
    std::string out;
    for (std::uint64_t i = 0; i < 6; ++i) {
      const std::uint64_t chunk = (first + 5 * i) % 6;
      const auto place = reader.place_of(chunk);
      if (reader.open(chunk, std::string_view(sealed).substr(place.offset, place.bytes), out) &&
          out == plaintext.substr(chunk * kChunk, kChunk)) {
        ++right;
      }
    }
  };
  int right[2] = {};
  std::thread other([&] { read_all(3, right[1]); });
  read_all(0, right[0]);
  other.join();
  CHECK(right[0] == 6);
  CHECK(right[1] == 6);
  CHECK(reader.place_of(6).bytes == 0);
  std::string out = "of before";
  CHECK(reader.open(6, "", out).error() == kDoesNotOpen);
  CHECK(out.empty());
}

TEST_CASE("object: no byte of the header can be changed, nor of nonce, ciphertext or tag") {
  World world;
  const std::string sealed = world.seal("a small object");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    CAPTURE(i);
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      world.refuses(changed);
    }
    world.refuses(std::string_view(sealed).substr(0, i));
  }
  world.refuses(sealed + '\0');
  world.refuses(sealed.substr(0, kHeader));
  std::string no_id = sealed;
  no_id.replace(8, 8, 8, '\0');
  CHECK(object_key_id(no_id).error() == kDoesNotOpen);
  CHECK(object_key_id(sealed.substr(0, kHeader - 1)).error() == kDoesNotOpen);
  CHECK(object_key_id(sealed.substr(0, kHeader)).has_value());
}

TEST_CASE("object: whoever cuts, moves, doubles or joins chunks is found out") {
  World world;
  const std::string one = world.seal(pattern(3 * kChunk)), two = world.seal(pattern(3 * kChunk));
  const auto chunk = [](const std::string& of, std::size_t i) {
    return of.substr(kHeader + i * kWhole, kWhole);
  };
  const std::string head = one.substr(0, kHeader);
  REQUIRE(world.open(head + chunk(one, 0) + chunk(one, 1) + chunk(one, 2)).has_value());
  world.refuses(head + chunk(one, 0) + chunk(one, 1));                                  // cut
  world.refuses(head + chunk(one, 0));                                                  // cut
  world.refuses(head + chunk(one, 2));                                                  // its end
  world.refuses(head + chunk(one, 1) + chunk(one, 2));                                  // beginning
  world.refuses(head + chunk(one, 1) + chunk(one, 0) + chunk(one, 2));                  // order
  world.refuses(head + chunk(one, 0) + chunk(one, 0) + chunk(one, 2));                  // doubled
  world.refuses(head + chunk(one, 0) + chunk(one, 1) + chunk(one, 2) + chunk(one, 2));  // behind
  world.refuses(head + chunk(one, 0) + chunk(two, 1) + chunk(one, 2));                  // joined
  world.refuses(two.substr(0, kHeader) + one.substr(kHeader));
  world.refuses(one + std::string(16, '\0'));  // an empty last chunk
  world.refuses(one.substr(0, one.size() - 1));
  world.refuses(one.substr(0, one.size() - 16));
  // Each half of the header is right, together they are of no object.
  world.refuses(one.substr(0, 64) + two.substr(64, 64) + one.substr(kHeader));
  world.refuses(one.substr(0, 96) + two.substr(96, 32) + one.substr(kHeader));
  // Of an object that is not finished, which has no last chunk.
  std::string unfinished;
  {
    auto writer = must(ObjectWriter::make(world.made.key, kName, {}, world.random, [&](auto bytes) {
      unfinished += bytes;
      return ok();
    }));
    REQUIRE(writer.write(pattern(2 * kChunk + 1)).has_value());
  }
  CHECK(unfinished.size() == kHeader + 2 * kWhole);
  world.refuses(unfinished);
}

TEST_CASE("object: another name or another data key does not open it") {
  World world;
  const std::string sealed = world.seal("a small object");
  world.refuses(sealed, {.tenant = "beta", .kind = "export", .id = "exp_1"});
  world.refuses(sealed, {.tenant = "alpha", .kind = "bundle", .id = "exp_1"});
  world.refuses(sealed, {.tenant = "alpha", .kind = "export", .id = "exp_2"});
  world.refuses(sealed, {.tenant = "alpha", .kind = "exporte", .id = "xp_1"});
  const std::string long_name(70'000, 'n');
  world.refuses(sealed, {.tenant = "alpha", .kind = "export", .id = long_name});
  const auto row = must(make_data_key(world.made.branch, 3, MadeKeys::usual_scope(), world.random));
  const DataKey other = must(open_data_key(world.made.branch, row, *world.made.arena));
  CHECK(World::open_with(other, sealed).error() == kDoesNotOpen);
  std::string renamed = sealed;
  put_u64(other.id(), renamed.data() + 8);
  CHECK(World::open_with(other, renamed).error() == kDoesNotOpen);
  const auto writer =
      ObjectWriter::make(world.made.key, {.tenant = "alpha", .kind = "export", .id = long_name}, {},
                         world.random, [](std::string_view) { return ok(); });
  REQUIRE_FALSE(writer.has_value());
  CHECK(writer.error().code == Code::invalid);
}

TEST_CASE("object: what breaks a rule is refused even when it was sealed with the right key") {
  World world;
  const auto sealed_by_hand = [&](std::string header, const std::vector<std::string>& chunks) {
    std::array<std::uint8_t, 96> keys;
    cipher::hkdf_sha256(view_of(world.made.key.objects()), header.substr(32, 32), "mc/object/1",
                        keys);
    header.replace(64, 32, view_of(keys).substr(32, 32));
    Parts bound;
    bound.add("mc/object/1").add(kName.tenant).add(kName.kind).add(kName.id);
    bound.add(header.substr(0, 96));
    const std::string tag = crypto::hmac_sha256(view_of(keys).substr(64), bound.bytes());
    std::string out = header.substr(0, 96) + tag;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      std::string nonce(12, '\0'), sealed(chunks[i].size() + 16, '\0');
      nonce[10] = static_cast<char>(i);
      nonce[11] = i + 1 == chunks.size() ? 1 : 0;
      MC_CHECK(cipher::seal({cipher::Suite::aes_256_gcm, std::span(keys).first<32>(), nonce, tag},
                            chunks[i], sealed.data())
                   .has_value());
      out += sealed;
    }
    return out;
  };
  const std::string header = world.seal("").substr(0, kHeader), whole = pattern(kChunk);
  REQUIRE(world.open(sealed_by_hand(header, {"v"})) == "v");
  REQUIRE(world.open(sealed_by_hand(header, {whole, "v"})) == whole + "v");
  for (std::size_t i = 0; i < 32; ++i) {
    CAPTURE(i);
    std::string changed = header;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    world.refuses(sealed_by_hand(changed, {"v"}));
  }
  for (const int shift : {0, 15, 21, 31, 32, 64, -1}) {
    std::string changed = header;
    changed[6] = static_cast<char>(shift);
    world.refuses(sealed_by_hand(changed, {"v"}));
  }
  world.refuses(sealed_by_hand(header, {whole, ""}));
}

TEST_CASE("object: a chunk of another length is none") {
  World world;
  const std::string sealed = world.seal(pattern(kChunk + 20));
  const auto reader = must(ObjectReader::make(world.made.key, kName, sealed, sealed.size()));
  std::string out;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{15}, std::size_t{16}, kWhole - 1}) {
    CHECK(reader.open(0, std::string_view(sealed).substr(kHeader, bytes), out).error() ==
          kDoesNotOpen);
  }
}

TEST_CASE("object: a size over what the counter of chunks can tell is refused") {
  World world;
  const std::string sealed = world.seal("");
  const auto reader = [&](std::uint64_t sealed_bytes) {
    return ObjectReader::make(world.made.key, kName, sealed, sealed_bytes);
  };
  constexpr std::uint64_t kMost = (std::uint64_t{1} << 32) * kWhole + kHeader;
  const auto largest = reader(kMost);
  REQUIRE(largest.has_value());
  CHECK(largest->chunks() == std::uint64_t{1} << 32);
  CHECK(largest->size() == std::uint64_t{1} << 48);
  CHECK(largest->place_of((std::uint64_t{1} << 32) - 1).offset == kMost - kWhole);
  for (const std::uint64_t bytes :
       {kMost + 17, UINT64_MAX, std::uint64_t{0}, std::uint64_t{128}, std::uint64_t{143}}) {
    CAPTURE(bytes);
    const auto refused = reader(bytes);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error() == kDoesNotOpen);
  }
}

TEST_CASE("object: a sink that fails ends the object") {
  World world;
  for (int fails_at = 0; fails_at < 4; ++fails_at) {
    CAPTURE(fails_at);
    int calls = 0;
    const auto sink = [&](std::string_view) -> Status {
      if (calls++ == fails_at) return fail(Code::unavailable, "disk: is full");
      return ok();
    };
    auto writer = ObjectWriter::make(world.made.key, kName, {}, world.random, sink);
    CHECK(writer.has_value() == (fails_at != 0));
    if (!writer) continue;
    const Status wrote = writer->write(pattern(2 * kChunk + 1));  // two chunks, one waits
    CHECK(wrote.has_value() == (fails_at == 3));
    const Status finished = writer->finish();
    REQUIRE_FALSE(finished.has_value());
    CHECK(finished.error().code == (fails_at == 3 ? Code::unavailable : Code::invalid));
    CHECK(writer->write("more").error().code == Code::invalid);
    CHECK(writer->finish().error().code == Code::invalid);
    CHECK(calls == fails_at + 1);
  }
}

TEST_CASE("object: is finished once") {
  World world;
  auto writer = must(ObjectWriter::make(world.made.key, kName, {}, world.random,
                                        [](std::string_view) { return ok(); }));
  CHECK(writer.finish().has_value());
  CHECK(writer.finish().error().code == Code::invalid);
  CHECK(writer.write("").error().code == Code::invalid);
}
