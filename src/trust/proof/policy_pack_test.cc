#include "proof/policy_pack.h"

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

const std::string kA(64, 'a');
const std::string kB(64, 'b');

PolicyPack sample() {
  PolicyPack out;
  out.version = "acme-1";
  out.channel = "prod";
  out.issued = *parse_rfc3339("2026-01-01T00:00:00Z");
  out.expires = *parse_rfc3339("2026-04-01T00:00:00Z");
  out.files = {{".manifest", kA}, {"mc/access/allow.rego", kA}, {"mc/settings/data.json", kB}};
  return out;
}
const WallTime kDuring = *parse_rfc3339("2026-02-01T00:00:00Z");

// The example of docs/formats/policy-pack.md.
const std::string kDocument =
    R"({"channel":"prod","data":[{"path":".manifest","sha256":")" + kA +
    R"("},{"path":"mc/settings/data.json","sha256":")" + kB +
    R"("}],"expires":"2026-04-01T00:00:00.000Z","issued":"2026-01-01T00:00:00.000Z",)"
    R"("kind":"mc.policy-pack/v1","policies":[{"path":"mc/access/allow.rego","sha256":")" +
    kA + R"("}],"version":"acme-1"})";

std::string statement_text(const PolicyPack& pack) {
  return print_statement(*pack_statement(pack));
}

Envelope seal(std::string statement, const SigningKey& key) {
  return *sign_envelope(std::string(kStatementType), std::move(statement), key);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("policy pack: the document is the one of the format, and reads back from its statement") {
  PolicyPack pack = sample();
  CHECK(print_pack(pack) == kDocument);
  const Statement statement = *pack_statement(pack);
  CHECK(statement.subjects.size() == 1);
  CHECK(statement.subjects[0].name == "policy-pack/prod/acme-1");
  CHECK(statement.subjects[0].digests.at("sha256") == to_hex(*crypto::digest("sha256", kDocument)));
  CHECK(statement.predicate_type == kPackPredicate);
  CHECK(*parse_pack_statement(print_statement(statement)) == pack);
  pack.base = "acme-0";
  CHECK(print_pack(pack).starts_with(R"({"base":"acme-0","channel")"));
  CHECK(*parse_pack_statement(statement_text(pack)) == pack);
}

TEST_CASE("policy pack: what cannot be one is refused, by the member") {
  using Change = std::function<void(PolicyPack&)>;
  struct Row {
    const char* why;
    Change change;
  };
  const Row rows[] = {
      {"version", [](PolicyPack& p) { p.version.clear(); }},
      {"version", [](PolicyPack& p) { p.version = "a\nb"; }},
      {"version", [](PolicyPack& p) { p.version = std::string(257, 'v'); }},
      {"base", [](PolicyPack& p) { p.base = "\x1b[0m"; }},
      {"channel", [](PolicyPack& p) { p.channel.clear(); }},
      {"channel", [](PolicyPack& p) { p.channel = "Prod"; }},
      {"channel", [](PolicyPack& p) { p.channel = std::string(33, 'c'); }},
      {"whole milliseconds", [](PolicyPack& p) { p.issued.nanos += 1; }},
      {"whole milliseconds", [](PolicyPack& p) { p.expires.nanos += 1; }},
      {"not after issued", [](PolicyPack& p) { p.expires = p.issued; }},
      {"no file", [](PolicyPack& p) { p.files.clear(); }},
      {"path", [](PolicyPack& p) { p.files[""] = kA; }},
      {"path", [](PolicyPack& p) { p.files[std::string(513, 'p')] = kA; }},
      {"path", [](PolicyPack& p) { p.files["a\tb"] = kA; }},
      {"never named", [](PolicyPack& p) { p.files["policies/ig.bundle"] = kA; }},
      {"never named", [](PolicyPack& p) { p.files[".signatures.json"] = kA; }},
      {"sha256", [](PolicyPack& p) { p.files["x"] = kA.substr(1); }},
      {"sha256", [](PolicyPack& p) { p.files["x"] = std::string(64, 'A'); }},
      {"more than 20000",
       [](PolicyPack& p) {
         for (int i = 0; i < 20'000; ++i) p.files["f/" + std::to_string(i)] = kA;
       }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    PolicyPack pack = sample();
    row.change(pack);
    const auto made = pack_statement(pack);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Code::invalid);
    CHECK_MESSAGE(made.error().what.find(row.why) != std::string::npos, made.error().what);
  }
  PolicyPack pack = sample();
  for (int i = 0; i < 19'997; ++i) pack.files["f/" + std::to_string(i)] = kA;
  CHECK(*parse_pack_statement(statement_text(pack)) == pack);
}

// Each of these would be another document, or another way to write this one.
TEST_CASE("policy pack: a statement that is not written as one of a pack is refused") {
  const std::string good = statement_text(sample());
  const std::string rego = R"({"path":"mc/access/allow.rego","sha256":")" + kA + "\"}";
  const std::string settings = R"({"path":"mc/settings/data.json","sha256":")" + kB + "\"}";
  const std::string manifest = R"({"path":".manifest","sha256":")" + kA + "\"}";
  struct Row {
    const char* what;
    std::string text;
    const char* why;
  };
  const Row rows[] = {
      {"another type", replaced(good, kPackPredicate, "urn:other"), "another type"},
      {"another version", replaced(good, kPackKind, "mc.policy-pack/v2"), "kind"},
      {"no version", replaced(good, R"("version":"acme-1")", R"("other":"acme-1")"), "version"},
      {"a member too much", replaced(good, R"("channel":)", R"("more":1,"channel":)"), "more"},
      {"a null", replaced(good, R"("channel":"prod")", R"("base":null,"channel":"prod")"),
       "not written"},
      {"an empty base", replaced(good, R"("channel":"prod")", R"("base":"","channel":"prod")"),
       "not written"},
      {"no list", replaced(good, "\"policies\":[" + rego + "]", R"("policies":{})"), "policies"},
      {"a path twice", replaced(good, manifest, manifest + "," + manifest), "twice"},
      {"a policy among the data",
       replaced(replaced(good, rego, ""), manifest, manifest + "," + rego), "not written"},
      {"another order", replaced(good, manifest + "," + settings, settings + "," + manifest),
       "not written"},
      {"a file of three members", replaced(good, manifest, replaced(manifest, "}", R"(,"n":1})")),
       "data.n"},
      {"a time with an offset",
       replaced(good, "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000+01:00"), "not written"},
      {"a time that is none", replaced(good, "2026-01-01T00:00:00.000Z", "now"), "issued"},
      {"an end before the begin", replaced(good, "2026-04-01", "2025-04-01"), "expires"},
      {"a blank", good + " ", "not written"},
      {"another subject", replaced(good, "policy-pack/prod", "policy-pack/dev"), "not written"},
      {"another channel", replaced(good, R"("channel":"prod")", R"("channel":"dev")"),
       "not written"},
      {"no JSON", "{", ""},
      {"nothing", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto read = parse_pack_statement(row.text);
    REQUIRE_FALSE(read);
    CHECK_MESSAGE(read.error().what.find(row.why) != std::string::npos, read.error().what);
  }
}

TEST_CASE("policy pack: of the files the first difference by path is named") {
  const PolicyPack pack = sample();
  struct Row {
    const char* reason;
    const char* names;
    std::function<void(PackFiles&)> change;
  };
  const Row rows[] = {
      {"", "", [](PackFiles&) {}},
      {"file_changed", "'mc/settings/data.json' differs",
       [](PackFiles& f) { f["mc/settings/data.json"] = kA; }},
      {"file_missing", "'mc/access/allow.rego' is in the pack, but not there",
       [](PackFiles& f) { f.erase("mc/access/allow.rego"); }},
      {"file_missing", "'mc/settings/data.json' is in the pack",
       [](PackFiles& f) { f.erase("mc/settings/data.json"); }},
      {"file_extra", "'mc/access/more.rego' is there, but not in the pack",
       [](PackFiles& f) { f["mc/access/more.rego"] = kA; }},
      {"file_extra", "'z' is there", [](PackFiles& f) { f["z"] = kA; }},
      {"file_missing", "'.manifest'", [](PackFiles& f) { f.clear(); }},
      {"file_extra", "'mc/access/allow_2.rego'",  // renamed
       [](PackFiles& f) {
         f["mc/access/allow_2.rego"] = f["mc/settings/data.json"];
         f.erase("mc/settings/data.json");
       }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.names);
    PackFiles files = pack.files;
    row.change(files);
    const std::optional<PackDifference> found = compare(pack, files);
    CHECK((found ? found->reason : "") == row.reason);
    CHECK_MESSAGE((found ? found->what : "").starts_with(row.names), (found ? found->what : ""));
  }
}

TEST_CASE("policy pack: which files of a folder are a bundle's, and which a pack names") {
  struct Row {
    const char* path;
    bool is_bundle_file, is_packed, is_policy;
  };
  const Row rows[] = {
      {"mc/a.rego", true, true, true},
      {"mc/a_test.rego", false, true, true},
      {"data.json", true, true, false},
      {"x/y.yaml", true, true, false},
      {"x.yml", true, true, false},
      {"plan.json", true, true, true},
      {"x/plan.json", true, true, false},
      {".manifest", true, true, false},
      {"README.md", false, true, false},
      {".signatures.json", true, false, false},
      {"policies/ig.bundle", true, false, false},
      {"ig.bundle", false, true, false},
      {"x/.hidden.json", false, true, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(is_bundle_file(row.path) == row.is_bundle_file);
    CHECK(is_packed_file(row.path) == row.is_packed);
    CHECK(is_policy_file(row.path) == row.is_policy);
  }
}

TEST_CASE("policy pack: it holds from a little before it was issued up to its end") {
  const PolicyPack pack = sample();
  const Nanos ms = millis(1);
  CHECK_FALSE(check_period(pack, pack.issued - kPackEarlyMax - ms));
  CHECK(check_period(pack, pack.issued - kPackEarlyMax));
  CHECK(check_period(pack, pack.expires - ms));
  CHECK_FALSE(check_period(pack, pack.expires));
}

// "verified", or "step: reason", or why nothing was checked.
std::string outcome(const VerifyQuestion& question) {
  const Result<Report> report = verify(question);
  if (!report) return report.error().what;
  const Step* const failure = report->failure();
  return failure == nullptr ? "verified" : failure->name + ": " + failure->reason;
}

// The pack in its two forms, each with the question that it answers to.
struct Form {
  std::string text;
  VerifyQuestion question;
};
struct World {
  SigningKey key = *SigningKey::generate(Algorithm::es256);
  pki::TestTimestamps times;
  TestTime time{times.signer(), pki::TestAuthority::noon()};
  MemoryLog log;

  std::vector<Form> forms(const std::string& statement) {
    TrustedRoot root;
    root.logs.push_back({"https://log.example", log.key(), log.id(), {WallTime{}}});
    root.timestamp_authorities.push_back({"O", "CN", "", times.signer().chain(), {WallTime{}}});
    VerifyQuestion asked;
    asked.public_key = key.public_key().to_pem();
    asked.now = kDuring;
    std::vector<Form> out;
    out.push_back({json::print(to_json(seal(statement, key))), asked});
    asked.trust = print_trusted_root(root);
    const Result<Statement> read = parse_statement(statement);
    if (read) out.push_back({print_bundle(*sign_statement({key, log, time}, *read)), asked});
    return out;
  }
};

TEST_CASE(
    "policy pack: verified with its key, in an envelope or in a bundle, each kind of change") {
  World world;
  struct Row {
    const char* what;
    std::string statement;
    std::function<void(VerifyQuestion&)> change;
    const char* outcome;
  };
  const PackFiles files = sample().files;
  const auto with = [&](const std::function<void(PackFiles&)>& change) {
    PackFiles changed = files;
    change(changed);
    return [changed](VerifyQuestion& q) { q.pack_files = changed; };
  };
  const std::string good = statement_text(sample());
  const std::string other_key = SigningKey::generate(Algorithm::es256)->public_key().to_pem();
  const Row rows[] = {
      {"as it is", good, [](VerifyQuestion&) {}, "verified"},
      {"with its files", good, with([](PackFiles&) {}), "verified"},
      {"its channel", good, [](VerifyQuestion& q) { q.channel = "prod"; }, "verified"},
      {"its document", good, [](VerifyQuestion& q) { q.artifact = Artifact{kDocument}; },
       "verified"},
      {"another document", good, [](VerifyQuestion& q) { q.artifact = Artifact{"{}"}; },
       "artifact: artifact_mismatch"},
      {"another channel", good, [](VerifyQuestion& q) { q.channel = "dev"; },
       "channel: channel_mismatch"},
      {"at its end", good, [](VerifyQuestion& q) { q.now = sample().expires; },
       "period: pack_expired"},
      {"a changed file", good, with([](PackFiles& f) { f[".manifest"] = kB; }),
       "files: file_changed"},
      {"a missing file", good, with([](PackFiles& f) { f.erase(".manifest"); }),
       "files: file_missing"},
      {"an extra policy", good, with([](PackFiles& f) { f["x.rego"] = kB; }), "files: file_extra"},
      {"no file at all", good, with([](PackFiles& f) { f.clear(); }), "files: file_missing"},
      {"another key", good, [&](VerifyQuestion& q) { q.public_key = other_key; }, ""},
      {"a signed thing of another form", good.substr(0, good.size() - 1) + ",\"x\":1}",
       [](VerifyQuestion&) {}, "pack: pack_invalid"},
      {"a statement without a subject", replaced(good, "\"subject\"", "\"other\""),
       [](VerifyQuestion&) {}, "pack: pack_invalid"},
  };
  for (const Row& row : rows) {
    for (const Form& form : world.forms(row.statement)) {
      CAPTURE(row.what);
      CAPTURE(form.text.substr(0, 20));
      // Whoever signs bundles prints statements anew.
      if (row.statement != good && form.question.trust) continue;
      VerifyQuestion question = form.question;
      question.file = form.text;
      row.change(question);
      const std::string got = outcome(question);
      if (*row.outcome == '\0') {
        CHECK((got == "signature: signature_invalid" || got == "signer: signer_unexpected"));
      } else {
        CHECK(got == row.outcome);
      }
    }
  }
}

TEST_CASE("policy pack: one that is issued for later does not hold yet") {
  World world;
  PolicyPack pack = sample();
  pack.issued = *parse_rfc3339("2026-03-01T00:00:00Z");
  const std::string text = json::print(to_json(seal(statement_text(pack), world.key)));
  VerifyQuestion question{text};
  question.public_key = world.key.public_key().to_pem();
  question.now = kDuring;
  CHECK(outcome(question) == "period: pack_early");
  question.now = pack.issued;
  CHECK(outcome(question) == "verified");
}

TEST_CASE("policy pack: no single bit of a signed one can be changed unseen") {
  World world;
  const std::string text = json::print(to_json(seal(statement_text(sample()), world.key)));
  VerifyQuestion question{text};
  question.public_key = world.key.public_key().to_pem();
  question.now = kDuring;
  question.pack_files = sample().files;
  REQUIRE(outcome(question) == "verified");
  for (std::size_t bit = 0; bit < text.size() * 8; bit += kBitStride) {
    CAPTURE(bit);
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ static_cast<char>(1 << (bit % 8)));
    VerifyQuestion again = question;
    again.file = flipped;
    CHECK(outcome(again) != "verified");
  }
}

TEST_CASE("policy pack: what is none has neither a channel nor files") {
  World world;
  Statement other;
  other.predicate_type = "https://p";
  other.subjects.push_back({"a", {{"sha256", kA}}});
  const std::string statement = print_statement(other);
  for (const Form& form : world.forms(statement)) {
    VerifyQuestion question = form.question;
    question.file = form.text;
    question.channel = "prod";
    CHECK(outcome(question).find(" has no channel (--channel)") != std::string::npos);
    question.channel.reset();
    question.pack_files = sample().files;
    CHECK(outcome(question).find(" has no files (--artifact)") != std::string::npos);
    CHECK_FALSE(find_pack(form.text));
  }
  VerifyQuestion receipt{R"({"kind":"mc.receipt/v1"})"};
  receipt.channel = "prod";
  CHECK(outcome(receipt) == "a receipt has no channel (--channel)");
}

TEST_CASE("policy pack: found in an envelope and in a bundle, and in nothing else") {
  World world;
  const std::string good = statement_text(sample());
  for (const Form& form : world.forms(good)) {
    const std::optional<Envelope> found = find_pack(form.text);
    REQUIRE(found);
    CHECK(found->payload == good);
  }
  const Envelope odd = *sign_envelope("text/plain", good, world.key);
  CHECK_FALSE(find_pack(json::print(to_json(odd))));
  const auto blob = sign_blob({world.key, world.log, world.time}, "artifact");
  CHECK_FALSE(find_pack(print_bundle(*blob)));
  for (const char* text : {"", "{}", "[]", "text"}) CHECK_FALSE(find_pack(text));
}

}  // namespace
}  // namespace mc::proof
