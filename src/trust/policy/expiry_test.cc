// Bundles with packs in a server's life: taken, refused, kept, and past their end.
#include <doctest/doctest.h>

#include <deque>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "crypto/crypto.h"
#include "policy/pack.h"
#include "policy/updater.h"
#include "sim/sim.h"

namespace mc::policy {
namespace {

using archive::Entry;
using crypto::SigningKey;

std::vector<Entry> files(const std::string& revision) {
  return {{".manifest", R"({"revision":")" + revision + R"(","roots":["a","d"]})"},
          {"a/a.rego", "package a\n\np := \"" + revision + "\"\n"},
          {"d/data.json", R"({"x":1})"}};
}
const std::vector<Entry> kDenying = {{"a/a.rego", "package a\n\np := \"denied\"\n"}};

// Answers what it is told to, in order; then "not changed".
class FakeSource final : public BundleSource {
 public:
  explicit FakeSource(std::deque<Result<Fetched>>& answers) : answers_(answers) {}
  Result<Fetched> fetch(const std::string&) override {
    if (answers_.empty()) return Fetched{};
    Result<Fetched> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  bool is_remote() const override { return true; }

 private:
  std::deque<Result<Fetched>>& answers_;
};

Result<Fetched> answer(std::vector<Entry> entries) {
  Fetched out;
  out.changed = true;
  out.tar_gz = *archive::write_tar_gz(std::move(entries));
  out.etag = to_hex(sys::sha256(out.tar_gz));
  return out;
}
Result<Fetched> away() {
  return fail(Code::unavailable, "nobody answers");
}

// A server's life, with a disk that outlives it.
struct Site {
  Site() { source.location = "https://bundles.example/{channel}"; }

  SigningKey key = *SigningKey::generate(crypto::Algorithm::es256);
  sim::SimClock clock;
  sim::SimRandom random{1};
  sim::SimFiles disk;
  Engine engine;
  BundleStore store{disk, "policies"};
  SourceConfig source;
  std::vector<Event> told;
  bool recordable = true;
  std::deque<Result<Fetched>> answers;
  std::unique_ptr<Updater> updater;

  Updater::Options options() const {
    Updater::Options out;
    out.source = source;
    out.keys = {{"k", "ES256", key.public_key().to_pem(), ""}};
    out.denying = kDenying;
    return out;
  }
  Updater::World world() {
    return {engine, clock, random, store, [this](const Event& event) {
              told.push_back(event);
              return recordable;
            }};
  }
  Status start() {
    updater = std::make_unique<Updater>(world(), options(), std::make_unique<FakeSource>(answers));
    return updater->start();
  }
  std::vector<Entry> packed(const std::string& revision, Nanos lasts,
                            const std::string& channel = "prod") {
    std::vector<Entry> out = files(revision);
    const auto pack = make_pack(
        *read_files(out, {}),
        {.channel = channel, .base = "", .issued = clock.wall(), .expires = clock.wall() + lasts});
    REQUIRE_MESSAGE(pack, (pack ? "" : pack.error().what));
    const std::string statement = proof::print_statement(*proof::pack_statement(*pack));
    REQUIRE(put_pack(out, json::print(proof::to_json(*proof::sign_envelope(
                              std::string(proof::kStatementType), statement, key)))));
    return out;
  }
  SigningOptions signing() const {
    SigningOptions out;
    out.key_id = "k";
    out.algorithm = "ES256";
    const Secret der = key.to_pkcs8();
    out.key = crypto::write_pem(der.reveal(RevealToken()), "PRIVATE KEY");
    return out;
  }
  // What decides; "undefined" when nothing does.
  std::string decides() {
    Evaluator evaluator(engine, clock, random);
    const auto got = evaluator.evaluate("a/p", {});
    REQUIRE(got);
    return got->value.is_undefined() ? "undefined" : std::string(got->value.text());
  }
  std::string last() const {
    const Event& event = told.back();
    return std::string(kind_name(event.kind)) + " " + event.revision +
           (event.why.empty() ? "" : ": " + event.why);
  }
  std::int64_t count(Event::Kind kind) const {
    return std::count_if(told.begin(), told.end(),
                         [&](const Event& event) { return event.kind == kind; });
  }
  void next_look() {
    clock.advance(seconds(120));
    updater->tick();
  }
};

TEST_CASE("pack in use: it is told with its channel and its end") {
  Site site;
  site.source.require_pack = true;
  site.answers = {answer(site.packed("r1", seconds(86'400)))};
  REQUIRE(site.start());
  CHECK(site.decides() == "r1");
  CHECK(site.last() == "activated r1");
  CHECK(site.told.back().signed_by == "k");
  CHECK(site.told.back().channel == "prod");
  CHECK(site.told.back().expires == site.clock.wall() + seconds(86'400));
  const UpdaterStatus status = site.updater->status();
  CHECK(status.packed);
  CHECK_FALSE(status.expired);
  CHECK(status.expires == site.told.back().expires);
}

TEST_CASE("pack in use: what is not as its pack says is refused, and the last good one serves") {
  Site site;
  site.source.require_pack = true;
  site.answers = {answer(site.packed("r1", seconds(86'400)))};
  REQUIRE(site.start());
  std::vector<Entry> changed = site.packed("r2", seconds(86'400));
  changed[1].bytes += "\nq := 1\n";
  std::vector<Entry> missing = site.packed("r2", seconds(86'400));
  missing.erase(missing.begin() + 2);
  std::vector<Entry> extra = site.packed("r2", seconds(86'400));
  extra.push_back({"a/b.rego", "package a\n\nq := 1\n"});
  struct Row {
    std::vector<Entry> files;
    const char* why;
  };
  const Row rows[] = {
      {changed, "policies/ig.bundle: 'a/a.rego' differs from the pack"},
      {missing, "policies/ig.bundle: 'd/data.json' is in the pack, but not there"},
      {extra, "policies/ig.bundle: 'a/b.rego' is there, but not in the pack"},
      {site.packed("r2", seconds(86'400), "dev"), "for the channel 'dev', not 'prod'"},
      {site.packed("r2", seconds(60)), "it has expired"},  // by the next look
      {files("r2"), "policies/ig.bundle: it is missing"},
  };
  std::int64_t refused = 0;
  for (const Row& row : rows) {
    CAPTURE(row.why);
    site.answers = {answer(row.files)};
    site.next_look();
    CHECK(site.decides() == "r1");
    CHECK_MESSAGE(site.last().find(row.why) != std::string::npos, site.last());
    CHECK(site.updater->status().refused == ++refused);
    CHECK(site.updater->status().revision == "r1");
  }
  site.answers = {answer(site.packed("r3", seconds(86'400)))};
  site.next_look();
  CHECK(site.decides() == "r3");
  CHECK(site.updater->status().problem.empty());
}

TEST_CASE("pack in use: the bundle that is kept is held against its pack again") {
  Site site;
  site.source.require_pack = true;
  site.answers = {answer(site.packed("r1", seconds(86'400)))};
  REQUIRE(site.start());
  site.answers = {away()};
  REQUIRE(site.start());
  CHECK(site.decides() == "r1");
  site.source.channel = "staging";
  site.answers = {away()};
  const Status moved = site.start();
  REQUIRE_FALSE(moved);
  CHECK(moved.error().what.find("not 'staging'") != std::string::npos);
}

TEST_CASE("pack in use: what was kept without one is not started with once packs are wanted") {
  Site site;
  std::vector<Entry> entries = files("r1");
  entries.push_back({".signatures.json", *sign_files(entries, site.signing())});
  site.answers = {answer(entries), away(), away()};
  REQUIRE(site.start());
  CHECK(site.told.back().channel == "");
  CHECK_FALSE(site.updater->status().packed);
  REQUIRE(site.start());
  site.source.require_pack = true;
  const Status wanting = site.start();
  REQUIRE_FALSE(wanting);
  CHECK(wanting.error().what.find("require_pack wants it") != std::string::npos);
}

TEST_CASE("expiry: policies stay in use behind their end unless they are told to deny") {
  for (const Expired expired : {Expired::serve, Expired::deny}) {
    const bool denies = expired == Expired::deny;
    CAPTURE(denies);
    Site site;
    site.source.expired = expired;
    site.answers = {answer(site.packed("r1", seconds(600)))};
    REQUIRE(site.start());
    const WallTime end = site.clock.wall() + seconds(600);
    site.clock.advance(seconds(600) - millis(1));
    site.updater->tick();
    CHECK(site.decides() == "r1");
    CHECK_FALSE(site.updater->status().expired);
    site.clock.advance(millis(1));
    site.updater->tick();
    CHECK(site.decides() == (denies ? "denied" : "r1"));
    CHECK(site.updater->status().expired);
    CHECK(site.updater->status().problem.empty());  // the source is as it should be
    CHECK(site.last() == std::string("expired r1: policies/ig.bundle: it has expired; ") +
                             (denies ? "everything is denied" : "it stays in use"));
    CHECK(site.told.back().expires == end);
    CHECK(site.told.back().channel == "prod");
    CHECK(site.engine.current()->revision() == (denies ? "policies@r1-expired" : "policies@r1"));
    for (int i = 0; i < 5; ++i) site.next_look();
    CHECK(site.count(Event::Kind::expired) == 1);
    // What comes next decides again, and has an end of its own.
    site.answers = {answer(site.packed("r2", seconds(600)))};
    site.next_look();
    CHECK(site.decides() == "r2");
    CHECK_FALSE(site.updater->status().expired);
    for (int i = 0; i < 6; ++i) site.next_look();
    CHECK(site.decides() == (denies ? "denied" : "r2"));
    CHECK(site.count(Event::Kind::expired) == 2);
  }
}

TEST_CASE("expiry: a record that fails is tried again, and nothing waits for it") {
  Site site;
  site.source.expired = Expired::deny;
  site.answers = {answer(site.packed("r1", seconds(600)))};
  REQUIRE(site.start());
  site.recordable = false;
  site.clock.advance(seconds(600));
  site.updater->tick();
  CHECK(site.decides() == "denied");
  CHECK(site.count(Event::Kind::expired) == 1);
  site.updater->tick();  // not before another `poll`
  CHECK(site.count(Event::Kind::expired) == 1);
  site.next_look();
  CHECK(site.count(Event::Kind::expired) == 2);
  site.recordable = true;
  site.next_look();
  CHECK(site.count(Event::Kind::expired) == 3);
  site.next_look();
  CHECK(site.count(Event::Kind::expired) == 3);
}

TEST_CASE("expiry: the earlier end counts, of the pack or of the manifest") {
  for (const bool pack_first : {true, false}) {
    CAPTURE(pack_first);
    Site site;
    const std::string end = format_rfc3339(site.clock.wall() + seconds(pack_first ? 900 : 300));
    std::vector<Entry> both = files("r1");
    both[0].bytes = R"({"revision":"r1","roots":["a","d"],"metadata":{"expires":")" + end + "\"}}";
    const auto pack =
        make_pack(*read_files(both, {}), {.channel = "prod",
                                          .base = "",
                                          .issued = site.clock.wall(),
                                          .expires = site.clock.wall() + seconds(600)});
    REQUIRE(pack);
    REQUIRE(put_pack(both, json::print(proof::to_json(*proof::sign_envelope(
                               std::string(proof::kStatementType),
                               proof::print_statement(*proof::pack_statement(*pack)), site.key)))));
    site.answers = {answer(both)};
    REQUIRE(site.start());
    site.clock.advance(seconds(pack_first ? 600 : 300));
    site.updater->tick();
    const std::string first = pack_first ? "policies/ig.bundle" : ".manifest";
    CHECK(site.last().starts_with("expired r1: " + first));
  }
}

TEST_CASE("expiry: a delta's own manifest says when it ends, and one that has ended is refused") {
  const auto delta = [](const Site& site, int number, const std::string& metadata) {
    const std::string revision = "r1." + std::to_string(number);
    std::vector<Entry> out = {
        {".manifest", R"({"revision":")" + revision + R"(","metadata":)" + metadata + "}"},
        {"patch.json",
         R"({"data":[{"op":"upsert","path":"/d/x","value":)" + std::to_string(number) + "}]}"}};
    out.push_back({".signatures.json", *sign_files(out, site.signing())});
    return answer(out);
  };
  const auto ends = [](WallTime at) { return R"({"expires":")" + format_rfc3339(at) + "\"}"; };
  for (const std::string& metadata :
       {ends(sim::SimClock().wall()), std::string(R"({"expires":"some day"})"),
        std::string(R"({"expires":1})")}) {
    CAPTURE(metadata);
    Site site;
    site.answers = {answer(site.packed("r1", seconds(86'400))), delta(site, 1, metadata)};
    REQUIRE(site.start());
    site.next_look();
    CHECK(site.last() == "refused : bundle: .manifest: metadata.expires has passed");
    CHECK(site.updater->status().revision == "r1");
  }
  Site site;
  site.source.expired = Expired::deny;
  const WallTime begin = site.clock.wall();
  site.answers = {answer(site.packed("r1", seconds(86'400)))};
  REQUIRE(site.start());
  site.answers = {delta(site, 2, ends(begin + seconds(900)))};
  site.next_look();
  CHECK(site.last() == "activated r1.2");
  CHECK_FALSE(site.updater->status().packed);
  CHECK(site.updater->status().expires == begin + seconds(900));
  // The next one ends later, which takes nothing back.
  site.answers = {delta(site, 3, ends(begin + seconds(3'600)))};
  site.next_look();
  CHECK(site.last() == "activated r1.3");
  CHECK(site.updater->status().expires == begin + seconds(900));
  site.clock.advance(begin + seconds(900) - site.clock.wall());
  site.updater->tick();
  CHECK(site.last() ==
        "expired r1.3: .manifest: metadata.expires has passed; everything is denied");
  CHECK(site.decides() == "denied");
}

TEST_CASE("expiry: a start with what is kept says at once that it has ended") {
  for (const Expired expired : {Expired::serve, Expired::deny}) {
    Site site;
    site.source.expired = expired;
    site.answers = {answer(site.packed("r1", seconds(600)))};
    REQUIRE(site.start());
    site.clock.advance(seconds(86'400));
    site.told.clear();
    site.answers = {away()};
    REQUIRE(site.start());
    CHECK(site.decides() == (expired == Expired::deny ? "denied" : "r1"));
    CHECK(site.count(Event::Kind::activated) == 1);
    CHECK(site.count(Event::Kind::expired) == 1);
    CHECK(site.updater->status().expired);
  }
}

// Holds its second answer until it is told to give it.
class HoldingSource final : public BundleSource {
 public:
  explicit HoldingSource(Result<Fetched> first) : first_(std::move(first)) {}
  Result<Fetched> fetch(const std::string&) override {
    if (asked_++ == 0) return first_;
    held.set_value();
    given.get_future().wait();
    return Fetched{};
  }
  bool is_remote() const override { return true; }

  std::promise<void> held, given;

 private:
  Result<Fetched> first_;
  int asked_ = 0;
};

TEST_CASE("expiry: it is noted while a bundle server holds its answer") {
  Site site;
  site.source.expired = Expired::deny;
  auto source = std::make_unique<HoldingSource>(answer(site.packed("r1", seconds(600))));
  HoldingSource& holding = *source;
  Updater updater(site.world(), site.options(), std::move(source));
  REQUIRE(updater.start());
  std::thread looking([&] { CHECK(updater.look()); });
  holding.held.get_future().wait();
  site.clock.advance(seconds(600));
  updater.note_expiry();
  CHECK(site.decides() == "denied");
  CHECK(updater.status().expired);
  CHECK(site.last().starts_with("expired r1"));
  holding.given.set_value();
  looking.join();
  CHECK(site.decides() == "denied");
}

TEST_CASE("source: a pack that is required needs a place where bundles come from") {
  SourceConfig config;
  config.require_pack = true;
  REQUIRE_FALSE(config.check());
  CHECK(config.check().error().what.starts_with("require_pack"));
  config.location = "/etc/maestro/policies.tar.gz";
  CHECK(config.check());
}

}  // namespace
}  // namespace mc::policy
