#include "net/net.h"

namespace mc::net {
namespace {

constexpr std::size_t kPairsMax = 256;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      out.push_back(' ');
    } else if (text[at] != '%') {
      out.push_back(text[at]);
    } else {
      const int high = at + 2 < text.size() ? hex_value(text[at + 1]) : -1;
      const int low = high >= 0 ? hex_value(text[at + 2]) : -1;
      if (low < 0) return fail(Code::invalid, "query has a bad percent escape");
      out.push_back(static_cast<char>(high * 16 + low));
      at += 2;
    }
  }
  return out;
}

}  // namespace

// As application/x-www-form-urlencoded (WHATWG URL section 5.1): '+' is a space.
Result<Headers> parse_query(std::string_view query) {
  Headers pairs;
  while (!query.empty()) {
    const std::string_view piece = query.substr(0, query.find('&'));
    query.remove_prefix(piece.size() < query.size() ? piece.size() + 1 : piece.size());
    if (piece.empty()) continue;
    if (pairs.size() == kPairsMax) return fail(Code::invalid, "query has more than 256 pairs");
    const std::size_t equals = piece.find('=');
    const bool bare = equals == std::string_view::npos;
    MC_TRY(std::string name, decoded(piece.substr(0, equals)));
    MC_TRY(std::string value, bare ? Result<std::string>() : decoded(piece.substr(equals + 1)));
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return pairs;
}

}  // namespace mc::net
