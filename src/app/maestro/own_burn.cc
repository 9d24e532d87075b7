#include "maestro/own_burn.h"

#include <algorithm>
#include <chrono>

#include "maestro/settings.h"

namespace mc::app {
namespace {

constexpr std::chrono::seconds kEach(5);
constexpr std::int64_t kRecordsSoughtMax = 1'000;  // of a tenant's burns, newest first
constexpr std::size_t kBurnsExported = 100;        // of tenants and budgets, those that burn most

std::vector<std::string> paths_of(const Settings& settings) {
  std::vector<std::string> out;
  for (const gateway::RouteConfig& route : settings.gateway.routes) out.push_back(route.path);
  return out;
}

}  // namespace

OwnBurn::OwnBurn(const World& world, const Settings& settings)
    : world_(world),
      start_(world.clock.mono()),
      usage_(paths_of(settings), settings.slo.latency, start_),
      slo_(settings.slo) {}

void OwnBurn::step() {
  const MonoTime now = world_.clock.mono();
  const WallTime wall = world_.clock.wall();
  const budget::Moment at = budget::Moment::of(now - start_, wall);
  for (const burn::QuotaEvent& event : quotas_.look(usage_, world_.book, at, now, wall)) {
    tell(event);
  }
  for (const burn::SloEvent& event : slo_.look(usage_, now, wall)) tell(event);
  usage_.tick(now);
}

Result<bool> OwnBurn::was_told(const burn::QuotaEvent& event, const ledger::Entry& entry) {
  if (!burn::is_window(event.of.dimension)) return false;
  if (world_.records.waits(entry.key)) return true;
  search::Query query;
  query.type = entry.type;
  query.action = entry.action;
  query.from = event.of.from;
  query.limit = kRecordsSoughtMax;
  const Result<search::Found> found = world_.index.find(entry.log, query);
  if (!found && found.error().code == Code::not_found) return false;  // there is no such log yet
  if (!found) return tl::unexpected<Error>(found.error());
  for (const std::uint64_t record : found->records) {
    MC_TRY(const ledger::ReadRecord read, world_.store.read(entry.log, record));
    if (burn::tells(read.payload, event, world_.node)) return true;
  }
  return false;
}

void OwnBurn::tell(const burn::QuotaEvent& event) {
  ledger::Entry entry = burn::record_of(event, world_.node);
  const Result<bool> told = was_told(event, entry);
  // Rather once too often than never.
  if (!told) world_.log.warn("budget.burns_unknown", {{"why", told.error().what}});
  if (told.value_or(false)) return;
  const burn::QuotaBurn& burn = event.of;
  const std::string_view dimension = budget::name_of(burn.dimension);
  world_.log.warn("budget.burn", {{"tenant", burn.tenant},
                                  {"dimension", dimension},
                                  {"level", burn.level},
                                  {"burn", burn.burn},
                                  {"limit", burn.quota}});
  json::Object data;
  data.set("dimension", dimension);
  data.set("level", burn.level);
  data.set("burn", burn.burn);
  data.set("limit", burn.quota);
  data.set("exhausted_at",
           burn.exhausted_at ? json::Value(format_rfc3339(*burn.exhausted_at)) : json::Value());
  data.set("at", format_rfc3339(event.at));
  announce(burn.tenant, "mc.budget.burn", std::string(dimension), std::move(data));
  world_.records.put(std::move(entry));  // last: what is recorded is not told again
}

void OwnBurn::tell(const burn::SloEvent& event) {
  world_.log.warn("slo.burn", {{"tenant", event.tenant},
                               {"pair", name_of(event.pair)},
                               {"firing", event.firing},
                               {"page", is_page(event.pair)},
                               {"long", event.burn_long},
                               {"short", event.burn_short}});
  world_.records.put(burn::record_of(event, slo_.objective(), world_.node));
  if (event.tenant.empty()) return;  // of all together: the operator's, by the metrics
  json::Object data;
  data.set("pair", name_of(event.pair));
  data.set("severity", is_page(event.pair) ? "page" : "ticket");
  data.set("firing", event.firing);
  data.set("burn_long", event.burn_long);
  data.set("burn_short", event.burn_short);
  data.set("at", format_rfc3339(event.at));
  announce(event.tenant, "mc.slo.burn", std::string(name_of(event.pair)), std::move(data));
}

void OwnBurn::announce(const std::string& tenant, std::string_view type, const std::string& subject,
                       json::Object data) {
  const Status told = world_.directory.announce(TenantId(tenant), type, subject, std::move(data));
  if (!told) world_.log.warn("burn.untold", {{"type", type}, {"why", told.error().what}});
}

void OwnBurn::add_metrics(metric::Registry& metrics) {
  metrics.collect_gauge(
      {.name = "mc_budget_burn_ratio",
       .help = "What a tenant has used of a budget: of a day or month, or of what it asked for in "
               "five minutes. Those that burn most.",
       .labels = {{"tenant", kBurnsExported}, {"dimension", budget::kDimensions}},
       .series_max = kBurnsExported},
      [this](const metric::Registry::Emit& emit) {
        std::vector<burn::QuotaBurn> burns = quotas_.burns(std::nullopt);
        const std::size_t shown = std::min(burns.size(), kBurnsExported);
        std::partial_sort(burns.begin(), burns.begin() + static_cast<std::ptrdiff_t>(shown),
                          burns.end(),
                          [](const auto& a, const auto& b) { return a.burn > b.burn; });
        burns.resize(shown);
        for (const burn::QuotaBurn& one : burns) {
          emit({one.tenant, budget::name_of(one.dimension)}, one.burn);
        }
      });
  metrics.collect_gauge({.name = "mc_slo_guard",
                         .help = "1 while an error budget burns so fast that tenants get less of "
                                 "what others leave."},
                        [this] { return slo_.guards() ? 1.0 : 0.0; });
}

BurnChores::BurnChores(OwnBurn& burn, std::function<void(bool)> guard)
    : burn_(burn), guard_(std::move(guard)), thread_([this] { run(); }) {}

BurnChores::~BurnChores() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void BurnChores::run() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kEach, [this] { return end_; })) {
    lock.unlock();
    burn_.step();
    if (burn_.guards() != guarding_) {
      guarding_ = !guarding_;
      guard_(guarding_);
    }
    lock.lock();
  }
}

}  // namespace mc::app
