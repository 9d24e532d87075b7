// providers.aws.sign_req: AWS Signature Version 4 in the Authorization header.
#include <map>
#include <set>

#include "builtin/builtin.h"
#include "builtin/go_json.h"
#include "builtin/go_url.h"
#include "builtin/http_request.h"
#include "builtin/keys.h"
#include "builtin/operands.h"
#include "builtin/time_layout.h"

namespace mc::builtin {
namespace {

constexpr std::string_view kConfigKeys[] = {"aws_service", "aws_access_key",
                                            "aws_secret_access_key", "aws_region"};

std::string text_or_empty(Value value) {
  return value.is_string() ? std::string(value.text()) : "";
}

bool is_sound_config(Context& context, Value config) {
  KeyComplaint missing(context), invalid(context);
  for (const std::string_view key : kConfigKeys) {
    const Value value = config.find(key);
    if (value.is_undefined()) missing.add(key);
    if (!value.is_string()) invalid.add(key);
  }
  return !missing.say(1, "missing required AWS config parameters(s)") &&
         !invalid.say(1, "invalid values for required AWS config parameters(s)");
}

bool is_sound_request(Context& context, Value request) {
  if (!want_request(context, request)) return false;
  const Value headers = request.find("headers");
  if (!headers.is_undefined() && !headers.is_object()) {
    context.fail(Failure::type,
                 "operand 0 must be object but got " + std::string(kind_name(headers.kind())));
    return false;
  }
  KeyComplaint invalid(context);
  for (const std::string_view key : {"method", "url"}) {
    if (!request.find(key).is_string()) invalid.add(key);
  }
  return !invalid.say(0, "invalid values for required request parameters(s)");
}

using Headers = std::map<std::string, std::string>;

// What is signed.
struct Signing {
  std::string method, path, query;
  std::string service, region, access_key, secret_key;
  std::string content_hash;
  LocalTime at;
};

std::string authorization(const Signing& signing, const Headers& headers) {
  std::string day, stamp;
  append_time(day, signing.at, "20060102");
  append_time(stamp, signing.at, "20060102T150405Z");
  std::string request = signing.method + "\n" + signing.path + "\n" + signing.query + "\n";
  std::string names;
  for (const auto& [name, value] : headers) {
    request += name;
    request += ':';
    request += value;
    request += '\n';
    if (!names.empty()) names += ';';
    names += name;
  }
  request += "\n" + names + "\n" + signing.content_hash;
  const std::string scope = day + "/" + signing.region + "/" + signing.service + "/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + to_hex(hash_bytes("SHA256", request));
  std::string key = "AWS4" + signing.secret_key;
  for (const std::string& part :
       {day, signing.region, signing.service, std::string("aws4_request"), to_sign}) {
    key = hmac_bytes("SHA256", key, part);
  }
  return "AWS4-HMAC-SHA256 Credential=" + signing.access_key + "/" + scope +
         ",SignedHeaders=" + names + ",Signature=" + to_hex(key);
}

bool read_body(Context& context, Value request, std::string& out) {
  const Value raw = request.find("raw_body");
  const Value body = request.find("body");
  if (!raw.is_undefined()) {
    out = text_or_empty(raw);
  } else if (!body.is_undefined()) {
    return append_go_json(context, out, body);
  }
  return true;
}

Value sign_req(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::object})) return {};
  const Value request = operands[0], config = operands[1];
  if (!config.is_object()) {
    return context.fail(
        Failure::type, "operand 1 must be object but got " + std::string(kind_name(config.kind())));
  }
  if (!is_sound_config(context, config)) return {};
  if (!operands[2].is_number()) {
    return context.fail(Failure::type, "operand 1 must be number but got " +
                                           std::string(kind_name(operands[2].kind())));
  }
  if (!operands[2].is_small()) {
    return fail_operand(context, 2, "could not convert time_ns value into a unix timestamp");
  }
  if (!is_sound_request(context, request)) return {};
  const Result<GoUrl> url = parse_go_url(request.find("url").text());
  if (!url) return context.fail(url.error().what);
  const Value unsigned_payload = config.find("disable_payload_signing");
  if (!unsigned_payload.is_undefined() && unsigned_payload.kind() != Kind::boolean) {
    return fail_operand(context, 1, "invalid value for 'disable_payload_signing' in AWS config");
  }
  std::string body;
  if (!read_body(context, request, body)) return {};
  if (!context.spend(static_cast<std::int64_t>(body.size() / 64) + 100)) return {};

  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t nanos = operands[2].small();
  const std::int64_t second = nanos / kSecond - (nanos % kSecond < 0 ? 1 : 0);
  const Signing signing{
      text_or_empty(request.find("method")),
      url->escaped_path(),
      url->query,
      text_or_empty(config.find("aws_service")),
      text_or_empty(config.find("aws_region")),
      text_or_empty(config.find("aws_access_key")),
      text_or_empty(config.find("aws_secret_access_key")),
      unsigned_payload.is_true() ? "UNSIGNED-PAYLOAD" : to_hex(hash_bytes("SHA256", body)),
      local_time(second, 0, 0, "UTC")};
  Headers added = {{"host", url->host}, {"x-amz-date", ""}};
  append_time(added["x-amz-date"], signing.at, "20060102T150405Z");
  if (signing.service == "s3" || signing.service == "glacier") {
    added["x-amz-content-sha256"] = signing.content_hash;
  }
  const std::string token = text_or_empty(config.find("aws_session_token"));
  if (!token.empty()) added["x-amz-security-token"] = token;

  // All headers are signed but those that a proxy may change; what the caller set is signed as is.
  const std::set<std::string, std::less<>> not_signed = {"authorization", "user-agent",
                                                         "x-amzn-trace-id"};
  Headers to_sign = added;
  Value headers = term::object(context.arena);
  for (const term::Entry& entry : request.find("headers").members()) {
    const std::string name = text_or_empty(entry.key), value = text_or_empty(entry.value);
    if (!not_signed.contains(to_lower(name))) to_sign[to_lower(name)] = value;
    term::insert(context.arena, headers, name, term::string(context.arena, value));
  }
  term::insert(context.arena, headers, "Authorization",
               term::string(context.arena, authorization(signing, to_sign)));
  for (const auto& [name, value] : added) {
    term::insert(context.arena, headers, name, term::string(context.arena, value));
  }
  Value out = term::object(context.arena, request.size() + 1);
  for (const term::Entry& entry : request.members()) {
    term::insert(context.arena, out, entry.key, entry.value);
  }
  term::insert(context.arena, out, "headers", headers);
  return out;
}

constexpr Builtin kBuiltins[] = {
    {"providers.aws.sign_req",
     "(request: object[string: any], aws_config: object[string: any], time_ns: number) => "
     "object[any: any]",
     sign_req},
};

}  // namespace

std::span<const Builtin> provider_builtins() {
  return kBuiltins;
}

}  // namespace mc::builtin
