#include "planner/quotes.h"

#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::planner {
namespace {

constexpr std::string_view kPrefix = "qte_";
constexpr std::size_t kMacBytes = 16;  // of 32

std::string mac_of(std::string_view text, const Secret& key) {
  const std::string named = "mc.dp.quote" + std::string(1, '\0') + std::string(text);
  return crypto::hmac_sha256(key.reveal(RevealToken{}), named).substr(0, kMacBytes);
}

}  // namespace

std::string print_quote(const Promise& promise, const Secret& key) {
  json::Array out;
  out.emplace_back(promise.tenant);
  out.emplace_back(promise.subject);
  out.emplace_back(promise.question);
  out.emplace_back(promise.epsilon.get());
  out.emplace_back(to_unix_ms(promise.until));
  const std::string text = json::print(json::Value(std::move(out)));
  return std::string(kPrefix) + to_base64url(mac_of(text, key) + text);
}

Result<Promise> read_quote(std::string_view id, const Secret& key) {
  const auto refused = [] { return fail(Code::invalid, "quote: is none of this service"); };
  if (id.size() > kQuoteBytesMax || !id.starts_with(kPrefix)) return refused();
  const Result<std::string> bytes = from_base64url(id.substr(kPrefix.size()));
  if (!bytes || bytes->size() <= kMacBytes) return refused();
  const std::string_view text = std::string_view(*bytes).substr(kMacBytes);
  if (!equal_constant_time(mac_of(text, key), std::string_view(*bytes).substr(0, kMacBytes))) {
    return refused();
  }
  const Result<json::Value> value = json::parse(text);
  const json::Array* const parts = value ? value->as_array() : nullptr;
  if (parts == nullptr || parts->size() != 5) return refused();
  const auto* const epsilon = (*parts)[3].as_int();
  const auto* const until = (*parts)[4].as_int();
  if (epsilon == nullptr || until == nullptr) return refused();
  Promise out;
  std::string* const texts[] = {&out.tenant, &out.subject, &out.question};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string* const part = (*parts)[i].as_string();
    if (part == nullptr) return refused();
    *texts[i] = *part;
  }
  out.epsilon = accountant::NanoEpsilon(*epsilon);
  out.until = from_unix_ms(*until);
  return out;
}

}  // namespace mc::planner
