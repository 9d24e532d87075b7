// A key service in memory, with switches for all that a real one may do to its users. What it wraps
// is masked and has a checksum, so that changed bytes show; that is no encryption.
//
// Thread-safe; the switches too, by with(). Context is ignored, as many services do, unless
// `binds_context` is set.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/base.h"
#include "kms/branch.h"
#include "kms/kms.h"
#include "sim/sim.h"

namespace mc::sim {

class MemoryProvider final : public kms::Provider {
 public:
  struct Switches {
    kms::KeyState state = kms::KeyState::enabled;
    bool outage = false;                          // `unavailable`, when the delay is over
    bool access_taken = false;                    // `denied`, as by an access policy
    std::optional<std::int64_t> busy_for_s = {};  // `exhausted`
    bool corrupts = false;                        // one bit of each answer is turned
    bool wrong_version = false;                   // says another version than it wrapped with
    bool binds_context = false;
    std::optional<std::string> plaintext = {};  // what every unwrap gives: another tenant's
    Nanos delay = {};                           // of each call, spent by `spend`
    std::map<std::string, bool> destroyed = {};
    std::int64_t version = 1;
  };
  struct Calls {
    std::int64_t wraps = 0;
    std::int64_t unwraps = 0;
    std::int64_t describes = 0;
    std::int64_t rotates = 0;
    std::int64_t destroys = 0;
    std::int64_t all() const { return wraps + unwraps + describes + rotates + destroys; }
  };

  // `spend` moves the virtual clock, or gives others a turn (Turns::spend).
  explicit MemoryProvider(SimClock& clock, std::function<void(Nanos)> spend = {},
                          std::string key = "memory-key")
      : clock_(clock), spend_(std::move(spend)), key_(std::move(key)), uri_("memory:" + key_) {
    if (!spend_) spend_ = [this](Nanos time) { clock_.advance(time); };
  }

  template <class Use>
  decltype(auto) with(Use&& use) {
    return switches_.with(std::forward<Use>(use));
  }
  Calls calls() const {
    return calls_.with([](const Calls& all) { return all; });
  }

  std::string_view kind() const override { return "memory"; }
  const std::string& uri() const override { return uri_; }

  Result<kms::Wrapped> wrap(const Secret& secret, const kms::Context& context,
                            MonoTime deadline) override {
    MC_TRY(const Switches now, enter(&Calls::wraps, deadline));
    const std::string_view plain = secret.reveal(RevealToken());
    if (plain.empty() || plain.size() > kms::kSecretBytesMax) return bad(Code::invalid, "length");
    const std::string version = std::to_string(now.version);
    std::string bytes = next_nonce();
    bytes += masked(plain, version, bytes);
    bytes += checksum(version, bytes, now.binds_context ? context : kms::Context());
    if (now.corrupts) bytes[0] = static_cast<char>(bytes[0] ^ 1);
    return kms::Wrapped{.bytes = std::move(bytes),
                        .version = now.wrong_version ? version + "0" : version};
  }

  Result<Secret> unwrap(const kms::Wrapped& wrapped, const kms::Context& context,
                        MonoTime deadline) override {
    MC_TRY(const Switches now, enter(&Calls::unwraps, deadline));
    if (now.plaintext) return Secret(*now.plaintext);
    if (now.destroyed.contains(wrapped.version)) return bad(Code::denied, "the version is gone");
    const std::string_view bytes = wrapped.bytes;
    if (bytes.size() <= 2 * kDigest) return bad(Code::corrupt, "too short");
    const std::string_view body = bytes.substr(0, bytes.size() - kDigest);
    const kms::Context bound = now.binds_context ? context : kms::Context();
    if (checksum(wrapped.version, body, bound) != bytes.substr(body.size())) {
      return bad(Code::corrupt, "does not open");
    }
    std::string plain = masked(body.substr(kDigest), wrapped.version, body.substr(0, kDigest));
    if (now.corrupts) plain[0] = static_cast<char>(plain[0] ^ 1);
    return Secret(std::move(plain));
  }

  Result<kms::Description> describe(MonoTime deadline) override {
    Switches now = switches_.with([](const Switches& all) { return all; });
    const kms::KeyState state = now.state;
    now.state = kms::KeyState::enabled;  // a key that may not be used is described all the same
    MC_TRY_OK(enter_as(now, &Calls::describes, deadline));
    kms::Description out;
    out.state = state;
    out.key = key_;
    out.version = std::to_string(now.version);
    out.algorithm = "mask";
    out.origin = "memory";
    out.protection = "software";
    out.extractable = true;
    if (state == kms::KeyState::pending_destruction) out.destroyed_at = clock_.wall() + kPending;
    for (std::int64_t i = now.version; i > 0; --i) {
      if (!now.destroyed.contains(std::to_string(i))) out.versions.push_back(std::to_string(i));
    }
    return out;
  }

  Result<std::string> rotate(MonoTime deadline) override {
    MC_TRY_OK(enter(&Calls::rotates, deadline));
    return switches_.with([](Switches& all) { return std::to_string(++all.version); });
  }

  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override {
    MC_TRY_OK(enter(&Calls::destroys, deadline));
    switches_.with([&](Switches& all) {
      if (version.empty()) {
        all.state = kms::KeyState::pending_destruction;
      } else {
        all.destroyed[version] = true;
      }
    });
    return version.empty() ? clock_.wall() + kPending : clock_.wall();
  }

 private:
  static constexpr std::size_t kDigest = 32;
  static constexpr Nanos kPending = seconds(7 * 86'400);

  static tl::unexpected<Error> bad(Code code, std::string_view why) {
    return fail(code, "memory: " + std::string(why));
  }
  Result<Switches> enter(std::int64_t Calls::* counter, MonoTime deadline) {
    Switches now = switches_.with([](const Switches& all) { return all; });
    MC_TRY_OK(enter_as(now, counter, deadline));
    return now;
  }
  // What every call has to get past.
  Status enter_as(const Switches& now, std::int64_t Calls::* counter, MonoTime deadline) {
    calls_.with([&](Calls& all) { ++(all.*counter); });
    const Nanos room = deadline - clock_.mono();
    if (now.delay > Nanos{0}) spend_(std::min(now.delay, std::max(room, Nanos{0})));
    if (clock_.mono() >= deadline) return bad(Code::unavailable, "no answer by the deadline");
    if (now.outage) return bad(Code::unavailable, "out of order");
    if (now.busy_for_s) {
      return tl::unexpected<Error>(
          Error{.code = Code::exhausted, .what = "memory: busy", .retry_after_s = now.busy_for_s});
    }
    if (now.access_taken) return bad(Code::denied, "access was taken away");
    if (now.state != kms::KeyState::enabled) {
      return bad(Code::denied, "the key is " + std::string(kms::name_of(now.state)));
    }
    return ok();
  }
  std::string next_nonce() {
    return sys::sha256(key_ + std::to_string(nonces_.with([](std::int64_t& n) { return ++n; })));
  }
  std::string masked(std::string_view bytes, std::string_view version,
                     std::string_view nonce) const {
    std::string out(bytes);
    for (std::size_t at = 0; at < out.size(); ++at) {
      const std::string mask = sys::sha256(key_ + '/' + std::string(version) + '/' +
                                           std::string(nonce) + std::to_string(at / kDigest));
      out[at] = static_cast<char>(out[at] ^ mask[at % kDigest]);
    }
    return out;
  }
  std::string checksum(std::string_view version, std::string_view body,
                       const kms::Context& context) const {
    return sys::sha256(key_ + "/sum/" + std::string(version) + '/' + std::string(body) +
                       kms::canonical_context(context));
  }

  SimClock& clock_;
  std::function<void(Nanos)> spend_;
  const std::string key_;
  const std::string uri_;
  Guarded<Switches> switches_;
  Guarded<std::int64_t> nonces_;
  Guarded<Calls> calls_;
};

}  // namespace mc::sim
