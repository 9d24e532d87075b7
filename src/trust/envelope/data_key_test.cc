#include "envelope/data_key.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <functional>
#include <utility>
#include <vector>

#include "envelope/made_keys.h"
#include "sim/sim.h"

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

namespace {

const Error kDoesNotOpen = {Code::corrupt, "sealed bytes: do not open"};

struct World {
  sim::SimRandom random;
  MadeKeys made{random};

  void refuses(const WrappedDataKey& row) { refuses(made.branch, row); }
  void refuses(const BranchKey& branch, const WrappedDataKey& row) {
    const auto opened = open_data_key(branch, row, *made.arena);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error() == kDoesNotOpen);
    const auto rewrapped = rewrap_data_key(branch, made.branch, 4, row, random);
    REQUIRE_FALSE(rewrapped.has_value());
    CHECK(rewrapped.error() == kDoesNotOpen);
  }
};

// AES-GCM from its definition (NIST SP 800-38D), to make what no honest writer makes.
using Block = std::array<std::uint8_t, 16>;

Block mixed(const Block& a, const Block& b) {
  Block out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
  return out;
}

Block product(const Block& a, Block b) {
  Block out{};
  for (std::size_t i = 0; i < 128; ++i) {
    if ((a[i / 8] >> (7 - i % 8) & 1) != 0) out = mixed(out, b);
    const bool carry = (b[15] & 1) != 0;
    for (std::size_t j = 15; j > 0; --j) {
      b[j] = static_cast<std::uint8_t>(b[j] >> 1 | b[j - 1] << 7);
    }
    b[0] = static_cast<std::uint8_t>(b[0] >> 1 ^ (carry ? 0xe1 : 0));
  }
  return out;
}

// a^(2^128 - 2)
Block inverse(const Block& a) {
  Block power = a, out{};
  out[0] = 0x80;  // one
  for (int i = 1; i < 128; ++i) {
    power = product(power, power);
    out = product(out, power);
  }
  return out;
}

Block encrypted(cipher::KeyView key, const Block& in) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  Block out;
  int size = 0;
  MC_CHECK(EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), nullptr, key.data(), nullptr) == 1);
  MC_CHECK(EVP_CIPHER_CTX_set_padding(context, 0) == 1);
  MC_CHECK(EVP_EncryptUpdate(context, out.data(), &size, in.data(), 16) == 1);
  EVP_CIPHER_CTX_free(context);
  return out;
}

Block counter_block(std::string_view nonce, std::uint8_t counter) {
  Block out{};
  std::copy(nonce.begin(), nonce.end(), out.begin());
  out[15] = counter;
  return out;
}

// What a key makes of the blocks of a tag: hash of the associated data and the lengths, with the
// ciphertext's two blocks left out, and the mask.
struct Tag {
  Tag(cipher::KeyView key, std::string_view nonce, std::string_view aad)
      : h(encrypted(key, {})), constant(encrypted(key, counter_block(nonce, 1))) {
    Block sum{};
    for (std::size_t at = 0; at < aad.size(); at += 16) {
      Block block{};
      const std::string_view piece = aad.substr(at, 16);
      std::copy(piece.begin(), piece.end(), block.begin());
      sum = product(mixed(sum, block), h);
    }
    sum = product(product(sum, h), h);  // past the ciphertext
    Block lengths{};
    put_u64(aad.size() * 8, reinterpret_cast<char*>(lengths.data()));
    put_u64(256, reinterpret_cast<char*>(lengths.data()) + 8);
    constant = mixed(constant, product(mixed(sum, lengths), h));
    of_second = product(h, h);
    of_first = product(of_second, h);
  }
  Block of(const Block& first, const Block& second) const {
    return mixed(constant, mixed(product(first, of_first), product(second, of_second)));
  }
  Block h, constant, of_first, of_second;
};

std::string text_of(const Block& block) {
  return std::string(view_of(block));
}

// What is associated with a data key, as docs/formats/envelope.md has it.
std::string bound(const WrappedDataKey& row) {
  Parts parts;
  const char kind = static_cast<char>(row.scope.kind);
  parts.add("mc/data-key/1").add(row.scope.tenant.get()).add({&kind, 1}).add(row.scope.name);
  parts.add_number(static_cast<std::uint64_t>(row.scope.epoch)).add_number(row.id);
  parts.add_number(static_cast<std::uint64_t>(row.branch)).add(view_of(row.commitment));
  return std::string(parts.bytes());
}

// Sixty bytes that open under both keys: the first block is the one that the first key makes of
// `secret`, the second is what makes the two tags the same.
std::string for_two_keys(const WrappedDataKey& row, cipher::KeyView one, cipher::KeyView two) {
  const std::string nonce(12, 'n'), aad = bound(row);
  const Tag first(one, nonce, aad), second(two, nonce, aad);
  Block start;
  start.fill(0x5a);
  const Block zero{};
  const Block difference = mixed(first.of(start, zero), second.of(start, zero));
  const Block end = product(difference, inverse(mixed(first.of_second, second.of_second)));
  CHECK(first.of(start, end) == second.of(start, end));
  return nonce + text_of(start) + text_of(end) + text_of(first.of(start, end));
}

}  // namespace

TEST_CASE("data key: is made of 60 bytes, opens, and has what was stored") {
  World world;
  const WrappedDataKey& row = world.made.row;
  CHECK(row.wrapped.size() == 60);
  CHECK(row.id != 0);
  CHECK(row.branch == 3);
  CHECK(row.scope == MadeKeys::usual_scope());
  CHECK(world.made.key.id() == row.id);
  CHECK(world.made.key.commitment() == row.commitment);
  const DataKey again = must(open_data_key(world.made.branch, row, *world.made.arena));
  CHECK(view_of(again.fields()) == view_of(world.made.key.fields()));
  CHECK(view_of(again.objects()) == view_of(world.made.key.objects()));
  CHECK(view_of(again.indexes()) == view_of(world.made.key.indexes()));
}

TEST_CASE("data key: its keys have one use each, and another one has others") {
  World world;
  const DataKey& key = world.made.key;
  const DataKey other = world.made.other_key(world.random);
  const std::vector<std::string_view> all = {view_of(key.fields()),    view_of(key.objects()),
                                             view_of(key.indexes()),   view_of(key.commitment()),
                                             view_of(other.fields()),  view_of(other.objects()),
                                             view_of(other.indexes()), view_of(other.commitment())};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(all[i] != all[j]);
  }
}

TEST_CASE("data key: each is another one") {
  World world;
  const auto other =
      must(make_data_key(world.made.branch, 3, MadeKeys::usual_scope(), world.random));
  CHECK(other.id != world.made.row.id);
  CHECK(other.commitment != world.made.row.commitment);
  CHECK(other.wrapped != world.made.row.wrapped);
}

TEST_CASE("branch key: its keys have one use each, and another root has others") {
  World world;
  const BranchKey& branch = world.made.branch;
  const BranchKey other = world.made.other_branch();
  const std::vector<std::string_view> all = {
      view_of(branch.wrapping()), view_of(branch.commitment()), view_of(other.wrapping()),
      view_of(other.commitment())};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(all[i] != all[j]);
  }
}

TEST_CASE("data key: a row that was moved or changed does not open") {
  World world;
  using Change = std::function<void(WrappedDataKey&)>;
  const std::vector<std::pair<const char*, Change>> changes = {
      {"tenant", [](auto& row) { row.scope.tenant = TenantId("beta"); }},
      {"tenant and name",
       [](auto& row) {
         row.scope.tenant = TenantId("alphap");
         row.scope.name = "eople";
       }},
      {"kind", [](auto& row) { row.scope.kind = ScopeKind::subject; }},
      {"name", [](auto& row) { row.scope.name = "orders"; }},
      {"epoch", [](auto& row) { row.scope.epoch = 8; }},
      {"no epoch", [](auto& row) { row.scope.epoch = 0; }},
      {"id", [](auto& row) { ++row.id; }},
      {"no id", [](auto& row) { row.id = 0; }},
      {"branch", [](auto& row) { row.branch = 4; }},
      {"commitment", [](auto& row) { row.commitment[31] ^= 1; }},
      {"shorter", [](auto& row) { row.wrapped.pop_back(); }},
      {"longer", [](auto& row) { row.wrapped.push_back('\0'); }},
      {"empty", [](auto& row) { row.wrapped.clear(); }},
      {"long names", [](auto& row) { row.scope.name.assign(70'000, 'n'); }}};
  for (const auto& [what, change] : changes) {
    CAPTURE(what);
    WrappedDataKey row = world.made.row;
    change(row);
    world.refuses(row);
  }
  for (std::size_t i = 0; i < 60; ++i) {
    CAPTURE(i);
    WrappedDataKey row = world.made.row;
    row.wrapped[i] = static_cast<char>(row.wrapped[i] ^ 0x10);
    world.refuses(row);
  }
  world.refuses(world.made.other_branch(), world.made.row);
}

TEST_CASE("data key: bytes that open under two branch keys are refused by its commitment") {
  World world;
  const BranchKey other = world.made.other_branch();
  WrappedDataKey row = world.made.row;
  // Who makes them knows both keys, and may choose the commitment freely.
  row.wrapped = for_two_keys(row, world.made.branch.wrapping(), other.wrapping());
  std::string secret(32, '\0');
  for (const BranchKey* branch : {&std::as_const(world.made.branch), &other}) {
    const std::string_view bytes = row.wrapped;
    CHECK(cipher::open(
              {cipher::Suite::aes_256_gcm, branch->wrapping(), bytes.substr(0, 12), bound(row)},
              bytes.substr(12), secret.data())
              .has_value());
    world.refuses(*branch, row);
  }
}

TEST_CASE("data key: wrapped again it is the same one") {
  World world;
  const BranchKey next = world.made.other_branch();
  const auto moved =
      must(rewrap_data_key(world.made.branch, next, 4, world.made.row, world.random));
  WrappedDataKey expected = world.made.row;
  expected.branch = 4;
  expected.wrapped = moved.wrapped;
  CHECK(moved == expected);
  CHECK(moved.wrapped != world.made.row.wrapped);
  world.refuses(moved);

  cipher::Nonces nonces(world.random);
  const FieldPlace place = {.tenant = "alpha",
                            .dataset = "people",
                            .table = "person",
                            .column = "mail",
                            .row = "1",
                            .type = "string"};
  std::string sealed, out;
  REQUIRE(seal_field({world.made.key, nonces}, place, "v", sealed).has_value());
  const DataKey opened = must(open_data_key(next, moved, *world.made.arena));
  CHECK(open_field(opened, place, sealed, out).has_value());
  CHECK(out == "v");
}

TEST_CASE("data key: what cannot be made is said") {
  World world;
  Scope scope = MadeKeys::usual_scope();
  scope.epoch = -1;
  CHECK(make_data_key(world.made.branch, 3, scope, world.random).error().code == Code::invalid);
  scope = MadeKeys::usual_scope();
  scope.name.assign(70'000, 'n');
  CHECK(make_data_key(world.made.branch, 3, scope, world.random).error().code == Code::invalid);
}

TEST_CASE("data key: a full arena is said, and what was taken is given back") {
  World world;
  for (const std::size_t keys : {1U, 2U}) {
    const auto arena = must(cipher::KeyArena::make(keys));
    CHECK(open_data_key(world.made.branch, world.made.row, *arena).error().code == Code::exhausted);
    CHECK(arena->used() == 0);
  }
  const auto arena = must(cipher::KeyArena::make(3));
  const DataKey opened = must(open_data_key(world.made.branch, world.made.row, *arena));
  CHECK(arena->used() == 3);
  CHECK(BranchKey::make(counted_key(1), *arena).error().code == Code::exhausted);
  CHECK(arena->used() == 3);
}

TEST_CASE("data key: kinds of scopes have names") {
  CHECK(name_of(ScopeKind::dataset) == "dataset");
  CHECK(name_of(ScopeKind::subject) == "subject");
  CHECK(name_of(ScopeKind::object) == "object");
  CHECK(name_of(ScopeKind::record) == "record");
  CHECK(name_of(ScopeKind::index) == "index");
}
