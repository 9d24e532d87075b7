#include "maestro/admin_client.h"

#include <algorithm>

#include "api/api.h"
#include "maestro/login.h"
#include "maestro/world.h"

namespace mc::app {
namespace {

Result<std::string> read_token(Context& context) {
  if (!context.token_file.empty()) {
    MC_TRY(const std::string text, context.machine.files->read_all(context.token_file, 4096));
    return text.substr(0, text.find_first_of("\r\n"));
  }
  std::string token = sys::environment("MC_TOKEN");
  if (!token.empty()) return token;
  return held_token(context);
}

Error to_error(const net::Response& response) {
  const Result<json::Value> body = json::parse(response.body);
  std::string what = "the server answered " + std::to_string(response.status);
  if (body) {
    const json::Value* detail = body->find("detail");
    if (detail != nullptr && detail->as_string() != nullptr) what = *detail->as_string();
  }
  switch (response.status) {
    case 400:
      return {Code::invalid, what};
    case 401:
    case 403:
      return {Code::denied, what};
    case 404:
      return {Code::not_found, what};
    case 409:
      return {Code::conflict, what};
    case 429:
      return {Code::exhausted, what};
    default:
      return {Code::unavailable, what};
  }
}

Result<net::Response> call_server(Context& context, const AdminCall& call,
                                  const std::string& path) {
  net::ClientRequest request;
  request.method = call.method;
  request.url = context.url + path;
  request.headers = call.headers;
  if (!context.warrant.empty()) request.headers.emplace_back("X-Maestro-Warrant", context.warrant);
  if (!call.anonymous) {
    const Result<std::string> token =
        call.token.empty() ? read_token(context) : Result<std::string>(call.token);
    if (!token && !call.may_lack_token) return tl::unexpected<Error>(token.error());
    if (token) request.headers.emplace_back("Authorization", "Bearer " + *token);
  }
  if (!call.body.empty()) request.headers.emplace_back("Content-Type", call.content_type);
  request.body = call.body;
  return net::Client::make()->fetch(request);
}

Result<net::Response> call_local(Context& context, const AdminCall& call, const std::string& path) {
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  Result<State> state = open_state(context.machine, loaded.value);
  if (!state && state.error().code == Code::conflict) {
    return fail(Code::conflict,
                state.error().what + "; to work through that server give --url and a token");
  }
  if (!state) return tl::unexpected<Error>(state.error());
  MC_TRY(const OwnLedger ledger, open_ledger(context.machine, loaded.value));
  MC_TRY(const std::unique_ptr<signing::Signing> signing,
         open_signing(context.machine, loaded.value, *ledger.ledger));
  net::Headers headers = call.headers;
  if (!context.warrant.empty()) headers.emplace_back("X-Maestro-Warrant", context.warrant);
  if (!call.body.empty()) headers.emplace_back("Content-Type", call.content_type);
  MC_TRY(transparency::AccessPolicy policy, read_access_policy(context.machine, loaded.value));
  transparency::Gate gate({*state->directory, *context.machine.clock, *context.machine.random},
                          std::move(policy));
  MC_TRY(const std::unique_ptr<search::Index> index,
         open_index(context.machine, loaded.value, *ledger.ledger));
  return api::serve_locally(
      {*context.machine.clock, *state->directory, *ledger.recorder, *signing, gate, *index},
      {call.method, path, call.body, std::move(headers)});
}

// Of the arguments that are in a path: clients and proxies leave such segments out.
Status check_segments(std::string_view path) {
  path = path.substr(0, path.find('?'));
  for (const std::string_view segment :
       split(path.substr(std::min<std::size_t>(1, path.size())), '/')) {
    if (!segment.empty() && segment != "." && segment != "..") continue;
    return fail(Code::invalid, "'" + std::string(segment) + "' is no name of anything");
  }
  return ok();
}

}  // namespace

std::string encoded(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out.append("%").append(to_hex(std::string_view(&c, 1)));
    }
  }
  return out;
}

std::string v1_path(const std::vector<std::string>& segments) {
  std::string out = "/v1";
  for (const std::string& segment : segments) out.append("/").append(encoded(segment));
  return out;
}

Result<net::Response> call_for_reply(Context& context, const AdminCall& call) {
  MC_TRY_OK(check_segments(call.path));
  const bool tries = context.dry_run && call.method != "GET" && !call.reads;
  const std::string path = call.path + (tries ? "?dry_run=true" : "");
  MC_TRY(net::Response response,
         context.url.empty() ? call_local(context, call, path) : call_server(context, call, path));
  if (response.status / 100 != 2) return tl::unexpected<Error>(to_error(response));
  return response;
}

Result<std::string> call_for_text(Context& context, const AdminCall& call) {
  MC_TRY(net::Response response, call_for_reply(context, call));
  return std::move(response.body);
}

Result<json::Value> call_admin(Context& context, const AdminCall& call) {
  MC_TRY(const std::string body, call_for_text(context, call));
  if (body.empty()) return json::Value(json::Object());
  return json::parse(body, {.bytes_max = 64 << 20});
}

std::string to_body(const Fields& fields) {
  json::Object body;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) body.set(name, value);
  }
  return json::print(json::Value(std::move(body)));
}

std::string text_of(const json::Value& object, std::string_view field) {
  const json::Value* value = object.find(field);
  if (value == nullptr || value->is_null()) return "-";
  if (const std::string* text = value->as_string()) return text->empty() ? "-" : *text;
  return json::print(*value);
}

Status show_list(Context& context, const std::string& path,
                 const std::vector<std::string>& columns) {
  MC_TRY(const json::Value reply, call_admin(context, {.path = path}));
  if (context.json) {
    print_out(json::print(reply) + "\n");
    return ok();
  }
  std::vector<std::vector<std::string>> rows;
  const json::Value* items = reply.find("items");
  if (items == nullptr || items->as_array() == nullptr) {
    return fail(Code::corrupt, "the reply has no list of items");
  }
  for (const json::Value& item : *items->as_array()) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::string& column : columns) row.push_back(text_of(item, column));
  }
  print_table(columns, rows);
  return ok();
}

Status show_one(Context& context, const AdminCall& call, const std::string& done) {
  MC_TRY(const json::Value reply, call_admin(context, call));
  if (context.json) {
    print_out(json::print(reply) + "\n");
    return ok();
  }
  if (const json::Object* object = reply.as_object()) {
    for (const json::Member& member : object->members()) {
      print_out(member.name + ": " + text_of(reply, member.name) + "\n");
    }
  }
  print_talk(context, (context.dry_run ? "dry run: " : "") + done + "\n");
  return ok();
}

}  // namespace mc::app
