#include "proof/verify.h"

#include <doctest/doctest.h>

#include <set>

#include "contract/pki_world.h"
#include "contract/proof_world.h"
#include "json/json.h"
#include "proof/page.h"
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

TEST_CASE("verify: a program or a page that holds a dash of signatures is no checkpoint") {
  const std::string dash = "\n\n\xE2\x80\x94 log.example AAAA\n";
  using namespace std::string_literals;
  for (const std::string& start :
       {"\x7F"
        "ELF\x02\0\0"s,
        "\x7F"
        "ELF\n\0\n"s,
        "\n<!doctype html>\n<title>"s, "origin\n-1\n"s, "origin\n\n2\n"s, "3\n"s, ""s}) {
    CAPTURE(start);
    CHECK(outcome({.file = start + dash, .log_keys = {"k"}}).starts_with("the file is not a rec"));
  }
  MemoryLog log;
  const std::string key =
      tlog::NoteKey::make("log.example", tlog::NoteKeyType::ed25519, log.key())->print();
  const std::string file = "log.example\n2\nAAAA\n" + dash.substr(1);
  CHECK(outcome({.file = file, .log_keys = {key}}) == "checkpoint");
}

// Why a question is refused that has a flag too much; "" when it is not for that.
std::string too_much(VerifyQuestion question, std::string_view flag) {
  if (flag == "--trust") question.trust = "log x\n";
  if (flag == "--log-key") question.log_keys = {"x"};
  if (flag == "--key") question.public_key = "x";
  if (flag == "--identity") question.identity = Identity{"a", "b"};
  if (flag == "--artifact") question.artifact = Artifact{"x"};
  if (flag == "--digest") question.artifact = Artifact{"", std::string(32, 'x')};
  const Result<Report> report = verify(question);
  const bool refused = !report && report.error().code == Code::invalid &&
                       report.error().what.find(flag) != std::string::npos &&
                       report.error().what.find(" has no ") != std::string::npos;
  return refused ? report.error().what : "";
}

TEST_CASE("verify: a flag that has no meaning for a kind of file is refused, by name") {
  const std::string page = "<!doctype html>\n" + print_page_block("{}") + "<script></script>";
  struct Row {
    const char* kind;
    std::string file;
    std::set<std::string_view> meant;
  };
  const std::set<std::string_view> head = {"--trust", "--log-key"};
  const Row rows[] = {
      {"a receipt", R"({"kind":"mc.receipt/v1"})", head},
      {"a receipt", page, head},
      {"a receipt", R"({"kind":"mc.range/v1"})", head},
      {"a list of keys", R"({"kind":"mc.keys/v1"})", head},
      {"a checkpoint", "o\n1\nAA==\n\n\xE2\x80\x94 o AAAA\n", head},
      {"a log proof",
       "c2sp.org/tlog-proof@v1\n",
       {"--trust", "--log-key", "--artifact", "--digest"}},
      {"an envelope", R"({"payloadType":"t"})", {"--key", "--artifact", "--digest"}},
      {"a bundle",
       R"({"mediaType":"t"})",
       {"--trust", "--key", "--identity", "--artifact", "--digest"}}};
  for (const Row& row : rows) {
    for (const char* flag :
         {"--trust", "--log-key", "--key", "--identity", "--artifact", "--digest"}) {
      CAPTURE(row.file);
      CAPTURE(flag);
      const std::string why = too_much({.file = row.file}, flag);
      CHECK(why.empty() == row.meant.contains(flag));
      if (!why.empty()) CHECK(why.starts_with(std::string(row.kind) + " has no "));
    }
  }
  CHECK(too_much({.file = rows[0].file}, "--artifact") == "a receipt has no artifact (--artifact)");
}

}  // namespace
}  // namespace mc::proof
