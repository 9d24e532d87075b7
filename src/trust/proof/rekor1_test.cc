#include "proof/rekor1.h"

#include <doctest/doctest.h>

#include "contract/pki_world.h"
#include "proof/proof.h"

namespace mc::proof {
namespace {

using crypto::Algorithm;
using crypto::SigningKey;

const std::string kMessage = "what was signed";

std::string sha256(const std::string& bytes) {
  return *crypto::digest("sha256", bytes);
}

struct Client {
  SigningKey key = *SigningKey::generate(Algorithm::es256);
  std::string pem = key.public_key().to_pem();
  std::string signature = *key.sign_der(kMessage);
  std::string hashed = print_proposal(sha256(kMessage), signature, pem);
  Envelope envelope = *sign_envelope("text/plain", kMessage, key);
  std::string enveloped = print_proposal(envelope, pem);
};

TEST_CASE("rekor 1: a hash's proposal is its body, byte for byte") {
  const Client client;
  CHECK(client.hashed ==
        R"({"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":)"
        R"("sha256","value":")" +
            to_hex(sha256(kMessage)) + R"("}},"signature":{"content":")" +
            to_base64(client.signature) + R"(","publicKey":{"content":")" + to_base64(client.pem) +
            R"("}}}})");
  const auto body = read_proposal(client.hashed);
  REQUIRE_MESSAGE(body.has_value(), body.error().what);
  CHECK(*body == client.hashed);
  const auto entry = parse_entry(*body);
  CHECK(entry->digest == sha256(kMessage));
  CHECK(entry->signatures.front().verifier == client.key.public_key().to_spki());
}

TEST_CASE("rekor 1: an envelope's body has hashes in its place") {
  const Client client;
  const auto body = read_proposal(client.enveloped);
  REQUIRE_MESSAGE(body.has_value(), body.error().what);
  const std::string text = json::print(to_json(client.envelope));
  CHECK(*body == R"({"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":{"algorithm":)"
                 R"("sha256","value":")" +
                     to_hex(sha256(text)) + R"("},"payloadHash":{"algorithm":"sha256","value":")" +
                     to_hex(sha256(kMessage)) + R"("},"signatures":[{"signature":")" +
                     to_base64(client.envelope.signatures.front().bytes) + R"(","verifier":")" +
                     to_base64(client.pem) + R"("}]}})");
  CHECK(parse_entry(*body)->digest == sha256(kMessage));
  // A stored form is no proposal; what is null is not there, as clients in Go send it.
  CHECK_FALSE(read_proposal(*body).has_value());
  std::string with_null = client.enveloped;
  with_null.insert(with_null.find(R"("proposedContent")"), R"("signatures":null,)");
  CHECK(*read_proposal(with_null) == *body);
}

TEST_CASE("rekor 1: a certificate is logged as one") {
  Client client;
  const pki::TestAuthority authority;
  const auto certificate = authority.issue(pki::TestAuthority::request(pki::Usage::code_signing),
                                           client.key.public_key());
  const std::string pem = crypto::write_pem(certificate->der(), "CERTIFICATE");
  for (const std::string& proposal : {print_proposal(sha256(kMessage), client.signature, pem),
                                      print_proposal(client.envelope, pem)}) {
    const auto body = read_proposal(proposal);
    REQUIRE_MESSAGE(body.has_value(), body.error().what);
    CHECK(parse_entry(*body)->signatures.front().verifier == certificate->der());
  }
}

struct Spoilt {
  std::string from;
  std::string to;
  std::string named;
};

void check_refused(const std::string& proposal, const std::vector<Spoilt>& cases) {
  for (const Spoilt& each : cases) {
    CAPTURE(each.from);
    CAPTURE(each.to);
    std::string bad = proposal;
    const std::size_t at = bad.find(each.from);
    REQUIRE(at != std::string::npos);
    bad.replace(at, each.from.size(), each.to);
    const auto refused = read_proposal(bad);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().code == Code::invalid);
    CHECK_MESSAGE(refused.error().what.find(each.named) != std::string::npos, refused.error().what);
  }
}

TEST_CASE("rekor 1: a proposal of a hash that does not hold is refused by name") {
  const Client client;
  CHECK(read_proposal("[]").error().what == "log entry: it must be an object");
  const std::string content = to_base64(client.signature);
  const std::string key = to_base64(client.pem);
  const std::string hash = to_hex(sha256(kMessage));
  const auto other = [](Algorithm algorithm) {
    return to_base64(SigningKey::generate(algorithm)->public_key().to_pem());
  };
  check_refused(
      client.hashed,
      {
          {content, to_base64(*client.key.sign_der("something else")), "spec.signature.content"},
          {content, to_base64(client.signature + '\0'), "spec.signature.content"},
          {content, "!", "spec.signature.content"},
          {content, "", "spec.signature.content"},
          {key, other(Algorithm::es256), "spec.signature.content"},
          {key, other(Algorithm::es384), "spec.signature.publicKey.content"},
          {key, other(Algorithm::eddsa), "spec.signature.publicKey.content"},
          {key, to_base64("no key"), "spec.signature.publicKey.content"},
          {key, to_base64(client.pem + client.pem), "spec.signature.publicKey.content"},
          {hash, to_hex(sha256("other")), "spec.signature.content"},
          {hash, hash.substr(2), "spec.data.hash.value"},
          {hash, "no hash", "spec.data.hash.value"},
          {R"("sha256")", R"("sha512")", "spec.data.hash.algorithm"},
          {R"("data")", R"("date")", "spec.data.hash.algorithm"},
          {R"("data")", R"("more":1,"data")", "spec.more"},
          {R"("kind")", R"("more":1,"kind")", "more"},
          {R"("0.0.1")", R"("0.0.2")", "hashedrekord 0.0.2"},
          {R"("0.0.1")", R"(1)", "apiVersion"},
          {"hashedrekord", "rekord", "rekord 0.0.1"},
          {R"("kind":)", R"("kind":"dsse","kind":)", "kind"},
          {"{", "[", ""},
      });
  CHECK_FALSE(read_proposal("").has_value());
  CHECK_FALSE(read_proposal("[]").has_value());
}

TEST_CASE("rekor 1: a proposal of an envelope that does not hold is refused by name") {
  const Client client;
  const std::string sig = to_base64(client.envelope.signatures.front().bytes);
  const std::string verifier = '"' + to_base64(client.pem) + '"';
  const std::string other = to_base64(Client().pem);
  check_refused(
      client.enveloped,
      {
          {sig, to_base64(client.signature), "spec.proposedContent.envelope"},
          {"text/plain", "text/plaim", "spec.proposedContent.envelope"},
          {to_base64(kMessage), to_base64(kMessage + "."), "spec.proposedContent.envelope"},
          {R"(\"signatures\":[)",
           R"(\"signatures\":[{\"sig\":\")" + to_base64(client.signature) + R"(\"},)",
           "spec.proposedContent.envelope"},
          {R"(\"signatures\":[)", R"(\"signatures\":[],\"x\":[)", "spec.proposedContent.envelope"},
          {verifier, '"' + other + '"', "spec.proposedContent.envelope"},
          {verifier, "", "spec.proposedContent.verifiers"},
          {verifier, verifier + ',' + verifier, "spec.proposedContent.verifiers"},
          {verifier, "7", "spec.proposedContent.verifiers"},
          {verifier, R"("!")", "spec.proposedContent.verifiers"},
          {verifier, R"("AAAA")", "spec.proposedContent.verifiers"},
          {R"("proposedContent")", R"("payloadHash":{},"proposedContent")", "spec.payloadHash"},
          {R"("proposedContent")", R"("content")", "spec.proposedContent.envelope"},
          {R"("verifiers")", R"("more":1,"verifiers")", "spec.proposedContent.more"},
      });
}

LogEntry logged(const std::string& body) {
  LogEntry out;
  out.index = 1;
  out.log_id = std::string(32, 'l');
  out.kind = "hashedrekord";
  out.version = "0.0.1";
  out.integrated_s = 1'700'000'000;
  out.promise = "promise";
  out.proof = LogProof{1, {2, tlog::leaf_hash("root")}, {tlog::leaf_hash("other")}, "note\n"};
  out.body = body;
  return out;
}

TEST_CASE("rekor 1: an answer is read as it was written, and another is refused by name") {
  const LogEntry entry = logged(Client().hashed);
  const std::string text = print_logged(entry, "abc");
  CHECK(text.starts_with(R"({"abc":{"body":")"));
  const auto read = parse_logged(text);
  REQUIRE_MESSAGE(read.has_value(), read.error().what);
  CHECK(*read == entry);
  CHECK(promised_text(entry) == R"({"body":")" + to_base64(entry.body) +
                                    R"(","integratedTime":1700000000,"logID":")" +
                                    to_hex(entry.log_id) + R"(","logIndex":1})");
  const std::vector<Spoilt> cases = {
      {"signedEntryTimestamp", "signedEntryTime", "signedEntryTimestamp"},
      {R"("rootHash":")", R"("rootHash":"00)", "rootHash"},
      {R"("hashes":[")", R"("hashes":["x)", "hashes"},
      {R"("hashes":[)", R"("hashes":[1,)", "hashes"},
      {R"("logID":")", R"("logID":"x)", "logID"},
      {R"("logIndex":1)", R"("logIndex":-1)", "logIndex"},
      {R"("checkpoint":"note\n")", R"("checkpoint":"")", "checkpoint"},
      {"{\"abc\"", "{\"abd\":{},\"abc\"", "one entry"},
      {R"("body":")", R"("body":"eA==","x":")", ""},
  };
  for (const Spoilt& each : cases) {
    CAPTURE(each.to);
    std::string bad = text;
    const std::size_t at = bad.find(each.from);
    REQUIRE(at != std::string::npos);
    bad.replace(at, each.from.size(), each.to);
    const auto refused = parse_logged(bad);
    REQUIRE(!refused.has_value());
    CHECK_MESSAGE(refused.error().what.find(each.named) != std::string::npos, refused.error().what);
  }
}

}  // namespace
}  // namespace mc::proof
