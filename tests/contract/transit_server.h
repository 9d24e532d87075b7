// For tests: the transit engine of Vault and OpenBao as their API documentation has it, in memory
// behind the transport. Strict: paths, methods, members and headers that the documentation does not
// have are a failed check. Its cipher is a toy.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "json/json.h"
#include "kms/kms.h"

namespace mc::transit {

struct FakeVault final : kms::Transport {
  std::string token = "hvs.first";
  std::string name_space = "";
  bool there = true;
  bool deletion_allowed = false;
  bool exportable = false;
  std::string type = "aes256-gcm96";
  std::int64_t latest = 1;
  std::int64_t oldest = 1;
  std::int64_t oldest_to_seal = 0;
  std::int64_t available = 0;
  std::int64_t lease_s = 3'600;
  int logins = 0;
  std::set<std::string> forbidden;            // verbs that the policy does not have
  std::deque<Result<kms::HttpReply>> script;  // in place of its own answers
  std::vector<kms::HttpRequest> requests;
  int nonces = 0;

  Result<kms::HttpReply> send(const kms::HttpRequest& request) override {
    requests.push_back(request);
    if (!script.empty()) {
      Result<kms::HttpReply> out = std::move(script.front());
      script.pop_front();
      return out;
    }
    return answer(request);
  }

  static kms::HttpReply error(int status, const std::string& text) {
    std::string body = R"({"errors":[)";
    if (!text.empty()) json::append_quoted(body, text);
    return {status, {}, body + "]}"};
  }
  static std::string header(const kms::HttpRequest& request, const std::string& name) {
    for (const auto& [key, value] : request.headers) {
      if (key == name) return value;
    }
    return "";
  }
  static std::string text(const json::Value& body, const char* name) {
    const json::Value* value = body.find(name);
    REQUIRE_MESSAGE((value != nullptr && value->as_string() != nullptr), name);
    return *value->as_string();
  }

  kms::HttpReply answer(const kms::HttpRequest& request) {
    const std::string base = "https://vault.example.org:8200/v1/";
    REQUIRE(request.url.starts_with(base));
    const std::string path = request.url.substr(base.size());
    CHECK(header(request, "X-Vault-Request") == "true");
    CHECK(header(request, "X-Vault-Namespace") == name_space);
    json::Value body = json::Object();
    if (!request.body.empty()) {
      const auto parsed = json::parse(request.body);
      REQUIRE(parsed.has_value());
      body = *parsed;
    }
    if (path.starts_with("auth/")) return log_in(path, body);
    if (header(request, "X-Vault-Token") != token) return error(403, "permission denied");
    const std::string what = request.method + " " + path;
    for (const std::string& verb : forbidden) {
      if (what.find(verb) != std::string::npos) return error(403, "1 error: permission denied");
    }
    if (what == "GET transit/keys/root") return there ? describe() : error(404, "");
    if (what == "DELETE transit/keys/root") {
      if (!deletion_allowed) return error(400, "deletion is not allowed for this key");
      there = false;
      return {204, {}, ""};
    }
    if (what == "POST transit/encrypt/root") return encrypt(body);
    if (what == "POST transit/decrypt/root") return decrypt(body);
    if (what == "POST transit/keys/root/rotate") {
      ++latest;
      return {204, {}, ""};
    }
    if (what == "POST transit/keys/root/config") return configure(body);
    if (what == "POST transit/keys/root/trim") return trim(body);
    FAIL_CHECK(what);
    return error(404, "no handler for route");
  }

  kms::HttpReply log_in(const std::string& path, const json::Value& body) {
    const bool approle = path == "auth/approle/login" && text(body, "role_id") == "role-id" &&
                         text(body, "secret_id") == "secret-id";
    const bool jwt = path == "auth/cluster/login" && text(body, "role") == "maestro" &&
                     text(body, "jwt") == "a.web.token";
    if (!approle && !jwt) return error(400, "invalid role or secret ID");
    token = "hvs.login" + std::to_string(++logins);
    return {200,
            {},
            R"({"auth":{"client_token":")" + token + R"(","lease_duration":)" +
                std::to_string(lease_s) + R"(,"renewable":true},"data":null})"};
  }

  kms::HttpReply describe() const {
    const auto flag = [](bool on) { return std::string(on ? "true" : "false"); };
    std::string keys;
    for (std::int64_t v = std::max<std::int64_t>(oldest, 1); v <= latest; ++v) {
      keys += (keys.empty() ? "\"" : ",\"") + std::to_string(v) + "\":1442851412";
    }
    return {200,
            {},
            R"({"data":{"type":")" + type + R"(","deletion_allowed":)" + flag(deletion_allowed) +
                R"(,"derived":false,"exportable":)" + flag(exportable) +
                R"(,"allow_plaintext_backup":false,"imported_key":false,"keys":{)" + keys +
                R"(},"min_decryption_version":)" + std::to_string(oldest) +
                R"(,"min_encryption_version":)" + std::to_string(oldest_to_seal) +
                R"(,"min_available_version":)" + std::to_string(available) +
                R"(,"latest_version":)" + std::to_string(latest) +
                R"(,"name":"root","supports_encryption":true}})"};
  }

  // nonce (12), masked text, tag (16).
  static std::string seal(std::int64_t version, const std::string& nonce, std::string plain,
                          const std::string& bound) {
    const std::string key = "root" + std::to_string(version);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      const std::string block = sys::sha256(key + nonce + std::to_string(i / 32));
      plain[i] = static_cast<char>(plain[i] ^ block[i % 32]);
    }
    return nonce + plain + sys::sha256(key + nonce + bound + "|" + plain).substr(0, 16);
  }
  kms::HttpReply encrypt(const json::Value& body) {
    CHECK(there);  // else the documentation has a key made here
    const auto plain = from_base64(text(body, "plaintext"));
    const auto bound = from_base64(text(body, "associated_data"));
    REQUIRE((plain && bound && text(body, "context") == text(body, "associated_data")));
    std::string nonce = std::to_string(++nonces);
    nonce.resize(12, '.');
    return {200,
            {},
            R"({"data":{"ciphertext":"vault:v)" + std::to_string(latest) + ":" +
                to_base64(seal(latest, nonce, *plain, *bound)) + R"(","key_version":)" +
                std::to_string(latest) + "}}"};
  }
  kms::HttpReply decrypt(const json::Value& body) const {
    if (!there) return error(400, "encryption key not found");
    const std::string sealed = text(body, "ciphertext");
    const std::size_t colon = sealed.find(':', 7);
    const std::int64_t version = *parse_int(sealed.substr(7, colon - 7));
    const auto bytes = from_base64(sealed.substr(colon + 1));
    const auto bound = from_base64(text(body, "associated_data"));
    REQUIRE((bytes && bound));
    if (version < oldest) {
      return error(400, "ciphertext or signature version is disallowed by policy (too old)");
    }
    if (version > latest || bytes->size() < 28) {
      return error(400, "invalid ciphertext: unable to decrypt");
    }
    const std::string nonce = bytes->substr(0, 12);
    const std::string masked = bytes->substr(12, bytes->size() - 28);
    const std::string plain = seal(version, nonce, masked, "").substr(12, masked.size());
    if (seal(version, nonce, plain, *bound) != *bytes) {
      return error(400, "cipher: message authentication failed");
    }
    return {200, {}, R"({"data":{"plaintext":")" + to_base64(plain) + "\"}}"};
  }

  static std::int64_t number(const json::Value& body, const char* name) {
    const json::Value* value = body.find(name);
    REQUIRE_MESSAGE((value != nullptr && value->as_int() != nullptr), name);
    return *value->as_int();
  }
  kms::HttpReply configure(const json::Value& body) {
    const std::int64_t least = number(body, "min_decryption_version");
    const std::int64_t sealing = number(body, "min_encryption_version");
    if (least > latest || sealing > latest || sealing < least) return error(400, "out of bounds");
    oldest = least;
    oldest_to_seal = sealing;
    return {200, {}, "{}"};
  }
  kms::HttpReply trim(const json::Value& body) {
    const std::int64_t least = number(body, "min_available_version");
    if (oldest_to_seal == 0 || least > oldest || least > oldest_to_seal) {
      return error(400, "minimum available version is out of bounds");
    }
    available = least;
    return {204, {}, ""};
  }
};

}  // namespace mc::transit
