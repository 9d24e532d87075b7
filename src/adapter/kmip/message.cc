#include "kmip/message.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mc::kmip {
namespace {

constexpr std::uint32_t kReplacementObject = 0x106;  // Link Type
constexpr std::int64_t kSecondsMax = 9'000'000'000;  // what a WallTime holds
constexpr std::size_t kIdMax = 256;

struct Row {
  std::uint32_t reason;
  const char* name;
  Code code;
};
// KMIP 1.4, 9.1.3.2.29. A state that does not allow what was asked is its owner's doing, so that
// these are denials.
constexpr Row kRows[] = {
    {0x01, "Item Not Found", Code::denied},
    {0x02, "Response Too Large", Code::corrupt},
    {0x03, "Authentication Not Successful", Code::denied},
    {0x04, "Invalid Message", Code::invalid},
    {0x05, "Operation Not Supported", Code::invalid},
    {0x06, "Missing Data", Code::invalid},
    {0x07, "Invalid Field", Code::invalid},
    {0x08, "Feature Not Supported", Code::invalid},
    {0x09, "Operation Canceled By Requester", Code::unavailable},
    {0x0a, "Cryptographic Failure", Code::unavailable},
    {0x0b, "Illegal Operation", Code::denied},
    {0x0c, "Permission Denied", Code::denied},
    {0x0d, "Object Archived", Code::denied},
    {0x0e, "Index Out of Bounds", Code::invalid},
    {0x0f, "Application Namespace Not Supported", Code::invalid},
    {0x10, "Key Format Type Not Supported", Code::invalid},
    {0x11, "Key Compression Type Not Supported", Code::invalid},
    {0x12, "Encoding Option Error", Code::invalid},
    {0x13, "Key Value Not Present", Code::denied},
    {0x14, "Attestation Required", Code::denied},
    {0x15, "Attestation Failed", Code::denied},
    {0x16, "Sensitive", Code::denied},
    {0x17, "Not Extractable", Code::denied},
    {0x18, "Object Already Exists", Code::invalid},
    {0x100, "General Failure", Code::unavailable},
};

Error error_of(const Step& step, Code code, const std::string& why) {
  return {code, "kmip: " + std::string(step.name) + ": " + why};
}
tl::unexpected<Failure> corrupt(const Step& step, const std::string& why) {
  return tl::unexpected(Failure{error_of(step, Code::corrupt, why)});
}
constexpr Step kDescribe = {"describe", Operation::get_attributes};
tl::unexpected<Error> no_facts(const std::string& why) {
  return tl::unexpected(error_of(kDescribe, Code::corrupt, why));
}

Item version_item(int minor) {
  return {tag::kProtocolVersion,
          {{tag::kMajor, Type::integer, 1}, {tag::kMinor, Type::integer, minor}}};
}
bool is_version(const Item& item, int minor) {
  return item.tag == tag::kProtocolVersion && item == version_item(minor);
}
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// The value of an attribute by its kind, as a person reads it.
Result<std::string> text_of(const Item& value) {
  switch (value.type) {
    case Type::boolean:
      return std::string(value.number != 0 ? "true" : "false");
    case Type::integer:
    case Type::enumeration:
      return std::to_string(value.number);
    case Type::date_time:
      if (value.number < 0 || value.number > kSecondsMax) return no_facts("a time that is none");
      return format_rfc3339(WallTime{value.number * 1'000'000'000});
    default:
      return no_facts("an attribute of another type");
  }
}

struct Wanted {
  const char* name;
  Type type;
};
constexpr Wanted kWanted[] = {
    {"State", Type::enumeration},
    {"Cryptographic Algorithm", Type::enumeration},
    {"Cryptographic Length", Type::integer},
    {"Cryptographic Usage Mask", Type::integer},
    {"Activation Date", Type::date_time},
    {"Deactivation Date", Type::date_time},
    {"Compromise Date", Type::date_time},
    {"Destroy Date", Type::date_time},
    {"Extractable", Type::boolean},
    {"Never Extractable", Type::boolean},
    {"Sensitive", Type::boolean},
    {"Always Sensitive", Type::boolean},
};

Status add_fact(Facts& out, const std::string& name, const Item& value) {
  if (name == "Link") {
    const Item* type = value.only(tag::kLinkType, Type::enumeration);
    const Item* object = value.only(tag::kLinkedObject, Type::text);
    if (type == nullptr || object == nullptr || !is_id(object->bytes)) {
      return no_facts("a link that is none");
    }
    if (type->number != kReplacementObject) return ok();
    if (!out.replaced_by.empty()) return no_facts("two replacements of one key");
    out.replaced_by = object->bytes;
    return ok();
  }
  const auto* known = std::find_if(std::begin(kWanted), std::end(kWanted),
                                   [&](const Wanted& one) { return name == one.name; });
  if (known == std::end(kWanted)) return ok();  // not asked for, and no harm
  if (value.type != known->type) return no_facts("an attribute of another type");
  MC_TRY(const std::string text, text_of(value));
  if (!out.attributes.emplace(name, text).second) return no_facts("an attribute twice");
  if (name == "State") {
    if (value.number < 1 || value.number > 6) return no_facts("a state that is none");
    out.state = static_cast<State>(value.number);
  }
  if (name == "Extractable") out.extractable = value.number != 0;
  return ok();
}

}  // namespace

std::string write_request(int minor, Operation operation, std::vector<Item> payload) {
  Item header(tag::kRequestHeader, {version_item(minor)});
  header.items.emplace_back(tag::kMaximumResponseSize, Type::integer,
                            static_cast<std::int64_t>(kMessageBytesMax));
  header.items.emplace_back(tag::kBatchCount, Type::integer, 1);
  Item batch(tag::kBatchItem, {});
  batch.items.reserve(2);
  batch.items.emplace_back(tag::kOperation, Type::enumeration, static_cast<int>(operation));
  batch.items.emplace_back(tag::kRequestPayload, std::move(payload));
  Item request(tag::kRequest, {});
  request.items.reserve(2);
  request.items.push_back(std::move(header));
  request.items.push_back(std::move(batch));
  return write_item(request);
}

Error failure_of(const Step& step, std::uint32_t reason) {
  for (const Row& row : kRows) {
    if (row.reason == reason) return error_of(step, row.code, row.name);
  }
  return error_of(step, Code::unavailable, "reason " + std::to_string(reason));
}

Answer<Item> read_reply(const Step& step, int minor, std::string_view bytes) {
  Result<Item> message = read_item(bytes);
  if (!message) return corrupt(step, message.error().what.substr(6));  // behind "kmip: "
  const Item* header = message->only(tag::kResponseHeader, Type::structure);
  const Item* count = header == nullptr ? nullptr : header->only(tag::kBatchCount, Type::integer);
  const Item* batch = message->only(tag::kBatchItem, Type::structure);
  if (message->tag != tag::kResponse || count == nullptr || count->number != 1 ||
      batch == nullptr || header->items.empty()) {
    return corrupt(step, "the reply is not one to one operation");
  }
  const Item* status = batch->only(tag::kResultStatus, Type::enumeration);
  if (status == nullptr) return corrupt(step, "the reply has no status");
  if (status->number == 1) {
    const Item* reason = batch->only(tag::kResultReason, Type::enumeration);
    if (reason == nullptr) return corrupt(step, "a failure without a reason");
    const auto value = static_cast<std::uint32_t>(reason->number);
    return tl::unexpected(Failure{failure_of(step, value), static_cast<Reason>(value)});
  }
  if (status->number != 0) {  // pending, or undone
    return tl::unexpected(Failure{error_of(step, Code::unavailable, "the server did not do it")});
  }
  const Item* operation = batch->only(tag::kOperation, Type::enumeration);
  if (operation == nullptr || operation->number != static_cast<int>(step.operation) ||
      !is_version(header->items.front(), minor)) {
    return corrupt(step, "the reply is to another request");
  }
  for (Item& item : message->items) {
    if (item.tag != tag::kBatchItem) continue;
    if (item.only(tag::kResponsePayload, Type::structure) == nullptr) break;
    for (Item& inner : item.items) {
      if (inner.tag == tag::kResponsePayload) return std::move(inner);
    }
  }
  return corrupt(step, "the reply has no payload");
}

Result<int> read_minor(const Item& payload) {
  for (const int minor : {4, 3, 2}) {
    for (const Item& item : payload.items) {
      if (is_version(item, minor)) return minor;
    }
  }
  return fail(Code::invalid, "kmip: discover versions: the server speaks none of KMIP 1.2 to 1.4");
}

std::vector<Item> attributes_wanted(const std::string& id) {
  std::vector<Item> out = {{tag::kId, Type::text, id}};
  for (const Wanted& one : kWanted) out.emplace_back(tag::kAttributeName, Type::text, one.name);
  out.emplace_back(tag::kAttributeName, Type::text, "Link");
  return out;
}

Result<Facts> read_facts(const Item& payload, const std::string& id) {
  MC_TRY(const std::string said, read_id(kDescribe, payload));
  if (said != id) return no_facts("the reply is of another key");
  Facts out;
  for (const Item& item : payload.items) {
    if (item.tag != tag::kAttribute) continue;
    const Item* name = item.only(tag::kAttributeName, Type::text);
    const auto value = std::find_if(item.items.begin(), item.items.end(), [](const Item& inner) {
      return inner.tag == tag::kAttributeValue;
    });
    if (name == nullptr || value == item.items.end()) return no_facts("an attribute that is none");
    MC_TRY_OK(add_fact(out, name->bytes, *value));
  }
  if (out.state == State::none) return no_facts("the reply has no state");
  const auto algorithm = out.attributes.find("Cryptographic Algorithm");
  const auto bits = out.attributes.find("Cryptographic Length");
  if (algorithm != out.attributes.end()) {
    out.algorithm = algorithm->second == "3" ? "AES" : algorithm->second;
    if (bits != out.attributes.end()) out.algorithm += "-" + bits->second;
  }
  return out;
}

Result<std::string> read_id(const Step& step, const Item& payload) {
  const Item* id = payload.only(tag::kId, Type::text);
  if (id == nullptr || !is_id(id->bytes)) {
    return tl::unexpected(error_of(step, Code::corrupt, "the reply names no key"));
  }
  return id->bytes;
}

}  // namespace mc::kmip
