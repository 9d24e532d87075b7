#include "oauth/oauth.h"

#include <algorithm>
#include <utility>

namespace mc::oauth {
namespace {

constexpr std::size_t kUrlMax = 256;
constexpr std::size_t kTextMax = 8 << 10;
constexpr std::size_t kCodeMax = 64;
constexpr std::int64_t kLifeMax = 86'400;
constexpr std::int64_t kRetryAfterMax = 3'600;
constexpr json::Limits kLimits = {
    .bytes_max = kms::kReplyBytesMax, .depth_max = 12, .values_max = 8'192};

bool is_letter_or_digit(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}
bool is_credential(std::string_view text) {
  return !text.empty() && text.size() <= kCredentialBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}
bool is_plain(std::string_view text) {
  return text.size() <= kTextMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

Result<Token> token_of(const Reader& reader, const json::Value& reply, WallTime now) {
  const json::Value* text = reply.find("access_token");
  const json::Value* type = reply.find("token_type");
  const json::Value* life = reply.find("expires_in");
  if (text == nullptr || text->as_string() == nullptr || !is_credential(*text->as_string())) {
    return reader.corrupt("'access_token' is missing or malformed");
  }
  if (type == nullptr || type->as_string() == nullptr ||
      !equals_ignoring_case(*type->as_string(), "Bearer")) {
    return reader.corrupt("'token_type' is not Bearer");
  }
  if (life == nullptr || life->as_int() == nullptr || *life->as_int() <= 0) {
    return reader.corrupt("'expires_in' is missing or no time");
  }
  Token out;
  out.text = *text->as_string();
  out.ends = now + seconds(std::min(*life->as_int(), kLifeMax));
  return out;
}

}  // namespace

std::string take(std::map<std::string, std::string>& from, const std::string& name) {
  const auto found = from.find(name);
  if (found == from.end()) return "";
  std::string out = std::move(found->second);
  from.erase(found);
  return out;
}

Result<std::string> base_url(std::string_view provider, const std::string& option,
                             std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const std::size_t begin = text.find("://");
  const std::string_view scheme = text.substr(0, begin);
  const std::string_view host = begin == std::string_view::npos ? "" : text.substr(begin + 3);
  const auto good = [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == ':' || c == '[' || c == ']';
  };
  const bool loopback = (host.starts_with("127.") || host.starts_with("[::1]")) &&
                        host.find_first_not_of("0123456789.:[]") == std::string_view::npos;
  if (text.size() > kUrlMax || host.empty() || !std::all_of(host.begin(), host.end(), good) ||
      !(scheme == "https" || (scheme == "http" && loopback))) {
    return fail(Code::invalid, std::string(provider) + ": option '" + option +
                                   "' must be https://HOST[:PORT], or http of a loopback address");
  }
  return std::string(text);
}

std::string form_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() * 3);  // no copy of a secret is left behind
  for (const char c : text) {
    if (is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

Result<std::string> read_line(sys::Files& files, std::string_view provider, const char* name,
                              const std::string& path) {
  const std::string which = std::string(provider) + ": the file of '" + name + "'";
  Result<std::string> text = files.read_all(path, kCredentialBytesMax);
  if (!text) return fail(Code::unavailable, which + " cannot be read");
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (is_credential(*text)) return text;
  wipe(*text);
  return fail(Code::unavailable, which + " must hold one line of printable ASCII characters");
}

Result<std::string> signed_assertion(const crypto::SigningKey& key, const json::Object& header,
                                     const json::Object& claims) {
  std::string out = to_base64url(json::print(json::Value(header)));
  out.append(".").append(to_base64url(json::print(json::Value(claims))));
  MC_TRY(const std::string signature, key.sign(out));
  return out + "." + to_base64url(signature);
}

Result<Token> read_token(std::string_view provider, std::string_view body, WallTime now) {
  const Reader reader{provider, "token"};
  MC_TRY(json::Value reply, reader.object(body));
  Result<Token> out = token_of(reader, reply, now);
  wipe_texts(reply);
  return out;
}

Error read_token_failure(std::string_view provider, const kms::HttpReply& reply) {
  const Result<json::Value> value = json::parse(reply.body, kLimits);
  const std::string code = value ? plain_code(value->find("error")) : "";
  Error out;
  out.what = std::string(provider) +
             ": token: " + (code.empty() ? "status " + std::to_string(reply.status) : code);
  out.code = Code::unavailable;
  if (reply.status == 429) {
    out.code = Code::exhausted;
  } else if (code == "unauthorized_client" || code == "access_denied") {
    out.code = Code::denied;
  } else if (code == "invalid_request" || code == "invalid_scope" || code == "invalid_resource" ||
             code == "unsupported_grant_type") {
    out.code = Code::invalid;
  } else if (code == "invalid_client" || code == "invalid_grant") {
    out.what += "; the credential is to be renewed, or this machine's clock is wrong";
  } else if (code.empty() && reply.status < 500) {
    out.code = Code::corrupt;
  }
  if (out.code == Code::exhausted || out.code == Code::unavailable) {
    out.retry_after_s = retry_after(reply);
  }
  return out;
}

Result<Token> ask_token(const kms::ProviderWorld& world, TokenRequest asked) {
  const Wiped form_wiped{asked.form};
  kms::HttpRequest request;
  request.url = asked.url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = asked.form;
  const Wiped request_wiped{request.body};
  request.ca_file = asked.ca_file;
  request.deadline = asked.deadline;
  Result<kms::HttpReply> reply = world.transport.send(request);
  if (!reply) {
    reply.error().what = std::string(asked.provider) + ": token: " + reply.error().what;
    return tl::unexpected(std::move(reply.error()));
  }
  const Wiped reply_wiped{reply->body};
  if (reply->status != 200) return tl::unexpected(read_token_failure(asked.provider, *reply));
  return read_token(asked.provider, reply->body, world.clock.wall());
}

Result<TokenPointer> Tokens::ask_and_keep(MonoTime deadline) {
  MC_TRY(Token token, ask_(deadline));
  auto out = std::make_shared<const Token>(std::move(token));
  kept_.with([&](Kept& kept) { kept.token = out; });
  return out;
}

Result<TokenPointer> Tokens::get(MonoTime deadline) {
  const WallTime now = clock_.wall();
  bool mine = false;  // it is for this thread to renew it
  TokenPointer old = kept_.with([&](Kept& kept) {
    const bool due = kept.token && kept.token->ends - kRenewBefore <= now;
    mine = due && !kept.renewing;
    kept.renewing = kept.renewing || mine;
    return kept.token;
  });
  const bool good = old && now < old->ends;
  if (good && !mine) return old;
  Result<TokenPointer> renewed = ask_and_keep(deadline);
  if (mine) kept_.with([](Kept& kept) { kept.renewing = false; });
  if (renewed || !good || renewed.error().code == Code::denied) return renewed;
  return old;
}

Result<TokenPointer> Tokens::renew(const TokenPointer& refused, MonoTime deadline) {
  TokenPointer kept = kept_.with([](const Kept& all) { return all.token; });
  if (kept && kept != refused) return kept;
  return ask_and_keep(deadline);
}

tl::unexpected<Error> Reader::corrupt(std::string_view why) const {
  return fail(Code::corrupt,
              std::string(provider) + ": " + std::string(step) + ": " + std::string(why));
}

Result<json::Value> Reader::object(std::string_view body) const {
  Result<json::Value> value = json::parse(body, kLimits);
  if (!value || value->as_object() == nullptr) return corrupt("the reply is no JSON object");
  return value;
}

Result<std::string> Reader::text(const json::Value& from, const char* name) const {
  const json::Value* value = from.find(name);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr || text->empty() || !is_plain(*text)) {
    return corrupt(std::string("'") + name + "' is missing or no text");
  }
  return *text;
}

Result<std::string> Reader::text_if_any(const json::Value& from, const char* name) const {
  const json::Value* value = from.find(name);
  if (value == nullptr || value->is_null()) return "";
  return text(from, name);
}

void wipe_texts(json::Value& object) {
  for (json::Member& member : object.as_object()->members()) {
    if (std::string* text = member.value.as_string()) wipe(*text);
  }
}

std::optional<std::int64_t> retry_after(const kms::HttpReply& reply) {
  const Result<std::int64_t> after = parse_int(reply.header("retry-after"));
  if (!after || *after < 0) return std::nullopt;
  return std::min(*after, kRetryAfterMax);
}

std::string plain_code(const json::Value* value) {
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  const auto good = [](char c) { return is_letter_or_digit(c) || c == '_'; };
  if (text == nullptr || text->size() > kCodeMax ||
      !std::all_of(text->begin(), text->end(), good)) {
    return "";
  }
  return *text;
}

}  // namespace mc::oauth
