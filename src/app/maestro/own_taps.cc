#include "maestro/own_taps.h"

#include <chrono>

#include "maestro/settings.h"
#include "tap/line.h"

namespace mc::app {
namespace {

constexpr std::size_t kKeyFileBytesMax = 16 << 10;
constexpr Nanos kLookEvery = millis(50);
constexpr Nanos kRecordEvery = millis(500);

}  // namespace

std::string tap_socket_path(const std::string& data_dir) {
  return data_dir + "/tap.sock";
}

Result<std::unique_ptr<OwnTaps>> OwnTaps::start(World world, const Settings& settings,
                                                std::vector<std::string> upstreams) {
  std::unique_ptr<OwnTaps> own(new OwnTaps(world));
  std::vector<std::string> routes;
  for (const gateway::RouteConfig& route : settings.gateway.routes) routes.push_back(route.path);
  MC_TRY(own->desk_, tap::Desk::open({*world.machine.files, *world.machine.clock,
                                      *world.machine.random, world.log, world.ledger, world.board},
                                     {settings.data_dir + "/taps.json", std::move(routes),
                                      std::move(upstreams)}));
  MC_TRY_OK(own->open_inbox(settings));
  own->open_socket(settings.data_dir);
  OwnTaps& held = *own;
  own->looker_ = std::thread([&held] {
    held.repeat(
        kLookEvery, [&held] { return held.look(); },
        [&held](const Error& why) {
          held.world_.log.warn("tap.look_failed", {{"why", why.what}});
        });
  });
  own->recorder_ = std::thread([&held] {
    held.repeat(
        kRecordEvery, [&held] { return held.desk_->record(); },
        [&held](const Error& why) { held.world_.log.warn("tap.unrecorded", {{"why", why.what}}); });
  });
  return own;
}

OwnTaps::~OwnTaps() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  if (looker_.joinable()) looker_.join();
  if (recorder_.joinable()) recorder_.join();
}

Status OwnTaps::open_inbox(const Settings& settings) {
  if (settings.taps.key_files.empty()) return ok();
  sys::Files& files = *world_.machine.files;
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : settings.taps.key_files) {
    MC_TRY(const std::string pem, files.read_all(path, kKeyFileBytesMax));
    Result<crypto::PublicKey> key = crypto::PublicKey::from_pem(pem);
    if (!key) return fail(Code::invalid, "taps.key_files: " + path + ": " + key.error().what);
    keys.push_back(std::move(*key));
  }
  const std::string folder = settings.data_dir + "/taps";
  MC_TRY_OK(files.make_folders(folder));
  inbox_ = std::make_unique<tap::Inbox>(
      tap::Inbox::World{files, *world_.machine.clock, world_.log, *desk_}, folder, std::move(keys));
  return ok();
}

void OwnTaps::open_socket(const std::string& data_dir) {
  const auto answer = [this](std::string_view line, std::uint32_t uid) {
    return tap::answer_line(*desk_, *world_.machine.clock,
                            {.name = "uid:" + std::to_string(uid), .way = "socket"}, line);
  };
  auto opened = TapSocket::start(tap_socket_path(data_dir), answer);
  if (opened) {
    socket_ = std::move(*opened);
  } else {
    world_.log.warn("tap.no_socket", {{"why", opened.error().what}});
  }
}

Status OwnTaps::look() {
  const Status ticked = desk_->tick();
  if (inbox_ != nullptr) MC_TRY_OK(inbox_->look());
  return ticked;
}

void OwnTaps::repeat(Nanos every, const std::function<Status()>& step,
                     const std::function<void(const Error&)>& tell) {
  bool failing = false;
  std::unique_lock lock(mutex_);
  while (!end_) {
    lock.unlock();
    const Status done = step();
    if (!done && !failing) tell(done.error());
    failing = !done;
    lock.lock();
    ended_.wait_for(lock, std::chrono::nanoseconds(every.count), [this] { return end_; });
  }
}

void OwnTaps::add_metrics(metric::Registry& metrics) {
  metrics.collect_gauge({.name = "mc_taps_active", .help = "Emergency taps in force."}, [this] {
    return static_cast<double>(world_.board.active(world_.machine.clock->mono()));
  });
  metrics.collect_gauge(
      {.name = "mc_taps_unrecorded", .help = "Changes of taps that wait for the ledger."},
      [this] { return static_cast<double>(desk_->unrecorded()); });
  metrics.collect_counter({.name = "mc_tap_matched_total",
                           .help = "Requests that fitted a tap, by its action.",
                           .labels = {"action"}},
                          [this](const metric::Registry::Emit& emit) {
                            for (std::size_t i = 0; i < tap::kActions; ++i) {
                              const auto action = static_cast<tap::Action>(i);
                              emit({tap::name_of(action)},
                                   static_cast<double>(world_.board.matched(action)));
                            }
                          });
}

}  // namespace mc::app
