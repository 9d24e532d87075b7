#include "notify/dispatcher.h"

#include <algorithm>
#include <array>

#include "notify/notify.h"

namespace mc::notify {
namespace {

constexpr std::array<Nanos, 7> kDelays = {seconds(5),     seconds(60),   seconds(300),
                                          seconds(1800),  seconds(7200), seconds(18'000),
                                          seconds(36'000)};
constexpr std::int64_t kReplyBytesMax = 64 << 10;
constexpr int kGone = 410;

std::optional<Nanos> retry_after(const net::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (!equals_ignoring_case(name, "retry-after")) continue;
    // The form with a date is left to the schedule.
    const Result<std::int64_t> wait = parse_int(value);
    if (!wait || *wait < 0) return std::nullopt;
    return std::min(seconds(std::min<std::int64_t>(*wait, 24 * 3600)), kRetryAfterMax);
  }
  return std::nullopt;
}

}  // namespace

Nanos retry_delay(std::int64_t attempt, sys::Random& random) {
  const auto last = static_cast<std::int64_t>(kDelays.size()) - 1;
  const auto index = std::clamp<std::int64_t>(attempt - 1, 0, last);
  const Nanos base = kDelays[static_cast<std::size_t>(index)];
  const std::int64_t fifth = base.count / 5;
  const auto shift =
      static_cast<std::int64_t>(random.next_u64() % static_cast<std::uint64_t>(2 * fifth + 1));
  return {base.count - fifth + shift};
}

DeliveryState state_after(const Parcel& parcel, const Outcome& outcome) {
  if (outcome.verdict == Outcome::Verdict::delivered) return DeliveryState::delivered;
  const bool again = outcome.verdict == Outcome::Verdict::again && parcel.attempt < kAttemptsMax;
  return again ? DeliveryState::pending : DeliveryState::failed;
}

Outcome WebhookSender::send(const Parcel& claimed) {
  const MonoTime began = clock_.mono();
  const std::int64_t timestamp = clock_.wall().nanos / 1'000'000'000;
  Outcome out;
  Parcel parcel = claimed;
  const bool ocsf = parcel.endpoint.form == Form::ocsf;
  if (ocsf) {
    Result<std::string> body = to_ocsf_(parcel);
    if (!body) {
      out.error = body.error().what;
      // Of an event from before the endpoint had this form.
      if (body.error().code == Code::invalid) out.verdict = Outcome::Verdict::give_up;
      return out;
    }
    parcel.body = std::move(*body);
  }
  const Result<std::string> signature = secrets_.sign(parcel, timestamp);
  if (!signature) {
    out.error = signature.error().what;
    return out;
  }
  net::ClientRequest request;
  request.method = "POST";
  request.url = parcel.endpoint.target;
  request.headers = {{"Content-Type", ocsf ? "application/json; charset=utf-8"
                                           : "application/cloudevents+json; charset=utf-8"},
                     {"User-Agent", "maestro-conductor"},
                     {"webhook-id", parcel.event},
                     {"webhook-timestamp", std::to_string(timestamp)},
                     {"webhook-signature", *signature}};
  request.body = parcel.body;
  request.timeout = kSendTimeout;
  request.response_bytes_max = kReplyBytesMax;
  request.addresses = &addresses_;
  const Result<net::Response> reply = client_->fetch(request);
  out.took = clock_.mono() - began;
  if (!reply) {
    out.error = reply.error().what;
    return out;
  }
  out.status = reply->status;
  if (out.status / 100 == 2) {
    out.verdict = Outcome::Verdict::delivered;
    return out;
  }
  out.error = "the receiver answered " + std::to_string(out.status);
  if (out.status == kGone) out.verdict = Outcome::Verdict::gone;
  out.retry_after = retry_after(*reply);
  return out;
}

Status Dispatcher::begin() {
  return world_.lend([&](sql::Connection& connection) {
    return Store(connection, world_.clock, world_.random).release_all();
  });
}

Result<bool> Dispatcher::step(Sender& webhook, Sender& mail) {
  std::optional<Parcel> parcel;
  MC_TRY_OK(world_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(parcel, Store(connection, world_.clock, world_.random).claim());
    return ok();
  }));
  if (!parcel) return false;
  Sender& sender = parcel->endpoint.kind == Kind::webhook ? webhook : mail;
  const Outcome outcome = sender.send(*parcel);
  MC_TRY_OK(world_.lend([&](sql::Connection& connection) {
    return Store(connection, world_.clock, world_.random).record(*parcel, outcome);
  }));
  switch (state_after(*parcel, outcome)) {
    case DeliveryState::delivered:
      delivered_.fetch_add(1, std::memory_order_relaxed);
      break;
    case DeliveryState::pending:
      retried_.fetch_add(1, std::memory_order_relaxed);
      break;
    case DeliveryState::failed:
      failed_.fetch_add(1, std::memory_order_relaxed);
      break;
  }
  return true;
}

Result<std::int64_t> Dispatcher::prune(Nanos age) {
  std::int64_t pruned = 0;
  MC_TRY_OK(world_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(pruned, Store(connection, world_.clock, world_.random).prune(age));
    return ok();
  }));
  return pruned;
}

DispatcherCounters Dispatcher::counters() const {
  return {delivered_.load(std::memory_order_relaxed), retried_.load(std::memory_order_relaxed),
          failed_.load(std::memory_order_relaxed)};
}

}  // namespace mc::notify
