#include "tap/order.h"

#include "proof/proof.h"

namespace mc::tap {
namespace {

constexpr std::string_view kKind = "mc.tap-order/v1";
constexpr std::size_t kKeyIdDigits = 16;

}  // namespace

namespace wire {

struct Set : Terms {
  std::string until;
};

struct Order {
  std::string kind;
  std::int64_t serial = 0;
  std::string issued_at, expires_at, tap;
  std::optional<Set> set;
};

}  // namespace wire
}  // namespace mc::tap

namespace mc::json {

template <>
struct Describe<tap::wire::Set> {
  using T = tap::wire::Set;
  static constexpr auto fields =
      std::tuple_cat(tap::term_fields<T>(),
                     std::tuple{Field{"until", &T::until, "", {.max = 40, .required = true}}});
};

template <>
struct Describe<tap::wire::Order> {
  using T = tap::wire::Order;
  static constexpr Rules kTime = {.max = 40, .required = true};
  static constexpr auto fields = std::tuple{
      Field{"kind", &T::kind, "", {.required = true}},
      Field{"serial", &T::serial, "", {.min = 1, .max = tap::kSerialMax, .required = true}},
      Field{"issued_at", &T::issued_at, "", kTime},
      Field{"expires_at", &T::expires_at, "", kTime},
      Field{"tap", &T::tap, "", {.required = true}},
      Field{"set", &T::set}};
};

}  // namespace mc::json

namespace mc::tap {
namespace {

Status check(const Order& order) {
  if (order.serial < 1 || order.serial > kSerialMax) {
    return fail(Code::invalid, "serial: 1 to " + std::to_string(kSerialMax));
  }
  if (!is_tap_id(order.id)) return fail(Code::invalid, "tap: it is the id of a tap");
  if (order.expires <= order.issued || order.expires - order.issued > kOrderLifetimeMax) {
    return fail(Code::invalid, "expires_at: it is after issued_at, by at most 24 hours");
  }
  return order.set ? tap::check(order.set->terms) : ok();
}

Result<Order> read_order(std::string_view payload) {
  MC_TRY(const json::Value value, json::parse(payload, {.bytes_max = kOrderBytesMax}));
  MC_TRY(const wire::Order read, json::read<wire::Order>(value));
  if (read.kind != kKind) return fail(Code::invalid, "kind: it is not " + std::string(kKind));
  Order out;
  out.serial = read.serial;
  out.id = read.tap;
  MC_TRY(out.issued, parse_rfc3339(read.issued_at));
  MC_TRY(out.expires, parse_rfc3339(read.expires_at));
  if (read.set) {
    out.set.emplace(Wanted{static_cast<const Terms&>(*read.set), {}});
    MC_TRY(out.set->until, parse_rfc3339(read.set->until));
    out.set->until = whole_ms(out.set->until);
  }
  MC_TRY_OK(check(out));
  return out;
}

std::string print_order(const Order& order) {
  wire::Order out;
  out.kind = kKind;
  out.serial = order.serial;
  out.issued_at = format_rfc3339(order.issued);
  out.expires_at = format_rfc3339(order.expires);
  out.tap = order.id;
  if (order.set) {
    out.set.emplace();
    static_cast<Terms&>(*out.set) = order.set->terms;
    out.set->until = format_rfc3339(order.set->until);
  }
  return json::canonical(json::to_value(out));
}

}  // namespace

std::string key_id_of(const crypto::PublicKey& key) {
  const crypto::Digest digest = crypto::Sha256().add(key.to_spki()).finish();
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()))
      .substr(0, kKeyIdDigits);
}

Result<std::string> sign_order(const Order& order, const crypto::SigningKey& key) {
  MC_TRY_OK(check(order));
  MC_TRY(proof::Envelope envelope,
         proof::sign_envelope(std::string(kOrderType), print_order(order), key));
  envelope.signatures.front().key_id = key_id_of(key.public_key());
  return json::print(proof::to_json(envelope)) + "\n";
}

Result<SignedOrder> open_order(std::string_view text, std::span<const crypto::PublicKey> keys) {
  if (text.size() > kOrderBytesMax) {
    return fail(Code::corrupt, "it has more than " + std::to_string(kOrderBytesMax) + " bytes");
  }
  const Result<proof::Envelope> envelope = proof::parse_envelope(text);
  if (!envelope) return fail(Code::corrupt, envelope.error().what);
  if (envelope->payload_type != kOrderType) {
    return fail(Code::corrupt, "payloadType: it is not " + std::string(kOrderType));
  }
  for (const crypto::PublicKey& key : keys) {
    if (!proof::check_envelope(*envelope, key)) continue;
    MC_TRY(Order order, read_order(envelope->payload));
    return SignedOrder{std::move(order), key_id_of(key)};
  }
  return fail(Code::denied, "none of the configured keys has signed it");
}

}  // namespace mc::tap
