#include "budget/book.h"

#include <algorithm>
#include <map>

#include "budget/book_parts.h"

namespace mc::budget {
namespace {

constexpr Ticks kSweepEach = ticks_of(seconds(1));  // it walks over all users of a tenant

Result<Limits> limits_of(const LimitSettings& settings, const std::string& where) {
  auto made = Limits::make(settings);
  if (!made) return fail(Code::invalid, where + "." + made.error().what);
  return made;
}

Result<std::vector<Limits>> limits_by_route(const std::map<std::string, LimitSettings>& settings,
                                            const std::vector<std::string>& paths,
                                            const std::string& where) {
  std::vector<Limits> out(paths.size());
  for (const auto& [path, one] : settings) {
    const auto at = std::find(paths.begin(), paths.end(), path);
    const std::string name = where + ".routes." + excerpt(path);
    if (at == paths.end()) return fail(Code::invalid, name + ": there is no such route");
    MC_TRY(out[static_cast<std::size_t>(at - paths.begin())], limits_of(one, name));
  }
  return out;
}

// Of a plan, by the names of its classes.
Result<std::map<std::string, Limits, std::less<>>> limits_by_class(
    const std::map<std::string, ClassSettings>& settings, const std::string& where) {
  std::map<std::string, Limits, std::less<>> out;
  if (settings.size() > kClassesMax) {
    return fail(Code::invalid, where + ".classes: at most " + std::to_string(kClassesMax));
  }
  for (const auto& [name, one] : settings) {
    const std::string place = where + ".classes." + excerpt(name);
    if (!is_class_name(name)) {
      return fail(Code::invalid, place + ": a class is named by 1 to 64 of a-z, 0-9, _ and -");
    }
    MC_TRY(Limits made, limits_of(one, place));
    out.emplace(name, std::move(made));
  }
  return out;
}

bool any_of(const std::map<std::string, Limits, std::less<>>& all) {
  return std::ranges::any_of(all, [](const auto& one) { return !one.second.empty(); });
}

bool any_of(const std::vector<Limits>& all) {
  return std::ranges::any_of(all, [](const Limits& one) { return !one.empty(); });
}

// The calendar's time of a Moment: it knows when its day ends.
WallTime wall_of(const Moment& at) {
  constexpr std::int64_t kDay = seconds(86'400).count;
  return {(std::int64_t{at.day} + 1) * kDay - (at.day_end - at.now) / kTicksPerNano};
}

// What a reservation needs until it is settled.
struct Kept {
  std::shared_ptr<Account> user;
  std::shared_ptr<const OwnLimits> limits;
};

std::optional<std::int64_t> quota_in(const Limits& limits, Dimension dimension) {
  const Limits::Limit* const limit = limits.find(dimension);
  return limit == nullptr ? std::nullopt : std::optional(limit->quota());
}

bool is_cost(Dimension dimension) {
  return dimension == Dimension::credits || dimension == Dimension::fanout ||
         dimension == Dimension::day_credits || dimension == Dimension::month_credits;
}

const Limits& limits_in(const OwnLimits& own, Scope scope, std::size_t route) {
  if (scope == Scope::tenant_user) return own.users;
  return scope == Scope::tenant_route ? own.routes[route] : own.tenant;
}

const Limits* limits_of_class(const OwnLimits& own, std::string_view name) {
  if (name.empty()) return nullptr;
  const auto at = own.classes.find(name);
  return at == own.classes.end() ? nullptr : &at->second;
}

// Whether forgetting what was used changes nothing.
bool is_idle(const Account& account, const Limits& limits, const Moment& at) {
  return std::ranges::all_of(limits.all(), [&](const Limits::Limit& limit) {
    const std::int64_t whole = limit.rate ? limit.rate->limit().burst : limit.max;
    return account.look(limit, 0, at).left >= whole;
  });
}

}  // namespace

Account& account_in(ByName<std::unique_ptr<Account>>& accounts, std::string_view name) {
  auto at = accounts.find(name);
  if (at == accounts.end()) at = accounts.emplace(name, std::make_unique<Account>()).first;
  return *at->second;
}

Book::Book() : parts_(std::make_unique<std::array<Part, 16>>()) {}
Book::~Book() = default;

Result<std::unique_ptr<Book>> Book::make(const BudgetSettings& settings,
                                         const std::vector<std::string>& paths) {
  std::unique_ptr<Book> book(new Book);
  book->paths_ = paths;
  book->global_ = std::make_unique<Shared>();
  MC_TRY(book->global_->limits, limits_of(settings.admission.global, "admission.global"));
  MC_TRY(std::vector<Limits> routes,
         limits_by_route(settings.admission.routes, paths, "admission"));
  book->limited_ = !book->global_->limits.empty() || any_of(routes);
  for (Limits& limits : routes) {
    book->route_.push_back(limits.empty() ? nullptr : std::make_unique<Shared>());
    if (book->route_.back()) book->route_.back()->limits = std::move(limits);
  }
  for (const auto& [name, from] : settings.plans) {
    const std::string where = "budgets." + excerpt(name);
    auto plan = std::make_unique<Plan>();
    plan->settings = from;
    OwnLimits& own = plan->own;
    MC_TRY(own.tenant, limits_of(from, where));
    MC_TRY(own.users, limits_of(from.users, where + ".users"));
    MC_TRY(plan->together.limits, limits_of(from.together, where + ".together"));
    MC_TRY(own.routes, limits_by_route(from.routes, paths, where));
    MC_TRY(own.classes, limits_by_class(from.classes, where));
    own.has_routes = any_of(own.routes);
    book->limited_ = book->limited_ || own.has_routes || any_of(own.classes) ||
                     !own.tenant.empty() || !own.users.empty() || !plan->together.limits.empty();
    book->plans_.emplace(name, std::move(plan));
  }
  return book;
}

Book::Plan* Book::plan_of(std::string_view name) const {
  const auto at = plans_.find(name);
  return at == plans_.end() ? nullptr : at->second.get();
}

bool Book::limits(Dimension dimension) const {
  const auto has = [&](const Limits& limits) { return limits.find(dimension) != nullptr; };
  const auto shares = [&](const auto& one) { return one != nullptr && has(one->limits); };
  return has(global_->limits) || std::ranges::any_of(route_, shares) ||
         std::ranges::any_of(plans_, [&](const auto& named) {
           const Plan& plan = *named.second;
           return has(plan.own.tenant) || has(plan.own.users) || has(plan.together.limits) ||
                  std::ranges::any_of(plan.own.routes, has) ||
                  std::ranges::any_of(plan.own.classes,
                                      [&](const auto& one) { return has(one.second); });
         });
}

bool Book::has_plan(std::string_view plan) const {
  return plan_of(plan) != nullptr;
}

Book::Part& Book::part_of(std::string_view tenant) const {
  return (*parts_)[std::hash<std::string_view>()(tenant) % parts_->size()];
}

std::shared_ptr<Account> Book::user_of(Tenant& tenant, const Limits& limits, std::string_view user,
                                       const Moment& at) {
  const auto found = tenant.users.find(user);
  if (found != tenant.users.end()) return found->second;
  if (tenant.users.size() >= kUsersMax && at.now - tenant.swept >= kSweepEach) {
    tenant.swept = at.now;
    std::erase_if(tenant.users, [&](const auto& one) {
      return one.second.use_count() == 1 && is_idle(*one.second, limits, at);
    });
  }
  if (tenant.users.size() >= kUsersMax) return tenant.other_users;
  return tenant.users.emplace(user, std::make_shared<Account>()).first->second;
}

// What a request falls under, and what keeps that there.
struct Book::Charges {
  std::array<Charge, kChargesMax> all;
  std::size_t count = 0;
  Kept kept;
};

Answer Book::reserve(const Who& who, const Amounts& amounts, const Moment& moment,
                     Reservation& into, std::vector<Mark>* against) {
  const Moment at = calendar_.meet(moment);
  Charges charges;
  gather(who, at, charges);
  const Answer answer =
      budget::reserve(std::span(charges.all.data(), charges.count), amounts, at, into, against);
  if (!into.is_open()) return answer;
  if (charges.kept.limits != nullptr) {
    into.keep(std::make_shared<Kept>(std::move(charges.kept)));
  } else {
    into.keep(std::move(charges.kept.user));
  }
  return answer;
}

void Book::each_limit(const Who& who, const Moment& moment,
                      const std::function<void(Scope, const Limits::Limit&)>& use) const {
  const auto all = [&](Scope scope, const Limits& limits) {
    for (const Limits::Limit& limit : limits.all()) {
      if (!is_own(scope) || !who.exempt.has(limit.dimension)) use(scope, limit);
    }
  };
  const auto each = [&](const OwnLimits& own) {
    all(Scope::tenant_user, own.users);
    if (own.has_routes && who.route < paths_.size()) {
      all(Scope::tenant_route, own.routes[who.route]);
    }
    const Limits* const of_class = limits_of_class(own, who.class_name);
    if (of_class != nullptr) all(Scope::tenant_class, *of_class);
    all(Scope::tenant, own.tenant);
  };
  const Plan* const plan = plan_of(who.plan);
  if (overridden_.load(std::memory_order_relaxed) == 0) {
    if (plan != nullptr) each(plan->own);
  } else {
    const WallTime wall = wall_of(calendar_.look(moment));
    const Part& part = part_of(who.tenant);
    const std::lock_guard lock(part.mutex);
    const auto found = part.tenants.find(who.tenant);
    const Tenant* const tenant = found == part.tenants.end() ? nullptr : found->second.get();
    if (tenant != nullptr && tenant->overlay != nullptr) {
      each(own_now(tenant, plan, wall));
    } else if (plan != nullptr) {
      each(plan->own);
    }
  }
  if (plan != nullptr) all(Scope::plan, plan->together.limits);
  if (who.route < paths_.size() && route_[who.route] != nullptr) {
    all(Scope::route, route_[who.route]->limits);
  }
  all(Scope::global, global_->limits);
}

void Book::gather(const Who& who, const Moment& at, Charges& into) {
  const auto charge = [&](Scope scope, Shared& shared) {
    if (!shared.limits.empty()) into.all[into.count++] = {scope, &shared.limits, &shared.account};
  };
  Kept& kept = into.kept;
  Plan* const plan = plan_of(who.plan);
  // Without a plan there is something to count of those with overrides only.
  if (plan != nullptr || overridden_.load(std::memory_order_relaxed) != 0) {
    Part& part = part_of(who.tenant);
    const std::lock_guard lock(part.mutex);
    auto found = part.tenants.find(who.tenant);
    if (found == part.tenants.end() && plan != nullptr) {
      found = part.tenants.emplace(who.tenant, std::make_unique<Tenant>()).first;
    }
    Tenant* const tenant = found == part.tenants.end() ? nullptr : found->second.get();
    if (tenant != nullptr && tenant->overlay != nullptr) {
      kept.limits = overridden_now(*tenant, plan, wall_of(at));
    }
    const OwnLimits* const own = kept.limits != nullptr ? kept.limits.get()
                                 : plan != nullptr      ? &plan->own
                                                        : nullptr;
    if (own != nullptr) gather_own(who, at, *tenant, *own, into);
    if (plan != nullptr) charge(Scope::plan, plan->together);
  }
  if (Shared* const route = who.route < paths_.size() ? route_[who.route].get() : nullptr) {
    charge(Scope::route, *route);
  }
  charge(Scope::global, *global_);
}

// With the lock of the tenant's part held.
void Book::gather_own(const Who& who, const Moment& at, Tenant& tenant, const OwnLimits& own,
                      Charges& into) const {
  const auto charge = [&](Scope scope, const Limits& limits, Account* account) {
    into.all[into.count++] = {scope, &limits, account, who.exempt};
  };
  if (!own.users.empty()) {
    into.kept.user = user_of(tenant, own.users, who.user, at);
    charge(Scope::tenant_user, own.users, into.kept.user.get());
  }
  if (own.has_routes && who.route < paths_.size() && !own.routes[who.route].empty()) {
    tenant.routes.resize(paths_.size());
    std::unique_ptr<Account>& account = tenant.routes[who.route];
    if (account == nullptr) account = std::make_unique<Account>();
    charge(Scope::tenant_route, own.routes[who.route], account.get());
  }
  const Limits* const of_class = limits_of_class(own, who.class_name);
  if (of_class != nullptr && !of_class->empty()) {
    charge(Scope::tenant_class, *of_class, &account_in(tenant.classes, who.class_name));
  }
  if (!own.tenant.empty()) charge(Scope::tenant, own.tenant, &tenant.account);
}

std::shared_ptr<const OwnLimits> Book::overridden_now(Tenant& tenant, const Plan* plan,
                                                      WallTime wall) {
  Overlay& overlay = *tenant.overlay;
  tenant.latest = std::max(tenant.latest, wall);
  const WallTime now = tenant.latest;
  if (overlay.own != nullptr && overlay.plan == plan && now < overlay.own->until) {
    return overlay.own;
  }
  std::erase_if(overlay.rules, [&](const Override& rule) { return rule.until <= now; });
  if (overlay.rules.empty()) {
    tenant.overlay = nullptr;
    overridden_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  overlay.plan = plan;
  overlay.own = std::make_shared<const OwnLimits>(
      own_limits(plan == nullptr ? nullptr : &plan->settings, overlay.rules, paths_, now));
  return overlay.own;
}

OwnLimits Book::own_now(const Tenant* tenant, const Plan* plan, WallTime wall) const {
  const PlanSettings* const settings = plan == nullptr ? nullptr : &plan->settings;
  if (tenant == nullptr || tenant->overlay == nullptr)
    return own_limits(settings, {}, paths_, wall);
  return own_limits(settings, tenant->overlay->rules, paths_, std::max(tenant->latest, wall));
}

void Book::set_overrides(const std::string& tenant, std::vector<Override> rules) {
  std::erase_if(rules, [](const Override& rule) { return rule.state != OverrideState::active; });
  sort_by_beginning(rules);
  Part& part = part_of(tenant);
  const std::lock_guard lock(part.mutex);
  auto found = part.tenants.find(tenant);
  if (found == part.tenants.end() && rules.empty()) return;
  if (found == part.tenants.end()) {
    found = part.tenants.emplace(tenant, std::make_unique<Tenant>()).first;
  }
  Tenant& held = *found->second;
  std::erase_if(rules, [&](const Override& rule) { return rule.until <= held.latest; });
  if (held.overlay != nullptr && held.overlay->rules == rules) return;
  if (held.overlay != nullptr) overridden_.fetch_sub(1, std::memory_order_relaxed);
  held.overlay = nullptr;
  if (rules.empty()) return;
  held.overlay = std::make_unique<Overlay>();
  held.overlay->rules = std::move(rules);
  overridden_.fetch_add(1, std::memory_order_relaxed);
}

std::vector<Book::Left> Book::left(std::string_view tenant, std::string_view plan,
                                   const Moment& moment) const {
  const Moment at = calendar_.look(moment);
  std::vector<Left> out;
  Part& part = part_of(tenant);
  const std::lock_guard lock(part.mutex);
  const auto found = part.tenants.find(tenant);
  if (found == part.tenants.end()) return out;
  const Tenant& held = *found->second;
  const OwnLimits own = own_now(&held, plan_of(plan), wall_of(at));
  for (const Limits::Limit& limit : own.tenant.all()) {
    out.push_back({limit.dimension, limit.quota(), held.account.look(limit, 0, at).left});
  }
  return out;
}

std::vector<Book::Line> Book::effective(const Who& who, const Moment& moment) const {
  const Moment at = calendar_.look(moment);
  const Plan* const plan = plan_of(who.plan);
  static const Account kUnused;
  std::vector<Line> out;
  Part& part = part_of(who.tenant);
  const std::lock_guard lock(part.mutex);
  const auto found = part.tenants.find(who.tenant);
  const Tenant* const tenant = found == part.tenants.end() ? nullptr : found->second.get();
  const OwnLimits own = own_now(tenant, plan, wall_of(at));
  const auto line_of = [&](Scope scope, const Limits::Limit& limit, const Account* account) {
    Line line{.scope = scope,
              .dimension = limit.dimension,
              .quota = limit.quota(),
              .warn_only = limit.warn_only};
    if (account != nullptr) line.left = account->look(limit, 0, at).left;
    return line;
  };
  const auto add = [&](Scope scope, std::size_t route, const Account* account) {
    for (const Limits::Limit& limit : limits_in(own, scope, route).all()) {
      const OwnLimits::Source* const source = own.find(scope, route, limit.dimension);
      Line line = line_of(scope, limit, account);
      if (scope == Scope::tenant_route) line.route = paths_[route];
      if (source != nullptr) line.id = source->id;
      if (source != nullptr) line.until = source->until;
      if (plan != nullptr) {
        line.of_plan = quota_in(limits_in(plan->own, scope, route), limit.dimension);
      }
      out.push_back(std::move(line));
    }
  };
  add(Scope::tenant, 0, tenant == nullptr ? &kUnused : &tenant->account);
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    if (who.route != kAllRoutes && who.route != i) continue;
    const bool used =
        tenant != nullptr && i < tenant->routes.size() && tenant->routes[i] != nullptr;
    add(Scope::tenant_route, i, used ? tenant->routes[i].get() : &kUnused);
  }
  const Account* user = who.user.empty() ? nullptr : &kUnused;
  if (user != nullptr && tenant != nullptr) {
    const auto at_user = tenant->users.find(who.user);
    if (at_user != tenant->users.end()) user = at_user->second.get();
  }
  add(Scope::tenant_user, 0, user);
  for (const auto& [name, limits] : own.classes) {
    const Account* account = &kUnused;
    if (tenant != nullptr) {
      const auto used = tenant->classes.find(name);
      if (used != tenant->classes.end()) account = used->second.get();
    }
    for (const Limits::Limit& limit : limits.all()) {
      Line line = line_of(Scope::tenant_class, limit, account);
      line.class_name = name;
      line.of_plan = limit.quota();
      out.push_back(std::move(line));
    }
  }
  return out;
}

Result<std::size_t> Book::route_of(std::string_view path) const {
  const auto at = std::ranges::find(paths_, path);
  if (at != paths_.end()) return static_cast<std::size_t>(at - paths_.begin());
  return fail(Code::invalid, "route: there is no route '" + excerpt(path) + "'");
}

Result<Book::Change> Book::change_by(const Override& wanted, std::string_view plan_name,
                                     WallTime now) const {
  if (!limited_) {
    return fail(Code::invalid,
                "dimension: nothing is limited on this server, as its settings have "
                "neither budgets nor admission");
  }
  if (is_cost(wanted.dimension) && !limits_costs()) {
    return fail(Code::invalid,
                "dimension: this server's settings limit no costs, so that none are "
                "counted");
  }
  const Plan* const plan = plan_of(plan_name);
  std::size_t route = 0;
  if (wanted.scope == Scope::tenant_route) {
    MC_TRY(route, route_of(wanted.route));
  }
  LimitSettings settings;
  if (plan != nullptr && wanted.scope == Scope::tenant) settings = plan->settings;
  if (plan != nullptr && wanted.scope == Scope::tenant_user) settings = plan->settings.users;
  if (plan != nullptr && wanted.scope == Scope::tenant_route) {
    const auto at = plan->settings.routes.find(wanted.route);
    if (at != plan->settings.routes.end()) settings = at->second;
  }
  Change out;
  out.of_plan = amount_in(settings, wanted.dimension);
  MC_TRY(LimitSettings changed, overridden(settings, wanted));
  out.after = amount_in(changed, wanted.dimension);
  Part& part = part_of(wanted.tenant);
  const std::lock_guard lock(part.mutex);
  const auto found = part.tenants.find(wanted.tenant);
  const Tenant* const tenant = found == part.tenants.end() ? nullptr : found->second.get();
  out.before =
      quota_in(limits_in(own_now(tenant, plan, now), wanted.scope, route), wanted.dimension);
  return out;
}

Book::Change Book::change_without(const Override& ended, std::string_view plan_name,
                                  WallTime now) const {
  const Plan* const plan = plan_of(plan_name);
  const auto at = std::ranges::find(paths_, ended.route);
  const auto route = static_cast<std::size_t>(at - paths_.begin());
  Change out;
  // A route of settings that were changed since.
  if (ended.scope == Scope::tenant_route && at == paths_.end()) return out;
  Part& part = part_of(ended.tenant);
  const std::lock_guard lock(part.mutex);
  const auto found = part.tenants.find(ended.tenant);
  const Tenant* const tenant = found == part.tenants.end() ? nullptr : found->second.get();
  const auto quota = [&](const OwnLimits& own) {
    return quota_in(limits_in(own, ended.scope, route), ended.dimension);
  };
  out.before = quota(own_now(tenant, plan, now));
  std::vector<Override> rest;
  if (tenant != nullptr && tenant->overlay != nullptr) rest = tenant->overlay->rules;
  std::erase_if(rest, [&](const Override& rule) { return rule.id == ended.id; });
  const WallTime time = tenant == nullptr ? now : std::max(tenant->latest, now);
  out.after = quota(own_limits(plan == nullptr ? nullptr : &plan->settings, rest, paths_, time));
  return out;
}

bool Book::limits_costs() const {
  return limits(Dimension::credits) || limits(Dimension::day_credits) ||
         limits(Dimension::month_credits) || limits(Dimension::fanout);
}

bool Book::Change::takes_two() const {
  const auto is_far = [&](const std::optional<std::int64_t>& from) {
    return from && after &&
           static_cast<__int128>(*after) > static_cast<__int128>(*from) * kAloneTimes;
  };
  return is_far(before) || is_far(of_plan);
}

bool Book::Change::is_more() const {
  return before && (!after || *after > *before);
}

std::size_t Book::tenants() const {
  std::size_t out = 0;
  for (const Part& part : *parts_) {
    const std::lock_guard lock(part.mutex);
    out += part.tenants.size();
  }
  return out;
}

}  // namespace mc::budget
