#include "proof/bundle.h"

#include <doctest/doctest.h>

#include <functional>

#include "contract/bit_stride.h"
#include "contract/pki_world.h"
#include "contract/proof_world.h"
#include "proof/proof.h"

namespace mc::proof {
namespace {

using crypto::Algorithm;
using crypto::SigningKey;

// The same bytes with `bit` turned round.
std::string flipped(std::string bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ static_cast<char>(1 << (bit % 8)));
  return bytes;
}

class World {
 public:
  World() {
    REQUIRE(sign_blob(signer(), "an older artifact"));  // so that proofs have a path
    REQUIRE(sign_blob(signer(), "another"));
    root_.logs.push_back({"https://log.example", log_.key(), log_.id(), {noon() - seconds(60)}});
    const pki::TimestampAuthority times = times_.authorities().front();
    root_.timestamp_authorities.push_back({"Test", "tsa", "", times.chain, times.period});
    root_.certificate_authorities.push_back(
        {"Test", "ca", "", {authority_.root()}, {noon() - seconds(60)}});
  }
  static WallTime noon() { return pki::TestAuthority::noon(); }
  BundleSigner signer() { return {key_, log_, time_}; }
  const SigningKey& key() const { return key_; }
  const TrustedRoot& root() const { return root_; }
  TrustedRoot& root() { return root_; }
  const pki::TestAuthority& authority() const { return authority_; }

  // "" when it verifies, else the name of the step that failed; "parse" before the first.
  std::string check(const std::string& text, std::string_view artifact) const {
    const Result<Bundle> bundle = parse_bundle(text);
    if (!bundle) return "parse";
    return check(*bundle, artifact);
  }
  std::string check(const Bundle& bundle, std::string_view artifact) const {
    const Report report = check_bundle({bundle, root_, {artifact}, key_.public_key()});
    REQUIRE(report.verified() == (report.failure() == nullptr));
    return report.verified() ? "" : report.failure()->name;
  }

 private:
  pki::TestTimestamps times_;
  pki::TestAuthority authority_;
  SigningKey key_ = *SigningKey::generate(Algorithm::es256);
  MemoryLog log_;
  TestTime time_{times_.signer(), noon()};
  TrustedRoot root_;
};

TEST_CASE("bundle: what is signed, stamped and logged verifies, and reads back as written") {
  World world;
  const Bundle bundle = *sign_blob(world.signer(), "the artifact");
  CHECK(world.check(bundle, "the artifact") == "");
  CHECK(world.check(bundle, "another artifact") == "signature");
  const std::string text = print_bundle(bundle);
  CHECK(*parse_bundle(text) == bundle);
  CHECK(print_bundle(*parse_bundle(text)) == text);
  CHECK(text.find('\n') == std::string::npos);

  BundleQuestion question{bundle, world.root(), {"", *crypto::digest("sha256", "the artifact")}};
  question.key = world.key().public_key();
  CHECK(check_bundle(question).verified());
  question.artifact.sha256 = *crypto::digest("sha256", "another");
  CHECK(check_bundle(question).failure()->name == "signature");
}

TEST_CASE("bundle: a statement verifies for each of its subjects and for nothing else") {
  World world;
  Statement statement;
  statement.predicate_type = "https://slsa.dev/provenance/v1";
  statement.predicate = json::Object();
  for (const std::string_view each : {"one", "two"}) {
    statement.subjects.push_back(
        {std::string(each), {{"sha256", to_hex(*crypto::digest("sha256", each))}}});
  }
  const Bundle bundle = *sign_statement(world.signer(), statement);
  CHECK(world.check(print_bundle(bundle), "one") == "");
  CHECK(world.check(bundle, "two") == "");
  CHECK(world.check(bundle, "three") == "artifact");
  CHECK(*parse_statement(std::get<Envelope>(bundle.content).payload) == statement);
}

TEST_CASE("bundle: no bit of it can be changed") {
  World world;
  const std::string text = print_bundle(*sign_blob(world.signer(), "the artifact"));
  REQUIRE(world.check(text, "the artifact") == "");
  for (std::size_t bit = 0; bit < text.size() * 8; bit += kBitStride) {
    CAPTURE(bit);
    CHECK(world.check(flipped(text, bit), "the artifact") != "");
  }
}

TEST_CASE("bundle: each change is found at its step") {
  World world;
  const Bundle good = *sign_blob(world.signer(), "the artifact");
  const Bundle other = *sign_blob(world.signer(), "another artifact");
  struct Row {
    const char* name;
    const char* step;
    std::function<void(Bundle&)> change;
  };
  const auto entry = [](Bundle& bundle) -> LogEntry& { return bundle.entries.front(); };
  const Row rows[] = {
      {"another key is named", "signer", [](Bundle& b) { b.key_hint = "x"; }},
      {"no time", "", [](Bundle& b) { b.timestamps.clear(); }},  // a key needs none
      {"a time of something else", "timestamp",
       [&](Bundle& b) { b.timestamps = other.timestamps; }},
      {"a time that is there twice", "timestamp",
       [](Bundle& b) { b.timestamps.push_back(b.timestamps.front()); }},
      {"a promise of nobody", "promise", [&](Bundle& b) { entry(b).promise = "x"; }},
      {"no entry", "inclusion", [](Bundle& b) { b.entries.clear(); }},
      {"index past the end", "inclusion",
       [&](Bundle& b) { entry(b).proof->index = entry(b).proof->head.size; }},
      {"an extra hash", "inclusion", [&](Bundle& b) { entry(b).proof->path.push_back({}); }},
      {"a missing hash", "inclusion", [&](Bundle& b) { entry(b).proof->path.pop_back(); }},
      {"another leaf", "inclusion", [&](Bundle& b) { entry(b).body += " "; }},
      {"two indices", "inclusion", [&](Bundle& b) { entry(b).index += 1; }},
      {"a time that nobody signed", "inclusion", [&](Bundle& b) { entry(b).integrated_s = 1; }},
      {"another log", "checkpoint", [&](Bundle& b) { entry(b).log_id[0] ^= 1; }},
      {"another head", "checkpoint",
       [&](Bundle& b) { entry(b).proof->checkpoint = other.entries.front().proof->checkpoint; }},
      {"no checkpoint", "checkpoint", [&](Bundle& b) { entry(b).proof->checkpoint = "x"; }},
      {"a signature of something else", "signature",
       [&](Bundle& b) {
         b.timestamps.clear();
         std::get<MessageSignature>(b.content).signature = other.signature();
       }},
      {"a digest of something else", "artifact",
       [&](Bundle& b) { std::get<MessageSignature>(b.content).digest = "x"; }},
      {"an entry of something else", "entry", [&](Bundle& b) { b.entries = other.entries; }},
      {"an entry of another kind", "entry", [&](Bundle& b) { entry(b).kind = "dsse"; }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Bundle changed = good;
    row.change(changed);
    CHECK(world.check(changed, "the artifact") == row.step);
  }
}

TEST_CASE("bundle: trust ends where the trusted root says so") {
  World world;
  const Bundle good = *sign_blob(world.signer(), "the artifact");
  struct Row {
    const char* name;
    const char* step;
    std::function<void(TrustedRoot&)> change;
  };
  const Row rows[] = {
      {"nobody", "timestamp", [](TrustedRoot& r) { r = {}; }},
      {"no log", "checkpoint", [](TrustedRoot& r) { r.logs.clear(); }},
      {"log by another name", "checkpoint",
       [](TrustedRoot& r) { r.logs[0].base_url = "https://log.example.org"; }},
      {"log at another port", "checkpoint",
       [](TrustedRoot& r) { r.logs[0].base_url = "https://log.example:81"; }},
      {"log ended before", "checkpoint",
       [](TrustedRoot& r) { r.logs[0].period.until = World::noon() - seconds(2); }},
      {"log began later", "checkpoint",
       [](TrustedRoot& r) { r.logs[0].period.from = World::noon() + seconds(2); }},
      {"log with another key", "checkpoint",
       [](TrustedRoot& r) {
         r.logs[0].key = SigningKey::generate(Algorithm::eddsa)->public_key();
       }},
      {"authority ended before", "timestamp",
       [](TrustedRoot& r) { r.timestamp_authorities[0].period.until = WallTime{1}; }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const TrustedRoot kept = world.root();
    row.change(world.root());
    CHECK(world.check(good, "the artifact") == row.step);
    world.root() = kept;
  }
  // Without a time nothing says that it was signed before the log's key has ended.
  Bundle undated = good;
  undated.timestamps.clear();
  CHECK(world.check(undated, "the artifact") == "");
  const TrustedRoot kept = world.root();
  world.root().logs[0].period.until = World::noon() + seconds(2);
  CHECK(world.check(good, "the artifact") == "");
  CHECK(world.check(undated, "the artifact") == "checkpoint");
  world.root() = kept;
  BundleQuestion question{good, world.root(), {"the artifact"}};
  CHECK(check_bundle(question).failure()->name == "signer");
  question.identity = Identity{"https://ci.example", "https://issuer.example"};
  CHECK(check_bundle(question).failure()->name == "signer");
  question.identity.reset();
  question.key = world.key().public_key();
  question.now = World::noon() - seconds(60);
  CHECK(check_bundle(question).failure()->name == "timestamp");
  question.now = World::noon();
  question.entries_min = 2;
  CHECK(check_bundle(question).failure()->name == "inclusion");
}

TEST_CASE("bundle: a certificate counts for its name, its issuer, its time and its log") {
  World world;
  pki::CertificateRequest request = pki::TestAuthority::request(pki::Usage::code_signing);
  request.uris = {"https://ci.example/build"};
  request.extensions = {
      {"1.3.6.1.4.1.57264.1.8", pki::write_utf8_string("https://issuer.example")}};
  const auto issue = [&] { return *world.authority().issue(request, world.key().public_key()); };
  const Identity identity{"https://ci.example/build", "https://issuer.example"};
  const auto check = [&](const pki::Certificate& certificate, const Identity& wanted) {
    BundleSigner signer = world.signer();
    signer.certificate = certificate;
    const Bundle bundle = *sign_blob(signer, "the artifact");
    CHECK(*parse_bundle(print_bundle(bundle)) == bundle);
    BundleQuestion question{bundle, world.root(), {"the artifact"}};
    question.identity = wanted;
    const Report report = check_bundle(question);
    return report.verified() ? "" : report.failure()->name;
  };
  // Nobody here signs certificate timestamps; the public vectors have them.
  CHECK(check(issue(), identity) == "transparency");
  request.validity.end_s = World::noon().nanos / 1'000'000'000 - 1;
  CHECK(check(issue(), identity) == "certificate");
  request.validity = pki::TestAuthority::request(std::nullopt).validity;
  request.usage = pki::Usage::time_stamping;
  CHECK(check(issue(), identity) == "certificate");
  const pki::TestAuthority other;
  request.usage = pki::Usage::code_signing;
  CHECK(check(*other.issue(request, world.key().public_key()), identity) == "certificate");
}

TEST_CASE("bundle: what its version does not have is refused by name") {
  World world;
  const std::string good = print_bundle(*sign_blob(world.signer(), "the artifact"));
  struct Row {
    const char* from;
    const char* to;
    const char* why;
  };
  const Row rows[] = {
      {"bundle.v0.3+json", "bundle.v0.4+json", "mediaType"},
      {"bundle.v0.3+json", "bundle+json;version=0.1", "inclusionPromise"},
      {"\"publicKey\":{", "\"publicKey\":{\"odd\":1,", "publicKey.odd: it is not known"},
      {"\"publicKey\":{\"hint\"", "\"publicKey\":{\"hin\"", "hint: it is missing"},
      {"\"publicKey\":", "\"certificate\":{\"rawBytes\":\"AAAA\"},\"publicKey\":", "rawBytes"},
      {"\"logIndex\":\"2\"", "\"logIndex\":\"02\"", "logIndex: it must be a whole number"},
      {"\"logIndex\":\"2\"", "\"logIndex\":-2", "logIndex: it must be a whole number"},
      {"\"treeSize\":\"3\"", "\"treeSize\":\"9223372036854775808\"", "treeSize"},
      {"\"rootHash\":\"", "\"rootHash\":\"AAAA", "rootHash: it is not 32 bytes"},
      {"\"keyId\":\"", "\"keyId\":\"*", "keyId: it is not base64"},
      {"\"messageSignature\"", "\"messageSignatur\"", "one of messageSignature and dsseEnvelope"},
      {"\"tlogEntries\":[", "\"tlogEntries\":[1,", "it must be an object"},
      {"\"tlogEntries\":[", "\"tlogEntries\":{\"a\":[", "invalid JSON"},
      {"{\"mediaType\"", "{\"mediaType\":\"x\",\"mediaType\"", "duplicate"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.to);
    std::string text = good;
    const std::size_t at = text.find(row.from);
    REQUIRE(at != std::string::npos);
    text.replace(at, std::string_view(row.from).size(), row.to);
    const Result<Bundle> read = parse_bundle(text);
    REQUIRE_FALSE(read);
    CHECK_MESSAGE(read.error().what.find(row.why) != std::string::npos, read.error().what);
  }
  CHECK_FALSE(parse_bundle(good + "x"));
  CHECK_FALSE(parse_bundle("[]"));
  CHECK_FALSE(parse_bundle(""));
}

}  // namespace
}  // namespace mc::proof
