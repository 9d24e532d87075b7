#include "mask/mask.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "crypto/crypto.h"

namespace mc::mask {
namespace {

constexpr std::string_view kNames[] = {"keep",     "hash",       "null", "partial",
                                       "tokenise", "generalise", "drop"};
constexpr std::size_t kSecretMin = 16;
constexpr std::int32_t kParameterMax = 1'000'000'000;
constexpr std::int32_t kPartialDefault = 4, kGeneraliseDefault = 10;

// Less is shown the further down.
int strictness(Strategy strategy) {
  switch (strategy) {
    case Strategy::keep:
      return 0;
    case Strategy::partial:
      return 1;
    case Strategy::generalise:
      return 2;
    case Strategy::tokenise:
      return 3;
    case Strategy::hash:
      return 4;
    case Strategy::null:
      return 5;
    case Strategy::drop:
      return 6;
  }
  return 6;
}

std::uint64_t read_u64(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  return word;
}
std::uint64_t read_u32(const char* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, 4);
  return word;
}

// Up to seven bytes as one word. Two loads that may overlap cost less than a loop.
std::uint64_t read_tail(const char* at, std::size_t size) {
  if (size >= 4) return read_u32(at) | read_u32(at + size - 4) << (8 * (size - 4));
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  }
  return word;
}

// SipHash-2-4 with 128 bits of output.
class Sip {
 public:
  explicit Sip(const ColumnKey& key) {
    v0_ = key.words[0] ^ 0x736f6d6570736575ULL;
    v1_ = key.words[1] ^ 0x646f72616e646f6dULL ^ 0xee;
    v2_ = key.words[0] ^ 0x6c7967656e657261ULL;
    v3_ = key.words[1] ^ 0x7465646279746573ULL;
  }

  std::array<std::uint64_t, 2> digest(std::string_view text) {
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= 8; left -= 8, at += 8) take(read_u64(at));
    take(read_tail(at, left) | (static_cast<std::uint64_t>(text.size()) << 56));
    v2_ ^= 0xee;
    for (int i = 0; i < 4; ++i) round();
    const std::uint64_t low = v0_ ^ v1_ ^ v2_ ^ v3_;
    v1_ ^= 0xdd;
    for (int i = 0; i < 4; ++i) round();
    return {low, v0_ ^ v1_ ^ v2_ ^ v3_};
  }

 private:
  void take(std::uint64_t word) {
    v3_ ^= word;
    round();
    round();
    v0_ ^= word;
  }
  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }
  std::uint64_t v0_, v1_, v2_, v3_;
};

std::array<std::uint64_t, 2> digest_of(const ColumnKey& key, std::string_view text) {
  return Sip(key).digest(text);
}

// Characters, not bytes: the start of each in UTF-8.
bool is_start(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}
std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += is_start(c) ? 1 : 0;
  return count;
}

// The eight hexadecimal digits of a number, the first in the lowest byte.
std::uint64_t hex_digits(std::uint32_t number) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  std::uint64_t nibbles = number;
  nibbles = (nibbles | nibbles << 16) & 0x0000ffff0000ffffULL;
  nibbles = (nibbles | nibbles << 8) & 0x00ff00ff00ff00ffULL;
  nibbles = (nibbles | nibbles << 4) & 0x0f0f0f0f0f0f0f0fULL;
  const std::uint64_t letters = (nibbles + 6 * kOnes) >> 4 & kOnes;  // 1 where it is 10 or more
  return __builtin_bswap64(nibbles + '0' * kOnes + letters * ('a' - '0' - 10));
}

void write_hash(const ColumnKey& key, std::string_view text, std::string& out) {
  const auto words = digest_of(key, text);
  out.resize(32);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint64_t digits =
        hex_digits(static_cast<std::uint32_t>(words[i / 2] >> (i % 2 == 0 ? 32 : 0)));
    std::memcpy(out.data() + 8 * i, &digits, 8);
  }
}

void write_partial(std::int32_t shown_max, std::string_view text, std::string& out) {
  const std::size_t count = count_characters(text);
  const std::size_t shown = std::min<std::size_t>(static_cast<std::size_t>(shown_max), count / 2);
  // Back to the first character that is shown.
  std::size_t at = text.size();
  for (std::size_t left = shown; left > 0; left -= is_start(text[at]) ? 1 : 0) --at;
  out.assign(count - shown, '*');
  out.append(text.substr(at));
}

// What becomes of a byte of a token: base + a number below `bound`.
struct TokenByte {
  char base = 0;
  std::uint8_t bound = 0;
  std::uint8_t shown = 1;
};
constexpr std::array<TokenByte, 256> kTokenBytes = [] {
  std::array<TokenByte, 256> table;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const char c = static_cast<char>(i);
    if (c >= '0' && c <= '9') {
      table[i] = {'0', 10};
    } else if (c >= 'A' && c <= 'Z') {
      table[i] = {'A', 26};
    } else if (c >= 'a' && c <= 'z') {
      table[i] = {'a', 26};
    } else if (i < 0x80) {
      table[i] = {c, 0};
    } else if ((i & 0xc0) != 0x80) {  // a letter of another alphabet
      table[i] = {'a', 26};
    } else {  // the rest of it
      table[i] = {0, 0, 0};
    }
  }
  return table;
}();

// The numbers come from the digest of the whole value: its words, then words stretched from them
// (SplitMix64, Steele, Lea and Flood 2014). That need not be one-way: `hash` shows the digest.
void write_token(const ColumnKey& key, std::string_view text, std::string& out) {
  const auto digest = digest_of(key, text);
  out.resize(text.size());
  char* to = out.data();
  std::uint64_t state = digest[0];
  for (std::size_t at = 0; at < text.size(); at += 4) {
    std::uint64_t word = digest[at / 4 % 2];
    if (at >= 8) {
      state += 0x9e3779b97f4a7c15ULL;
      word = (state ^ state >> 30) * 0xbf58476d1ce4e5b9ULL;
      word = (word ^ word >> 27) * 0x94d049bb133111ebULL;
      word ^= digest[1] ^ word >> 31;
    }
    for (const char c : text.substr(at, 4)) {
      const TokenByte& byte = kTokenBytes[static_cast<unsigned char>(c)];
      *to = static_cast<char>(byte.base + static_cast<int>((word & 0xffff) * byte.bound >> 16));
      to += byte.shown;
      word >>= 16;
    }
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
}

std::int64_t round_down(std::int64_t value, std::int64_t step) {
  const std::int64_t rest = value % step;
  std::int64_t down = 0;
  const bool fits = !__builtin_sub_overflow(value, rest < 0 ? rest + step : rest, &down);
  return fits ? down : value - rest;  // at the very bottom of the range: up
}

Masked of_text() {
  return {.kind = Masked::Kind::text};
}

Masked generalise_integer(std::int32_t parameter, std::int64_t value) {
  return {.kind = Masked::Kind::integer,
          .integer = round_down(value, parameter == 0 ? kGeneraliseDefault : parameter)};
}

Masked generalise_real(std::int32_t parameter, double value) {
  const double step = parameter == 0 ? kGeneraliseDefault : parameter;
  const double down = std::floor(value / step) * step;
  if (!std::isfinite(down)) return {};
  return {.kind = Masked::Kind::real, .real = down};
}

Masked generalise_real(std::int32_t parameter, std::string_view text) {
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return {};
  return generalise_real(parameter, value);
}

// "2026-11-29..." to "2026-11-01", or of twelve months and more to "2026-01-01".
Masked generalise_date(std::int32_t parameter, Form form, std::string_view text, std::string& out) {
  constexpr std::string_view kPattern = "dddd-dd-dd";
  if (text.size() < kPattern.size()) return {};
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kPattern[i] == 'd' ? !digit : text[i] != kPattern[i]) return {};
  }
  out.assign(text.substr(0, parameter >= 12 ? 4 : 7));
  out += parameter >= 12 ? "-01-01" : "-01";
  if (form == Form::datetime) out += "T00:00:00.000Z";
  return of_text();
}

Masked generalise(const Mask& mask, Form form, std::string_view text, std::string& out) {
  switch (form) {
    case Form::integer: {
      std::int64_t value = 0;
      const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (failed != std::errc() || end != text.data() + text.size()) return {};
      return generalise_integer(mask.parameter, value);
    }
    case Form::real:
      return generalise_real(mask.parameter, text);
    case Form::date:
    case Form::datetime:
      return generalise_date(mask.parameter, form, text, out);
    case Form::text: {
      if (text.empty()) return {};
      std::size_t end = 1;
      while (end < text.size() && !is_start(text[end])) ++end;
      out.assign(text.substr(0, end));
      out += '*';
      return of_text();
    }
    default:
      return {};
  }
}

}  // namespace

std::string_view strategy_name(Strategy strategy) {
  return kNames[static_cast<std::size_t>(strategy)];
}

Result<Mask> parse_mask(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  Mask mask;
  bool known = false;
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] != name) continue;
    mask.strategy = static_cast<Strategy>(i);
    known = true;
  }
  if (!known) {
    return fail(Code::invalid, "mask '" + excerpt(text) +
                                   "': keep, hash, null, partial, tokenise, generalise or drop");
  }
  if (colon == std::string_view::npos) return mask;
  const bool takes = mask.strategy == Strategy::partial || mask.strategy == Strategy::generalise;
  const auto number = parse_int(text.substr(colon + 1));
  if (!takes || !number || *number < 1 || *number > kParameterMax) {
    return fail(Code::invalid, "mask '" + excerpt(text) +
                                   "': partial and generalise take a number from 1 to 1000000000");
  }
  mask.parameter = static_cast<std::int32_t>(*number);
  return mask;
}

std::string to_text(const Mask& mask) {
  std::string out(strategy_name(mask.strategy));
  if (mask.parameter != 0) out += ":" + std::to_string(mask.parameter);
  return out;
}

Mask stricter(const Mask& a, const Mask& b) {
  if (a.strategy != b.strategy) return strictness(a.strategy) > strictness(b.strategy) ? a : b;
  if (a.strategy == Strategy::partial) {
    const auto shown = [](const Mask& m) {
      return m.parameter == 0 ? kPartialDefault : m.parameter;
    };
    return shown(a) <= shown(b) ? a : b;
  }
  const auto step = [](const Mask& m) {
    return m.parameter == 0 ? kGeneraliseDefault : m.parameter;
  };
  return step(a) >= step(b) ? a : b;
}

Result<Keys> Keys::make(const Secret& secret) {
  const std::string_view bytes = secret.reveal(RevealToken());
  if (bytes.size() < kSecretMin) {
    return fail(Code::invalid, "the key of masks: at least 16 bytes are needed");
  }
  return Keys(crypto::hmac_sha256(bytes, "mc mask v1"));
}

ColumnKey Keys::column(std::string_view tenant, std::string_view dataset,
                       std::string_view column) const {
  std::string message;
  for (const std::string_view part : {tenant, dataset, column}) {
    message += std::to_string(part.size()) + ":" + std::string(part);
  }
  const std::string digest = crypto::hmac_sha256(key_, message);
  ColumnKey key;
  std::memcpy(key.words.data(), digest.data(), sizeof key.words);
  return key;
}

Masked apply(const Mask& mask, const ColumnKey& key, Form form, std::string_view text,
             std::string& out) {
  switch (mask.strategy) {
    case Strategy::keep:
      out.assign(text);
      return of_text();
    case Strategy::hash:
      write_hash(key, text, out);
      return of_text();
    case Strategy::partial:
      if (form == Form::json || form == Form::boolean) return {};
      write_partial(mask.parameter == 0 ? kPartialDefault : mask.parameter, text, out);
      return of_text();
    case Strategy::tokenise:
      if (form == Form::json || form == Form::boolean) return {};
      write_token(key, text, out);
      return of_text();
    case Strategy::generalise:
      return generalise(mask, form, text, out);
    case Strategy::null:
    case Strategy::drop:
      return {};
  }
  return {};
}

Masked apply_integer(const Mask& mask, const ColumnKey& key, std::int64_t value, std::string& out) {
  if (mask.strategy == Strategy::generalise) return generalise_integer(mask.parameter, value);
  if (mask.strategy == Strategy::null || mask.strategy == Strategy::drop) return {};
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  return apply(mask, key, Form::integer, {digits, static_cast<std::size_t>(end.ptr - digits)}, out);
}

Masked apply_real(const Mask& mask, const ColumnKey& key, double value, std::string& out) {
  if (mask.strategy == Strategy::generalise) return generalise_real(mask.parameter, value);
  if (mask.strategy == Strategy::null || mask.strategy == Strategy::drop) return {};
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  return apply(mask, key, Form::real, {digits, static_cast<std::size_t>(end.ptr - digits)}, out);
}

}  // namespace mc::mask
