// For tests: a KMIP server in memory, behind the interface of a connection. Strict: what it is not
// asked in the words of KMIP 1.4 it answers with Invalid Message. Its cipher is a toy.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kmip/channel.h"
#include "kmip/message.h"
#include "kms/kms.h"

namespace mc::kmip {

struct ServerKey {
  State state = State::active;
  std::string replaced_by = "";
};

struct FakeServer {
  std::map<std::string, ServerKey> keys = {{"k1", {}}};
  std::vector<int> minors = {4, 3, 2};
  std::map<Operation, std::uint32_t> refusals;  // with a Result Reason
  std::deque<Result<std::string>> script;       // in place of its own answers
  std::vector<Operation> asked;
  bool rotates_to_pre_active = false;
  std::function<void(Item&)> bend = [](Item&) {};  // each reply, before it is sent
  int connections = 0;

  std::string exchange(const std::string& bytes) {
    const auto request = read_item(bytes);
    REQUIRE(request.has_value());
    REQUIRE(request->tag == tag::kRequest);
    const Item* header = request->only(tag::kRequestHeader, Type::structure);
    const Item* batch = request->only(tag::kBatchItem, Type::structure);
    REQUIRE((header != nullptr && batch != nullptr));
    const Item version = header->items.front();
    const Item* payload = batch->only(tag::kRequestPayload, Type::structure);
    REQUIRE(payload != nullptr);
    const auto operation =
        static_cast<Operation>(batch->only(tag::kOperation, Type::enumeration)->number);
    asked.push_back(operation);
    Item answer(tag::kBatchItem, {});
    answer.items.emplace_back(tag::kOperation, Type::enumeration, static_cast<int>(operation));
    std::vector<Item> out;
    const std::uint32_t reason =
        refusals.count(operation) != 0 ? refusals[operation] : answer_to(operation, *payload, out);
    answer.items.emplace_back(tag::kResultStatus, Type::enumeration, reason == 0 ? 0 : 1);
    if (reason != 0) answer.items.emplace_back(tag::kResultReason, Type::enumeration, reason);
    if (reason == 0) answer.items.emplace_back(tag::kResponsePayload, std::move(out));
    Item reply(tag::kResponse,
               {{tag::kResponseHeader, {version, {tag::kBatchCount, Type::integer, 1}}}, answer});
    bend(reply);
    return write_item(reply);
  }

  std::uint32_t answer_to(Operation operation, const Item& payload, std::vector<Item>& out) {
    if (operation == Operation::discover_versions) {
      for (const int minor : minors) {
        out.push_back({tag::kProtocolVersion,
                       {{tag::kMajor, Type::integer, 1}, {tag::kMinor, Type::integer, minor}}});
      }
      return 0;
    }
    const Item* id = payload.only(tag::kId, Type::text);
    REQUIRE(id != nullptr);
    const auto found = keys.find(id->bytes);
    if (found == keys.end()) return 0x01;
    out.push_back(*id);
    ServerKey& key = found->second;
    switch (operation) {
      case Operation::get_attributes:
        return attributes(key, out);
      case Operation::encrypt:
      case Operation::decrypt:
        if (key.state != State::active) return 0x0c;
        return crypt(operation == Operation::encrypt, id->bytes, payload, out);
      case Operation::re_key: {
        const std::string made = "k" + std::to_string(keys.size() + 1);
        key.replaced_by = made;
        keys[made].state = rotates_to_pre_active ? State::pre_active : State::active;
        out = {{tag::kId, Type::text, made}};
        return 0;
      }
      case Operation::activate:
        key.state = State::active;
        return 0;
      case Operation::revoke:
        if (payload.only(tag::kRevocationReason, Type::structure) == nullptr) return 0x06;
        key.state = State::deactivated;
        return 0;
      case Operation::destroy:
        if (key.state == State::active) return 0x0c;
        keys.erase(found);
        return 0;
      default:
        return 0x05;
    }
  }

  static Item attribute(const char* name, Item value) {
    return {tag::kAttribute, {{tag::kAttributeName, Type::text, name}, std::move(value)}};
  }
  static std::uint32_t attributes(const ServerKey& key, std::vector<Item>& out) {
    const auto value = [](Type type, std::int64_t number) {
      return Item(tag::kAttributeValue, type, number);
    };
    out.push_back(attribute("State", value(Type::enumeration, static_cast<int>(key.state))));
    out.push_back(attribute("Cryptographic Algorithm", value(Type::enumeration, 3)));
    out.push_back(attribute("Cryptographic Length", value(Type::integer, 256)));
    out.push_back(attribute("Extractable", value(Type::boolean, 0)));
    out.push_back(attribute("Never Extractable", value(Type::boolean, 1)));
    out.push_back(attribute("Activation Date", value(Type::date_time, 1'767'225'600)));
    if (key.replaced_by.empty()) return 0;
    out.push_back(attribute("Link", {tag::kAttributeValue,
                                     {{tag::kLinkType, Type::enumeration, 0x106},
                                      {tag::kLinkedObject, Type::text, key.replaced_by}}}));
    return 0;
  }

  static std::string bytes_of(const Item& payload, std::uint32_t tag_of) {
    const Item* found = payload.only(tag_of, Type::bytes);
    return found == nullptr ? "" : found->bytes;
  }
  static std::uint32_t crypt(bool encrypt, const std::string& id, const Item& payload,
                             std::vector<Item>& out) {
    const Item* parameters = payload.only(tag::kParameters, Type::structure);
    REQUIRE(parameters != nullptr);
    const bool gcm = parameters->only(tag::kBlockCipherMode, Type::enumeration)->number == 9;
    std::string data = bytes_of(payload, tag::kData);
    const std::string iv = bytes_of(payload, tag::kIv);
    if (iv.size() != (gcm ? 12 : 16)) return 0x07;
    const auto mask = [&](std::string& text) {
      for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string block = sys::sha256(id + iv + std::to_string(i / 32));
        text[i] = static_cast<char>(text[i] ^ block[i % 32]);
      }
    };
    const auto tag_of = [&](const std::string& sealed) {
      return sys::sha256(id + iv + bytes_of(payload, tag::kAdditionalData) + "|" + sealed)
          .substr(0, 16);
    };
    if (encrypt) {
      if (!gcm) data.append(16, 16);
      mask(data);
      out.emplace_back(tag::kData, Type::bytes, data);
      if (gcm) out.emplace_back(tag::kTag, Type::bytes, tag_of(data));
      return 0;
    }
    if (gcm && tag_of(data) != bytes_of(payload, tag::kTag)) return 0x0a;
    mask(data);
    if (!gcm && !data.ends_with(std::string(16, 16))) return 0x100;
    if (!gcm) data.resize(data.size() - 16);
    out.emplace_back(tag::kData, Type::bytes, data);
    return 0;
  }
};

struct FakeChannel final : Channel {
  explicit FakeChannel(FakeServer& to) : server(to) { ++to.connections; }
  Result<std::string> exchange(const std::string& request, MonoTime) override {
    if (server.script.empty()) return server.exchange(request);
    Result<std::string> out = std::move(server.script.front());
    server.script.pop_front();
    return out;
  }
  FakeServer& server;
};

}  // namespace mc::kmip
