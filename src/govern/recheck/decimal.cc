#include "recheck/decimal.h"

#include <string>

namespace mc::recheck {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t kWholeDigitsMax = 9;
// Nine digits and twelve do not fit together; no share, loss or l needs both.
constexpr std::size_t kDigitsMax = 18;

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::uint64_t Decimal::scale() const {
  std::uint64_t out = 1;
  for (int i = 0; i < places; ++i) out *= 10;
  return out;
}

double Decimal::approximate() const {
  return static_cast<double>(digits) / static_cast<double>(scale());
}

Result<Decimal> parse_decimal(std::string_view text, int places_max) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const bool fraction = point != std::string_view::npos;
  const std::string_view rest = fraction ? text.substr(point + 1) : std::string_view();
  const bool form = all_digits(whole) && (!fraction || all_digits(rest)) &&
                    whole.size() <= kWholeDigitsMax && (whole.size() == 1 || whole[0] != '0') &&
                    rest.size() <= static_cast<std::size_t>(places_max) &&
                    whole.size() + rest.size() <= kDigitsMax;
  if (!form) {
    return fail(Code::invalid, "'" + excerpt(text) + "' is no decimal with at most " +
                                   std::to_string(kWholeDigitsMax) + " digits and " +
                                   std::to_string(places_max) + " behind the point");
  }
  Decimal out{.places = static_cast<int>(rest.size())};
  for (const std::string_view part : {whole, rest}) {
    for (const char digit : part) {
      out.digits = out.digits * 10 + static_cast<std::uint64_t>(digit - '0');
    }
  }
  return out;
}

std::int64_t share_of_rows(const Decimal& limit, std::int64_t rows) {
  const auto product = static_cast<Wide>(limit.digits) * static_cast<Wide>(rows);
  return static_cast<std::int64_t>(product / limit.scale());
}

}  // namespace mc::recheck
