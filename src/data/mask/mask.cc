#include "mask/mask.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "crypto/cmac.h"
#include "crypto/crypto.h"
#include "mask/short_text.h"
#include "mask/token.h"

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

Masked of_text() {
  return {.kind = Masked::Kind::text};
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

// Not inlined, like others below: apply() would save registers for all when it needs one.
[[gnu::noinline]] Masked write_digest(crypto::Block digest, std::string& out) {
  using Bytes = std::uint8_t __attribute__((vector_size(16)));
  const auto bytes = std::bit_cast<Bytes>(digest);
  const auto hex_digits = [](Bytes nibbles) {
    return nibbles + '0' + (reinterpret_cast<Bytes>(nibbles > 9) & ('a' - '0' - 10));
  };
  const Bytes high = bytes >> 4, low = bytes & 0x0f;
  const Bytes digits[] = {hex_digits(__builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19,
                                                             4, 20, 5, 21, 6, 22, 7, 23)),
                          hex_digits(__builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11,
                                                             27, 12, 28, 13, 29, 14, 30, 15, 31))};
  out.resize(sizeof digits);
  std::memcpy(out.data(), digits, sizeof digits);
  return of_text();
}

[[gnu::noinline]] Masked write_partial(std::int32_t shown_max, std::string_view text,
                                       std::string& out) {
  const std::size_t count = is_ascii(text) ? text.size() : count_characters(text);
  const std::size_t shown = std::min<std::size_t>(static_cast<std::size_t>(shown_max), count / 2);
  std::size_t at = text.size() - shown;
  if (count != text.size()) {  // back to the first character that is shown
    at = text.size();
    for (std::size_t left = shown; left > 0; left -= is_start(text[at]) ? 1 : 0) --at;
  }
  const std::size_t hidden = count - shown;
  out.resize(hidden + text.size() - at);
  std::fill_n(out.data(), hidden, '*');
  std::copy(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), out.data() + hidden);
  return of_text();
}

std::int64_t round_down(std::int64_t value, std::int64_t step) {
  const std::int64_t rest = value % step;
  std::int64_t down = 0;
  const bool fits = !__builtin_sub_overflow(value, rest < 0 ? rest + step : rest, &down);
  return fits ? down : value - rest;  // at the very bottom of the range: up
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

[[gnu::noinline]] Masked generalise(const Mask& mask, Form form, std::string_view text,
                                    std::string& out) {
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

std::uint64_t magnitude_of(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return value < 0 ? 0 - bits : bits;
}

// Under the strategies that show texts. Inlined, so that the text stays in registers.
[[gnu::always_inline]] inline Masked apply_short(const Mask& mask, const ColumnKey& key,
                                                 const ShortText& text, std::string& out) {
  switch (mask.strategy) {
    case Strategy::keep:
      out.resize(text.size);
      store(text.words, text.size, out.data());
      return of_text();
    case Strategy::hash:
      if (key.cmac == nullptr) return {};
      return write_digest(key.cmac->digest(text.words, text.size), out);
    case Strategy::tokenise:
      if (key.cmac == nullptr) return {};
      write_token(*key.cmac, text.words, text.size, out);
      return of_text();
    case Strategy::partial: {
      const ShortText copy = text;  // in memory for this case alone
      return write_partial(mask.parameter == 0 ? kPartialDefault : mask.parameter, copy.view(),
                           out);
    }
    default:
      return {};
  }
}

[[gnu::noinline]] Masked apply_long(const Mask& mask, const ColumnKey& key, std::int64_t value,
                                    std::string& out) {
  const std::uint64_t magnitude = magnitude_of(value);
  if (magnitude < kFourteenDigits) {
    return apply_short(mask, key, with_sign(longer_decimal(magnitude), value < 0), out);
  }
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  return apply(mask, key, Form::integer, {digits, static_cast<std::size_t>(end.ptr - digits)}, out);
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
  std::string digest = crypto::hmac_sha256(key_, message);
  crypto::Block key;
  std::memcpy(key.data(), digest.data(), key.size());
  wipe(digest);
  auto cmac = std::make_shared<const crypto::CmacKey>(key);
  crypto::cleanse(key);
  return {std::move(cmac)};
}

Masked apply(const Mask& mask, const ColumnKey& key, Form form, std::string_view text,
             std::string& out) {
  switch (mask.strategy) {
    case Strategy::keep:
      out.assign(text);
      return of_text();
    case Strategy::hash:
      if (key.cmac == nullptr) return {};
      return write_digest(key.cmac->digest(text), out);
    case Strategy::partial:
      if (form == Form::json || form == Form::boolean) return {};
      return write_partial(mask.parameter == 0 ? kPartialDefault : mask.parameter, text, out);
    case Strategy::tokenise:
      if (key.cmac == nullptr || form == Form::json || form == Form::boolean) return {};
      write_token(*key.cmac, text, out);
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
  const std::uint64_t magnitude = magnitude_of(value);
  if (magnitude >= kEightDigits) return apply_long(mask, key, value, out);
  const ShortText digits = short_decimal(static_cast<std::uint32_t>(magnitude));
  return apply_short(mask, key, with_sign(digits, value < 0), out);
}

Masked apply_real(const Mask& mask, const ColumnKey& key, double value, std::string& out) {
  if (mask.strategy == Strategy::generalise) return generalise_real(mask.parameter, value);
  if (mask.strategy == Strategy::null || mask.strategy == Strategy::drop) return {};
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  return apply(mask, key, Form::real, {digits, static_cast<std::size_t>(end.ptr - digits)}, out);
}

}  // namespace mc::mask
