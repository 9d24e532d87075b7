#include <doctest/doctest.h>

#include "aws/binding.h"
#include "contract/aws_world.h"

namespace mc::aws {
namespace {

std::string rotations(const std::string& list, const std::string& more = "") {
  return R"({"Rotations":[)" + list + "]" + more + "}";
}
std::string rotation(const std::string& at, const std::string& material) {
  return "{" + quoted_key() + R"(,"RotationDate":)" + at + R"(,"KeyMaterialId":")" + material +
         R"(","RotationType":"ON_DEMAND"})";
}

TEST_CASE("aws: describes a key, with the versions of all pages, the newest first") {
  World world;
  world.bind();
  world.transport.add(200, described(R"("KeyState":"Enabled","CurrentKeyMaterialId":"m3")"));
  world.transport.add(
      200, rotations(rotation("1767225600.5", "m2"), R"(,"Truncated":true,"NextMarker":"a\"b")"));
  world.transport.add(200, rotations(rotation("1767229200", "m3") + ",{" + quoted_key() +
                                     R"(,"RotationDate":null,"KeyMaterialId":"m1"})"));
  const auto seen = world.provider->describe(world.deadline());
  REQUIRE(seen.has_value());
  CHECK(seen->state == kms::KeyState::enabled);
  CHECK(seen->key == kArn);
  CHECK(seen->version == "m3");
  CHECK(seen->algorithm == "SYMMETRIC_DEFAULT");
  CHECK(seen->origin == "AWS_KMS");
  CHECK(seen->protection == "hsm");
  CHECK(seen->extractable == std::nullopt);
  CHECK(seen->destroyed_at == std::nullopt);
  CHECK(seen->versions == std::vector<std::string>{"m3", "m2", "m1"});
  CHECK(seen->attributes.at("AWSAccountId") == "111122223333");
  CHECK(seen->attributes.at("MultiRegion") == "false");
  CHECK(seen->attributes.at("LastRotation") == "2026-01-01T01:00:00.000Z");
  CHECK(world.transport.header(0, "X-Amz-Target") == "TrentService.DescribeKey");
  CHECK(world.transport.header(2, "X-Amz-Target") == "TrentService.ListKeyRotations");
  CHECK(world.transport.requests.at(2).body.ends_with(R"(,"Marker":"a\"b"})"));
}

TEST_CASE("aws: the states of a key") {
  struct Row {
    const char* name;
    kms::KeyState state;
  };
  const Row rows[] = {
      {"Disabled", kms::KeyState::disabled},
      {"Creating", kms::KeyState::disabled},
      {"PendingImport", kms::KeyState::disabled},
      {"Unavailable", kms::KeyState::disabled},
      {"PendingDeletion", kms::KeyState::pending_destruction},
      {"PendingReplicaDeletion", kms::KeyState::pending_destruction},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    world.bind();
    world.transport.add(200, described(R"("KeyState":")" + std::string(row.name) +
                                       R"(","DeletionDate":1767312000.0)"));
    const auto seen = world.provider->describe(world.deadline());
    REQUIRE(seen.has_value());
    CHECK(seen->state == row.state);
    CHECK(seen->destroyed_at == WallTime{1'767'312'000'000'000'000});
    CHECK(seen->attributes.at("KeyState") == row.name);
    CHECK(world.transport.requests.size() == 1);  // rotations are those of a key that lives
  }
}

TEST_CASE("aws: a description that is another's, or of no known state, is corrupt") {
  const std::string good = described();
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string out = good;
    return out.replace(out.find(what), what.size(), instead);
  };
  struct Row {
    const char* name;
    std::string body;
  };
  const Row rows[] = {
      {"another key", with("1234abcd-12ab", "1234abcd-12ac")},
      {"another account", with(R"("AWSAccountId":"1111)", R"("AWSAccountId":"2111)")},
      {"no state", described(R"("x":1)")},
      {"a new state", described(R"("KeyState":"Sleeping")")},
      {"a date that is none", described(R"("KeyState":"Enabled","DeletionDate":"soon")")},
      {"a date before all", described(R"("KeyState":"Enabled","DeletionDate":-1)")},
      {"a date after all", described(R"("KeyState":"Enabled","DeletionDate":1e300)")},
      {"a flag that is none", with("false", "0")},
      {"no metadata", "{}"},
      {"a line in it", with("CUSTOMER", "CUST\\nOMER")},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    world.bind();
    world.transport.add(200, row.body);
    const auto seen = world.provider->describe(world.deadline());
    REQUIRE_FALSE(seen.has_value());
    CHECK(seen.error().code == Code::corrupt);
  }
}

TEST_CASE("aws: who may not list rotations sees the key all the same, an outage is told") {
  World world;
  world.bind();
  world.transport.add(200, described());
  world.transport.add(400, R"({"__type":"AccessDeniedException"})");
  auto seen = world.provider->describe(world.deadline());
  REQUIRE(seen.has_value());
  CHECK(seen->versions.empty());
  world.transport.add(200, described());
  world.transport.add(503, "");
  seen = world.provider->describe(world.deadline());
  CHECK(seen.error().code == Code::unavailable);
}

TEST_CASE("aws: rotates on demand, and gives the new material's name once the service has it") {
  World world;
  world.bind();
  for (const char* material : {"m1", "m2"}) {
    CAPTURE(material);
    world.transport.requests.clear();
    world.transport.add(200, described(R"("KeyState":"Enabled","CurrentKeyMaterialId":"m1")"));
    world.transport.add(200, "{" + quoted_key() + "}");
    world.transport.add(200, described(R"("KeyState":"Enabled","CurrentKeyMaterialId":")" +
                                       std::string(material) + "\""));
    const auto version = world.provider->rotate(world.deadline());
    REQUIRE(version.has_value());
    CHECK(*version == (std::string(material) == "m1" ? "" : "m2"));
    CHECK(world.transport.header(1, "X-Amz-Target") == "TrentService.RotateKeyOnDemand");
  }
  // The order was taken, whatever comes after it.
  world.transport.add(200, described());
  world.transport.add(200, "{" + quoted_key() + "}");
  CHECK(world.provider->rotate(world.deadline()) == std::string());
}

TEST_CASE("aws: what only its owner may do is invalid, and says what to do") {
  for (const char* type : {"AccessDeniedException", "UnsupportedOperationException"}) {
    CAPTURE(type);
    World world;
    world.bind();
    const std::string refusal = R"({"__type":")" + std::string(type) + "\"}";
    world.transport.add(200, described());
    world.transport.add(400, refusal);
    const auto version = world.provider->rotate(world.deadline());
    CHECK(version.error().code == Code::invalid);
    CHECK(version.error().what.find("kms:RotateKeyOnDemand") != std::string::npos);
    world.transport.add(200, described());
    world.transport.add(400, refusal);
    const auto gone = world.provider->destroy("", world.deadline());
    CHECK(gone.error().code == Code::invalid);
    CHECK(gone.error().what.find("kms:ScheduleKeyDeletion") != std::string::npos);
  }
  World world;
  world.bind();
  world.transport.add(200, described());
  world.transport.add(400, R"({"__type":"DisabledException"})");
  CHECK(world.provider->rotate(world.deadline()).error().code == Code::denied);
}

TEST_CASE("aws: orders the end of a key after the window, once, and of no version") {
  World world;
  world.credentials.options["pending_window_days"] = "7";
  world.bind();
  CHECK(world.provider->destroy("m1", world.deadline()).error().code == Code::invalid);
  CHECK(world.transport.requests.empty());
  world.transport.add(200, described());
  world.transport.add(200, "{" + quoted_key() + R"(,"DeletionDate":1767830400})");
  const WallTime end{1'767'830'400'000'000'000};
  CHECK(world.provider->destroy("", world.deadline()) == end);
  CHECK(world.transport.requests.at(1).body == "{" + quoted_key() + R"(,"PendingWindowInDays":7})");
  world.transport.add(200, described(R"("KeyState":"PendingDeletion","DeletionDate":1767830400)"));
  CHECK(world.provider->destroy("", world.deadline()) == end);
  CHECK(world.transport.requests.size() == 3);
  world.transport.add(
      200, described(R"("KeyState":"Enabled","MultiRegionConfiguration":{)"
                     R"("MultiRegionKeyType":"PRIMARY","ReplicaKeys":[{"Region":"eu-west-1"}]})"));
  CHECK(world.provider->destroy("", world.deadline()).error().code == Code::invalid);
  CHECK(world.transport.requests.size() == 4);
}

TEST_CASE("aws: a URI names one key, and no alias") {
  const auto key = parse_uri(kUri);
  REQUIRE(key.has_value());
  CHECK(*key == KeyName{kArn, "aws", "eu-central-1", "111122223333"});
  struct Row {
    const char* uri;
    const char* text;
  };
  const Row rows[] = {
      {"", "aws-kms:"},
      {"aws:arn:aws:kms:eu-central-1:111122223333:key/1", "aws-kms:"},
      {"aws-kms:alias/mine", "alias"},
      {"aws-kms:arn:aws:kms:eu-central-1:111122223333:alias/mine", "alias"},
      {"aws-kms:1234abcd-12ab-34cd-56ef-1234567890ab", "REGION"},
      {"aws-kms:arn:aws:s3:eu-central-1:111122223333:key/1", "REGION"},
      {"aws-kms:arn:azure:kms:eu-central-1:111122223333:key/1", "partition"},
      {"aws-kms:arn:aws:kms:evil.example/:111122223333:key/1", "region"},
      {"aws-kms:arn:aws:kms::111122223333:key/1", "region"},
      {"aws-kms:arn:aws:kms:eu-central-1:1111:key/1", "account"},
      {"aws-kms:arn:aws:kms:eu-central-1:11112222333x:key/1", "account"},
      {"aws-kms:arn:aws:kms:eu-central-1:111122223333:key/", "key/ID"},
      {"aws-kms:arn:aws:kms:eu-central-1:111122223333:key/a\"b", "key/ID"},
      {"aws-kms:arn:aws:kms:eu-central-1:111122223333:key/1:2", "REGION"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.uri);
    const auto refused = parse_uri(row.uri);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::invalid);
    CHECK(refused.error().what.find(row.text) != std::string::npos);
  }
}

TEST_CASE("aws: a binding says what is unknown, missing or malformed in it") {
  const kms::Credentials good{{{"access_key", "a"}, {"secret_key", "b"}}, {}};
  REQUIRE(read_binding(kUri, good).has_value());
  struct Row {
    const char* option;
    const char* value;
    bool taken;
  };
  const Row rows[] = {
      {"endpoint", "https://vpce-1.kms.eu-central-1.vpce.amazonaws.com/", true},
      {"endpoint", "https://localhost:8443", true},
      {"endpoint", "http://127.0.0.1:5000", true},
      {"endpoint", "http://[::1]:5000", true},
      {"endpoint", "http://localhost:5000", false},
      {"endpoint", "http://127.evil.example", false},
      {"endpoint", "http://kms.example", false},
      {"endpoint", "https://user@kms.example", false},
      {"endpoint", "https://kms.example/path", false},
      {"endpoint", "https://", false},
      {"endpoint", "kms.example", false},
      {"sts_endpoint", "ftp://127.0.0.1", false},
      {"region", "eu-central-1", true},
      {"region", "eu-central-2", false},
      {"pending_window_days", "30", true},
      {"pending_window_days", "6", false},
      {"pending_window_days", "31", false},
      {"pending_window_days", "a week", false},
      {"ca", "ca.pem", true},
      {"role_arn", "arn:aws:iam::111122223333:role/mc", false},  // not beside keys
      {"regoin", "eu-central-1", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.option);
    CAPTURE(row.value);
    kms::Credentials credentials = good;
    credentials.options[row.option] = row.value;
    CHECK(read_binding(kUri, credentials).has_value() == row.taken);
  }
  const std::map<std::string, std::string> files[] = {
      {},
      {{"access_key", "a"}},
      {{"secret_key", "b"}},
      {{"web_identity_token_file", "t"}},
      {{"access_key", "a"}, {"secret_key", "b"}, {"web_identity_token_file", "t"}},
      {{"access_key", "a"}, {"secret_key", "b"}, {"password", "p"}}};
  for (const auto& one : files) {
    const auto refused = read_binding(kUri, {one, {}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::invalid);
  }
  CHECK(read_binding(kUri, good)->kms_url == "https://kms.eu-central-1.amazonaws.com");
  CHECK(read_binding("aws-kms:arn:aws-cn:kms:cn-north-1:111122223333:key/1", good)->kms_url ==
        "https://kms.cn-north-1.amazonaws.com.cn");
  CHECK(host_of("https://kms.example:443") == "kms.example");
  CHECK(host_of("https://kms.example:80") == "kms.example:80");
  CHECK(host_of("http://127.0.0.1:5000") == "127.0.0.1:5000");
}

}  // namespace
}  // namespace mc::aws
