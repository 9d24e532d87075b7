// An OpenID provider in memory: its metadata, keys that rotate, failures, and tokens; for tests.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "contract/jwt_maker.h"
#include "identity/identity.h"
#include "net/net.h"
#include "sys/sys.h"

namespace mc::identity {

struct FakeProvider {
  static constexpr const char* kIssuer = "https://id.example.org/realm";
  static constexpr const char* kAudience = "https://mc.example.org";

  std::string issuer = kIssuer;  // as the metadata says it
  std::string keys_url = "https://id.example.org/keys";
  std::string key_set;
  int status = 200;
  int fetches = 0;
  std::string last_ca_file;
  bool names_itself = true;
  bool code_flow = true;
  int token_status = 200;
  std::string token_reply = "{}";
  net::ClientRequest last_exchange;

  void publish(const JwtMaker& maker) { key_set = maker.key_set(); }

  net::Response answer(const net::ClientRequest& request) {
    ++fetches;
    last_ca_file = request.ca_file;
    CHECK(request.timeout == kIssuerTimeout);
    net::Response out;
    out.status = status;
    if (request.url == std::string(kIssuer) + "/.well-known/openid-configuration") {
      json::Object metadata;
      metadata.set("issuer", issuer);
      metadata.set("jwks_uri", keys_url);
      metadata.set("authorization_response_iss_parameter_supported", names_itself);
      if (code_flow) {
        metadata.set("authorization_endpoint", "https://id.example.org/authorize");
        metadata.set("token_endpoint", "https://id.example.org/token");
      }
      out.body = json::print(json::Value(std::move(metadata)));
    } else if (request.url == "https://id.example.org/token") {
      last_exchange = request;
      out.status = token_status;
      out.body = token_reply;
    } else if (request.url == keys_url) {
      out.body = key_set;
    } else {
      out.status = 404;
    }
    return out;
  }

  class Client final : public net::Client {
   public:
    explicit Client(FakeProvider& provider) : provider_(provider) {}
    Result<net::Response> fetch(const net::ClientRequest& request) override {
      return provider_.answer(request);
    }

   private:
    FakeProvider& provider_;
  };
  std::unique_ptr<net::Client> client() { return std::make_unique<Client>(*this); }

  static IssuerConfig config() {
    IssuerConfig out;
    out.issuer = kIssuer;
    out.audience = kAudience;
    return out;
  }
  // Good for ten minutes from `now`, for tenant alpha with role analyst.
  static json::Object claims(WallTime now) {
    json::Object out;
    out.set("iss", kIssuer);
    out.set("aud", kAudience);
    out.set("sub", "user-1");
    out.set("iat", now.nanos / 1'000'000'000);
    out.set("exp", now.nanos / 1'000'000'000 + 600);
    out.set("tenant", "alpha");
    out.set("roles", json::Value(json::Array{json::Value("analyst")}));
    return out;
  }
};

}  // namespace mc::identity
