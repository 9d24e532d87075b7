#include "builtin/go_address.h"

#include <algorithm>
#include <cstdio>

namespace mc::builtin {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Four numbers without leading zeros, into `out`.
bool read_v4(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
    std::size_t count = 0;
    int value = 0;
    while (count < text.size() && count < 4 && is_digit(text[count])) {
      value = value * 10 + (text[count++] - '0');
    }
    if (count == 0 || count > 3 || value > 255 || (count > 1 && text[0] == '0')) return false;
    out[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(count);
  }
  return text.empty();
}

// Groups of four hexadecimal digits, one "::", and perhaps an IPv4 address at the end.
bool read_v6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  std::optional<std::size_t> gap;
  std::size_t filled = 0;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (filled < 16 && !text.empty()) {
    std::size_t count = 0;
    int value = 0;
    while (count < text.size() && hex_digit(text[count]) >= 0) {
      value = value * 16 + hex_digit(text[count]);
      if (++count > 4) return false;
    }
    if (count == 0) return false;
    if (text.substr(count).starts_with('.')) {
      if ((!gap && filled != 12) || filled + 4 > 16) return false;
      if (!read_v4(text, &out[filled])) return false;
      filled += 4;
      text = {};
      break;
    }
    out[filled] = static_cast<std::uint8_t>(value >> 8);
    out[filled + 1] = static_cast<std::uint8_t>(value & 0xff);
    filled += 2;
    text.remove_prefix(count);
    if (text.empty()) break;
    if (text[0] != ':' || text.size() == 1) return false;
    text.remove_prefix(1);
    if (text[0] == ':') {
      if (gap) return false;
      gap = filled;
      text.remove_prefix(1);
      if (text.empty()) break;
    }
  }
  if (!text.empty()) return false;
  if (filled == 16) return !gap;
  if (!gap) return false;
  const std::size_t moved = filled - *gap;
  std::copy_backward(out.begin() + static_cast<std::ptrdiff_t>(*gap),
                     out.begin() + static_cast<std::ptrdiff_t>(filled), out.end());
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(*gap),
            out.end() - static_cast<std::ptrdiff_t>(moved), std::uint8_t{0});
  return true;
}

std::string text_of_v6(const std::array<std::uint8_t, 16>& bytes) {
  // The longest run of zero groups, of two at least, is "::".
  int run_from = -1;
  int run_to = -1;
  const auto group = [&](int i) {
    return (bytes[static_cast<std::size_t>(2 * i)] << 8) |
           bytes[static_cast<std::size_t>(2 * i + 1)];
  };
  for (int i = 0; i < 8; ++i) {
    int j = i;
    while (j < 8 && group(j) == 0) ++j;
    if (j - i >= 2 && j - i > run_to - run_from) {
      run_from = i;
      run_to = j;
    }
    i = std::max(i, j - 1);
  }
  std::string out;
  for (int i = 0; i < 8; ++i) {
    if (i == run_from) {
      out += "::";
      i = run_to;
      if (i >= 8) break;
    } else if (i > 0) {
      out += ':';
    }
    char part[8];
    std::snprintf(part, sizeof part, "%x", static_cast<unsigned>(group(i)));
    out += part;
  }
  return out;
}

// Sets or clears the bits behind the first `prefix` of `bytes` from `from` on.
void set_tail(std::array<std::uint8_t, 16>& bytes, int prefix, std::uint8_t value) {
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(prefix - 8 * i, 0, 8);
    const auto mask = static_cast<std::uint8_t>(0xff >> kept);
    std::uint8_t& byte = bytes[static_cast<std::size_t>(i)];
    byte = static_cast<std::uint8_t>((byte & ~mask) | (value & mask));
  }
}

}  // namespace

bool Address::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

std::string Address::text() const {
  if (!is_v4()) return text_of_v6(bytes);
  std::string out;
  for (std::size_t i = 12; i < 16; ++i) {
    if (i > 12) out += '.';
    out += std::to_string(bytes[i]);
  }
  return out;
}

Address Address::next() const {
  Address out = *this;
  for (std::size_t i = 16; i-- > 0;) {
    if (++out.bytes[i] != 0) break;
  }
  return out;
}

Address Address::previous() const {
  Address out = *this;
  const std::size_t low = is_v4() ? 12 : 0;
  if (std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(low), bytes.end(),
                  [](std::uint8_t b) { return b == 0; })) {
    return out;
  }
  for (std::size_t i = 16; i-- > low;) {
    if (out.bytes[i]-- != 0) break;
  }
  return out;
}

int Address::trailing_zeros() const {
  int count = 0;
  for (std::size_t i = 16; i-- > 0;) {
    if (bytes[i] != 0) return count + __builtin_ctz(bytes[i]);
    count += 8;
  }
  return count;
}

Network Network::of(const Address& address, int prefix, bool v4) {
  Network out{.first = address, .prefix = prefix, .v4 = v4};
  set_tail(out.first.bytes, v4 ? 96 + prefix : prefix, 0);
  return out;
}

bool Network::contains(const Address& address) const {
  if (first.is_v4() != address.is_v4()) return false;
  // Of an IPv6 mask on an IPv4 network, the last 32 bits count.
  const int bits = v4 ? 96 + prefix : first.is_v4() ? std::max(prefix, 96) : prefix;
  Address masked = address;
  set_tail(masked.bytes, bits, 0);
  return masked == first;
}

Address Network::last() const {
  Address out = first;
  set_tail(out.bytes, v4 ? 96 + prefix : prefix, 0xff);
  return out;
}

std::string Network::text() const {
  const bool shown_as_v4 = !v4 && first.is_v4();
  return first.text() + "/" + std::to_string(shown_as_v4 ? std::max(prefix - 96, 0) : prefix);
}

std::optional<Address> read_address(std::string_view text) {
  Address out;
  // What comes first decides, as in netip.ParseAddr.
  const std::size_t mark = text.find_first_of(".:%");
  if (mark == std::string_view::npos || text[mark] == '%') return std::nullopt;
  if (text[mark] == '.') {
    std::copy(kMapped.begin(), kMapped.end(), out.bytes.begin());
    return read_v4(text, &out.bytes[12]) ? std::optional(out) : std::nullopt;
  }
  return read_v6(text, out.bytes) ? std::optional(out) : std::nullopt;
}

std::optional<Network> read_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(0, slash);
  const std::optional<Address> address = read_address(host);
  if (!address) return std::nullopt;
  const bool v4 = host.find(':') == std::string_view::npos;
  const std::string_view mask = text.substr(slash + 1);
  int prefix = 0;
  for (const char c : mask) {
    if (!is_digit(c)) return std::nullopt;
    prefix = prefix * 10 + (c - '0');
    if (prefix > 128) return std::nullopt;
  }
  if (mask.empty() || prefix > (v4 ? 32 : 128)) return std::nullopt;
  return Network::of(*address, prefix, v4);
}

}  // namespace mc::builtin
