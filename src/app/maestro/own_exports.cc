#include "maestro/own_exports.h"

#include <algorithm>
#include <chrono>

#include "maestro/settings.h"
#include "verifier/verifier.h"

namespace mc::app {
namespace {

constexpr Nanos kWaitMax = seconds(1);
constexpr Nanos kAfterError = seconds(1);

}  // namespace

Result<std::unique_ptr<OwnExports>> OwnExports::start(World world, const Settings& settings,
                                                      const std::string& node) {
  std::unique_ptr<OwnExports> own(new OwnExports(world));
  const gateway::PolicyWorld& policy = world.policy;
  gateway::Gateway& gateway = world.gateway;
  exporting::World of{.clock = *world.machine.clock,
                      .random = *world.machine.random,
                      .files = *world.machine.files,
                      .log = world.log,
                      .directory = world.directory,
                      .ledger = world.ledger,
                      .signing = world.signing,
                      .engine = policy.engine,
                      .decisions = policy.decisions,
                      .remote = policy.remote,
                      .mask_keys = policy.mask_keys,
                      .step_up = policy.step_up,
                      .node_region = policy.region,
                      .catalog = world.catalog,
                      .drivers = &world.machine.drivers,
                      .writers = gateway.writers(),
                      .residency = &world.residency,
                      .find_resource =
                          [&gateway](std::string_view kind, std::string_view name) {
                            return gateway.find_resource(kind, name);
                          },
                      .dp = world.reports,
                      .folder = settings.data_dir + "/exports",
                      .engine_name = "maestro " + kVersion};
  MC_TRY(own->exports_, exporting::Exports::make(std::move(of), settings.exports));
  // A name of its own over restarts: what a server that died had under way is taken over.
  own->worker_ = std::make_unique<exporting::Worker>(
      *own->exports_, sys::make_id(node, *world.machine.clock, *world.machine.random));
  OwnExports& held = *own;
  own->thread_ = std::thread([&held] { held.run(); });
  return own;
}

OwnExports::~OwnExports() {
  stop();
}

void OwnExports::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (end_) return;
    end_ = true;
  }
  ended_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (worker_ == nullptr) return;
  if (const Status released = worker_->release(); !released) {
    world_.log.warn("export.not_released", {{"why", released.error().what}});
  }
}

void OwnExports::run() {
  bool failing = false;
  std::unique_lock lock(mutex_);
  while (!end_) {
    lock.unlock();
    const Result<Nanos> wait = worker_->turn();
    if (!wait && !failing) world_.log.warn("export.turn_failed", {{"why", wait.error().what}});
    failing = !wait;
    const Nanos until = wait ? std::min(*wait, kWaitMax) : kAfterError;
    lock.lock();
    if (until.count > 0) {
      ended_.wait_for(lock, std::chrono::nanoseconds(until.count), [this] { return end_; });
    }
  }
}

void OwnExports::add_metrics(metric::Registry& metrics) {
  metrics.collect_counter({.name = "mc_exports_total",
                           .help = "Exports that were asked for, and what became of them.",
                           .labels = {"outcome"}},
                          [this](const metric::Registry::Emit& emit) {
                            const exporting::Counters now = exports_->counters();
                            emit({"asked"}, static_cast<double>(now.asked));
                            emit({"ready"}, static_cast<double>(now.ready));
                            emit({"refused"}, static_cast<double>(now.refused));
                            emit({"failed"}, static_cast<double>(now.failed));
                            emit({"cancelled"}, static_cast<double>(now.cancelled));
                          });
  metrics.collect_counter(
      {.name = "mc_export_downloads_total", .help = "Files of exports that were downloaded."},
      [this](const metric::Registry::Emit& emit) {
        emit({}, static_cast<double>(exports_->counters().downloads));
      });
}

}  // namespace mc::app
