// IP addresses and networks as Go's packages net and netip read and write them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mc::builtin {

// Of 16 bytes; IPv4 lies in ::ffff:0:0/96, as in Go's net.IP.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  std::string text() const;  // "10.0.0.1", "2001:db8::1"
  Address next() const;      // zero behind the last
  Address previous() const;  // itself when it is 0.0.0.0 or ::
  int trailing_zeros() const;
  auto operator<=>(const Address&) const = default;
};

struct Network {
  Address first;
  int prefix = 0;   // bits of the mask
  bool v4 = false;  // whether the mask has 32 bits or 128

  // With the host's bits set to zero.
  static Network of(const Address& address, int prefix, bool v4);
  // An IPv6 network inside of ::ffff:0:0/96 is one of IPv4, as Go's IPNet.Contains takes it.
  bool contains(const Address& address) const;
  Address last() const;
  int host_bits() const { return (v4 ? 32 : 128) - prefix; }
  std::string text() const;
};

std::optional<Address> read_address(std::string_view text);  // net.ParseIP
std::optional<Network> read_network(std::string_view text);  // net.ParseCIDR

}  // namespace mc::builtin
