#include "proof/verify.h"

#include <doctest/doctest.h>

#include "contract/pki_world.h"
#include "contract/proof_world.h"
#include "json/json.h"
#include "proof/proof.h"

namespace mc::proof {
namespace {

using crypto::Algorithm;
using crypto::SigningKey;

// "verified", or the step that failed, or why nothing was checked.
std::string outcome(const VerifyQuestion& question) {
  const Result<Report> report = verify(question);
  if (!report) return report.error().what;
  return report->verified() ? "verified" : report->failure()->name;
}

TEST_CASE("verify: a bundle, with its trusted root, its artifact and its key") {
  const pki::TestTimestamps times;
  TestTime time(times.signer(), pki::TestAuthority::noon());
  MemoryLog log;
  const SigningKey key = *SigningKey::generate(Algorithm::es256);
  TrustedRoot root;
  root.logs.push_back({"https://log.example", log.key(), log.id(), {WallTime{}}});
  root.timestamp_authorities.push_back({"O", "CN", "", times.signer().chain(), {WallTime{}}});
  const std::string text = print_bundle(*sign_blob({key, log, time}, "artifact"));
  VerifyQuestion question{text};
  CHECK(outcome(question).find("--trust") != std::string::npos);
  question.trust = print_trusted_root(root);
  CHECK(outcome(question).find("--artifact") != std::string::npos);
  question.artifact = Artifact{"artifact"};
  CHECK(outcome(question).find("--key") != std::string::npos);
  question.public_key = key.public_key().to_pem();
  CHECK(outcome(question) == "verified");
  question.identity = Identity{"a", "b"};
  CHECK(outcome(question).find("--key") != std::string::npos);
  question.identity.reset();
  question.artifact = Artifact{"other"};
  CHECK(outcome(question) == "signature");
  question.public_key = "no key";
  CHECK(outcome(question).starts_with("key: "));
  question.public_key = key.public_key().to_pem();
  question.trust = "{}";
  CHECK(outcome(question).starts_with("trusted root: "));
  question.trust = print_trusted_root(root);
  const std::string odd = R"({"mediaType":"x"})";
  question.file = odd;
  CHECK(outcome(question) == "format");
}

TEST_CASE("verify: an envelope with its key, and its statement's subject when it is asked for") {
  const SigningKey key = *SigningKey::generate(Algorithm::es256);
  Statement statement;
  statement.predicate_type = "https://p";
  statement.subjects.push_back({"a", {{"sha256", to_hex(*crypto::digest("sha256", "artifact"))}}});
  const Envelope envelope =
      *sign_envelope(std::string(kStatementType), print_statement(statement), key);
  const std::string text = json::print(to_json(envelope));
  VerifyQuestion question{text};
  CHECK(outcome(question).find("--key") != std::string::npos);
  question.public_key = key.public_key().to_pem();
  CHECK(outcome(question) == "verified");
  question.artifact = Artifact{"artifact"};
  CHECK(outcome(question) == "verified");
  question.artifact = Artifact{"", *crypto::digest("sha256", "artifact")};
  CHECK(outcome(question) == "verified");
  question.artifact = Artifact{"other"};
  CHECK(outcome(question) == "artifact");
  question.public_key = SigningKey::generate(Algorithm::es256)->public_key().to_pem();
  CHECK(outcome(question) == "signature");
}

TEST_CASE("verify: a checkpoint and a log proof, by the log's key or by a policy") {
  MemoryLog log;
  CHECK(log.add("first"));
  const LogEntry entry = *log.add("leaf");
  const std::string key =
      tlog::NoteKey::make("log.example", tlog::NoteKeyType::ed25519, log.key())->print();
  VerifyQuestion question{entry.proof->checkpoint};
  CHECK(outcome(question).find("--log-key") != std::string::npos);
  question.log_keys = {key};
  CHECK(outcome(question) == "verified");
  question.trust = "log " + key + "\nquorum none\n";
  CHECK(outcome(question).find("twice") != std::string::npos);
  question.log_keys.clear();
  CHECK(outcome(question) == "verified");
  std::string changed = entry.proof->checkpoint;
  changed[changed.find("\n2\n") + 1] = '3';
  question.file = changed;
  CHECK(outcome(question) == "checkpoint");

  tlog::ProofFile proof{std::nullopt, entry.proof->index, entry.proof->path,
                        entry.proof->checkpoint};
  std::string text = print_proof_file(proof);
  question.file = text;
  CHECK(outcome(question).find("--artifact") != std::string::npos);
  question.artifact = Artifact{"leaf"};
  CHECK(outcome(question) == "verified");
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ static_cast<char>(1 << (bit % 8)));
    VerifyQuestion again = question;
    again.file = flipped;
    CHECK(outcome(again) != "verified");
  }
  question.artifact = Artifact{"another leaf"};
  CHECK(outcome(question) == "inclusion");
  question.artifact = Artifact{"leaf"};
  proof.extra = "x";
  text = print_proof_file(proof);
  question.file = text;
  CHECK(outcome(question) == "format");
}

TEST_CASE("verify: what is none of these is said to be none") {
  for (const std::string_view file : {"", "text", "{", "{}", "[]", "\x30\x03"}) {
    CAPTURE(file);
    CHECK(outcome({file}).find("file is") != std::string::npos);
  }
}

}  // namespace
}  // namespace mc::proof
