#include "policy/pack.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "crypto/crypto.h"
#include "policy/delta.h"

namespace mc::policy {
namespace {

using archive::Entry;
using crypto::Algorithm;
using crypto::SigningKey;

constexpr WallTime kNow = {1'800'000'000'000'000'000};
constexpr Nanos kHour = seconds(3'600);
const std::string kPath = std::string(proof::kPackPath);

std::vector<Entry> sample() {
  return {{".manifest", R"({"revision":"r1","roots":["a","d"]})"},
          {"a/a.rego", "package a\n\np := 1\n"},
          {"d/data.json", R"({"x":1})"},
          {"notes.txt", "for people"}};
}

VerificationKey key_of(const SigningKey& key, const std::string& id = "k") {
  return {id, std::string(crypto::algorithm_name(key.public_key().algorithm())),
          key.public_key().to_pem(), ""};
}

struct World {
  SigningKey key = *SigningKey::generate(Algorithm::es256);
  PackOptions asked{.channel = "prod", .base = "", .issued = kNow, .expires = kNow + kHour};

  BundleOptions reading() const {
    BundleOptions out;
    out.keys = {key_of(key)};
    out.now = kNow;
    out.channel = "prod";
    return out;
  }
  std::string signed_text(const proof::PolicyPack& pack) const {
    const std::string statement = proof::print_statement(*proof::pack_statement(pack));
    return json::print(
        proof::to_json(*proof::sign_envelope(std::string(proof::kStatementType), statement, key)));
  }
  // The files with their pack, which is made for them.
  std::vector<Entry> packed(std::vector<Entry> files) const {
    const auto bundle = read_files(files, {.ignore_signature = true});
    REQUIRE_MESSAGE(bundle, (bundle ? "" : bundle.error().what));
    // As an archive they are all there, also those that a folder's reader passes over.
    Bundle whole = *bundle;
    whole.files = files;
    const auto pack = make_pack(whole, asked);
    REQUIRE_MESSAGE(pack, (pack ? "" : pack.error().what));
    REQUIRE(put_pack(files, signed_text(*pack)));
    return files;
  }
};

Result<Bundle> read(const std::vector<Entry>& files, const BundleOptions& options) {
  return read_bundle(*archive::write_tar_gz(files), options);
}
std::string refusal(const Result<Bundle>& bundle) {
  return bundle ? "accepted" : bundle.error().what;
}

Entry& file_in(std::vector<Entry>& files, std::string_view path) {
  return *std::find_if(files.begin(), files.end(),
                       [&](const Entry& file) { return file.path == path; });
}
std::vector<Entry> without(std::vector<Entry> files, std::string_view path) {
  std::erase_if(files, [&](const Entry& file) { return file.path == path; });
  return files;
}

TEST_CASE("pack: a bundle with its pack is taken, and says what it says") {
  const World world;
  const auto bundle = read(world.packed(sample()), world.reading());
  REQUIRE_MESSAGE(bundle, refusal(bundle));
  CHECK(bundle->signed_by == "k");
  CHECK(*bundle->pack == PackTerms{"r1", "", "prod", kNow, kNow + kHour});
  CHECK(bundle->modules.size() == 1);
  CHECK(term::to_json(bundle->data.root()) == R"({"d":{"x":1}})");
  // The same files as a folder, whose reader has not the text for people.
  const auto folder = read_files(world.packed(without(sample(), "notes.txt")), world.reading());
  REQUIRE_MESSAGE(folder, refusal(folder));
  CHECK(folder->pack == bundle->pack);
}

TEST_CASE(
    "pack: it may be in a bundle of Sigstore's form, and its key of any of three algorithms") {
  World world;
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    CAPTURE(crypto::algorithm_name(algorithm));
    world.key = *SigningKey::generate(algorithm);
    std::vector<Entry> files = world.packed(sample());
    CHECK(refusal(read(files, world.reading())) == "accepted");
    proof::Bundle bundle;
    bundle.key_hint = proof::key_hint_of(world.key.public_key());
    bundle.content = *proof::parse_envelope(file_in(files, kPath).bytes);
    file_in(files, kPath).bytes = proof::print_bundle(bundle);
    CHECK(refusal(read(files, world.reading())) == "accepted");
  }
}

TEST_CASE("pack: each kind of change is refused, and the reason names the file") {
  const World world;
  const std::vector<Entry> good = world.packed(sample());
  struct Row {
    const char* what;
    std::vector<Entry> files;
    const char* why;
  };
  const auto with = [&](Entry more) {
    std::vector<Entry> out = good;
    out.push_back(std::move(more));
    return out;
  };
  const auto changed = [&](std::string_view path, std::string bytes) {
    std::vector<Entry> out = good;
    file_in(out, path).bytes = std::move(bytes);
    return out;
  };
  World dev;
  dev.key = world.key;
  dev.asked.channel = "dev";
  World over;
  over.key = world.key;
  over.asked.issued = kNow - kHour;
  over.asked.expires = kNow;
  World later;
  later.key = world.key;
  later.asked.issued = kNow + kHour;
  later.asked.expires = kNow + kHour + kHour;
  const World stranger;
  const Row rows[] = {
      {"a changed policy", changed("a/a.rego", "package a\n\np := 2\n"),
       "policies/ig.bundle: 'a/a.rego' differs from the pack"},
      {"changed data", changed("d/data.json", R"({"x":2})"), "'d/data.json' differs"},
      {"data with a blank more", changed("d/data.json", R"({"x": 1})"), "'d/data.json' differs"},
      {"a changed manifest", changed(".manifest", R"({"revision":"r1","roots":["a","d","e"]})"),
       "'.manifest' differs"},
      {"a missing policy", without(good, "a/a.rego"), "'a/a.rego' is in the pack, but not there"},
      {"an extra policy", with({"a/b.rego", "package a\n\nq := 1\n"}),
       "'a/b.rego' is there, but not in the pack"},
      {"an extra test", with({"a/b_test.rego", "package a_test\n"}), "'a/b_test.rego' is there"},
      {"an extra file that means nothing", with({"x.bin", "x"}), "'x.bin' is there"},
      {"another channel", dev.packed(sample()), "for the channel 'dev', not 'prod'"},
      {"at its end", over.packed(sample()), "policies/ig.bundle: policy pack: it has expired"},
      {"before it holds", later.packed(sample()), "issued for later"},
      {"another key", stranger.packed(sample()), "no configured key has signed it"},
      {"what is no pack", changed(kPath, "{}"), "it is no envelope"},
      {"an empty one", changed(kPath, ""), "it is no envelope"},
      {"none", without(good, kPath), "it is not signed"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto bundle = read(row.files, world.reading());
    REQUIRE_FALSE(bundle);
    CHECK(bundle.error().code == Code::invalid);
    CHECK_MESSAGE(bundle.error().what.find(row.why) != std::string::npos, bundle.error().what);
  }
}

TEST_CASE("pack: its version is the revision of the manifest") {
  const World world;
  std::vector<Entry> files = sample();
  auto pack = *make_pack(*read_files(without(files, "notes.txt"), {}), world.asked);
  pack.version = "r2";
  pack.files["notes.txt"] = to_hex(sys::sha256("for people"));
  REQUIRE(put_pack(files, world.signed_text(pack)));
  CHECK(refusal(read(files, world.reading())).find("'r2' is not the revision") !=
        std::string::npos);
}

TEST_CASE("pack: which keys can verify one, and what is wanted of a bundle without it") {
  const World world;
  const std::vector<Entry> files = world.packed(sample());
  const VerificationKey secret{"h", "HS256", "0123456789abcdef0123456789abcdef", ""};
  VerificationKey other_algorithm = key_of(world.key);
  other_algorithm.algorithm = "RS256";
  const VerificationKey own = key_of(world.key);
  struct Row {
    const char* what;
    std::vector<VerificationKey> keys;
    const char* why;
  };
  const Row rows[] = {
      {"none", {}, "no key to verify it with is configured"},
      {"a secret", {secret}, "no configured key can verify it"},
      {"its key for another algorithm", {other_algorithm}, "no configured key can verify it"},
      {"behind others", {secret, other_algorithm, own}, "accepted"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    BundleOptions options = world.reading();
    options.keys = row.keys;
    const std::string got = refusal(read(files, options));
    CHECK_MESSAGE(got.find(row.why) != std::string::npos, got);
    // To look at it nothing is asked.
    options.ignore_signature = options.require_pack = true;
    const auto looked = read(files, options);
    REQUIRE_MESSAGE(looked, refusal(looked));
    CHECK_FALSE(looked->pack);
  }
  BundleOptions wanting = world.reading();
  wanting.require_pack = true;
  CHECK(refusal(read(files, wanting)) == "accepted");
  const std::vector<Entry> bare = without(files, kPath);
  CHECK(refusal(read(bare, wanting)).find("require_pack wants it") != std::string::npos);
  wanting.keys.clear();
  CHECK(refusal(read(bare, wanting)).find("require_pack wants it") != std::string::npos);
  wanting.require_pack = false;
  CHECK(refusal(read(bare, wanting)) == "accepted");
}

TEST_CASE("pack: beside it the signatures must hold as well, and they cover it") {
  const World world;
  std::vector<Entry> files = world.packed(sample());
  SigningOptions signing;
  signing.key_id = "h";
  signing.algorithm = "HS256";
  signing.key = "0123456789abcdef0123456789abcdef";
  const VerificationKey secret{"h", "HS256", signing.key, ""};
  files.push_back({".signatures.json", *sign_files(files, signing)});
  BundleOptions options = world.reading();
  CHECK(refusal(read(files, options)).find("no configured key has the id 'h'") !=
        std::string::npos);
  options.keys.push_back(secret);
  const auto both = read(files, options);
  REQUIRE_MESSAGE(both, refusal(both));
  CHECK(both->signed_by == "h");
  CHECK(both->pack);
  CHECK(refusal(read(without(files, kPath), options)).find("'policies/ig.bundle' is in the sig") !=
        std::string::npos);
  // What is signed is not packed anew, as the signature would be void.
  const Status put = put_pack(files, "x");
  REQUIRE_FALSE(put);
  CHECK(put.error().what.find(".signatures.json") != std::string::npos);
}

TEST_CASE("pack: what a pack cannot be made of") {
  const World world;
  std::vector<Entry> files = sample();
  file_in(files, ".manifest").bytes = R"({"roots":["a","d"]})";
  const auto nameless = make_pack(*read(files, {}), world.asked);
  REQUIRE_FALSE(nameless);
  CHECK(nameless.error().what.find("revision") != std::string::npos);
  PackOptions asked = world.asked;
  asked.base = "r0";
  const auto whole = make_pack(*read(sample(), {}), asked);
  REQUIRE_FALSE(whole);
  CHECK(whole.error().what.find("only a delta") != std::string::npos);
  asked = world.asked;
  asked.channel = "Prod";
  CHECK_FALSE(make_pack(*read(sample(), {}), asked));
}

TEST_CASE("pack: a bundle that is built anew has not the pack of its folder") {
  const World world;
  const std::vector<Entry> files = world.packed(without(sample(), "notes.txt"));
  const auto built = build_bundle(files, {.revision = "r2", .roots = {}, .entrypoints = {}});
  REQUIRE(built);
  CHECK(refusal(read_bundle(*built, {})) == "accepted");
}

struct Deltas {
  World world;
  Bundle base = *read(world.packed(sample()), world.reading());

  Result<Bundle> delta(const std::string& base_revision, Nanos lasts) {
    world.asked.base = base_revision;
    world.asked.expires = kNow + lasts;
    std::vector<Entry> files = {
        {".manifest", R"({"revision":"r2"})"},
        {"patch.json", R"({"data":[{"op":"upsert","path":"/d/x","value":2}]})"}};
    return read(world.packed(files), world.reading());
  }
};

TEST_CASE("pack: a delta has one that names what it changes, and all holds as long as each part") {
  Deltas deltas;
  for (const Nanos lasts : {seconds(60), kHour + kHour}) {
    const auto delta = deltas.delta("r1", lasts);
    REQUIRE_MESSAGE(delta, refusal(delta));
    CHECK(delta->pack->base == "r1");
    const auto patched = apply_delta(deltas.base, *delta);
    REQUIRE_MESSAGE(patched, refusal(patched));
    CHECK(term::to_json(patched->data.root()) == R"({"d":{"x":2}})");
    CHECK(patched->pack->version == "r2");
    CHECK(patched->pack->base == "");
    CHECK(patched->pack->expires == kNow + std::min(lasts, kHour));
    // To the same bundle it is no delta a second time.
    const auto again = apply_delta(*patched, *delta);
    REQUIRE_FALSE(again);
    CHECK(again.error().what.find("of a delta to 'r1', not to 'r2'") != std::string::npos);
  }
}

TEST_CASE("pack: one covers what a delta made when the bundle and the delta both have one") {
  Deltas deltas;
  const BundleOptions plain = {.now = kNow};
  const Bundle bare_base = *read(sample(), plain);
  const Bundle delta = *deltas.delta("r1", seconds(60));
  const Bundle bare_delta =
      *read({{".manifest", R"({"revision":"r2"})"},
             {"patch.json", R"({"data":[{"op":"upsert","path":"/d/x","value":2}]})"}},
            plain);
  struct Row {
    const Bundle& base;
    const Bundle& delta;
    bool packed;
    std::optional<WallTime> end;
  };
  const Row rows[] = {{deltas.base, delta, true, kNow + seconds(60)},
                      {deltas.base, bare_delta, false, kNow + kHour},
                      {bare_base, delta, false, kNow + seconds(60)},
                      {bare_base, bare_delta, false, std::nullopt}};
  for (const Row& row : rows) {
    CAPTURE(row.base.pack.has_value());
    CAPTURE(row.delta.pack.has_value());
    const auto patched = apply_delta(row.base, row.delta);
    REQUIRE_MESSAGE(patched, refusal(patched));
    CHECK(patched->pack.has_value() == row.packed);
    REQUIRE(patched->ending.has_value() == row.end.has_value());
    if (row.end) CHECK(patched->ending->at == *row.end);
    // Nor does a packed delta to that make it packed again.
    Bundle third = delta;
    third.pack->base = "r2";
    third.manifest.revision = "r3";
    const auto again = apply_delta(*patched, third);
    REQUIRE_MESSAGE(again, refusal(again));
    CHECK(again->pack.has_value() == row.packed);
  }
}

TEST_CASE("pack: a whole bundle's pack is none of a delta, nor the other way") {
  const World world;
  std::vector<Entry> files = {
      {".manifest", R"({"revision":"r2"})"},
      {"patch.json", R"({"data":[{"op":"upsert","path":"/d/x","value":2}]})"}};
  proof::PolicyPack pack;
  pack.version = "r2";
  pack.channel = "prod";
  pack.issued = kNow;
  pack.expires = kNow + kHour;
  for (const Entry& file : files) pack.files[file.path] = to_hex(sys::sha256(file.bytes));
  REQUIRE(put_pack(files, world.signed_text(pack)));
  CHECK(refusal(read(files, world.reading())).find("this one is a delta") != std::string::npos);

  files = sample();
  pack.version = "r1";
  pack.base = "r0";
  pack.files.clear();
  for (const Entry& file : files) pack.files[file.path] = to_hex(sys::sha256(file.bytes));
  REQUIRE(put_pack(files, world.signed_text(pack)));
  CHECK(refusal(read(files, world.reading())).find("this bundle is a whole one") !=
        std::string::npos);
}

}  // namespace
}  // namespace mc::policy
