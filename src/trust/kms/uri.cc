#include "kms/uri.h"

#include <algorithm>
#include <set>
#include <utility>

namespace mc::kms {
namespace {

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::invalid, "uri: " + std::string(why));
}

bool is_scheme(std::string_view text) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && letter(text.front()) && std::ranges::all_of(text, [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

// Printable ASCII without what RFC 3986 has no place for.
bool is_uri_byte(char c) {
  return c > ' ' && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

std::string list_of(std::span<ProviderKind* const> kinds) {
  std::set<std::string_view> schemes;
  for (const ProviderKind* kind : kinds) schemes.insert(kind->scheme());
  std::string out;
  for (const std::string_view scheme : schemes) {
    if (!out.empty()) out += ", ";
    out += scheme;
  }
  return out.empty() ? "none" : out;
}

}  // namespace

Result<std::unique_ptr<Provider>> bind_provider(std::span<ProviderKind* const> kinds,
                                                const std::string& uri, Credentials credentials,
                                                const ProviderWorld& world) {
  if (uri.size() > kUriBytesMax) return bad("longer than 1024 bytes");
  if (!std::ranges::all_of(uri, is_uri_byte)) return bad("has a byte that no URI has");
  const std::size_t colon = uri.find(':');
  if (colon == std::string::npos || !is_scheme(std::string_view(uri).substr(0, colon))) {
    return bad("must begin with a scheme in lower case and a colon");
  }
  if (colon + 1 == uri.size()) return bad("has nothing behind its scheme");
  const std::string_view scheme = std::string_view(uri).substr(0, colon);
  const auto found = std::ranges::find_if(
      kinds, [&](const ProviderKind* kind) { return kind->scheme() == scheme; });
  if (found == kinds.end()) {
    return bad("the scheme \"" + excerpt(scheme) + "\" is not known; there are: " + list_of(kinds));
  }
  return (*found)->bind(uri, std::move(credentials), world);
}

}  // namespace mc::kms
