#include "tlog/policy.h"

#include <doctest/doctest.h>

#include "tlog/proof_file.h"

namespace mc::tlog {
namespace {

NoteSigner signer(const std::string& name, char fill, NoteKeyType type = NoteKeyType::ed25519) {
  return std::move(
      *NoteSigner::make(name, type, *crypto::SigningKey::ed25519(Secret(std::string(32, fill)))));
}

const std::string kText = "log.example\n3\n" + std::string(43, 'A') + "=\n";

struct World {
  NoteSigner log = signer("log.example", 'l');
  NoteSigner a = signer("a.example", 'a', NoteKeyType::cosignature_v1);
  NoteSigner b = signer("b.example", 'b', NoteKeyType::cosignature_v1);
  NoteSigner c = signer("c.example", 'c', NoteKeyType::cosignature_v1);

  std::string policy(const std::string& rest) const {
    return "# whom we trust\n\nlog " + log.key().print() + " https://log.example\n" + "witness a " +
           a.key().print() + "\r\nwitness b " + b.key().print() + " https://b.example\nwitness c " +
           c.key().print() + "\n" + rest;
  }
  Note note(const std::string& who) const {
    Note out{kText, {*log.sign(kText)}};
    for (const char name : who) {
      const NoteSigner& witness = name == 'a' ? a : name == 'b' ? b : c;
      out.signatures.push_back(*witness.sign(kText, 1'700'000'000 + name));
    }
    return out;
  }
};

TEST_CASE("policy: a key counts up to its end, and one that has not ended is enough") {
  const NoteSigner old = signer("log.example", 'o');
  const NoteSigner now = signer("log.example", 'n');
  const WallTime end{1'800'000'000'000'000'000};
  const Policy policy = Policy::of_logs({old.key(), now.key()}, {end, std::nullopt});
  const auto holds = [&](std::vector<NoteSignature> lines, WallTime at) {
    const auto checked = policy.check({kText, std::move(lines)});
    REQUIRE(checked.has_value());
    return policy.check_time(*checked, at).has_value();
  };
  const WallTime later{end.nanos + 1};
  CHECK(holds({*old.sign(kText)}, end));
  CHECK_FALSE(holds({*old.sign(kText)}, later));
  CHECK(holds({*now.sign(kText)}, later));
  CHECK(holds({*old.sign(kText), *now.sign(kText)}, later));
  const auto forever = Policy::of_logs({old.key()}).check({kText, {*old.sign(kText)}});
  CHECK(Policy::of_logs({old.key()}).check_time(*forever, later).has_value());
}

TEST_CASE("policy: k of n witnesses, in groups of groups") {
  const World world;
  struct Row {
    const char* rules;
    const char* met;      // by these witnesses
    const char* not_met;  // by these
  };
  for (const Row& row : {Row{"quorum none\n", "", nullptr}, Row{"quorum a\n", "a", "bc"},
                         Row{"group g any a b\nquorum g\n", "b", "c"},
                         Row{"group g all a b c\nquorum g\n", "abc", "ab"},
                         Row{"group g 2 a b c\nquorum g\n", "ac", "b"},
                         Row{"group in any a b\ngroup g all in c\nquorum g\n", "bc", "ab"}}) {
    CAPTURE(row.rules);
    const auto policy = Policy::parse(world.policy(row.rules));
    REQUIRE(policy);
    const auto checked = policy->check(world.note(row.met));
    REQUIRE(checked);
    CHECK(checked->checkpoint.head.size == 3);
    CHECK(checked->witnesses.size() == std::string_view(row.met).size());
    if (row.not_met != nullptr) CHECK_FALSE(policy->check(world.note(row.not_met)));
  }
  const auto policy = Policy::parse(world.policy("quorum none"));
  CHECK(policy->witnesses()[1].url == "https://b.example");
  CHECK(*policy->check(world.note("cb"))->earliest_s == 1'700'000'000 + 'b');
}

TEST_CASE("policy: only the log's own name counts, and what is known must hold") {
  const World world;
  const Policy policy = *Policy::parse(world.policy("quorum none"));
  CHECK_FALSE(policy.check({kText, {*world.a.sign(kText, 1)}}));
  const NoteSigner other = signer("other.example", 'l');
  CHECK_FALSE(Policy::of_logs({other.key()}).check({kText, {*other.sign(kText)}}));
  Note note = world.note("a");
  note.signatures[1].bytes.back() ^= 1;
  CHECK_FALSE(policy.check(note));
  note = world.note("");
  note.signatures[0].bytes.back() ^= 1;
  CHECK_FALSE(policy.check(note));
  CHECK_FALSE(policy.check({"no checkpoint\n", {*world.log.sign("no checkpoint\n")}}));
}

TEST_CASE("policy: what cannot be meant is refused by its line") {
  const World world;
  const std::string key = world.a.key().print();
  for (const std::string& rest :
       {std::string(""), std::string("quorum x"), std::string("quorum none\nquorum none"),
        std::string("group g 3 a b\nquorum g"), std::string("group g 0 a b\nquorum g"),
        std::string("group g any x\nquorum g"), std::string("group g any a a\nquorum g"),
        std::string("group a any b\nquorum a"), std::string("group g any none\nquorum g"),
        std::string("group g\nquorum none"), std::string("other\nquorum none"),
        "log " + key + "\nquorum none", "witness d " + world.log.key().print() + "\nquorum none",
        "witness d " + key + "\nquorum none", std::string("witness none\nquorum none"),
        std::string("log x\nquorum none"), std::string("log\nquorum none"),
        std::string("quorum none none")}) {
    CAPTURE(rest);
    const auto policy = Policy::parse(world.policy(rest));
    REQUIRE_FALSE(policy);
    CHECK(policy.error().what.starts_with("policy"));
  }
  CHECK_FALSE(Policy::parse("quorum none"));
  CHECK_FALSE(Policy::parse(std::string(300'000, '#')));
}

TEST_CASE("proof file: it is read as it is written, and nothing else is") {
  ProofFile proof;
  proof.index = 73'894;
  proof.path = {Hash{1}, Hash{2}};
  proof.checkpoint = "log.example\n3\n";
  const std::string text = print_proof_file(proof);
  CHECK(text ==
        "c2sp.org/tlog-proof@v1\nindex 73894\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nlog.example\n3\n");
  CHECK(*parse_proof_file(text) == proof);
  proof.extra = "more";
  CHECK(*parse_proof_file(print_proof_file(proof)) == proof);
  proof.path.clear();
  CHECK(*parse_proof_file(print_proof_file(proof)) == proof);
  for (const char* bad :
       {"", "c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v2\nindex 1\n\nx", "c2sp.org/tlog-proof@v1\nindex 01\n\nx",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 1\n\n", "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx",
        "c2sp.org/tlog-proof@v1\nextra *\nindex 1\n\nx", "c2sp.org/tlog-proof@v1\n\nx"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_proof_file(bad));
  }
  proof.path.assign(65, Hash{});
  CHECK_FALSE(parse_proof_file(print_proof_file(proof)));
}

}  // namespace
}  // namespace mc::tlog
