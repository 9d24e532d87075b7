#include "maestro/credentials.h"

#include "json/json.h"

namespace mc::app {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

// The object `servers`; empty when there is no file.
Result<json::Object> read_servers(sys::Files& files, const std::string& path) {
  MC_TRY(const bool there, files.exists(path));
  if (!there) return json::Object();
  MC_TRY(const std::string text, files.read_all(path, kFileBytesMax));
  const Result<json::Value> value = json::parse(text);
  const json::Value* servers = value ? value->find("servers") : nullptr;
  if (servers == nullptr || servers->as_object() == nullptr) {
    return fail(Code::corrupt, path + " is damaged; delete it and sign in again");
  }
  return *servers->as_object();
}

Status write_servers(sys::Files& files, const std::string& path, json::Object servers) {
  MC_TRY_OK(files.make_folders(path.substr(0, path.rfind('/'))));
  json::Object out;
  out.set("servers", json::Value(std::move(servers)));
  return files.write_atomic(path, json::print(json::Value(std::move(out))) + "\n");
}

}  // namespace

Result<std::string> Credentials::default_path() {
  std::string folder = sys::environment("XDG_CONFIG_HOME");
  if (folder.empty()) {
    const std::string home = sys::environment("HOME");
    if (home.empty()) return fail(Code::invalid, "neither XDG_CONFIG_HOME nor HOME is set");
    folder = home + "/.config";
  }
  return folder + "/maestro/credentials.json";
}

Result<std::optional<identity::AccessToken>> Credentials::find(const std::string& url) {
  MC_TRY(const json::Object servers, read_servers(files_, path_));
  const json::Value* entry = servers.find(url);
  if (entry == nullptr) return std::nullopt;
  const json::Value* token = entry->find("token");
  const json::Value* expires = entry->find("expires_at");
  if (token == nullptr || token->as_string() == nullptr || expires == nullptr ||
      expires->as_string() == nullptr) {
    return fail(Code::corrupt, path_ + " is damaged; delete it and sign in again");
  }
  const json::Value* refresh = entry->find("refresh_token");
  const Result<WallTime> until = parse_rfc3339(*expires->as_string());
  if ((refresh != nullptr && refresh->as_string() == nullptr) || !until) {
    return fail(Code::corrupt, path_ + " is damaged; delete it and sign in again");
  }
  return identity::AccessToken{Secret(*token->as_string()), *until,
                               Secret(refresh == nullptr ? "" : *refresh->as_string())};
}

Status Credentials::put(const std::string& url, const identity::AccessToken& token) {
  MC_TRY(json::Object servers, read_servers(files_, path_));
  json::Object entry;
  entry.set("token", token.token.reveal(RevealToken()));
  entry.set("expires_at", format_rfc3339(token.expires));
  if (!token.refresh.empty()) entry.set("refresh_token", token.refresh.reveal(RevealToken()));
  servers.set(url, json::Value(std::move(entry)));
  return write_servers(files_, path_, std::move(servers));
}

Result<bool> Credentials::remove(const std::string& url) {
  MC_TRY(const json::Object servers, read_servers(files_, path_));
  if (servers.find(url) == nullptr) return false;
  json::Object rest;
  for (const json::Member& member : servers.members()) {
    if (member.name != url) rest.set(member.name, member.value);
  }
  MC_TRY_OK(write_servers(files_, path_, std::move(rest)));
  return true;
}

}  // namespace mc::app
