#include "maestro/own_windows.h"

#include <algorithm>
#include <chrono>

#include "maestro/settings.h"

namespace mc::app {
namespace {

constexpr std::size_t kNodeNameMax = 64;

bool is_node_name(std::string_view name) {
  return !name.empty() && name.size() <= kNodeNameMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<std::string> node_name(Machine& machine, const std::string& path) {
  MC_TRY(const bool there, machine.files->exists(path));
  if (!there) {
    std::string made = sys::make_id("node", *machine.clock, *machine.random);
    MC_TRY_OK(machine.files->write_atomic(path, made));
    return made;
  }
  MC_TRY(std::string name, machine.files->read_all(path, kNodeNameMax));
  if (is_node_name(name)) return name;
  return fail(Code::corrupt, path + " has no name of a node; without the file another one is made");
}

}  // namespace

OwnWindows::OwnWindows(const World& world, std::string node)
    : world_(world),
      keeper_({world.directory, *world.machine.clock, world.book, world.journal}, std::move(node)) {
}

Result<std::unique_ptr<OwnWindows>> OwnWindows::start(World world, const Settings& settings) {
  if (!world.book.is_limited()) return std::unique_ptr<OwnWindows>();
  MC_TRY(std::string node, node_name(world.machine, settings.data_dir + "/node"));
  std::unique_ptr<OwnWindows> own(new OwnWindows(world, std::move(node)));
  own->tell(own->keeper_.restore());
  own->thread_ = std::thread([made = own.get()] { made->run(); });
  return own;
}

OwnWindows::~OwnWindows() {
  stop();
}

void OwnWindows::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (end_) return;
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
  tell(keeper_.flush());
}

void OwnWindows::add_metrics(metric::Registry& metrics) {
  metrics.collect_gauge({.name = "mc_budget_windows_unsaved",
                         .help = "Counts of days and months that changed and that the state "
                                 "database refused."},
                        [this] { return static_cast<double>(keeper_.unsaved()); });
}

// Told once, until it goes well again.
void OwnWindows::tell(const Status& done) {
  if (!done && !failing_) {
    world_.log.warn("budget.windows_unsaved", {{"why", done.error().what}});
  }
  failing_ = !done;
}

void OwnWindows::run() {
  constexpr auto kEach = std::chrono::seconds(1);
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kEach, [this] { return end_; })) {
    lock.unlock();
    tell(keeper_.flush());
    lock.lock();
  }
}

}  // namespace mc::app
