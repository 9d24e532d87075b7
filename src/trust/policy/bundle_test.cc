#include "policy/bundle.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "crypto/crypto.h"

namespace mc::policy {
namespace {

using archive::Entry;

constexpr WallTime kNow = {1'800'000'000'000'000'000};
const std::string kSecret = "0123456789abcdef0123456789abcdef";

std::vector<Entry> sample() {
  return {{".manifest", R"({"revision":"r1","roots":["example","people"]})"},
          {"example/policy.rego", "package example\n\nallow if input.role == \"admin\"\n"},
          {"people/data.json", R"({"zoe":{"age":7},"ann":{"age":9}})"},
          {"people/more/data.yaml", "list: [1, 2]\n"},
          {"README.md", "for people"}};
}

struct Keys {
  std::string private_pem, public_pem;
};
Keys make_keys(crypto::Algorithm algorithm) {
  const auto key = crypto::SigningKey::generate(algorithm);
  REQUIRE(key);
  const Secret der = key->to_pkcs8();
  return {crypto::write_pem(der.reveal(RevealToken()), "PRIVATE KEY"), key->public_key().to_pem()};
}

BundleOptions with_key(VerificationKey key) {
  BundleOptions options;
  options.keys.push_back(std::move(key));
  options.now = kNow;
  return options;
}

std::vector<Entry> signed_sample(const SigningOptions& options) {
  std::vector<Entry> files = sample();
  auto signatures = sign_files(files, options);
  REQUIRE_MESSAGE(signatures, (signatures ? "" : signatures.error().what));
  files.push_back({".signatures.json", *signatures});
  return files;
}

SigningOptions hs256() {
  SigningOptions options;
  options.key_id = "k1";
  options.algorithm = "HS256";
  options.key = kSecret;
  options.scope = "write";
  return options;
}
const VerificationKey kHs256 = {"k1", "HS256", kSecret, "write"};

Result<Bundle> packed(const std::vector<Entry>& files, const BundleOptions& options) {
  return read_bundle(*archive::write_tar_gz(files), options);
}

std::string refusal(const Result<Bundle>& bundle) {
  return bundle ? "accepted" : bundle.error().what;
}

TEST_CASE("bundle: modules, data at the path of their folders, and what is only carried along") {
  const auto bundle = packed(sample(), {});
  REQUIRE_MESSAGE(bundle, refusal(bundle));
  CHECK(bundle->manifest.revision == "r1");
  REQUIRE(bundle->modules.size() == 1);
  CHECK(bundle->modules[0].file == "example/policy.rego");
  CHECK(term::to_json(bundle->data.root()) ==
        R"({"people":{"ann":{"age":9},"more":{"list":[1,2]},"zoe":{"age":7}}})");
  CHECK(bundle->files.size() == 5);
  CHECK(bundle->digest.starts_with("sha256:"));
  CHECK(bundle->signed_by.empty());
}

TEST_CASE("bundle: signatures of each kind of key hold") {
  struct Row {
    const char* name;
    crypto::Algorithm algorithm;
  };
  for (const Row& row :
       {Row{"RS256", crypto::Algorithm::rs256}, Row{"ES256", crypto::Algorithm::es256}}) {
    CAPTURE(row.name);
    const Keys keys = make_keys(row.algorithm);
    SigningOptions options;
    options.key_id = "release";
    options.algorithm = row.name;
    options.key = keys.private_pem;
    const auto bundle =
        packed(signed_sample(options), with_key({"release", row.name, keys.public_pem, ""}));
    REQUIRE_MESSAGE(bundle, refusal(bundle));
    CHECK(bundle->signed_by == "release");
    const Keys others = make_keys(row.algorithm);
    CHECK(!packed(signed_sample(options), with_key({"release", row.name, others.public_pem, ""})));
  }
  const auto bundle = packed(signed_sample(hs256()), with_key(kHs256));
  REQUIRE_MESSAGE(bundle, refusal(bundle));
}

// How a signed bundle is changed, and what the refusal says.
struct Tampering {
  const char* what;
  std::function<void(std::vector<Entry>&)> change;
  const char* why;
};

Entry& named(std::vector<Entry>& files, const std::string& path) {
  for (Entry& file : files) {
    if (file.path == path) return file;
  }
  FAIL("no such file");
  return files.front();
}

TEST_CASE("bundle: a signed bundle that was changed is refused by name") {
  const Tampering rows[] = {
      {"altered module", [](auto& f) { named(f, "example/policy.rego").bytes += "\n"; },
       "'example/policy.rego' differs from what was signed"},
      {"altered data", [](auto& f) { named(f, "people/data.json").bytes = "{}"; },
       "'people/data.json' differs"},
      {"altered yaml", [](auto& f) { named(f, "people/more/data.yaml").bytes = "list: []"; },
       "'people/more/data.yaml' differs"},
      {"altered manifest", [](auto& f) { named(f, ".manifest").bytes = R"({"revision":"r2"})"; },
       "'.manifest' differs"},
      {"altered other file", [](auto& f) { named(f, "README.md").bytes += "!"; },
       "'README.md' differs"},
      {"extra file", [](auto& f) { f.push_back({"example/b.rego", "package example"}); },
       "'example/b.rego' is in the bundle, but not in the signature"},
      {"missing file",
       [](auto& f) { std::erase_if(f, [](auto& e) { return e.path == "README.md"; }); },
       "'README.md' is in the signature, but not in the bundle"},
      {"no signature",
       [](auto& f) { std::erase_if(f, [](auto& e) { return e.path == ".signatures.json"; }); },
       "it is not signed"},
      {"empty list", [](auto& f) { named(f, ".signatures.json").bytes = R"({"signatures":[]})"; },
       "a list of 1 to 10 tokens"},
      {"no token",
       [](auto& f) { named(f, ".signatures.json").bytes = R"({"signatures":["a.b"]})"; },
       "no token of three parts"},
      {"no JSON", [](auto& f) { named(f, ".signatures.json").bytes = "x"; }, "JSON"},
  };
  for (const Tampering& row : rows) {
    CAPTURE(row.what);
    std::vector<Entry> files = signed_sample(hs256());
    row.change(files);
    const auto bundle = packed(files, with_key(kHs256));
    CHECK_MESSAGE(refusal(bundle).find(row.why) != std::string::npos, refusal(bundle));
  }
}

TEST_CASE("bundle: data written otherwise but meaning the same keep their signature") {
  std::vector<Entry> files = signed_sample(hs256());
  named(files, "people/data.json").bytes = "{ \"ann\": {\"age\": 9},\n \"zoe\": {\"age\":7} }";
  CHECK(packed(files, with_key(kHs256)));
}

// A token of our own making over the sample's files.
std::string token(const std::string& header, std::string payload, const std::string& secret) {
  const std::string input = to_base64url(header) + "." + to_base64url(payload);
  return input + "." + (secret.empty() ? "" : to_base64url(crypto::hmac_sha256(secret, input)));
}

std::string files_payload(const std::string& more) {
  const auto signatures = sign_files(sample(), hs256());
  REQUIRE(signatures);
  const auto document = term::Document::parse(*signatures);
  const std::string jwt(document->root().find("signatures").items()[0].text());
  const std::string payload = *from_base64url(split(jwt, '.')[1]);
  const std::size_t end = payload.find("],") + 1;
  return payload.substr(0, end) + more + "}";
}

TEST_CASE("bundle: tokens that are forged, expired, of another key or scope are refused") {
  const Keys rsa = make_keys(crypto::Algorithm::rs256);
  const std::string write = R"(,"keyid":"k1","scope":"write")";
  struct Row {
    const char* what;
    std::string token;
    VerificationKey key;
    const char* why;
  };
  const Row rows[] = {
      {"alg none", token(R"({"alg":"none","kid":"k1"})", files_payload(write), ""), kHs256,
       "does not verify"},
      {"another secret",
       token(R"({"alg":"HS256","kid":"k1"})", files_payload(write), "x" + kSecret), kHs256,
       "does not verify"},
      {"HS256 with the public key as secret",
       token(R"({"alg":"HS256","kid":"k1"})", files_payload(write), rsa.public_pem),
       {"k1", "RS256", rsa.public_pem, "write"},
       "does not verify"},
      {"unknown key", token(R"({"alg":"HS256","kid":"k2"})", files_payload(write), kSecret), kHs256,
       "no configured key has the id 'k2'"},
      {"wrong scope",
       token(R"({"alg":"HS256","kid":"k1"})", files_payload(R"(,"scope":"read")"), kSecret), kHs256,
       "the signature's scope is 'read', wanted 'write'"},
      {"no scope", token(R"({"alg":"HS256","kid":"k1"})", files_payload(""), kSecret), kHs256,
       "the signature's scope is ''"},
      {"expired",
       token(R"({"alg":"HS256","kid":"k1"})", files_payload(write + R"(,"exp":1799999999)"),
             kSecret),
       kHs256, "expired"},
      {"not yet",
       token(R"({"alg":"HS256","kid":"k1"})", files_payload(write + R"(,"nbf":1800000001)"),
             kSecret),
       kHs256, "does not verify"},
      {"no files", token(R"({"alg":"HS256","kid":"k1"})", R"({"scope":"write"})", kSecret), kHs256,
       "no list `files`"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    std::vector<Entry> files = sample();
    files.push_back({".signatures.json", R"({"signatures":[")" + row.token + R"("]})"});
    const auto bundle = packed(files, with_key(row.key));
    CHECK_MESSAGE(refusal(bundle).find(row.why) != std::string::npos, refusal(bundle));
  }
  // The same made rightly holds, so each row fails for its own reason.
  std::vector<Entry> files = sample();
  files.push_back(
      {".signatures.json", R"({"signatures":[")" +
                               token(R"({"alg":"HS256","kid":"k1"})",
                                     files_payload(write + R"(,"exp":1800000001)"), kSecret) +
                               R"("]})"});
  const auto fine = packed(files, with_key(kHs256));
  CHECK_MESSAGE(fine, refusal(fine));
}

TEST_CASE("bundle: a weak hash in a signature is refused") {
  std::string payload = files_payload(R"(,"scope":"write")");
  for (std::size_t at = payload.find("SHA-256"); at != std::string::npos;
       at = payload.find("SHA-256")) {
    payload.replace(at, 7, "MD5");
  }
  std::vector<Entry> files = sample();
  files.push_back({".signatures.json",
                   R"({"signatures":[")" +
                       token(R"({"alg":"HS256","kid":"k1"})", payload, kSecret) + R"("]})"});
  CHECK(refusal(packed(files, with_key(kHs256))).find("hash 'MD5'") != std::string::npos);
}

TEST_CASE("bundle: a signature that nobody can check is refused, unless it is only looked at") {
  const std::vector<Entry> files = signed_sample(hs256());
  CHECK(refusal(packed(files, {})).find("no key to verify it with") != std::string::npos);
  BundleOptions look;
  look.ignore_signature = true;
  CHECK(packed(files, look));
}

TEST_CASE("bundle: what lies outside the roots is refused") {
  struct Row {
    const char* path;
    const char* bytes;
    const char* why;
  };
  const Row rows[] = {
      {"x.rego", "package other\n\np := 1\n", "the package 'other' lies outside the roots"},
      {"data.json", R"({"other":1})", "data at 'other' lie outside the roots"},
      {"other/data.json", "{}", "data at 'other' lie outside the roots"},
      {"examples/data.json", "1", "data at 'examples' lie outside the roots"},
      {"data.json", R"({"people/more":1})", "under the name 'people/more' lie outside the roots"},
      {"data.json", R"({"":{"people":1}})", "under the name '' lie outside the roots"},
      {"x.rego", "package examples[\"x/y\"]\n\np := 1\n", "the package 'examples' lies outside"},
      {"data.json", R"({"people":{"ann":1}})", "'ann' is given by another file too"},
      {"x.rego", "package example\n\np := \n", "rego_parse_error"},
      {"people/x/data.json", "{", "people/x/data.json: JSON"},
      {".manifest.bak", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    std::vector<Entry> files = sample();
    files.push_back({row.path, row.bytes});
    const auto bundle = packed(files, {});
    if (*row.why == '\0') {
      CHECK(bundle);
    } else {
      CHECK_MESSAGE(refusal(bundle).find(row.why) != std::string::npos, refusal(bundle));
    }
  }
}

TEST_CASE("bundle: manifests that say what cannot be are refused") {
  struct Row {
    const char* manifest;
    const char* why;
  };
  const Row rows[] = {{"[]", "is not an object"},
                      {R"({"revision":1})", "revision is not a string"},
                      {R"({"roots":"a"})", "roots is a list"},
                      {R"({"roots":["a","a/b"]})", "overlap"},
                      {R"({"roots":["","a"]})", "overlap"},
                      {R"({"rego_version":0})", "only version 1"},
                      {R"({"file_rego_versions":{"/a.rego":0}})", "only version 1"},
                      {"{", "JSON"}};
  for (const Row& row : rows) {
    CAPTURE(row.manifest);
    const auto bundle = packed({{".manifest", row.manifest}}, {});
    CHECK_MESSAGE(refusal(bundle).find(row.why) != std::string::npos, refusal(bundle));
  }
}

TEST_CASE("bundle: built of the same files it is the same bytes, and reads back") {
  BuildOptions options;
  options.revision = "2026-11";
  options.roots = {"example", "people"};
  const auto first = build_bundle(sample(), options);
  REQUIRE_MESSAGE(first, (first ? "" : first.error().what));
  CHECK(*first == *build_bundle(sample(), options));
  const auto read = read_bundle(*first, {});
  REQUIRE(read);
  CHECK(read->manifest.revision == "2026-11");
  options.roots = {"example"};
  CHECK(!build_bundle(sample(), options));  // the people lie outside
}

TEST_CASE("bundle: a plan bundle carries its plan") {
  BuildOptions options;
  options.plan = true;
  CHECK(!build_bundle(sample(), options));
  options.entrypoints = {"example/allow"};
  const auto built = build_bundle(sample(), options);
  REQUIRE_MESSAGE(built, (built ? "" : built.error().what));
  const auto read = read_bundle(*built, {});
  REQUIRE(read);
  REQUIRE(read->plan);
  CHECK(read->plan->plans.front().name == "example/allow");
  CHECK(read->modules.empty());
}

}  // namespace
}  // namespace mc::policy
