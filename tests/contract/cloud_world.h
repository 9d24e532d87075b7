// For tests: a transport that plays a script, and what providers of keys in clouds need beside it.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kms/kms.h"
#include "sim/sim.h"

namespace mc::cloud {

// Answers one request after the other by the script, and keeps what was asked.
struct Script final : kms::Transport {
  std::deque<Result<kms::HttpReply>> replies;
  std::vector<kms::HttpRequest> requests;

  Result<kms::HttpReply> send(const kms::HttpRequest& request) override {
    requests.push_back(request);
    if (replies.empty()) return fail(Code::unavailable, "the script is at its end");
    Result<kms::HttpReply> out = std::move(replies.front());
    replies.pop_front();
    return out;
  }
  void add(int status, std::string body,
           std::vector<std::pair<std::string, std::string>> headers = {}) {
    replies.emplace_back(kms::HttpReply{status, std::move(headers), std::move(body)});
  }
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

  void write(const std::string& path, std::string_view text) {
    REQUIRE(files.write_atomic(path, text).has_value());
  }
  void bind(kms::ProviderKind& kind, const std::string& uri) {
    auto bound = kind.bind(uri, credentials, {clock, random, files, transport});
    REQUIRE(bound.has_value());
    provider = std::move(*bound);
  }
  MonoTime deadline() { return clock.mono() + seconds(2); }
  Result<kms::Wrapped> wrap() {
    return provider->wrap(Secret("0123456789abcdef"), {{"tenant", "ten_1"}}, deadline());
  }
  Result<Secret> unwrap(const std::string& version) {
    return provider->unwrap({"sealed", version}, {{"tenant", "ten_1"}}, deadline());
  }
};

inline std::string token_reply(const std::string& text, int life = 3'600) {
  return R"({"access_token":")" + text + R"(","expires_in":)" + std::to_string(life) +
         R"(,"token_type":"Bearer"})";
}

}  // namespace mc::cloud
