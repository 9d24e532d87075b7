#include "tap/inbox.h"

#include <algorithm>

namespace mc::tap {

Inbox::Inbox(World world, std::string folder, std::vector<crypto::PublicKey> keys)
    : world_(world), folder_(std::move(folder)), keys_(std::move(keys)) {}

Status Inbox::look() {
  MC_TRY(std::vector<std::string> names, world_.files.list(folder_));
  std::erase_if(names, [](const std::string& name) {
    return !name.ends_with(kOrderEnding) || name.starts_with('.');
  });
  std::erase_if(seen_,
                [&](const auto& one) { return !std::ranges::binary_search(names, one.first); });
  // Those that are new first: old ones that cannot be moved away do not keep them out.
  std::ranges::sort(names, {},
                    [&](const std::string& name) { return std::pair(seen_.contains(name), name); });
  if (names.size() > kFilesPerLook) names.resize(kFilesPerLook);
  for (const std::string& name : names) take(name);
  return ok();
}

void Inbox::take(const std::string& name) {
  const Result<std::string> text = world_.files.read_all(folder_ + "/" + name, kOrderBytesMax + 1);
  std::string hash = text ? sys::sha256(*text) : text.error().what;
  const auto before = seen_.find(name);
  const bool same = before != seen_.end() && before->second.bytes_hash == hash;
  if (same && before->second.settled) return;
  const MonoTime now = world_.clock.mono();
  if (!same) seen_.insert_or_assign(name, Seen{std::move(hash), now});
  Seen& seen = seen_[name];
  if (!text && text.error().code == Code::not_found) return;
  const Result<SignedOrder> order =
      text ? open_order(*text, keys_) : tl::unexpected<Error>(text.error());
  if (!order) {
    const bool may_grow = order.error().code == Code::corrupt || !text;
    if (may_grow && now - seen.since < kSettleTime) return;
    seen.settled = true;
    return refuse(name, order.error());
  }
  seen.settled = true;
  const Result<Shown> taken = world_.desk.take(*order);
  if (!taken) return refuse(name, taken.error());
  world_.log.event("tap.order_taken", {{"file", excerpt(name)},
                                       {"tap", taken->tap.id},
                                       {"key", order->key_id},
                                       {"serial", order->order.serial}});
  move(name, ".taken");
}

void Inbox::refuse(const std::string& name, const Error& why) {
  world_.log.warn("tap.order_refused", {{"file", excerpt(name)}, {"why", why.what}});
  move(name, ".refused");
}

// Where that fails the file stays, and is not looked at again as long as it is the same.
void Inbox::move(const std::string& name, std::string_view ending) {
  const std::string stem = name.substr(0, name.size() - kOrderEnding.size());
  (void)world_.files.rename(folder_ + "/" + name, folder_ + "/" + stem + std::string(ending));
}

}  // namespace mc::tap
