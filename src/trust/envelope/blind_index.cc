#include "envelope/blind_index.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "envelope/parts.h"

namespace mc::envelope {
namespace {

constexpr std::string_view kDomain = "mc/index/1";
constexpr int kBytesMin = 4, kBytesMax = 32;

std::string_view name_of(Normal form) {
  switch (form) {
    case Normal::exact:
      return "exact";
    case Normal::lower:
      return "lower";
    case Normal::digits:
      return "digits";
  }
  return "";
}

}  // namespace

Result<Normal> parse_normal(std::string_view name) {
  for (const Normal form : {Normal::exact, Normal::lower, Normal::digits}) {
    if (name == name_of(form)) return form;
  }
  return fail(Code::invalid, "normal form: must be exact, lower or digits");
}

std::string normalised(Normal form, std::string_view value) {
  std::string out(value);
  if (form == Normal::lower) {
    for (char& each : out) {
      if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    }
  } else if (form == Normal::digits) {
    std::erase_if(out, [](char each) { return each < '0' || each > '9'; });
  }
  return out;
}

std::string blind_index(const DataKey& key, const IndexedColumn& column, std::string_view value) {
  MC_CHECK(column.bytes >= kBytesMin && column.bytes <= kBytesMax);
  MC_CHECK(check_not_wiped(key.indexes()).has_value());
  // The value may be of any length, so it is its digest that is a part.
  std::string normal = normalised(column.form, value);
  const crypto::Digest digest = crypto::Sha256().add(normal).finish();
  wipe(normal);
  Parts parts;
  parts.add(kDomain).add(column.tenant).add(column.dataset).add(column.column);
  parts.add(name_of(column.form)).add(view_of(digest));
  MC_CHECK(!parts.too_long());
  std::string out = crypto::hmac_sha256(view_of(key.indexes()), parts.bytes());
  out.resize(static_cast<std::size_t>(column.bytes));
  return out;
}

}  // namespace mc::envelope
