// Quotes: what a query would cost, promised for a minute. Stateless: the id carries the promise and
// an HMAC of it, so that it holds on every server that has the key, and over restarts. What it
// promises is the price and the error; the budget is not set aside by it.
#pragma once

#include <string>
#include <string_view>

#include "accountant/units.h"
#include "base/base.h"

namespace mc::planner {

struct Promise {
  std::string tenant, subject;
  std::string question;  // digest
  accountant::NanoEpsilon epsilon{};
  WallTime until{};
  bool operator==(const Promise&) const = default;
};

inline constexpr std::size_t kQuoteBytesMax = 1'024;

std::string print_quote(const Promise& promise, const Secret& key);  // "qte_..."
// `invalid` for what was not printed with this key.
Result<Promise> read_quote(std::string_view id, const Secret& key);

}  // namespace mc::planner
