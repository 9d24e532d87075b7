// Masks: what is left of a value when policy says that somebody may see that it is there, but not
// what it is. A mask is an obligation of a verdict; whoever gives data away applies it or gives
// nothing (fail closed).
//
//   keep        the value itself
//   hash        keyed digest, the same for equal values of one column of one tenant, never across
//               columns or tenants, so that masked rows can still be counted and joined
//   null        no value
//   partial:N   the last N characters (default 4), the others as '*'; never more than half of them
//   tokenise    of the form of the value: digits for digits, letters for letters, the rest stays;
//               the same for equal values as hash is
//   generalise:N numbers rounded down to a multiple of N (default 10), dates and times to the month
//               (or year:  generalise:12 = twelve months), texts to their first character
//   drop        the field is answered as if it were not there: null, and its name is told
//
// hash and tokenise are pseudonyms under a secret of this installation: who has it can find the
// values again by trying; nobody else can (AES-128-CMAC of the value's text, RFC 4493).
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::crypto {
class CmacKey;
}

namespace mc::mask {

enum class Strategy : std::uint8_t { keep, hash, null, partial, tokenise, generalise, drop };
std::string_view strategy_name(Strategy strategy);

struct Mask {
  Strategy strategy = Strategy::keep;
  std::int32_t parameter = 0;  // 0 = the default of the strategy
  bool masks() const { return strategy != Strategy::keep; }
  bool operator==(const Mask&) const = default;
};
// "hash", "partial:4". `invalid` names what is unknown: whoever gets an unknown mask shuts the
// door.
Result<Mask> parse_mask(std::string_view text);
std::string to_text(const Mask& mask);
// Of two obligations for one column the one that shows less: keep < partial < generalise < tokenise
// < hash < null < drop.
Mask stricter(const Mask& a, const Mask& b);

// What a value is, as far as masks care.
enum class Form : std::uint8_t { text, integer, real, boolean, date, datetime, json };

// Of one column of one tenant; cheap to copy, costly to make.
struct ColumnKey {
  // Shared by copies: the expanded key lies in memory once, and is wiped with the last of them.
  std::shared_ptr<const crypto::CmacKey> cmac = nullptr;
};

// The secret of an installation, at least 16 bytes. Thread-safe.
class Keys {
 public:
  static Result<Keys> make(const Secret& secret);
  ColumnKey column(std::string_view tenant, std::string_view dataset,
                   std::string_view column) const;

 private:
  explicit Keys(std::string key) : key_(std::move(key)) {}
  std::string key_;  // derived from the secret, of this use alone
};

// A masked value. `text` of hash, tokenise, partial; numbers of generalise stay numbers.
struct Masked {
  enum class Kind : std::uint8_t { null, text, integer, real } kind = Kind::null;
  std::int64_t integer = 0;
  double real = 0;
};

// The value as it may be shown. `text` is the value's text (numbers in decimal, dates as the model
// has them); what is written to `out` is the text when the answer is one. Unknown forms of a
// strategy give null, never the value; so do hash and tokenise without a key.
Masked apply(const Mask& mask, const ColumnKey& key, Form form, std::string_view text,
             std::string& out);
Masked apply_integer(const Mask& mask, const ColumnKey& key, std::int64_t value, std::string& out);
Masked apply_real(const Mask& mask, const ColumnKey& key, double value, std::string& out);

}  // namespace mc::mask
