#include "aws/aws.h"

#include <doctest/doctest.h>

#include "contract/aws_world.h"

namespace mc::aws {
namespace {

TEST_CASE("aws: wraps with the key's ARN and the context, and signs what it sends") {
  World world;
  world.bind();
  world.transport.add(200, "{" + quoted_key() + R"(,"CiphertextBlob":"c2VhbGVk"})");
  const auto wrapped = world.wrap();
  REQUIRE(wrapped.has_value());
  CHECK(*wrapped == kms::Wrapped{"sealed", ""});
  const kms::HttpRequest& request = world.transport.requests.at(0);
  CHECK(request.url == "https://kms.eu-central-1.amazonaws.com/");
  CHECK(request.method == "POST");
  CHECK(request.deadline == world.deadline());
  CHECK(request.body == R"({"KeyId":")" + kArn + R"(","EncryptionAlgorithm":"SYMMETRIC_DEFAULT",)" +
                            R"("EncryptionContext":{"branch":"1","tenant":"ten_1"},)" +
                            R"("Plaintext":"MDEyMzQ1Njc4OWFiY2RlZg=="})");
  CHECK(world.transport.header(0, "X-Amz-Target") == "TrentService.Encrypt");
  CHECK(world.transport.header(0, "X-Amz-Date") == "20260101T000000Z");
  CHECK(world.transport.header(0, "Host") == "kms.eu-central-1.amazonaws.com");
  // By an implementation of its own, in Python from the specification.
  CHECK(world.transport.header(0, "Authorization") ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-central-1/kms/aws4_request, "
        "SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-target, "
        "Signature=f952ad9dee4cbf7fd5dae67795563e3859167369b35c31dde06f3daf5f3dd269");
}

TEST_CASE("aws: unwraps, and renewed files are taken without a new binding") {
  World world;
  world.bind();
  world.transport.add(200, decrypted());
  const auto secret = world.unwrap();
  REQUIRE(secret.has_value());
  CHECK(secret->reveal(RevealToken()) == "0123456789abcdef");
  CHECK(world.transport.header(0, "X-Amz-Target") == "TrentService.Decrypt");
  CHECK(world.transport.requests.at(0).body.ends_with(R"("CiphertextBlob":"c2VhbGVk"})"));
  CHECK(world.transport.requests.at(0).body.find(R"("tenant":"ten_1")") != std::string::npos);

  world.write("access", "AKIDSECOND");
  world.transport.add(200, decrypted());
  CHECK(world.unwrap().has_value());
  CHECK(world.transport.header(1, "Authorization").find("=AKIDSECOND/") != std::string::npos);
}

TEST_CASE("aws: a reply that is not what was asked for is corrupt") {
  const std::string other = R"("KeyId":"arn:aws:kms:eu-central-1:111122223333:key/other")";
  struct Row {
    const char* name;
    std::string body;
  };
  const Row rows[] = {
      {"another key", "{" + other + R"(,"Plaintext":"MDEy"})"},
      {"no key", R"({"Plaintext":"MDEy"})"},
      {"another algorithm",
       "{" + quoted_key() + R"(,"Plaintext":"MDEy","EncryptionAlgorithm":"RSAES"})"},
      {"no plaintext", "{" + quoted_key() + "}"},
      {"empty plaintext", decrypted("")},
      {"a number", "{" + quoted_key() + R"(,"Plaintext":1})"},
      {"base64url", decrypted("_-8")},
      {"base64 without padding", decrypted("MDE")},
      {"base64 with bits to spare", decrypted("MDF=")},
      {"65 bytes", decrypted(to_base64(std::string(65, 'x')))},
      {"twice", "{" + quoted_key() + R"(,"Plaintext":"MDEy","Plaintext":"MDEz"})"},
      {"nothing", ""},
      {"no object", "[]"},
      {"cut off", decrypted().substr(0, 60)},
      {"deep", "{" + quoted_key() + ",\"x\":" + std::string(20, '[') + std::string(20, ']') + "}"},
      {"huge", decrypted(std::string(70'000, 'A'))},
      {"HTML", "<html><body>Sign in to this network</body></html>"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    world.bind();
    world.transport.add(200, row.body);
    const auto secret = world.unwrap();
    REQUIRE_FALSE(secret.has_value());
    CHECK(secret.error().code == Code::corrupt);
    CHECK(secret.error().what.starts_with("aws: decrypt: "));
    CHECK(secret.error().what.find("MDE") == std::string::npos);
  }
  World world;
  world.bind();
  world.transport.add(200, "{" + other + R"(,"CiphertextBlob":"c2VhbGVk"})");
  CHECK(world.wrap().error().code == Code::corrupt);
  world.transport.add(200, "{" + quoted_key() + R"(,"CiphertextBlob":"c2VhbGV"})");
  CHECK(world.wrap().error().code == Code::corrupt);
  world.transport.add(200, "{" + quoted_key() + R"(,"CiphertextBlob":")" +
                               to_base64(std::string(4'097, 'x')) + "\"}");
  CHECK(world.wrap().error().code == Code::corrupt);
}

TEST_CASE("aws: errors of the service mean what the contract says") {
  struct Row {
    int status;
    const char* type;
    Code code;
  };
  const Row rows[] = {
      {400, "AccessDeniedException", Code::denied},
      {400, "DisabledException", Code::denied},
      {400, "KMSInvalidStateException", Code::denied},
      {400, "com.amazonaws.kms#NotFoundException", Code::denied},
      {403, "UnrecognizedClientException", Code::denied},
      {403, "SomethingNewException", Code::denied},
      {400, "ThrottlingException", Code::exhausted},
      {400, "com.amazon.coral.availability#ThrottlingException", Code::exhausted},
      {400, "LimitExceededException", Code::exhausted},
      {429, "", Code::exhausted},
      {429, "SomethingNewException", Code::exhausted},
      {400, "InvalidCiphertextException", Code::corrupt},
      {400, "IncorrectKeyException", Code::corrupt},
      {400, "ValidationException", Code::invalid},
      {400, "InvalidKeyUsageException", Code::invalid},
      {400, "ExpiredTokenException", Code::unavailable},
      {400, "InvalidSignatureException", Code::unavailable},
      {403, "RequestTimeTooSkewed", Code::unavailable},
      {500, "KMSInternalException", Code::unavailable},
      {500, "KeyUnavailableException", Code::unavailable},
      {500, "DependencyTimeoutException", Code::unavailable},
      {503, "", Code::unavailable},
      {400, "SomethingNewException", Code::unavailable},
      {400, "", Code::corrupt},
      {403, "", Code::corrupt},
      {302, "", Code::corrupt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CAPTURE(row.type);
    World world;
    world.bind();
    const std::string type = row.type;
    world.transport.add(
        row.status,
        type.empty() ? "<html>" : R"({"__type":")" + type + R"(","message":"the secret plan"})");
    const auto secret = world.unwrap();
    REQUIRE_FALSE(secret.has_value());
    CHECK(secret.error().code == row.code);
    CHECK(secret.error().what.starts_with("aws: decrypt: "));
    CHECK(secret.error().what.find(type.substr(type.find('#') + 1)) != std::string::npos);
    CHECK(secret.error().what.find("plan") == std::string::npos);  // the code, not its words
  }
}

TEST_CASE("aws: the code of an error may stand in a header, and Retry-After is taken") {
  World world;
  world.bind();
  world.transport.replies.emplace_back(
      kms::HttpReply{400,
                     {{"x-amzn-errortype", "ThrottlingException:http://internal.amazon.com/coral/"},
                      {"retry-after", "7"}},
                     "{}"});
  const auto secret = world.unwrap();
  CHECK(secret.error().code == Code::exhausted);
  CHECK(secret.error().retry_after_s == 7);
  CHECK(secret.error().what == "aws: decrypt: ThrottlingException");
}

TEST_CASE("aws: the code of an error in XML, alone or in a list") {
  World world;
  world.bind();
  const std::string error = "<Error><Type>Sender</Type><Code>AccessDenied</Code></Error>";
  for (const std::string& body :
       {"<ErrorResponse>" + error + "</ErrorResponse>",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ErrorResponse><Errors>" + error +
            "</Errors></ErrorResponse>"}) {
    world.transport.add(400, body);
    CHECK(world.unwrap().error() == Error{Code::denied, "aws: decrypt: AccessDenied"});
  }
  world.transport.add(400, "<ErrorResponse>" + error + error + "</ErrorResponse>");
  CHECK(world.unwrap().error().code == Code::corrupt);
}

TEST_CASE("aws: a code that is no name is not passed on") {
  World world;
  world.bind();
  world.transport.add(400, R"({"__type":"Bearer abc\r\nSet-Cookie"})");
  CHECK(world.unwrap().error().what == "aws: decrypt: status 400");
  world.transport.add(400, R"({"__type":")" + std::string(200, 'x') + "\"}");
  CHECK(world.unwrap().error().what == "aws: decrypt: status 400");
}

TEST_CASE("aws: a wrong clock is told from a wrong secret, and neither is a denial") {
  struct Row {
    const char* date;
    const char* text;
  };
  const Row rows[] = {
      {"Thu, 01 Jan 2026 00:20:00 GMT", "this machine's clock is wrong: 1200 s behind"},
      {"Wed, 31 Dec 2025 23:50:00 GMT", "this machine's clock is wrong: 600 s ahead"},
      {"Thu, 01 Jan 2026 00:00:10 GMT", "the secret key is wrong"},
      {"yesterday", "clock or the secret key is wrong"},
      {"Thu, 01 Xan 2026 00:00:10 GMT", "clock or the secret key is wrong"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.date);
    World world;
    world.bind();
    world.transport.replies.emplace_back(
        kms::HttpReply{403, {{"date", row.date}}, R"({"__type":"InvalidSignatureException"})"});
    const auto secret = world.unwrap();
    CHECK(secret.error().code == Code::unavailable);
    CHECK(secret.error().what.find(row.text) != std::string::npos);
    CHECK(world.transport.requests.size() == 1);  // the files hold what they held
  }
}

TEST_CASE("aws: what the transport could not do keeps its code and names the step") {
  World world;
  world.bind();
  world.transport.replies.emplace_back(fail(Code::unavailable, "kms: timed out"));
  const auto secret = world.unwrap();
  CHECK(secret.error() == Error{Code::unavailable, "aws: decrypt: kms: timed out"});
}

TEST_CASE("aws: a session of a role is kept, and renewed five minutes before its end") {
  World world;
  world.use_role();
  world.bind();
  world.transport.add(200, session("ASIAFIRST", "2026-01-01T01:00:00Z"));
  world.transport.add(200, decrypted());
  CHECK(world.unwrap().has_value());
  const kms::HttpRequest& asked = world.transport.requests.at(0);
  CHECK(asked.url == "https://sts.eu-central-1.amazonaws.com/");
  CHECK(asked.body ==
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
        "&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fmc"
        "&RoleSessionName=maestro&WebIdentityToken=a.web.token");
  CHECK(world.transport.header(1, "X-Amz-Security-Token") == "tok=ASIAFIRST");
  CHECK(world.transport.header(1, "Authorization").find("=ASIAFIRST/") != std::string::npos);
  CHECK(world.transport.header(1, "Authorization").find("x-amz-security-token") !=
        std::string::npos);

  world.clock.advance(seconds(3'299));
  world.transport.add(200, decrypted());
  CHECK(world.unwrap().has_value());
  CHECK(world.transport.requests.size() == 3);

  world.clock.advance(seconds(1));
  world.transport.add(200, session("ASIASECOND", "2026-01-01T02:00:00Z"));
  world.transport.add(200, decrypted());
  CHECK(world.unwrap().has_value());
  CHECK(world.transport.header(4, "X-Amz-Security-Token") == "tok=ASIASECOND");
}

TEST_CASE("aws: while one renews a session the others use the old one, and ask for none") {
  World world;
  world.use_role();
  world.bind();
  world.transport.add(200, session("ASIAFIRST", "2026-01-01T01:00:00Z"));
  world.transport.add(200, decrypted());
  CHECK(world.unwrap().has_value());
  world.clock.advance(seconds(3'360));
  world.transport.meanwhile = [&] { CHECK(world.unwrap().has_value()); };
  world.transport.add(200, decrypted());  // of the other
  world.transport.add(200, session("ASIASECOND", "2026-01-01T02:00:00Z"));
  world.transport.add(200, decrypted());
  CHECK(world.unwrap().has_value());
  REQUIRE(world.transport.requests.size() == 5);
  CHECK(world.transport.requests.at(2).url.find("sts") != std::string::npos);
  CHECK(world.transport.header(3, "X-Amz-Security-Token") == "tok=ASIAFIRST");
  CHECK(world.transport.header(4, "X-Amz-Security-Token") == "tok=ASIASECOND");
}

TEST_CASE("aws: while the token service is away the session serves to its end, unless it refuses") {
  World world;
  world.use_role();
  world.bind();
  world.transport.add(200, session("ASIAFIRST", "2026-01-01T01:00:00Z"));
  world.transport.add(200, decrypted());
  CHECK(world.unwrap().has_value());
  world.clock.advance(seconds(3'360));
  world.transport.add(503, "");
  world.transport.add(200, decrypted());
  CHECK(world.unwrap().has_value());
  world.transport.add(403,
                      "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
  auto refused = world.unwrap();
  CHECK(refused.error() == Error{Code::denied, "aws: assume role: AccessDenied"});
  world.clock.advance(seconds(300));
  world.transport.add(503, "");
  CHECK(world.unwrap().error().code == Code::unavailable);
  // The web token itself has run out: its issuer is to give another one.
  world.transport.add(
      400, "<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>");
  refused = world.unwrap();
  CHECK(refused.error().code == Code::unavailable);
  CHECK(refused.error().what.find("to be renewed") != std::string::npos);
}

TEST_CASE("aws: an expired session is renewed once, and is no denial") {
  World world;
  world.use_role();
  world.bind();
  const std::string expired = R"({"__type":"ExpiredTokenException"})";
  world.transport.add(200, session("ASIAFIRST", "2026-01-01T01:00:00Z"));
  world.transport.add(400, expired);
  world.transport.add(200, session("ASIASECOND", "2026-01-01T01:00:00Z"));
  world.transport.add(200, decrypted());
  CHECK(world.unwrap().has_value());
  CHECK(world.transport.header(3, "X-Amz-Security-Token") == "tok=ASIASECOND");

  world.transport.add(400, expired);
  world.transport.add(200, session("ASIATHIRD", "2026-01-01T01:00:00Z"));
  world.transport.add(400, expired);
  CHECK(world.unwrap().error().code == Code::unavailable);
  CHECK(world.transport.requests.size() == 7);
}

TEST_CASE("aws: of static keys, an expired token is tried again only when the files have changed") {
  World world;
  world.write("token", "FIRST");
  world.credentials.files["session_token"] = "token";
  world.bind();
  const std::string expired = R"({"__type":"ExpiredTokenException"})";
  world.transport.add(400, expired);
  CHECK(world.unwrap().error().code == Code::unavailable);
  CHECK(world.transport.requests.size() == 1);
  CHECK(world.transport.header(0, "X-Amz-Security-Token") == "FIRST");
}

TEST_CASE("aws: a session that is none is corrupt, and the words of it are told to nobody") {
  const std::string good = session("ASIAFIRST", "2026-01-01T01:00:00Z");
  const auto without = [&](const std::string& what) {
    std::string out = good;
    return out.erase(out.find(what), what.size());
  };
  struct Row {
    const char* name;
    std::string body;
  };
  const Row rows[] = {
      {"JSON", "{}"},
      {"nothing", ""},
      {"no secret", without("<SecretAccessKey>of/a+role</SecretAccessKey>")},
      {"empty secret", without("of/a+role")},
      {"no end", without("</AssumeRoleWithWebIdentityResponse>")},
      {"a time that is none", session("ASIAFIRST", "tomorrow")},
      {"a type", "<!DOCTYPE x [<!ENTITY a \"b\">]>" + good},
      {"an entity", session("&a;", "2026-01-01T01:00:00Z")},
      {"a line in it", session("A\nB", "2026-01-01T01:00:00Z")},
      {"twice", good + good},
      {"deep", std::string(3'000, '<')},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    world.use_role();
    world.bind();
    world.transport.add(200, row.body);
    const auto secret = world.unwrap();
    REQUIRE_FALSE(secret.has_value());
    CHECK(secret.error().code == Code::corrupt);
    CHECK(secret.error().what.starts_with("aws: assume role: "));
    CHECK(secret.error().what.find("a+role") == std::string::npos);
    CHECK(world.transport.requests.size() == 1);
  }
}

TEST_CASE("aws: credentials that cannot be read are unavailable and name their file's role") {
  World world;
  world.bind();
  REQUIRE(world.files.remove("secret").has_value());
  auto secret = world.unwrap();
  CHECK(secret.error() == Error{Code::unavailable, "aws: the file of 'secret_key' cannot be read"});
  world.write("secret", "two words");
  secret = world.unwrap();
  CHECK(secret.error().code == Code::unavailable);
  CHECK(secret.error().what.find("two words") == std::string::npos);
  CHECK(world.transport.requests.empty());
}

}  // namespace
}  // namespace mc::aws
