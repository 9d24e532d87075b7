#include "kms/file_provider.h"

#include <doctest/doctest.h>

#include "contract/kms_suite.h"
#include "kms/key_file.h"
#include "sim/sim.h"

namespace mc::kms {
namespace {

// So that a passphrase takes milliseconds.
constexpr KeyFileCost kCheap = {.ops = 1, .memory_kib = 8'192};
const std::string kPath = "/keys/root.json";
const std::string kPassphrasePath = "/run/credentials/passphrase";
const std::string kUri = "file:" + kPath;

class NoTransport final : public Transport {
 public:
  Result<HttpReply> send(const HttpRequest&) override { return fail(Code::unavailable, "none"); }
};

void put(sim::SimFiles& files, const std::string& path, std::string_view bytes) {
  REQUIRE(files.write_atomic(path, bytes));
}

struct World {
  World() {
    put(files, kPassphrasePath, "correct horse\n");
    REQUIRE(create_key_file(kPath, Secret("correct horse"), kCheap,
                            {.clock = clock, .random = random, .files = files}));
    provider = bind();
  }
  std::unique_ptr<Provider> bind() {
    auto out = kind.bind(kUri, {.files = {{"passphrase", kPassphrasePath}}, .options = {}},
                         provider_world());
    REQUIRE(out);
    return std::move(*out);
  }
  ProviderWorld provider_world() {
    return {.clock = clock, .random = random, .files = files, .transport = transport};
  }
  MonoTime soon() { return clock.mono() + seconds(1); }
  Result<Wrapped> wrap(std::string_view secret = "secret") {
    return provider->wrap(Secret(std::string(secret)), context, soon());
  }
  // "secret", or the name of the error.
  std::string unwrap(const Wrapped& wrapped) {
    const auto opened = provider->unwrap(wrapped, context, soon());
    if (!opened) return std::string(code_name(opened.error().code));
    return std::string(opened->reveal(RevealToken()));
  }
  std::string describe() {
    const auto described = provider->describe(soon());
    return std::string(described ? name_of(described->state) : code_name(described.error().code));
  }
  std::string& bytes() { return *files.bytes_of(kPath); }

  sim::SimClock clock;
  sim::SimRandom random{42};
  sim::SimFiles files;
  NoTransport transport;
  std::unique_ptr<cipher::KeyArena> arena = std::move(*cipher::KeyArena::make(8));
  FileKind kind{*arena};
  Context context = contract::context_of("alpha");
  std::unique_ptr<Provider> provider;
};

TEST_CASE("file: passes what every key service has to do") {
  World world;
  contract::run({.provider = *world.provider, .clock = world.clock});
}

TEST_CASE("file: says what the file has") {
  World world;
  REQUIRE(world.provider->rotate(world.soon()) == "2");
  const auto described = world.provider->describe(world.soon());
  REQUIRE(described);
  CHECK(described->key.size() == 32);
  CHECK(described->version == "2");
  CHECK(described->versions == std::vector<std::string>{"2", "1"});
  CHECK(described->algorithm == "xaes-256-gcm");
  CHECK(described->origin == "file");
  CHECK(described->protection == "software");
  CHECK(described->extractable == true);
  CHECK(described->attributes.at("kdf") == "argon2id");
  CHECK(world.provider->uri() == kUri);
}

TEST_CASE("file: another context does not open, nor another version") {
  World world;
  const auto wrapped = world.wrap();
  REQUIRE(wrapped);
  CHECK(world.unwrap(*wrapped) == "secret");
  REQUIRE(world.provider->rotate(world.soon()));
  for (const char* version : {"2", "3", "0", "-1", "01", "", "x"}) {
    CAPTURE(version);
    CHECK(world.unwrap({.bytes = wrapped->bytes, .version = version}) == "corrupt");
  }
  world.context = contract::context_of("beta");
  CHECK(world.unwrap(*wrapped) == "corrupt");
}

TEST_CASE("file: another passphrase is denied, a lost credential is an outage") {
  World world;
  put(world.files, kPassphrasePath, "correct horse ");
  CHECK(world.describe() == "denied");
  REQUIRE(world.files.remove(kPassphrasePath));
  CHECK(world.describe() == "unavailable");
  for (const std::string_view bad : {std::string(), std::string("\n"), std::string(1'025, 'x')}) {
    put(world.files, kPassphrasePath, bad);
    CHECK(world.describe() == "invalid");
  }
  put(world.files, kPassphrasePath, "correct horse");
  CHECK(world.describe() == "enabled");
  put(world.files, kPassphrasePath, "forgotten");  // it is open already
  CHECK(world.describe() == "enabled");
  CHECK(world.provider->rotate(world.soon()).error().code == Code::denied);
}

TEST_CASE("file: a key file that is gone is denied at once, and back when it is back") {
  World world;
  const auto wrapped = world.wrap();
  REQUIRE(wrapped);
  const std::string bytes = world.bytes();
  REQUIRE(world.files.remove(kPath));
  CHECK(world.unwrap(*wrapped) == "denied");
  CHECK(world.wrap().error().code == Code::denied);
  CHECK(world.describe() == "denied");
  CHECK(world.provider->rotate(world.soon()).error().code == Code::denied);
  CHECK(!*world.files.exists(kPath));
  put(world.files, kPath, bytes);
  CHECK(world.unwrap(*wrapped) == "secret");
}

TEST_CASE("file: a changed file is read again, and its keys replace the old ones") {
  World world;
  World other;  // has the same file
  const auto wrapped = world.wrap();
  REQUIRE(wrapped);
  REQUIRE(other.provider->rotate(other.soon()));
  CHECK(world.arena->used() == 1);
  put(world.files, kPath, other.bytes());
  CHECK(world.unwrap(*wrapped) == "secret");
  CHECK(world.arena->used() == 2);
  const auto newer = other.wrap();
  CHECK(newer->version == "2");
  CHECK(world.unwrap(*newer) == "secret");
  world.provider.reset();
  CHECK(world.arena->used() == 0);
}

TEST_CASE("file: every changed byte of the file is corrupt, or denied where it hides the key") {
  World world;
  const auto wrapped = world.wrap();
  REQUIRE(wrapped);
  const std::string whole = world.bytes();
  const std::size_t kdf = whole.find("\"salt\"");
  const std::size_t kdf_end = whole.find('}', kdf);
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    CAPTURE(at);
    std::string& bytes = world.bytes();
    bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    const auto parsed = parse_key_file(bytes);
    if (parsed && print_key_file(*parsed) == whole) continue;  // between the members
    // So that no test takes what a hostile file may ask for.
    if (parsed && (parsed->kdf.memory_kib != 8'192 || parsed->kdf.ops != 1)) continue;
    const std::string got = world.unwrap(*wrapped);
    CHECK((got == "corrupt" || (got == "denied" && at > kdf && at < kdf_end)));
  }
  for (const std::string& bad : {std::string(), whole.substr(0, whole.size() / 2),
                                 std::string(kKeyFileBytesMax + 1, ' '), whole + "x"}) {
    world.bytes() = bad;
    CHECK(world.unwrap(*wrapped) == "corrupt");
    CHECK(world.provider->rotate(world.soon()).error().code == Code::corrupt);
    CHECK(world.bytes() == bad);
  }
  world.bytes() = whole;
  CHECK(world.unwrap(*wrapped) == "secret");
}

TEST_CASE("file: a removed or exchanged version is corrupt, as the whole file has a MAC") {
  World world;
  REQUIRE(world.provider->rotate(world.soon()));
  const std::string whole = world.bytes();
  auto file = parse_key_file(whole);
  REQUIRE(file);
  file->versions.pop_back();
  world.bytes() = print_key_file(*file);
  CHECK(world.describe() == "corrupt");
  file = parse_key_file(whole);
  std::swap(file->versions[0].ciphertext, file->versions[1].ciphertext);
  std::swap(file->versions[0].nonce, file->versions[1].nonce);
  world.bytes() = print_key_file(*file);
  CHECK(world.describe() == "corrupt");
  // Nor would they open for each other if the MAC was right.
  const auto keys = unlock_key_file(*parse_key_file(whole), Secret("correct horse"));
  REQUIRE(keys);
  auto held = world.arena->take();
  CHECK(open_key_version(*file, file->versions[0], *keys, *held).error().code == Code::corrupt);
}

TEST_CASE("file: a destroyed version is denied, the others open; a destroyed key is gone") {
  World world;
  const auto first = world.wrap();
  REQUIRE(world.provider->rotate(world.soon()));
  const auto second = world.wrap();
  REQUIRE(second);
  CHECK(world.provider->destroy("2", world.soon()).error().code == Code::invalid);
  CHECK(world.provider->destroy("3", world.soon()).error().code == Code::denied);
  CHECK(world.provider->destroy("1", world.soon()) == world.clock.wall());
  CHECK(world.unwrap(*first) == "denied");
  CHECK(world.unwrap(*second) == "secret");
  CHECK(world.provider->rotate(world.soon()) == "3");  // no version twice
  CHECK(world.provider->destroy("", world.soon()));
  CHECK(world.unwrap(*second) == "denied");
  CHECK(world.wrap().error().code == Code::denied);
  CHECK(world.provider->rotate(world.soon()).error().code == Code::denied);
  CHECK(world.describe() == "destroyed");
  CHECK(world.arena->used() == 0);
}

TEST_CASE("file: whichever write of a rotation fails, old versions open and the next one works") {
  using Fault = sim::SimFiles::Fault;
  for (const Fault fault : {Fault::not_stored, Fault::stored_but_reported_failed}) {
    bool failed = true;
    for (std::int64_t n = 1; failed; ++n) {
      CAPTURE(n);
      REQUIRE(n < 10);
      World world;
      const auto wrapped = world.wrap();
      REQUIRE(wrapped);
      world.files.fail_at(n, fault);
      const auto rotated = world.provider->rotate(world.soon());
      failed = !rotated;
      if (failed) CHECK(rotated.error().code == Code::unavailable);
      world.files.fail_at(0, fault);
      CHECK(world.unwrap(*wrapped) == "secret");
      world.provider.reset();
      world.files.crash();
      world.provider = world.bind();
      CHECK(world.unwrap(*wrapped) == "secret");
      CHECK(world.provider->rotate(world.soon()));
      const auto newer = world.wrap();
      REQUIRE(newer);
      CHECK(newer->version != wrapped->version);
      CHECK(world.unwrap(*wrapped) == "secret");
      CHECK(world.unwrap(*newer) == "secret");
    }
  }
}

TEST_CASE("file: a full arena and a full file are told, and nothing is half open") {
  World world;
  for (int i = 0; i < 7; ++i) REQUIRE(world.provider->rotate(world.soon()));
  CHECK(world.arena->used() == 8);
  World small;
  small.arena = std::move(*cipher::KeyArena::make(4));
  FileKind kind(*small.arena);
  put(small.files, kPath, world.bytes());
  const auto provider = kind.bind(kUri, {.files = {{"passphrase", kPassphrasePath}}, .options = {}},
                                  small.provider_world());
  REQUIRE(provider);
  CHECK((*provider)->describe(small.soon()).error().code == Code::exhausted);
  CHECK(small.arena->used() == 0);
}

TEST_CASE("file: only plain absolute paths and one credential are taken") {
  World world;
  const auto bound = [&](const std::string& uri, Credentials credentials) {
    const auto out = world.kind.bind(uri, std::move(credentials), world.provider_world());
    if (!out) CHECK(out.error().code == Code::invalid);
    return out.has_value();
  };
  const Credentials good = {.files = {{"passphrase", "/x"}}, .options = {}};
  CHECK(bound("file:/a", good));
  CHECK(bound("file:/a/b.json", good));
  for (const char* uri : {"file:", "file:a", "file:/", "file:///a", "file://host/a", "file:/a/",
                          "file:/a//b", "file:/a/../b", "file:/a/./b", "file:/a%20", "file:/a?b",
                          "file:/a#b", "FILE:/a", "files:/a", "file:/a\nb", "file:/a\\b"}) {
    CAPTURE(uri);
    CHECK(!bound(uri, good));
  }
  CHECK(!bound(kUri, {}));
  CHECK(!bound(kUri, {.files = {{"passphrase", ""}}, .options = {}}));
  CHECK(!bound(kUri, {.files = {{"password", "/x"}}, .options = {}}));
  CHECK(!bound(kUri, {.files = {{"passphrase", "/x"}, {"more", "/y"}}, .options = {}}));
  CHECK(!bound(kUri, {.files = {{"passphrase", "/x"}}, .options = {{"region", "x"}}}));
}

TEST_CASE("file: nothing that is written or said has the passphrase or what was wrapped in it") {
  World world;
  const auto wrapped = world.wrap("a secret of the tenant's own");
  REQUIRE(wrapped);
  CHECK(wrapped->bytes.find("tenant's") == std::string::npos);
  CHECK(world.bytes().find("correct") == std::string::npos);
  CHECK(world.wrap("a secret of the tenant's own")->bytes != wrapped->bytes);
}

TEST_CASE("key file: a new one stands where nothing stood, with a passphrase and a sound cost") {
  World world;
  const KeyFileWorld to = {.clock = world.clock, .random = world.random, .files = world.files};
  const auto code = [&](const std::string& path, std::string passphrase, KeyFileCost cost) {
    const Status made = create_key_file(path, Secret(std::move(passphrase)), cost, to);
    return made ? "ok" : code_name(made.error().code);
  };
  const std::string before = world.bytes();
  CHECK(code(kPath, "x", kCheap) == "conflict");
  CHECK(world.bytes() == before);
  CHECK(code("/new", "", kCheap) == "invalid");
  CHECK(code("/new", std::string(1'025, 'x'), kCheap) == "invalid");
  CHECK(code("/new", "x", {.ops = 0, .memory_kib = 8'192}) == "invalid");
  CHECK(code("/new", "x", {.ops = 17, .memory_kib = 8'192}) == "invalid");
  CHECK(code("/new", "x", {.ops = 1, .memory_kib = 8'191}) == "invalid");
  CHECK(code("/new", "x", {.ops = 1, .memory_kib = 1'048'577}) == "invalid");
  CHECK(!*world.files.exists("/new"));
  CHECK(code("/new", "x", kCheap) == "ok");
  CHECK(*world.files.bytes_of("/new") != before);
}

TEST_CASE("key file: what it prints it parses, and members that it does not know are refused") {
  World world;
  const std::string whole = world.bytes();
  const auto file = parse_key_file(whole);
  REQUIRE(file);
  CHECK(print_key_file(*file) == whole);
  const auto changed = [&](auto change) {
    KeyFile other = *file;
    change(other);
    const auto parsed = parse_key_file(print_key_file(other));
    if (parsed) return false;
    CHECK(parsed.error().code == Code::corrupt);
    return true;
  };
  CHECK(!changed([](KeyFile&) {}));
  CHECK(changed([](KeyFile& f) { f.kind = "mc.keyfile/2"; }));
  CHECK(changed([](KeyFile& f) { f.id = f.id.substr(1); }));
  CHECK(changed([](KeyFile& f) { f.id[0] = 'G'; }));
  CHECK(changed([](KeyFile& f) { f.kdf.name = "scrypt"; }));
  CHECK(changed([](KeyFile& f) { f.kdf.ops = 17; }));
  CHECK(changed([](KeyFile& f) { f.kdf.memory_kib = 8'191; }));
  CHECK(changed([](KeyFile& f) { f.kdf.memory_kib = 1'048'577; }));
  CHECK(changed([](KeyFile& f) { f.kdf.salt.clear(); }));
  CHECK(changed([](KeyFile& f) { f.kdf.check = f.kdf.salt.substr(4); }));
  CHECK(changed([](KeyFile& f) { f.cipher = "aes-256-gcm"; }));
  CHECK(changed([](KeyFile& f) { f.issued = 0; }));
  CHECK(changed([](KeyFile& f) { f.versions.push_back(f.versions[0]); }));
  CHECK(changed([](KeyFile& f) { f.versions[0].version = 2; }));
  CHECK(changed([](KeyFile& f) { f.versions[0].created_at = "today"; }));
  CHECK(changed([](KeyFile& f) { f.versions[0].nonce.pop_back(); }));
  CHECK(changed([](KeyFile& f) { f.versions[0].ciphertext += "AAAA"; }));
  CHECK(changed([](KeyFile& f) { f.mac = "AAAA"; }));
  std::string more = whole;
  more.insert(more.find("\"id\""), "\"more\": 1, ");
  CHECK(!parse_key_file(more));
}

}  // namespace
}  // namespace mc::kms
