// Orders from anywhere: as a file, and as what somebody with the key has signed. What is taken is
// the same when it is signed again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proof/proof.h"
#include "tap/order.h"

namespace {

using namespace mc;  // NOLINT(google-build-using-namespace)

const crypto::SigningKey& key() {
  static const crypto::SigningKey kKey = *crypto::SigningKey::ed25519(Secret(std::string(32, 'k')));
  return kKey;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const crypto::PublicKey keys[] = {key().public_key()};
  (void)tap::open_order(text, keys);
  const auto envelope = proof::sign_envelope(std::string(tap::kOrderType), text, key());
  MC_CHECK(envelope);
  const auto order = tap::open_order(json::print(proof::to_json(*envelope)), keys);
  if (!order) return 0;
  MC_CHECK(order->key_id == tap::key_id_of(keys[0]));
  const auto again = tap::sign_order(order->order, key());
  MC_CHECK(again);
  const auto read = tap::open_order(*again, keys);
  MC_CHECK(read && read->order.serial == order->order.serial && read->order.id == order->order.id);
  MC_CHECK(read->order.set.has_value() == order->order.set.has_value());
  if (read->order.set) MC_CHECK(read->order.set->terms == order->order.set->terms);
  MC_CHECK(!tap::open_order(*again, {}));
  return 0;
}
