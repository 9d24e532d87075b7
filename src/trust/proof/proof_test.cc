#include "proof/proof.h"

#include <doctest/doctest.h>

#include "contract/pki_world.h"
#include "contract/proof_world.h"

namespace mc::proof {
namespace {

using crypto::Algorithm;
using crypto::SigningKey;

TEST_CASE("report: steps stop at the first that fails, and nothing is not verified") {
  Report report("thing");
  CHECK_FALSE(report.verified());
  CHECK(report.step("one", "one_bad", [] { return Result<std::string>("seen"); }));
  report.skip("two", "not there");
  CHECK(report.verified());
  CHECK_FALSE(report.step("three", "three_bad",
                          []() -> Result<std::string> { return fail(Code::invalid, "why"); }));
  CHECK_FALSE(report.step("four", "four_bad", [] { return Result<std::string>("never"); }));
  CHECK_FALSE(report.verified());
  CHECK(report.failure()->name == "three");
  CHECK(print_text(report) ==
        "\xE2\x9C\x93 one              seen\n"
        "\xE2\x80\x93 two              not there\n"
        "\xE2\x9C\x95 three            three_bad: why\n"
        "\xE2\x80\x93 four             an earlier step failed\n"
        "NOT verified: thing\n");
  CHECK(print_json(report) ==
        R"({"subject":"thing","verified":false,"steps":[)"
        R"({"step":"one","outcome":"passed","detail":"seen"},)"
        R"({"step":"two","outcome":"skipped","detail":"not there"},)"
        R"({"step":"three","outcome":"failed","reason":"three_bad","detail":"why"},)"
        R"({"step":"four","outcome":"skipped","detail":"an earlier step failed"}]})");
}

TEST_CASE("envelope: the signed bytes are DSSE's") {
  // The example of the protocol's document.
  CHECK(signed_bytes("http://example.com/HelloWorld", "hello world") ==
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  const SigningKey key = *SigningKey::generate(Algorithm::es256);
  const Envelope envelope = *sign_envelope("text/plain", "said", key);
  CHECK(check_envelope(envelope, key.public_key()));
  CHECK_FALSE(check_envelope(envelope, SigningKey::generate(Algorithm::es256)->public_key()));
  Envelope changed = envelope;
  changed.payload_type = "text/html";
  CHECK_FALSE(check_envelope(changed, key.public_key()));
  const std::string text = json::print(to_json(envelope));
  CHECK(*parse_envelope(text) == envelope);
}

TEST_CASE("envelope: both alphabets of base64 are read, what is not one is refused") {
  const char* good =
      R"({"payloadType":"t","payload":"-_8=","signatures":[{"sig":"-_8","keyid":"k"}]})";
  const Result<Envelope> read = parse_envelope(good);
  REQUIRE(read);
  CHECK(read->payload == "\xfb\xff");
  CHECK(read->signatures[0].key_id == "k");
  for (const char* bad :
       {R"({"payloadType":"t","payload":"-+8=","signatures":[{"sig":"AAAA"}]})",
        R"({"payloadType":"t","payload":"AAA","signatures":[{"sig":"AAAA"}]})",
        R"({"payloadType":"t","payload":"AAAA","signatures":[]})",
        R"({"payloadType":"t","payload":"AAAA"})",
        R"({"payload":"AAAA","signatures":[{"sig":"AAAA"}]})",
        R"({"payloadType":"t","payload":"AAAA","signatures":[{"sig":"AAAA","x":1}]})",
        R"({"payloadType":"t","payload":"AAAA","signatures":[{"sig":"AAAA"}],"x":1})", "1", ""}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_envelope(bad));
  }
}

TEST_CASE("statement: versions 1 and 0.1 are read, subjects need digests") {
  const std::string good = R"({"_type":"https://in-toto.io/Statement/v1",)"
                           R"("subject":[{"name":"a","digest":{"sha256":"00"}}],)"
                           R"("predicateType":"https://p","predicate":{"x":1},"more":2})";
  const Result<Statement> read = parse_statement(good);
  REQUIRE(read);
  CHECK(read->subjects[0].digests.at("sha256") == "00");
  CHECK(print_statement(*read) ==
        R"({"_type":"https://in-toto.io/Statement/v1","predicate":{"x":1},)"
        R"("predicateType":"https://p",)"
        R"("subject":[{"digest":{"sha256":"00"},"name":"a"}]})");
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return parse_statement(text);
  };
  CHECK(with("Statement/v1", "Statement/v0.1"));
  CHECK_FALSE(with("Statement/v1", "Statement/v2"));
  CHECK_FALSE(with(R"({"sha256":"00"})", "{}"));
  CHECK_FALSE(with(R"({"sha256":"00"})", R"({"sha256":0})"));
  CHECK_FALSE(with(R"([{"name":"a","digest":{"sha256":"00"}}])", "[]"));
  CHECK_FALSE(with("https://p", ""));
  CHECK_FALSE(parse_statement("{}"));
}

TEST_CASE("entry: the body that is written is the one that is read") {
  const std::string body = hashedrekord_body("digest", "signature", Verifier::public_key, "key");
  CHECK(
      body ==
      R"({"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{)"
      R"("algorithm":"SHA2_256","digest":"ZGlnZXN0"},"signature":{"content":"c2lnbmF0dXJl",)"
      R"("verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"a2V5"}}}}}})");
  CHECK(json::canonical(*json::parse(body)) == body);
  const Result<Entry> read = parse_entry(body);
  REQUIRE(read);
  CHECK(read->digest == "digest");
  CHECK(read->digest_of == DigestOf::message);
  CHECK(read->signatures == std::vector<Entry::Signature>{{"signature", "key"}});
  CHECK(parse_entry(hashedrekord_body("d", "s", Verifier::certificate, "c"))
            ->signatures[0]
            .verifier == "c");
  for (const char* bad : {R"({"apiVersion":"0.0.3","kind":"hashedrekord","spec":{}})",
                          R"({"apiVersion":"0.0.1","kind":"intoto","spec":{}})",
                          R"({"apiVersion":"0.0.2","kind":"hashedrekord","spec":{}})",
                          R"({"apiVersion":"0.0.2","kind":"hashedrekord"})", "{}", "[", ""}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_entry(bad));
  }
}

TEST_CASE("trusted root: it reads back as written") {
  const pki::TestTimestamps times;
  const pki::TestAuthority authority;
  const MemoryLog log;
  TrustedRoot root;
  const WallTime from = whole_ms(pki::TestAuthority::noon());
  root.logs.push_back({"https://log.example", log.key(), log.id(), {from, from + seconds(60)}});
  root.certificate_logs.push_back({"https://ct.example",
                                   SigningKey::generate(Algorithm::es256)->public_key(),
                                   std::string(32, 'x'),
                                   {from}});
  root.certificate_authorities.push_back({"O", "CN", "https://ca", {authority.root()}, {from}});
  root.timestamp_authorities.push_back({"O", "CN", "", times.signer().chain(), {from}});
  const std::string text = print_trusted_root(root);
  const Result<TrustedRoot> read = parse_trusted_root(text);
  REQUIRE(read);
  CHECK(print_trusted_root(*read) == text);
  CHECK(read->logs[0].key.to_spki() == log.key().to_spki());
  CHECK(read->logs[0].period == root.logs[0].period);
  CHECK(read->timestamp_authorities[0].chain == root.timestamp_authorities[0].chain);

  const auto with = [&](std::string_view was, std::string_view is) {
    std::string changed = text;
    changed.replace(changed.find(was), was.size(), is);
    return parse_trusted_root(changed);
  };
  CHECK_FALSE(with("trustedroot", "bundle"));
  CHECK(with("PKIX_ED25519", "PKIX_SOMETHING_NEW")->logs.empty());
  CHECK_FALSE(with("PKIX_ED25519", "PKIX_ECDSA_P256_SHA_256"));
  CHECK_FALSE(with("\"rawBytes\": \"MC", "\"rawBytes\": \"MD"));
  CHECK_FALSE(with("2026-01", "2026-13"));
  CHECK_FALSE(parse_trusted_root(""));
}

TEST_CASE("trusted root: a log's name is the host of its address") {
  CHECK(host_of("https://log.example/x/y") == "log.example");
  CHECK(host_of("http://localhost:8000") == "localhost:8000");
  CHECK(host_of("log.example") == "log.example");
  CHECK(host_of("") == "");
}

TEST_CASE("sign: bundles want a key that every verifier knows") {
  const pki::TestTimestamps times;
  TestTime time(times.signer(), pki::TestAuthority::noon());
  MemoryLog log;
  const SigningKey key = *SigningKey::generate(Algorithm::eddsa);
  CHECK_FALSE(sign_blob({key, log, time}, "x"));
}

TEST_CASE("proof: what a file says cannot speak to the terminal") {
  Report report("a \x1b[8mname");
  report.step("format", "format_invalid", []() -> Result<std::string> {
    return fail(Code::invalid,
                "\x1b[2J\x1b[Hverified: bundle\n\x7f\xC2\x9B"
                "1m \xC3\xA9");
  });
  CHECK(print_text(report) ==
        "\xE2\x9C\x95 format           format_invalid: \\x1b[2J\\x1b[Hverified: bundle\\x0a\\x7f"
        "\\xc29b1m \xC3\xA9\nNOT verified: a \\x1b[8mname\n");
}

}  // namespace
}  // namespace mc::proof
