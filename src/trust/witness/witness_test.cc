#include "witness/witness.h"

#include <doctest/doctest.h>

#include <map>

#include "sim/sim.h"

namespace mc::witness {
namespace {

constexpr WallTime kNow{1'800'000'000'000'000'000};

tlog::NoteSigner signer(const std::string& name, char fill, tlog::NoteKeyType type) {
  return *tlog::NoteSigner::make(name, type,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, fill))));
}
tlog::NoteSigner witness_signer(char fill = 'w') {
  return signer(std::string("witness-") + fill + ".example", fill,
                tlog::NoteKeyType::cosignature_v1);
}

// A log that may be forked: `salt` makes another history of the same origin and key.
class TestLog final : public tlog::Nodes {
 public:
  explicit TestLog(std::string salt = "") : salt_(std::move(salt)) {}
  void grow(std::uint64_t size, std::uint64_t same = 0) {
    while (tree_.size() < size) {
      const std::uint64_t index = tree_.size();
      const std::string leaf = (index < same ? "" : salt_) + std::to_string(index);
      tree_.append(tlog::leaf_hash(leaf), [this](tlog::NodeId id, const tlog::Hash& hash) {
        nodes_[{id.level, id.index}] = hash;
      });
    }
  }
  std::string checkpoint() const {
    const std::string text = tlog::print_checkpoint({"log.example", tree_.head(), {}});
    return tlog::print_note({text, {*key().sign(text)}});
  }
  std::string request(std::uint64_t old_size) const {
    Request out{old_size, {}, checkpoint()};
    if (old_size != 0) out.proof = *tlog::prove_consistency(*this, old_size, tree_.size());
    return print_request(out);
  }
  Result<tlog::Hash> read(tlog::NodeId id) const override {
    const auto found = nodes_.find({id.level, id.index});
    if (found == nodes_.end()) return fail(Code::not_found, "no such node");
    return found->second;
  }
  static tlog::NoteSigner key() { return signer("log.example", 'l', tlog::NoteKeyType::ed25519); }

 private:
  std::string salt_;
  tlog::Frontier tree_;
  std::map<std::pair<int, std::uint64_t>, tlog::Hash> nodes_;
};

struct World {
  sim::SimFiles files;
  std::unique_ptr<Witness> witness = open();
  std::unique_ptr<Witness> open(char fill = 'w') {
    auto opened = Witness::open(files, std::string("/w") + fill, witness_signer(fill),
                                {TestLog::key().key()});
    REQUIRE(opened);
    return std::move(*opened);
  }
};

TEST_CASE("witness: a log that grows is cosigned, with the time") {
  World world;
  TestLog log;
  std::uint64_t known = 0;
  for (const std::uint64_t size : {1U, 1U, 2U, 7U, 7U, 300U}) {
    CAPTURE(size);
    log.grow(size);
    const Answer answer = world.witness->add_checkpoint(log.request(known), kNow);
    REQUIRE_MESSAGE(answer.status == 200, answer.body);
    const auto note =
        tlog::parse_note(tlog::parse_note(log.checkpoint())->text + "\n" + answer.body);
    REQUIRE(note);
    const tlog::NoteKey key = witness_signer().key();
    const auto seals = tlog::check_note(*note, std::span(&key, 1));
    REQUIRE(seals);
    REQUIRE(seals->size() == 1);
    CHECK(seals->front().unix_seconds == kNow.nanos / 1'000'000'000);
    known = size;
  }
  CHECK(world.witness->known().at("log.example") == log.checkpoint());
  CHECK(world.witness->forks().empty());
}

TEST_CASE("witness: a log may have two keys while one takes the place of the other") {
  World world;
  const tlog::NoteSigner next = signer("log.example", 'n', tlog::NoteKeyType::ed25519);
  const auto both = [&] {
    return Witness::open(world.files, "/both", witness_signer(),
                         {TestLog::key().key(), next.key()});
  };
  auto witness = both();
  REQUIRE(witness);
  TestLog log;
  log.grow(5);
  REQUIRE((*witness)->add_checkpoint(log.request(0), kNow).status == 200);
  // The same log goes on under the other key: it is known by its name.
  log.grow(9);
  Request request = *parse_request(log.request(5));
  tlog::Note note = *tlog::parse_note(request.checkpoint);
  note.signatures = {*next.sign(note.text)};
  request.checkpoint = tlog::print_note(note);
  CHECK(world.witness->add_checkpoint(print_request(request), kNow).status == 403);
  CHECK((*witness)->add_checkpoint(print_request(request), kNow).status == 200);
  witness = both();
  REQUIRE(witness);
  CHECK((*witness)->known().at("log.example") == request.checkpoint);
  CHECK_FALSE(Witness::open(world.files, "/both", witness_signer(), {next.key(), next.key()}));
}

TEST_CASE("witness: what it cosigned outlives a crash") {
  World world;
  TestLog log;
  log.grow(5);
  REQUIRE(world.witness->add_checkpoint(log.request(0), kNow).status == 200);
  world.witness.reset();
  world.files.crash();
  world.witness = world.open();
  const Answer answer = world.witness->add_checkpoint(log.request(0), kNow);
  CHECK(answer.status == 409);
  CHECK(answer.content_type == "text/x.tlog.size");
  CHECK(answer.body == "5\n");
  log.grow(9);
  CHECK(world.witness->add_checkpoint(log.request(5), kNow).status == 200);
}

TEST_CASE("witness: what cannot be kept is not cosigned") {
  World world;
  TestLog log;
  log.grow(5);
  world.files.fail_at(1, sim::SimFiles::Fault::not_stored);
  const Answer answer = world.witness->add_checkpoint(log.request(0), kNow);
  CHECK(answer.status == 503);
  CHECK(answer.body.find("\xE2\x80\x94") == std::string::npos);
  CHECK(world.witness->known().empty());
}

TEST_CASE("witness: another history of the same size is refused for good, both notes are kept") {
  World world;
  TestLog log;
  TestLog fork("other ");
  log.grow(5);
  fork.grow(5, 3);
  REQUIRE(world.witness->add_checkpoint(log.request(0), kNow).status == 200);
  CHECK(world.witness->add_checkpoint(fork.request(5), kNow).status == 422);
  const std::string path = world.witness->forks().at("log.example");
  const std::string evidence = *world.files.read_all(path);
  CHECK(evidence.find(log.checkpoint()) != std::string::npos);
  CHECK(evidence.find(fork.checkpoint()) != std::string::npos);
  log.grow(6);
  CHECK(world.witness->add_checkpoint(log.request(5), kNow).status == 403);
  world.witness = world.open();
  CHECK(world.witness->add_checkpoint(log.request(5), kNow).status == 403);
  CHECK(world.witness->forks().size() == 1);
}

TEST_CASE(
    "witness: another history that is longer is refused, both notes are kept, the log goes on") {
  World world;
  TestLog log;
  TestLog fork("other ");
  log.grow(5);
  fork.grow(8, 3);
  REQUIRE(world.witness->add_checkpoint(log.request(0), kNow).status == 200);
  CHECK(world.witness->add_checkpoint(fork.request(5), kNow).status == 422);
  CHECK(world.witness->forks().empty());
  bool found = false;
  const auto names = world.files.list("/ww/evidence");
  for (const std::string& name : *names) {
    const std::string evidence = *world.files.read_all("/ww/evidence/" + name);
    found = evidence.find(log.checkpoint()) != std::string::npos &&
            evidence.find(fork.checkpoint()) != std::string::npos;
  }
  CHECK(found);
  log.grow(6);
  CHECK(world.witness->add_checkpoint(log.request(5), kNow).status == 200);
}

TEST_CASE("witness: each refusal has the status that the protocol gives it") {
  World world;
  TestLog log;
  log.grow(5);
  REQUIRE(world.witness->add_checkpoint(log.request(0), kNow).status == 200);
  log.grow(9);
  const std::string good = log.request(5);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string body = good;
    body.replace(body.find(from), from.size(), to);
    return world.witness->add_checkpoint(body, kNow).status;
  };
  CHECK(with("old 5", "old 4") == 409);
  CHECK(with("old 5", "old 05") == 400);
  CHECK(with("old 5", "old 10") == 400);
  CHECK(with("old 5", "new 5") == 400);
  CHECK(with("old 5\n", "old 5\nAAAA\n") == 400);
  CHECK(with("old 5\n", "old 5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n") == 422);
  CHECK(with("\nlog.example\n", "\nlog.other\n") == 404);
  CHECK(with("\n9\n", "\n8\n") == 403);
  CHECK(world.witness->add_checkpoint("", kNow).status == 400);
  CHECK(world.witness->add_checkpoint("old 5\n\nx", kNow).status == 400);
  CHECK(world.witness->add_checkpoint(std::string(kRequestBytesMax + 1, 'x'), kNow).status == 400);
  CHECK(world.witness->add_checkpoint(good, kNow).status == 200);
  CHECK(*parse_request(good) == *parse_request(print_request(*parse_request(good))));
}

TEST_CASE("witness: it does not open with what it cannot be") {
  sim::SimFiles files;
  CHECK_FALSE(Witness::open(files, "/w", TestLog::key(), {TestLog::key().key()}));
  CHECK_FALSE(
      Witness::open(files, "/w", witness_signer(), {TestLog::key().key(), TestLog::key().key()}));
  World world;
  TestLog log;
  log.grow(2);
  REQUIRE(world.witness->add_checkpoint(log.request(0), kNow).status == 200);
  const auto names = world.files.list("/ww");
  for (const std::string& name : *names) {
    if (name.ends_with(".note")) REQUIRE(world.files.write_atomic("/ww/" + name, "damaged"));
  }
  CHECK(Witness::open(world.files, "/ww", witness_signer(), {TestLog::key().key()}).error().code ==
        Code::corrupt);
}

TEST_CASE("cosigner: it asks each witness, learns what it knows, and says who is missing") {
  World world;
  const auto second = world.open('v');
  TestLog log;
  const tlog::Policy policy = *tlog::Policy::parse(
      "log " + TestLog::key().key().print() + "\nwitness one " + witness_signer('w').key().print() +
      " https://one\nwitness two " + witness_signer('v').key().print() +
      " https://two\nwitness far " + witness_signer('u').key().print() +
      "\ngroup both all one two\nquorum both\n");
  bool away = false;
  const auto ask = [&](const std::string& url, const std::string& body) -> Result<Answer> {
    if (url == "https://one/add-checkpoint") return world.witness->add_checkpoint(body, kNow);
    CHECK(url == "https://two/add-checkpoint");
    if (away) return fail(Code::unavailable, "no answer");
    return second->add_checkpoint(body, kNow);
  };
  const auto prove = [&](std::uint64_t older, std::uint64_t newer) {
    return tlog::prove_consistency(log, older, newer);
  };
  Cosigner cosigner(policy, prove, ask);
  log.grow(3);
  auto cosigned = cosigner.cosign(log.checkpoint());
  REQUIRE(cosigned);
  CHECK(cosigned->quorum);
  CHECK(cosigned->missing.empty());
  CHECK(policy.check(*tlog::parse_note(cosigned->checkpoint))->witnesses.size() == 2);
  away = true;
  log.grow(40);
  cosigned = cosigner.cosign(log.checkpoint());
  CHECK_FALSE(cosigned->quorum);
  CHECK(cosigned->missing.at("two") == "no answer");
  away = false;
  log.grow(41);
  CHECK(cosigner.cosign(log.checkpoint())->quorum);
  // A cosigner that starts anew knows nothing and is told.
  Cosigner later(policy, prove, ask);
  log.grow(50);
  CHECK(later.cosign(log.checkpoint())->quorum);
  CHECK_FALSE(later.cosign("no note"));
}

}  // namespace
}  // namespace mc::witness
