#include "postgres/link.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <vector>

#include "postgres/failure.h"

namespace mc::postgres {
namespace {

constexpr std::size_t kRegionBytesMax = 64;

// libpq's text without its line ends; it names host, user and database, never a password.
std::string connect_message(const PGconn* connection) {
  std::string text = connection != nullptr ? PQerrorMessage(connection) : "out of memory";
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.ends_with(' ')) text.pop_back();
  return excerpt(text, 300);
}

}  // namespace

Result<std::unique_ptr<Link>> Link::open(const Settings& settings, sys::Clock& clock) {
  const std::string timeout =
      std::to_string(std::max<std::int64_t>(1, (to_millis(settings.connect_timeout) + 999) / 1000));
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto add = [&](const char* keyword, const char* value) {
    keywords.push_back(keyword);
    values.push_back(value);
  };
  add("fallback_application_name", "maestro");
  // A peer that vanished without a word is noticed within about a minute.
  add("tcp_user_timeout", "60000");
  add("keepalives_idle", "30");
  add("client_encoding", "UTF8");
  for (const auto& [keyword, value] : settings.options) add(keyword.c_str(), value.c_str());
  add("connect_timeout", timeout.c_str());
  add(nullptr, nullptr);
  std::unique_ptr<Link> link(new Link(PQconnectdbParams(keywords.data(), values.data(), 0), clock));
  if (link->lost()) {
    return fail(Code::unavailable, "PostgreSQL: " + connect_message(link->connection()));
  }
  // Notices would go to standard error otherwise.
  PQsetNoticeReceiver(link->connection(), [](void*, const PGresult*) {}, nullptr);
  MC_TRY_OK(link->set_up(settings));
  return link;
}

// What the server says of its region is asked with the rest, so that no session is ever used before
// it is known.
Status Link::set_up(const Settings& settings) {
  const std::string sql = fmt::format(
      "SET standard_conforming_strings = on; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD';"
      "SET lock_timeout = {}; SET default_transaction_read_only = {};"
      "SELECT coalesce(current_setting('mc.region', true), '')",
      to_millis(settings.busy_timeout), settings.access == sql::Access::read_only ? "on" : "off");
  const ResultPtr result(PQexec(connection_.get(), sql.c_str()));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK || PQntuples(result.get()) != 1) {
    return tl::unexpected<Error>(failure_of(result.get(), sql));
  }
  const std::string region = excerpt(PQgetvalue(result.get(), 0, 0), kRegionBytesMax);
  if (settings.region.empty() || region.empty() || region == settings.region) return ok();
  return tl::unexpected<Error>(sql::region_refused(region));
}

bool Link::went_away() {
  pollfd poll_fd{.fd = PQsocket(connection_.get()), .events = POLLRDHUP, .revents = 0};
  return poll(&poll_fd, 1, 0) == 1;
}

bool Link::wait_for_bytes(std::optional<MonoTime> deadline) {
  pollfd poll_fd{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
  int wait_ms = -1;
  if (deadline) {
    const std::int64_t left = (*deadline - clock_->mono()).count;
    if (left <= 0) return false;
    wait_ms = static_cast<int>(std::min<std::int64_t>(left / 1'000'000 + 1, 1'000'000));
  }
  poll(&poll_fd, 1, wait_ms);  // a signal or the time only makes the caller look again
  return true;
}

ResultPtr Link::receive(std::optional<MonoTime> deadline) {
  while (!lost() && PQisBusy(connection_.get()) != 0) {
    if (!wait_for_bytes(deadline)) {
      lost_ = true;
      return nullptr;
    }
    // On a lost connection PQgetResult below has the last words of the server.
    if (PQconsumeInput(connection_.get()) == 0) break;
  }
  if (lost_) return nullptr;
  return ResultPtr(PQgetResult(connection_.get()));
}

bool Link::ready_within(Nanos wait) {
  const MonoTime deadline = clock_->mono() + wait;
  while (!lost() && PQisBusy(connection_.get()) != 0) {
    if (!wait_for_bytes(deadline)) return false;
    if (PQconsumeInput(connection_.get()) == 0) break;
  }
  return true;
}

std::string Link::server_version() const {
  const int number = PQserverVersion(connection_.get());  // 150018 = 15.18 (since version 10)
  return fmt::format("PostgreSQL {}.{}", number / 10'000, number % 10'000);
}

}  // namespace mc::postgres
