#include "policy/updater.h"

#include <algorithm>

#include "policy/delta.h"

namespace mc::policy {
namespace {

constexpr std::size_t kDeltasMax = 1'000;  // until a whole bundle must come

}  // namespace

std::string_view kind_name(Event::Kind kind) {
  constexpr std::string_view kNames[] = {"activated", "refused", "expired", "unreachable"};
  return kNames[static_cast<std::size_t>(kind)];
}

Updater::Updater(World world, Options options, std::unique_ptr<BundleSource> source)
    : world_(std::move(world)), options_(std::move(options)), source_(std::move(source)) {
  status_.bundle = options_.name;
  status_.channel = options_.source.channel;
  status_.built_in = source_ == nullptr;
  status_.location_kind =
      source_ == nullptr ? "built-in" : std::string(location_kind(options_.source.location));
}

BundleOptions Updater::reading() const {
  BundleOptions out;
  out.keys = options_.keys;
  out.now = world_.clock.wall();
  out.channel = options_.source.channel;
  out.require_pack = options_.source.require_pack;
  out.limits.packed_bytes_max = static_cast<std::size_t>(options_.source.bytes_max);
  return out;
}

Status Updater::start() {
  if (source_ == nullptr) {
    MC_TRY(Bundle bundle, read_files(options_.built_in, {}));
    return activate(std::move(bundle), nullptr, From::source);
  }
  const Status looked = look();
  if (looked) return ok();
  const auto stored = world_.store.last(options_.name);
  if (!stored) {
    return fail(Code::unavailable, "no policies: " + looked.error().what + "; none are kept (" +
                                       stored.error().what + ")");
  }
  auto bundle = read_kept(*stored);
  if (!bundle) {
    return fail(Code::unavailable,
                "no policies: " + looked.error().what + "; the kept ones: " + bundle.error().what);
  }
  etag_ = stored->etag;
  MC_TRY_OK(activate(std::move(*bundle), &*stored, From::disk));
  note_expiry();
  set_problem(looked.error().what);  // until the next look
  return ok();
}

// What was good when it was kept is verified again: the disk is not to be believed more than a
// server. Each part at its own time, as it may have ended before the next one came.
Result<Bundle> Updater::read_kept(const StoredBundle& stored) const {
  BundleOptions options = reading();
  options.now = stored.taken;
  MC_TRY(Bundle bundle, read_bundle(stored.tar_gz, options));
  for (const StoredBundle::Delta& delta : stored.deltas) {
    options.now = delta.taken;
    MC_TRY(const Bundle patch, read_bundle(delta.tar_gz, options));
    MC_TRY(bundle, apply_delta(bundle, patch));
  }
  return bundle;
}

// Passed over while somebody else looks.
void Updater::tick() {
  note_expiry();
  const std::unique_lock looking(looking_, std::try_to_lock);
  if (!looking) return;
  if (source_ == nullptr || world_.clock.mono() < next_look_) return;
  (void)look_held();  // told and counted there
}

Status Updater::look() {
  const std::unique_lock looking(looking_, std::try_to_lock);
  if (!looking) {
    return fail(Code::conflict, "a look at the source of the policies is under way already");
  }
  return look_held();
}

Status Updater::look_held() {
  if (source_ == nullptr) return ok();
  const auto fetched = source_->fetch(etag_);
  const MonoTime now = world_.clock.mono();
  {
    const std::lock_guard lock(mutex_);
    status_.looked = world_.clock.wall();
  }
  // A tenth of jitter, so that servers that began together do not ask together.
  const std::int64_t part = options_.source.poll.count / 10;
  const auto jitter = static_cast<std::int64_t>(
      world_.random.next_u64() % static_cast<std::uint64_t>(std::max<std::int64_t>(1, part)));
  next_look_ = now + options_.source.poll + Nanos{jitter};
  if (!fetched) {
    set_problem(fetched.error().what);
    world_.tell({.kind = Event::Kind::unreachable,
                 .bundle = options_.name,
                 .revision = "",
                 .digest = "",
                 .signed_by = "",
                 .before = current_.manifest.revision,
                 .why = fetched.error().what});
    return tl::unexpected<Error>(fetched.error());
  }
  if (fetched->long_polled) next_look_ = now;
  return fetched->changed ? take(*fetched) : unchanged();
}

// The source has what it had at the last look, good or bad.
Status Updater::unchanged() {
  if (unkept_) keep();
  set_problem(standing_);
  return ok();
}

void Updater::set_problem(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  status_.problem = problem;
}

Status Updater::take(const Fetched& fetched) {
  const std::string digest =
      fetched.tar_gz.empty() ? "" : "sha256:" + to_hex(sys::sha256(fetched.tar_gz));
  const BundleOptions options = reading();
  auto bundle = fetched.tar_gz.empty() ? read_files(fetched.files, options)
                                       : read_bundle(fetched.tar_gz, options);
  if (!digest.empty() && digest == current_.digest) {
    // A server without an ETag, or one that has gone back to what is in use.
    etag_ = kept_.etag = fetched.etag;
    standing_.clear();
    return unchanged();
  }
  // Whatever becomes of it, it is not fetched again until it is another one.
  const bool follows = etag_ == kept_.etag;
  etag_ = fetched.etag;
  if (!bundle) return refuse(bundle.error(), digest);
  StoredBundle stored;
  stored.name = options_.name;
  stored.tar_gz = fetched.tar_gz;
  stored.taken = options.now;
  if (is_delta(*bundle)) {
    if (kept_.tar_gz.empty()) {
      return refuse({Code::invalid, "bundle: patch.json: there is no bundle that it could change"},
                    digest);
    }
    if (!follows) {
      // What it changes is a bundle that was refused. Asked again from the one in use.
      etag_ = kept_.etag;
      return refuse({Code::invalid, "bundle: patch.json: it changes a bundle that is not in use"},
                    digest);
    }
    if (kept_.deltas.size() == kDeltasMax) {
      return refuse({Code::invalid, "bundle: patch.json: more than 1000 deltas in a row"}, digest);
    }
    bundle = apply_delta(current_, *bundle);
    if (!bundle) return refuse(bundle.error(), digest);
    stored.tar_gz = kept_.tar_gz;
    stored.taken = kept_.taken;
    stored.deltas = kept_.deltas;
    stored.deltas.push_back({fetched.tar_gz, options.now});
  }
  if (const auto& end = bundle->ending; end && end->at <= world_.clock.wall()) {
    return refuse({Code::invalid, "bundle: " + end->said}, digest);
  }
  stored.etag = fetched.etag;
  stored.revision = bundle->manifest.revision;
  stored.activated = world_.clock.wall();
  return activate(std::move(*bundle), &stored, From::source);
}

Status Updater::refuse(Error error, const std::string& digest) {
  standing_ = error.what;
  {
    const std::lock_guard lock(mutex_);
    ++status_.refused;
    status_.problem = error.what;
  }
  world_.tell({.kind = Event::Kind::refused,
               .bundle = options_.name,
               .revision = "",
               .digest = digest,
               .signed_by = "",
               .before = current_.manifest.revision,
               .why = error.what});
  return tl::unexpected<Error>(std::move(error));
}

Status Updater::activate(Bundle bundle, const StoredBundle* stored, From from) {
  auto policies = Policies::make({{options_.name, bundle}}, options_.capabilities);
  if (!policies) return refuse(policies.error(), bundle.digest);
  const Event event{.kind = Event::Kind::activated,
                    .bundle = options_.name,
                    .revision = bundle.manifest.revision,
                    .digest = bundle.digest,
                    .signed_by = bundle.signed_by,
                    .before = current_.manifest.revision,
                    .why = "",
                    .from_disk = from == From::disk,
                    .channel = bundle.pack ? bundle.pack->channel : "",
                    .expires = bundle.ending ? std::optional(bundle.ending->at) : std::nullopt};
  if (!world_.tell(event)) {
    return refuse({Code::unavailable, "the activation could not be recorded"}, bundle.digest);
  }
  current_ = std::move(bundle);
  standing_.clear();
  {
    const std::lock_guard lock(mutex_);
    world_.engine.activate(std::move(*policies));
    ending_ = current_.ending;
    expiry_recorded_ = false;
    status_.revision = current_.manifest.revision;
    status_.digest = current_.digest;
    status_.signed_by = current_.signed_by;
    status_.activated = world_.clock.wall();
    status_.problem.clear();
    status_.expired = false;
    status_.packed = current_.pack.has_value();
    status_.expires = event.expires;
    ++status_.activations;
  }
  if (stored == nullptr) return ok();
  kept_ = *stored;
  if (!kept_.tar_gz.empty()) keep();  // of a folder: it is on disk already
  return ok();
}

// Tried again at each look until the disk takes it.
void Updater::keep() {
  const auto done = world_.store.keep(kept_);
  unkept_ = !done;
  standing_ = done ? "" : "in use, but not kept for the next start: " + done.error().what;
  set_problem(standing_);
}

// Policies that have ended stay in use, as nothing better is there, or deny from then on. It is
// told until it is recorded, at most once in the time between two looks.
void Updater::note_expiry() {
  Event event;
  event.kind = Event::Kind::expired;
  event.bundle = options_.name;
  {
    const std::lock_guard lock(mutex_);
    if (!ending_ || ending_->at > world_.clock.wall()) return;
    const bool denies = options_.source.expired == Expired::deny;
    const MonoTime now = world_.clock.mono();
    if (!status_.expired) {
      status_.expired = true;
      next_expiry_tell_ = now;
      if (denies) stop_deciding();
    }
    if (expiry_recorded_ || now < next_expiry_tell_) return;
    next_expiry_tell_ = now + options_.source.poll;
    event.revision = event.before = status_.revision;
    event.digest = status_.digest;
    event.signed_by = status_.signed_by;
    event.why = ending_->said + (denies ? "; everything is denied" : "; it stays in use");
    event.channel = status_.packed ? status_.channel : "";
    event.expires = ending_->at;
  }
  const bool recorded = world_.tell(event);
  const std::lock_guard lock(mutex_);
  if (status_.expired) expiry_recorded_ = recorded;
}

// Called with mutex_ held.
void Updater::stop_deciding() {
  std::shared_ptr<const Policies> policies = Policies::none();
  if (auto bundle = read_files(options_.denying, {})) {
    bundle->manifest.revision = status_.revision + "-expired";
    auto made = Policies::make({{options_.name, std::move(*bundle)}}, options_.capabilities);
    if (made) policies = std::move(*made);
  }
  world_.engine.activate(std::move(policies));
}

UpdaterStatus Updater::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace mc::policy
