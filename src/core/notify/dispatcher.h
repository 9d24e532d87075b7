// Sends what is due. Part of notify.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/base.h"
#include "net/net.h"
#include "notify/signature.h"
#include "notify/types.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::notify {

inline constexpr Nanos kSendTimeout = seconds(15);
inline constexpr int kAttemptsMax = 10;                      // then a delivery is given up
inline constexpr Nanos kRetryAfterMax = seconds(24 * 3600);  // of a receiver's wish

// How long after the n-th failed attempt (1 = the first) the next one comes: 5 s, 1 min, 5 min,
// 30 min, 2 h, 5 h, then 10 h each, and up to a fifth more or less, so that receivers that come
// back are not met by all at once.
Nanos retry_delay(std::int64_t attempt, sys::Random& random);

// What becomes of a delivery by the outcome of an attempt.
DeliveryState state_after(const Parcel& parcel, const Outcome& outcome);

// Sends a parcel to one kind of endpoint; blocks for at most kSendTimeout. One thread at a time.
class Sender {
 public:
  virtual ~Sender() = default;
  virtual Outcome send(const Parcel& parcel) = 0;
};

// The body of a parcel in the form OCSF. Where it cannot be made, the attempt has failed, and the
// delivery with it when that is `invalid`.
using ToOcsf = std::function<Result<std::string>(const Parcel& parcel)>;

// POST with the headers of Standard Webhooks and a CloudEvents body (structured mode), or one of
// OCSF. 2xx is delivered, 410 is gone, everything else is tried again; redirects are not followed.
class WebhookSender final : public Sender {
 public:
  WebhookSender(std::unique_ptr<net::Client> client, const Secrets& secrets,
                const net::AddressRule& addresses, sys::Clock& clock, ToOcsf to_ocsf)
      : client_(std::move(client)),
        secrets_(secrets),
        addresses_(addresses),
        clock_(clock),
        to_ocsf_(std::move(to_ocsf)) {}
  Outcome send(const Parcel& parcel) override;

 private:
  std::unique_ptr<net::Client> client_;
  const Secrets& secrets_;
  const net::AddressRule& addresses_;
  sys::Clock& clock_;
  ToOcsf to_ocsf_;
};

// Lends the state database's writing connection to one caller at a time.
using Lend = std::function<Status(const std::function<Status(sql::Connection&)>& use)>;

struct DispatcherCounters {
  std::uint64_t delivered = 0;
  std::uint64_t retried = 0;
  std::uint64_t failed = 0;
};

class Dispatcher {
 public:
  struct World {
    Lend lend;
    sys::Clock& clock;
    sys::Random& random;
  };
  explicit Dispatcher(World world) : world_(std::move(world)) {}

  // Ends what a dead process left. Once, before the first step.
  Status begin();
  // Sends one parcel, if one is due. False: nothing was. Any number of threads, each with its own
  // senders; a parcel goes to one of them.
  Result<bool> step(Sender& webhook, Sender& mail);
  Result<std::int64_t> prune(Nanos age);
  DispatcherCounters counters() const;

 private:
  World world_;
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> retried_{0};
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace mc::notify
