// For tests: a transport that plays a script, and a provider of AWS KMS that speaks to it.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aws/aws.h"
#include "sim/sim.h"

namespace mc::aws {

inline const std::string kArn =
    "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
inline const std::string kUri = "aws-kms:" + kArn;
inline const kms::Context kContext = {{"tenant", "ten_1"}, {"branch", "1"}};

// Answers one request after the other by the script, and keeps what was asked.
struct Script final : kms::Transport {
  std::deque<Result<kms::HttpReply>> replies;
  std::vector<kms::HttpRequest> requests;
  std::function<void()> meanwhile;  // what another does while the next request is under way

  Result<kms::HttpReply> send(const kms::HttpRequest& request) override {
    requests.push_back(request);
    if (const auto act = std::exchange(meanwhile, nullptr)) act();
    if (replies.empty()) return fail(Code::unavailable, "the script is at its end");
    Result<kms::HttpReply> out = std::move(replies.front());
    replies.pop_front();
    return out;
  }
  void add(int status, std::string body) { replies.emplace_back(kms::HttpReply{status, {}, body}); }
  std::string header(std::size_t request, const std::string& name) const {
    for (const auto& [key, value] : requests.at(request).headers) {
      if (key == name) return value;
    }
    return "";
  }
};

struct World {
  sim::SimClock clock;
  sim::SimRandom random;
  sim::SimFiles files;
  Script transport;
  kms::Credentials credentials;
  std::unique_ptr<kms::Provider> provider;

  World() {
    write("access", "AKIDEXAMPLE\n");
    write("secret", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n");
    credentials.files = {{"access_key", "access"}, {"secret_key", "secret"}};
  }
  void write(const std::string& path, std::string_view text) {
    REQUIRE(files.write_atomic(path, text).has_value());
  }
  void use_role() {
    write("token", "a.web.token\n");
    credentials.files = {{"web_identity_token_file", "token"}};
    credentials.options["role_arn"] = "arn:aws:iam::111122223333:role/mc";
  }
  void bind() {
    auto bound = provider_kind()->bind(kUri, credentials, {clock, random, files, transport});
    REQUIRE(bound.has_value());
    provider = std::move(*bound);
  }
  MonoTime deadline() { return clock.mono() + seconds(2); }
  Result<kms::Wrapped> wrap() {
    return provider->wrap(Secret("0123456789abcdef"), kContext, deadline());
  }
  Result<Secret> unwrap() { return provider->unwrap({"sealed", ""}, kContext, deadline()); }
};

inline std::string quoted_key() {
  return R"("KeyId":")" + kArn + "\"";
}
inline std::string decrypted(const std::string& plaintext = "MDEyMzQ1Njc4OWFiY2RlZg==") {
  return "{" + quoted_key() + R"(,"Plaintext":")" + plaintext +
         R"(","EncryptionAlgorithm":"SYMMETRIC_DEFAULT"})";
}
inline std::string described(const std::string& more = R"("KeyState":"Enabled")") {
  return R"({"KeyMetadata":{"Arn":")" + kArn +
         R"(","AWSAccountId":"111122223333","KeyId":"1234abcd","KeyManager":"CUSTOMER",)" +
         R"("Origin":"AWS_KMS","KeySpec":"SYMMETRIC_DEFAULT","MultiRegion":false,)" + more + "}}";
}
// 2026-01-01T01:00:00Z is an hour after the clock of the simulation begins.
inline std::string session(const std::string& access_key, const std::string& ends) {
  return "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
         " <AssumeRoleWithWebIdentityResult>\n  <Credentials><AccessKeyId>" +
         access_key +
         "</AccessKeyId><SecretAccessKey>of/a+role</SecretAccessKey><SessionToken>tok=" +
         access_key + "</SessionToken><Expiration>" + ends +
         "</Expiration></Credentials>\n </AssumeRoleWithWebIdentityResult>\n"
         "</AssumeRoleWithWebIdentityResponse>\n";
}

}  // namespace mc::aws
