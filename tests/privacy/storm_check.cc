#include <map>

#include "storm.h"

namespace mc::storm {
namespace {

using Sums = std::map<std::string, std::pair<std::int64_t, std::int64_t>>;  // spent, reserved

std::int64_t nano(std::string_view decimal) {
  const auto out = accountant::parse_epsilon(decimal);
  return out ? out->get() : INT64_MIN;
}

// Adds what charges say to the sums of their accounts.
Status add_charges(sql::Connection& connection, Sums& sums) {
  MC_TRY(const auto rows,
         connection.query(
             "SELECT tenant_id, dataset, purpose, window_from, "
             "CAST(sum(CASE WHEN state IN ('committed', 'burned') THEN epsilon ELSE 0 END) AS "
             "BIGINT), "
             "CAST(sum(CASE WHEN state IN ('reserved', 'executing') THEN epsilon ELSE 0 END) AS "
             "BIGINT) FROM dp_charge GROUP BY tenant_id, dataset, purpose, window_from",
             {}));
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (!more) return ok();
    const std::string tenant(rows->text(0)), dataset(rows->text(1)), purpose(rows->text(2));
    const std::string start = format_rfc3339(from_unix_ms(rows->integer(3))).substr(0, 10);
    const std::string keys[] = {"window/" + tenant + "/" + dataset + "/" + purpose + "/" + start,
                                "dataset//" + dataset + "//" + start,
                                "lifetime/" + tenant + "/" + dataset + "//1970-01-01"};
    for (const std::string& key : keys) {
      sums[key].first += rows->integer(4);
      sums[key].second += rows->integer(5);
    }
  }
}

Result<std::string> accounts(sql::Connection& connection, const Sums* sums) {
  MC_TRY(const auto rows,
         connection.query("SELECT scope, tenant_id, dataset, purpose, window_start, "
                          "epsilon_spent, epsilon_reserved, epsilon_limit, epsilon_top_up "
                          "FROM dp_budget",
                          {}));
  std::size_t seen = 0;
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (!more) break;
    const auto text = [&](int column) { return std::string(rows->text(column)); };
    const std::string key =
        text(0) + "/" + text(1) + "/" + text(2) + "/" + text(3) + "/" + text(4).substr(0, 10);
    const std::int64_t spent = nano(text(5)), reserved = nano(text(6));
    if (spent < 0 || reserved < 0) return "not understood: " + key;
    const bool limited = rows->type(7) != sql::Type::null;
    if (limited && spent + reserved > nano(text(7)) + nano(text(8))) return "overspent: " + key;
    if (sums == nullptr) continue;
    const auto found = sums->find(key);
    const auto expected =
        found != sums->end() ? found->second : std::pair<std::int64_t, std::int64_t>();
    if (expected != std::pair(spent, reserved)) {
      return "wrong sums: " + key + " has " + std::to_string(spent) + "+" +
             std::to_string(reserved) + ", its charges " + std::to_string(expected.first) + "+" +
             std::to_string(expected.second);
    }
    ++seen;
  }
  if (sums != nullptr && seen < sums->size()) return std::string("an account is missing");
  return std::string();
}

}  // namespace

Result<Spends> lifetime_spends(sql::Connection& connection) {
  MC_TRY(const auto rows, connection.query("SELECT tenant_id, dataset, epsilon_spent FROM "
                                           "dp_budget WHERE scope = 'lifetime'",
                                           {}));
  Spends out;
  while (true) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    out[std::string(rows->text(0)) + "/" + std::string(rows->text(1))] = nano(rows->text(2));
  }
}

std::string check_accounts(sql::Connection& connection) {
  const Result<std::string> out = accounts(connection, nullptr);
  return out ? *out : out.error().what;
}

std::string check_sums(sql::Connection& connection) {
  Sums sums;
  const Status added = add_charges(connection, sums);
  if (!added) return added.error().what;
  const Result<std::string> out = accounts(connection, &sums);
  return out ? *out : out.error().what;
}

}  // namespace mc::storm
