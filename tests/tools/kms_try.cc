// mc-kms-try URI OPERATION [NAME=VALUE ...]: one operation of a provider of keys, as a line of
// JSON.
//
//   wrap      seals the secret of standard input (hexadecimal): {"wrapped":BASE64,"version":V}
//   unwrap    opens what wrap printed, from standard input: {"secret":HEX}
//   describe  {"state":..., "key":..., ...}
//   rotate    {"version":V}
//   destroy   of version= or the key: {"destroyed_at":TIME}
//
// file.NAME=PATH and option.NAME=VALUE are the credentials; context.NAME=VALUE of wrap and unwrap;
// version=V of destroy; deadline_ms=N (5000). Exit status 0: done; 1: {"error":CODE,"what":TEXT};
// 2: usage. For tests against real services; the secret it prints is one of a test.
#include <cstdio>
#include <iostream>
#include <iterator>

#include "aws/aws.h"
#include "azure/azure.h"
#include "gcp/gcp.h"
#include "https/https.h"
#include "json/json.h"
#include "kms/kms.h"

namespace {

using namespace mc;  // NOLINT(google-build-using-namespace)

// The providers that can be tried; another is one more line.
std::vector<std::unique_ptr<kms::ProviderKind>> all_kinds() {
  std::vector<std::unique_ptr<kms::ProviderKind>> out;
  out.push_back(aws::provider_kind());
  out.push_back(gcp::provider_kind());
  out.push_back(azure::provider_kind());
  return out;
}

struct Arguments {
  std::string uri;
  std::string operation;
  kms::Credentials credentials;
  kms::Context context;
  std::string version;
  std::int64_t deadline_ms = 5'000;
};

Result<Arguments> read_arguments(int count, char** values) {
  if (count < 3) return fail(Code::invalid, "URI and operation are missing");
  Arguments out;
  out.uri = values[1];
  out.operation = values[2];
  for (int i = 3; i < count; ++i) {
    const std::string_view argument = values[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string_view::npos) return fail(Code::invalid, "no NAME=VALUE");
    const std::string name(argument.substr(0, equals));
    const std::string value(argument.substr(equals + 1));
    if (name.starts_with("file.")) {
      out.credentials.files[name.substr(5)] = value;
    } else if (name.starts_with("option.")) {
      out.credentials.options[name.substr(7)] = value;
    } else if (name.starts_with("context.")) {
      out.context[name.substr(8)] = value;
    } else if (name == "version") {
      out.version = value;
    } else if (name == "deadline_ms") {
      MC_TRY(out.deadline_ms, parse_int(value));
    } else {
      return fail(Code::invalid, "unknown argument '" + name + "'");
    }
  }
  return out;
}

std::string standard_input() {
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

Result<json::Object> wrap(kms::Provider& provider, const Arguments& arguments, MonoTime deadline) {
  const std::string text = standard_input();
  MC_TRY(std::string bytes, from_hex(text.substr(0, text.find('\n'))));
  MC_TRY(const kms::Wrapped wrapped,
         provider.wrap(Secret(std::move(bytes)), arguments.context, deadline));
  json::Object out;
  out.set("wrapped", to_base64(wrapped.bytes));
  out.set("version", wrapped.version);
  return out;
}

Result<json::Object> unwrap(kms::Provider& provider, const Arguments& arguments,
                            MonoTime deadline) {
  MC_TRY(const json::Value given, json::parse(standard_input()));
  const json::Value* bytes = given.find("wrapped");
  const json::Value* version = given.find("version");
  if (bytes == nullptr || bytes->as_string() == nullptr || version == nullptr ||
      version->as_string() == nullptr) {
    return fail(Code::invalid, "standard input is not what wrap printed");
  }
  kms::Wrapped wrapped;
  MC_TRY(wrapped.bytes, from_base64(*bytes->as_string()));
  wrapped.version = *version->as_string();
  MC_TRY(const Secret secret, provider.unwrap(wrapped, arguments.context, deadline));
  json::Object out;
  out.set("secret", to_hex(secret.reveal(RevealToken())));
  return out;
}

Result<json::Object> describe(kms::Provider& provider, MonoTime deadline) {
  MC_TRY(const kms::Description seen, provider.describe(deadline));
  json::Object out;
  out.set("state", kms::name_of(seen.state));
  out.set("key", seen.key);
  out.set("version", seen.version);
  out.set("algorithm", seen.algorithm);
  out.set("origin", seen.origin);
  out.set("protection", seen.protection);
  out.set("extractable", seen.extractable ? json::Value(*seen.extractable) : json::Value());
  out.set("destroyed_at",
          seen.destroyed_at ? json::Value(format_rfc3339(*seen.destroyed_at)) : json::Value());
  json::Array versions;
  for (const std::string& version : seen.versions) versions.emplace_back(version);
  out.set("versions", std::move(versions));
  json::Object attributes;
  for (const auto& [name, value] : seen.attributes) attributes.set(name, value);
  out.set("attributes", std::move(attributes));
  return out;
}

Result<json::Object> perform(kms::Provider& provider, const Arguments& arguments,
                             MonoTime deadline) {
  if (arguments.operation == "wrap") return wrap(provider, arguments, deadline);
  if (arguments.operation == "unwrap") return unwrap(provider, arguments, deadline);
  if (arguments.operation == "describe") return describe(provider, deadline);
  json::Object out;
  if (arguments.operation == "rotate") {
    MC_TRY(std::string version, provider.rotate(deadline));
    out.set("version", std::move(version));
    return out;
  }
  if (arguments.operation != "destroy") return fail(Code::invalid, "unknown operation");
  MC_TRY(const WallTime gone, provider.destroy(arguments.version, deadline));
  out.set("destroyed_at", format_rfc3339(gone));
  return out;
}

Result<json::Object> run(const Arguments& arguments) {
  const auto clock = sys::real_clock();
  const auto random = sys::real_random();
  const auto files = sys::real_files();
  const auto transport = https::transport(*clock);
  const kms::ProviderWorld world{*clock, *random, *files, *transport};
  for (const auto& kind : all_kinds()) {
    if (!arguments.uri.starts_with(std::string(kind->scheme()) + ":")) continue;
    MC_TRY(const auto provider, kind->bind(arguments.uri, arguments.credentials, world));
    return perform(*provider, arguments, clock->mono() + millis(arguments.deadline_ms));
  }
  return fail(Code::invalid, "no provider of this URI's scheme");
}

}  // namespace

int main(int count, char** values) {
  const auto arguments = read_arguments(count, values);
  if (!arguments) {
    std::fprintf(stderr, "mc-kms-try: %s\n", arguments.error().what.c_str());
    return 2;
  }
  Result<json::Object> done = run(*arguments);
  if (!done) {
    json::Object error;
    error.set("error", code_name(done.error().code));
    error.set("what", done.error().what);
    done = std::move(error);
    std::printf("%s\n", json::print(json::Value(std::move(*done))).c_str());
    return 1;
  }
  std::printf("%s\n", json::print(json::Value(std::move(*done))).c_str());
  return 0;
}
