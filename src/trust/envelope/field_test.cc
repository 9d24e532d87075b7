#include "envelope/field.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "envelope/made_keys.h"
#include "sim/sim.h"

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

namespace {

using cipher::Suite;

constexpr FieldPlace kPlace = {.tenant = "alpha",
                               .dataset = "people",
                               .table = "person",
                               .column = "mail",
                               .row = "17",
                               .type = "string"};
const Error kDoesNotOpen = {Code::corrupt, "sealed bytes: do not open"};

struct World {
  sim::SimRandom random;
  MadeKeys made{random};
  cipher::Nonces nonces{random};

  std::string seal(Suite suite, std::string_view value, const FieldPlace& place = kPlace) {
    std::string out;
    MC_CHECK(seal_field({made.key, nonces, suite}, place, value, out).has_value());
    return out;
  }
  // The one error, and nothing in `out`.
  void refuses(std::string_view sealed, const FieldPlace& place = kPlace) {
    std::string out = "of before";
    const Status opened = open_field(made.key, place, sealed, out);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error() == kDoesNotOpen);
    CHECK(out.empty());
  }
};

}  // namespace

TEST_CASE("field: opens where it was sealed, whatever its length") {
  World world;
  for (const Suite suite : {Suite::xaes_256_gcm, Suite::aes_256_gcm}) {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 64U, 4'096U, 1U << 20}) {
      CAPTURE(size);
      const std::string value(size, 'v');
      const std::string sealed = world.seal(suite, value);
      CHECK(sealed.size() == size + (suite == Suite::xaes_256_gcm ? 52 : 40));
      CHECK(sealed.substr(0, 4) == std::string({1, static_cast<char>(suite), 0, 0}));
      CHECK(field_key_id(sealed) == world.made.key.id());
      std::string out = "of before";
      REQUIRE(open_field(world.made.key, kPlace, sealed, out).has_value());
      CHECK(out == value);
    }
  }
}

TEST_CASE("field: a value over the limit is refused, and so is a place without end") {
  World world;
  std::string out = "of before";
  const std::string large((1 << 20) + 1, 'v');
  const auto seal = [&](const FieldPlace& place, std::string_view value) {
    return seal_field({world.made.key, world.nonces}, place, value, out);
  };
  CHECK(seal(kPlace, large).error().code == Code::invalid);
  CHECK(out.empty());
  const std::string sealed = world.seal(Suite::xaes_256_gcm, std::string(1 << 20, 'v'));
  world.refuses(sealed + "x");
  FieldPlace place = kPlace;
  const std::string row(70'000, '1');
  place.row = row;
  CHECK(seal(place, "v").error().code == Code::invalid);
  world.refuses(world.seal(Suite::xaes_256_gcm, "v"), place);
  place.row = place.row.substr(0, 60'000);
  const std::string far = world.seal(Suite::xaes_256_gcm, "v", place);
  CHECK(open_field(world.made.key, place, far, out).has_value());
  place.row = place.row.substr(1);
  world.refuses(far, place);
}

TEST_CASE("field: no byte of it can be changed, cut or added, and each error has one text") {
  World world;
  for (const Suite suite : {Suite::xaes_256_gcm, Suite::aes_256_gcm}) {
    const std::string sealed = world.seal(suite, "a value of forty bytes, more or less ...");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      CAPTURE(i);
      for (int bit = 0; bit < 8; ++bit) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
        world.refuses(changed);
      }
      world.refuses(sealed.substr(0, i));
      world.refuses(sealed.substr(i + 1));
    }
    world.refuses(sealed + '\0');
    world.refuses("");
  }
}

TEST_CASE("field: what is no field has no key's id") {
  World world;
  const std::string sealed = world.seal(Suite::xaes_256_gcm, "v");
  struct Row {
    const char* what;
    std::size_t at;
    char byte;
  };
  const Row rows[] = {{"version 0", 0, 0}, {"version 2", 0, 2}, {"suite 0", 1, 0},
                      {"suite 3", 1, 3},   {"a flag", 2, 1},    {"reserved", 3, 1}};
  for (const Row& row : rows) {
    CAPTURE(row.what);
    std::string changed = sealed;
    changed[row.at] = row.byte;
    CHECK(field_key_id(changed).error() == kDoesNotOpen);
  }
  std::string no_id = sealed;
  no_id.replace(4, 8, 8, '\0');
  CHECK(field_key_id(no_id).error() == kDoesNotOpen);
  CHECK(field_key_id(sealed.substr(0, 51)).error() == kDoesNotOpen);
  CHECK(field_key_id("").error() == kDoesNotOpen);
}

TEST_CASE("field: a value that was moved to another place does not open") {
  World world;
  const std::string sealed = world.seal(Suite::xaes_256_gcm, "v");
  using Name = std::string_view FieldPlace::*;
  const std::vector<Name> names = {&FieldPlace::tenant, &FieldPlace::dataset, &FieldPlace::table,
                                   &FieldPlace::column, &FieldPlace::row,     &FieldPlace::type};
  for (const Name name : names) {
    for (const std::string_view other : {"", "beta", "18", "int", "Alpha", "1"}) {
      FieldPlace place = kPlace;
      place.*name = other;
      world.refuses(sealed, place);
    }
    for (const Name second : names) {
      if (name == second) continue;
      FieldPlace place = kPlace;
      std::swap(place.*name, place.*second);
      world.refuses(sealed, place);
    }
  }
  // The bytes are the same when they are joined; where they are cut is not.
  FieldPlace shifted = kPlace;
  shifted.dataset = "peoplep";
  shifted.table = "erson";
  world.refuses(sealed, shifted);
}

TEST_CASE("field: another data key does not open it, under the same id neither") {
  World world;
  const std::string sealed = world.seal(Suite::xaes_256_gcm, "v");
  WrappedDataKey row =
      must(make_data_key(world.made.branch, 3, MadeKeys::usual_scope(), world.random));
  const DataKey other = must(open_data_key(world.made.branch, row, *world.made.arena));
  std::string out;
  CHECK(open_field(other, kPlace, sealed, out).error() == kDoesNotOpen);
  std::string renamed = sealed;
  put_u64(other.id(), renamed.data() + 4);
  CHECK(field_key_id(renamed) == other.id());
  CHECK(open_field(other, kPlace, renamed, out).error() == kDoesNotOpen);
}

TEST_CASE("field: what breaks a rule is refused even when it was sealed with the right key") {
  World world;
  const auto sealed_by_hand = [&](const std::string& header, std::string_view value) {
    Parts bound;
    bound.add("mc/field/1").add(kPlace.tenant).add(kPlace.dataset).add(kPlace.table);
    bound.add(kPlace.column).add(kPlace.row).add(kPlace.type).add(header);
    const std::string nonce(24, 'n');
    std::string sealed(value.size() + cipher::kTagBytes, '\0');
    MC_CHECK(cipher::seal({Suite::xaes_256_gcm, world.made.key.fields(), nonce, bound.bytes()},
                          value, sealed.data())
                 .has_value());
    return header + nonce + sealed;
  };
  const std::string header = world.seal(Suite::xaes_256_gcm, "v").substr(0, kFieldHeaderBytes);
  std::string out;
  REQUIRE(open_field(world.made.key, kPlace, sealed_by_hand(header, "v"), out).has_value());
  CHECK(out == "v");
  for (std::size_t i = 0; i < header.size(); ++i) {
    CAPTURE(i);
    std::string changed = header;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    world.refuses(sealed_by_hand(changed, "v"));
  }
  world.refuses(sealed_by_hand(header, std::string(kFieldBytesMax + 1, 'v')));
}

TEST_CASE("field: the same value is never the same bytes") {
  World world;
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    CHECK(seen.insert(world.seal(Suite::xaes_256_gcm, "v").substr(12)).second);
  }
}
