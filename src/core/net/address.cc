#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace mc::net {
namespace {

constexpr std::size_t kPrefixBytes = 12;
constexpr std::array<std::uint8_t, kPrefixBytes> kMapped = {0, 0, 0, 0, 0,    0,
                                                            0, 0, 0, 0, 0xFF, 0xFF};

bool is_v4(const IpAddress& address) {
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

IpAddress from_v4(const in_addr& v4) {
  IpAddress out{};
  std::copy(kMapped.begin(), kMapped.end(), out.begin());
  std::memcpy(out.data() + kPrefixBytes, &v4, sizeof v4);
  return out;
}

bool same_bits(const std::uint8_t* a, const std::uint8_t* b, int bits) {
  const int whole = bits / 8;
  if (!std::equal(a, a + whole, b)) return false;
  const int rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

struct Special {
  std::array<std::uint8_t, 4> first;
  int bits;
};
// Not globally reachable, by the IPv4 registry; and multicast.
constexpr Special kSpecialV4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 4},    {{240, 0, 0, 0}, 4}};
// Inside 2000::/3, which is all that is public: protocol assignments with Teredo, documentation,
// 6to4.
constexpr Special kSpecialV6[] = {{{0x20, 0x01, 0x00, 0x00}, 23},
                                  {{0x20, 0x01, 0x0D, 0xB8}, 32},
                                  {{0x20, 0x02, 0x00, 0x00}, 16},
                                  {{0x3F, 0xFF, 0x00, 0x00}, 20}};

}  // namespace

Result<IpAddress> parse_address(std::string_view text) {
  const std::string copy(text);
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return from_v4(v4);
  IpAddress out{};
  if (inet_pton(AF_INET6, copy.c_str(), out.data()) == 1) return out;
  return fail(Code::invalid, "'" + excerpt(text) + "' is no IP address");
}

bool is_public(const IpAddress& address) {
  const auto none = [](const auto& table, const std::uint8_t* bytes) {
    return std::none_of(std::begin(table), std::end(table), [&](const Special& special) {
      return same_bits(special.first.data(), bytes, special.bits);
    });
  };
  if (is_v4(address)) return none(kSpecialV4, address.data() + kPrefixBytes);
  return (address[0] & 0xE0) == 0x20 && none(kSpecialV6, address.data());
}

Result<AddressRule> AddressRule::make(const std::vector<std::string>& allowed) {
  AddressRule rule;
  for (const std::string& text : allowed) {
    const std::size_t slash = text.find('/');
    MC_TRY(const IpAddress address, parse_address(text.substr(0, slash)));
    const int width = is_v4(address) ? 32 : 128;
    int bits = width;
    if (slash != std::string::npos) {
      const Result<std::int64_t> number = parse_int(std::string_view(text).substr(slash + 1));
      if (!number || *number < 0 || *number > width) {
        return fail(Code::invalid, "'" + excerpt(text) + "' is no network, as 10.0.0.0/8 is");
      }
      bits = static_cast<int>(*number);
    }
    rule.allowed_.push_back({address, bits + 128 - width});
  }
  return rule;
}

Status check_outbound_url(std::string_view field, std::string_view url) {
  const auto wrong = [field](std::string_view why) {
    return fail(Code::invalid, std::string(field) + " " + std::string(why));
  };
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (!std::all_of(url.begin(), url.end(), printable)) {
    return wrong("holds a character that no address has");
  }
  if (url.find('#') != std::string_view::npos) return wrong("has a fragment");
  const std::size_t scheme = url.find("://");
  const std::string_view rest = scheme == std::string_view::npos ? "" : url.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos) return wrong("holds a user name");
  const std::string_view name = url.substr(0, scheme);
  if (name == "https" && !authority.empty() && authority.front() != ':') return ok();
  for (const std::string_view local : {"127.0.0.1", "localhost", "[::1]"}) {
    if (name != "http" || !authority.starts_with(local)) continue;
    if (authority.size() == local.size() || authority[local.size()] == ':') return ok();
  }
  return wrong("must be https://, or http:// on this machine's loopback");
}

bool AddressRule::inside(const Network& network, const IpAddress& address) {
  return same_bits(network.address.data(), address.data(), network.bits);
}

bool AddressRule::allows(const IpAddress& address) const {
  return is_public(address) ||
         std::any_of(allowed_.begin(), allowed_.end(),
                     [&](const Network& network) { return inside(network, address); });
}

bool AddressRule::allows(const sockaddr& address) const {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return allows(from_v4(v4.sin_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  IpAddress bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return allows(bytes);
}

}  // namespace mc::net
