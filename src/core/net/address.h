// Which addresses an outbound request may have and reach. Part of net.h.
//
// The rule is asked with the address that is about to be connected to, after name resolution, so a
// name that changes its address between a check and the use gains nothing (DNS rebinding).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

struct sockaddr;

namespace mc::net {

// An IPv4 address stands as ::ffff:a.b.c.d.
using IpAddress = std::array<std::uint8_t, 16>;
Result<IpAddress> parse_address(std::string_view text);

// Neither private, local, shared, reserved, multicast nor for documentation, by the special-purpose
// registries of IANA (RFC 6890); an IPv6 address that carries an IPv4 one is not either.
bool is_public(const IpAddress& address);

class AddressRule {
 public:
  // Public addresses, and those of the networks: "10.1.0.0/16", "fd00::/8", "127.0.0.1".
  static Result<AddressRule> make(const std::vector<std::string>& allowed);
  bool allows(const IpAddress& address) const;
  bool allows(const sockaddr& address) const;  // false for families other than IPv4 and IPv6

 private:
  struct Network {
    IpAddress address{};
    int bits = 128;
  };
  static bool inside(const Network& network, const IpAddress& address);
  std::vector<Network> allowed_;
};

// What an address that somebody names must be: https anywhere, http on this machine's loopback
// only, of printable characters, without a user name and without a fragment. `invalid` names the
// field.
Status check_outbound_url(std::string_view field, std::string_view url);

}  // namespace mc::net
