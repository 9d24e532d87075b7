#include "policy/updater.h"

#include <doctest/doctest.h>

#include <deque>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "policy/delta.h"
#include "sim/sim.h"

namespace mc::policy {
namespace {

using archive::Entry;

const std::string kSecret = "0123456789abcdef0123456789abcdef";

std::vector<Entry> files(const std::string& revision, const std::string& rule) {
  return {{".manifest", R"({"revision":")" + revision + R"(","roots":["a","d"]})"},
          {"a/a.rego", "package a\n\np := " + rule + "\n\nq := data.d.x\n"},
          {"d/data.json", R"({"x":1,"y":{"z":2}})"}};
}

std::string packed(std::vector<Entry> entries) {
  return *archive::write_tar_gz(std::move(entries));
}

std::string signed_with(std::vector<Entry> entries, const std::string& secret,
                        std::optional<WallTime> expires = std::nullopt) {
  SigningOptions options;
  options.expires = expires;
  options.key_id = "k";
  options.algorithm = "HS256";
  options.key = secret;
  const auto signatures = sign_files(entries, options);
  REQUIRE(signatures);
  entries.push_back({".signatures.json", *signatures});
  return packed(std::move(entries));
}

// Answers what it is told to, in order; then "not changed".
class FakeSource final : public BundleSource {
 public:
  explicit FakeSource(std::deque<Result<Fetched>>& answers, std::vector<std::string>& etags)
      : answers_(answers), etags_(etags) {}
  Result<Fetched> fetch(const std::string& etag) override {
    etags_.push_back(etag);
    if (answers_.empty()) return Fetched{};
    Result<Fetched> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  bool is_remote() const override { return true; }

 private:
  std::deque<Result<Fetched>>& answers_;
  std::vector<std::string>& etags_;
};

Result<Fetched> bundle(const std::string& tar_gz, const std::string& etag) {
  Fetched out;
  out.changed = true;
  out.tar_gz = tar_gz;
  out.etag = etag;
  return out;
}
Result<Fetched> away() {
  return fail(Code::unavailable, "nobody answers");
}

// A server's life, with a disk that outlives it.
struct Site {
  sim::SimClock clock;
  sim::SimRandom random{1};
  sim::SimFiles files;
  Engine engine;
  BundleStore store{files, "policies"};
  std::vector<std::string> told;
  bool recordable = true;
  std::deque<Result<Fetched>> answers;
  std::vector<std::string> etags;
  std::vector<VerificationKey> keys = {{"k", "HS256", kSecret, ""}};
  std::unique_ptr<Updater> updater;

  Status start() {
    Updater::Options options;
    options.keys = keys;
    options.source.location = "https://bundles.example/{channel}";
    updater = std::make_unique<Updater>(
        Updater::World{engine, clock, random, store,
                       [this](const Event& event) {
                         told.push_back(std::string(kind_name(event.kind)) + " " + event.revision +
                                        (event.from_disk ? " from disk" : "") +
                                        (event.why.empty() ? "" : ": " + event.why));
                         return recordable;
                       }},
        std::move(options), std::make_unique<FakeSource>(answers, etags));
    return updater->start();
  }
  std::string evaluate(const std::string& path) {
    Evaluator evaluator(engine, clock, random);
    const auto answer = evaluator.evaluate(path, {});
    return !answer                        ? answer.error().code
           : answer->value.is_undefined() ? "undefined"
                                          : term::to_json(answer->value);
  }
  void next_look() {
    clock.advance(seconds(120));
    updater->tick();
  }
};

TEST_CASE("updater: takes what the source has, and the next one when it changes") {
  Site site;
  site.answers = {bundle(signed_with(files("1", "1"), kSecret), "e1")};
  REQUIRE(site.start());
  CHECK(site.evaluate("a/p") == "1");
  site.updater->tick();  // not yet time
  CHECK(site.etags.size() == 1);
  site.next_look();  // not changed
  CHECK(site.etags.back() == "e1");
  site.answers = {bundle(signed_with(files("2", "2"), kSecret), "e2")};
  site.next_look();
  CHECK(site.evaluate("a/p") == "2");
  CHECK(site.told == std::vector<std::string>{"activated 1", "activated 2"});
  CHECK(site.updater->status().activations == 2);
  CHECK(site.updater->status().signed_by == "k");
}

TEST_CASE("updater: a bad bundle is refused by name and the last good one serves") {
  Site site;
  site.answers = {bundle(signed_with(files("1", "1"), kSecret), "e1")};
  REQUIRE(site.start());
  struct Row {
    const char* what;
    std::string tar_gz;
    const char* why;
  };
  std::vector<Entry> expired = files("9", "9");
  expired[0].bytes =
      R"({"revision":"9","roots":["a","d"],"metadata":{"expires":"1970-01-01T00:00:00Z"}})";
  const Row rows[] = {
      {"no archive", "garbage", "archive"},
      {"not signed", packed(files("2", "2")), "it is not signed"},
      {"another key", signed_with(files("2", "2"), "x" + kSecret), "does not verify"},
      {"does not parse", signed_with(files("2", "{"), kSecret), "a/a.rego:5:3: rego_parse_error"},
      {"does not compile", signed_with(files("2", "x"), kSecret), "var x is unsafe"},
      {"expired", signed_with(expired, kSecret), "expires has passed"},
  };
  std::int64_t refused = 0;
  for (const Row& row : rows) {
    CAPTURE(row.what);
    site.answers = {bundle(row.tar_gz, row.what)};
    site.next_look();
    CHECK(site.evaluate("a/p") == "1");
    CHECK(site.told.back().starts_with("refused"));
    CHECK_MESSAGE(site.told.back().find(row.why) != std::string::npos, site.told.back());
    CHECK(site.updater->status().refused == ++refused);
    site.next_look();  // the bad one is not fetched again and again
    CHECK(site.etags.back() == row.what);
    CHECK(site.updater->status().refused == refused);
    CHECK_MESSAGE(site.updater->status().problem.find(row.why) != std::string::npos,
                  "it is a problem as long as the source has nothing better");
  }
}

TEST_CASE("updater: what was good is kept, and serves at the next start when the source is away") {
  Site site;
  site.answers = {away()};
  const Status nothing = site.start();
  REQUIRE(!nothing);
  CHECK(nothing.error().what.find("no policies: nobody answers") != std::string::npos);
  site.answers = {bundle(signed_with(files("1", "1"), kSecret), "e1")};
  REQUIRE(site.start());
  site.clock.advance(seconds(3'600));
  for (const bool is_bad : {false, true}) {
    site.told.clear();
    site.engine.activate(Policies::none());
    site.answers = {is_bad ? bundle("garbage", "e2") : away()};
    REQUIRE(site.start());
    CHECK(site.evaluate("a/p") == "1");
    CHECK(site.told.back() == "activated 1 from disk");
    site.next_look();
    CHECK(site.etags.back() == (is_bad ? "e1" : "e1"));
  }
  // A key that has changed since: what lies on the disk is not believed.
  site.keys = {{"k", "HS256", "another secret of thirty-two byte", ""}};
  site.answers = {away()};
  CHECK(!site.start());
}

TEST_CASE(
    "updater: a source that goes back to what is in use has no problem, and nothing is told") {
  Site site;
  const std::string good = signed_with(files("1", "1"), kSecret);
  site.answers = {bundle(good, "e1")};
  REQUIRE(site.start());
  site.answers = {bundle("garbage", "e2"), bundle(good, "e3"), bundle(good, "")};
  site.next_look();
  CHECK(!site.updater->status().problem.empty());
  for (int i = 0; i < 2; ++i) {  // the second time from a server without an ETag
    site.next_look();
    CHECK(site.updater->status().problem == "");
    CHECK(site.told.size() == 2);
    CHECK(site.updater->status().activations == 1);
  }
  CHECK(site.etags.back() == "e3");
}

TEST_CASE("updater: an activation that cannot be recorded does not happen") {
  Site site;
  site.answers = {bundle(signed_with(files("1", "1"), kSecret), "e1")};
  REQUIRE(site.start());
  site.recordable = false;
  site.answers = {bundle(signed_with(files("2", "2"), kSecret), "e2")};
  site.next_look();
  CHECK(site.evaluate("a/p") == "1");
  CHECK(site.updater->status().problem.find("could not be recorded") != std::string::npos);
}

TEST_CASE("updater: deltas change the data, are verified, and are there after a restart") {
  Site site;
  site.answers = {bundle(signed_with(files("1", "1"), kSecret), "e1")};
  REQUIRE(site.start());
  const std::vector<Entry> delta = {
      {".manifest", R"({"revision":"1.1","roots":["a","d"]})"},
      {"patch.json",
       R"({"data":[{"op":"upsert","path":"/d/x","value":5},{"op":"remove","path":"/d/y/z"}]})"}};
  site.answers = {bundle(packed(delta), "d0"), bundle(signed_with(delta, kSecret), "d1")};
  site.next_look();
  CHECK(site.told.back().find("it is not signed") != std::string::npos);
  CHECK(site.evaluate("a/q") == "1");
  site.next_look();  // asked for what follows the refused one, so this one may be a change of that
  CHECK(site.etags.back() == "d0");
  CHECK(site.told.back().find("changes a bundle that is not in use") != std::string::npos);
  CHECK(site.evaluate("a/q") == "1");
  site.answers = {bundle(signed_with(delta, kSecret), "d1")};
  site.next_look();
  CHECK(site.etags.back() == "e1");
  CHECK(site.told.back() == "activated 1.1");
  CHECK(site.evaluate("a/q") == "5");
  CHECK(site.evaluate("d/y") == "{}");
  site.clock.advance(seconds(10));
  site.answers = {away()};
  REQUIRE(site.start());
  CHECK(site.evaluate("a/q") == "5");
}

std::vector<Entry> delta_of(const std::string& revision, const std::string& x) {
  return {{".manifest", R"({"revision":")" + revision + "\"}"},
          {"patch.json", R"({"data":[{"op":"upsert","path":"/d/x","value":)" + x + "}]}"}};
}

TEST_CASE("updater: at the next start each part is held against the time at which it was taken") {
  Site site;
  const WallTime begin = site.clock.wall();
  const auto soon = [&](int second) { return begin + seconds(second); };
  site.answers = {bundle(signed_with(files("1", "1"), kSecret, soon(60)), "e1")};
  REQUIRE(site.start());
  site.answers = {bundle(signed_with(delta_of("1.1", "5"), kSecret, soon(180)), "d1"),
                  bundle(signed_with(delta_of("1.2", "6"), kSecret), "d2")};
  site.next_look();  // at 120 s
  site.next_look();  // at 240 s
  REQUIRE(site.evaluate("a/q") == "6");
  site.clock.advance(seconds(86'400));
  site.answers = {away()};
  REQUIRE(site.start());
  CHECK(site.evaluate("a/q") == "6");
  CHECK(site.told.back() == "activated 1.2 from disk");
  const auto stored = site.store.last("policies");
  REQUIRE(stored);
  CHECK(stored->taken == begin);
  REQUIRE(stored->deltas.size() == 2);
  CHECK(stored->deltas[0].taken == soon(120));
  CHECK(stored->deltas[1].taken == soon(240));
  // What was kept by a version that knew one time alone is read by that.
  std::string& file = *site.files.bytes_of("policies/policies.bundle");
  const std::size_t at = file.find(",\"taken_ms\":[");
  REQUIRE(at != std::string::npos);
  const std::string good = file;
  file.erase(at, file.find(']', at) + 1 - at);
  const auto old = site.store.last("policies");
  REQUIRE(old);
  CHECK(old->taken == old->activated);
  CHECK(old->deltas[0].taken == old->activated);
  CHECK(old->activated == soon(240));
  for (const char* times : {"[1]", "[1,2,\"3\"]", "7", "[1,2,3,4]"}) {
    CAPTURE(times);
    file = good;
    file.replace(at, file.find(']', at) + 1 - at, std::string(",\"taken_ms\":") + times);
    const auto damaged = site.store.last("policies");
    REQUIRE_FALSE(damaged);
    CHECK(damaged.error().code == Code::corrupt);
  }
}

TEST_CASE("store: what could not be read again is not kept, and what was kept before stays") {
  sim::SimFiles files;
  BundleStore store(files, "policies");
  StoredBundle bundle;
  bundle.name = "b";
  bundle.tar_gz = "small";
  REQUIRE(store.keep(bundle));
  const std::string half(kStoredBytesMax / 2, 'x');
  StoredBundle large = bundle;
  large.tar_gz = half;
  large.deltas.push_back({half, {}});
  for (const bool head_alone : {true, false}) {  // the bundle fits, but not with its line
    if (!head_alone) large.deltas.push_back({"x", {}});
    const Status kept = store.keep(large);
    REQUIRE_FALSE(kept);
    CHECK(kept.error().code == Code::invalid);
    CHECK(kept.error().what.find("at most 83886080 that are kept") != std::string::npos);
    CHECK(store.last("b")->tar_gz == "small");
  }
}

// Never says the same time twice.
class TickingClock final : public sys::Clock {
 public:
  WallTime wall() override { return now_ = now_ + millis(1); }
  MonoTime mono() override { return {}; }

 private:
  WallTime now_ = WallTime{} + seconds(1'000'000'000);
};

TEST_CASE("updater: what came from the source is not told as from the disk, however long it took") {
  Site site;
  TickingClock clock;
  std::vector<bool> from_disk;
  for (const bool is_away : {false, true}) {
    site.answers = {is_away ? away() : bundle(signed_with(files("1", "1"), kSecret), "e1")};
    Updater::Options options;
    options.keys = site.keys;
    options.source.location = "https://bundles.example/b";
    Updater updater({site.engine, clock, site.random, site.store,
                     [&](const Event& event) {
                       if (event.kind == Event::Kind::activated) {
                         from_disk.push_back(event.from_disk);
                       }
                       return true;
                     }},
                    options, std::make_unique<FakeSource>(site.answers, site.etags));
    REQUIRE(updater.start());
  }
  CHECK(from_disk == std::vector<bool>{false, true});
}

TEST_CASE("updater: policies that end stay in use, and that is told once") {
  Site site;
  std::vector<Entry> ending = files("1", "1");
  const std::string end = format_rfc3339(site.clock.wall() + seconds(600));
  ending[0].bytes = R"({"revision":"1","roots":["a","d"],"metadata":{"expires":")" + end + "\"}}";
  site.answers = {bundle(signed_with(ending, kSecret), "e1")};
  REQUIRE(site.start());
  for (int i = 0; i < 10; ++i) site.next_look();
  CHECK(site.evaluate("a/p") == "1");
  CHECK(site.told ==
        std::vector<std::string>{
            "activated 1", "expired 1: .manifest: metadata.expires has passed; it stays in use"});
  CHECK(site.updater->status().expired);
}

TEST_CASE("delta: operations that cannot be done are refused") {
  const auto base = read_files(files("1", "1"), {});
  REQUIRE(base);
  struct Row {
    const char* patch;
    const char* why;
  };
  const Row rows[] = {
      {R"({"data":[]})", "1 to 100000"},
      {R"({})", "1 to 100000"},
      {R"({"data":[{"op":"add","path":"/d/x","value":1}]})", "op 'add'"},
      {R"({"data":[{"op":"upsert","path":"d/x","value":1}]})", "begin with '/'"},
      {R"({"data":[{"op":"upsert","path":"/d/x"}]})", "no value"},
      {R"({"data":[{"op":"upsert","path":"/other","value":1}]})", "outside the roots"},
      {R"({"data":[{"op":"upsert","path":"/d~1x","value":1}]})", "outside the roots"},
      {R"({"data":[{"op":"upsert","path":"//d/x","value":1}]})", "outside the roots"},
      {R"({"data":[{"op":"remove","path":"/d/none"}]})", "not there to remove"},
      {R"({"data":[{"op":"replace","path":"/d/none","value":1}]})", "not there to replace"},
      {R"({"data":[{"op":"upsert","path":"/d/x/below","value":1}]})", "below no object"},
      {R"([1])", "1 to 100000"},
      {R"({)", "JSON"}};
  for (const Row& row : rows) {
    CAPTURE(row.patch);
    const auto delta =
        read_files({{".manifest", R"({"roots":["a","d"]})"}, {"patch.json", row.patch}}, {});
    REQUIRE(delta);
    const auto changed = apply_delta(*base, *delta);
    REQUIRE(!changed);
    CHECK_MESSAGE(changed.error().what.find(row.why) != std::string::npos, changed.error().what);
  }
  const auto beside = read_files({{"patch.json", "{}"}, {"a/b.rego", "package a\n"}}, {});
  REQUIRE(beside);
  CHECK(apply_delta(*base, *beside).error().what.find("stands beside it") != std::string::npos);
}

// Holds its second answer until it is told to give it.
class HoldingSource final : public BundleSource {
 public:
  Result<Fetched> fetch(const std::string&) override {
    if (asked++ == 0) return bundle(signed_with(files("1", "1"), kSecret), "e1");
    held.set_value();
    given.get_future().wait();
    return Fetched{};
  }
  bool is_remote() const override { return true; }

  int asked = 0;
  std::promise<void> held, given;
};

TEST_CASE("updater: nobody waits for a look that somebody else has under way") {
  Site site;
  auto source = std::make_unique<HoldingSource>();
  HoldingSource& holding = *source;
  Updater::Options options;
  options.keys = site.keys;
  options.source.location = "https://bundles.example/b.tar.gz";
  Updater updater(
      {site.engine, site.clock, site.random, site.store, [](const Event&) { return true; }},
      std::move(options), std::move(source));
  REQUIRE(updater.start());
  CHECK(updater.status().location_kind == "url");
  std::thread first([&] { CHECK(updater.look()); });
  holding.held.get_future().wait();
  const Status second = updater.look();
  REQUIRE(!second);
  CHECK(second.error().code == Code::conflict);
  site.clock.advance(seconds(120));
  updater.tick();  // comes back, too
  CHECK(holding.asked == 2);
  holding.given.set_value();
  first.join();
}

TEST_CASE("updater: says what kind of place the bundles come from") {
  CHECK(location_kind("https://bundles.example/b.tar.gz") == "url");
  CHECK(location_kind("http://127.0.0.1:1/") == "url");
  CHECK(location_kind("/etc/maestro/b.tar.gz") == "file");
  CHECK(location_kind("b.tgz") == "file");
  CHECK(location_kind("policies/default") == "folder");
}

}  // namespace
}  // namespace mc::policy
