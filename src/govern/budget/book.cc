#include "budget/book.h"

#include <algorithm>
#include <map>

#include "budget/settings.h"

namespace mc::budget {
namespace {

constexpr Ticks kSweepEach = ticks_of(seconds(1));  // it walks over all users of a tenant

struct Hash {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
template <class Value>
using ByName = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

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

bool any_of(const std::vector<Limits>& all) {
  return std::ranges::any_of(all, [](const Limits& one) { return !one.empty(); });
}

// Whether forgetting what was used changes nothing.
bool is_idle(const Account& account, const Limits& limits, const Moment& at) {
  return std::ranges::all_of(limits.all(), [&](const Limits::Limit& limit) {
    const std::int64_t whole = limit.rate ? limit.rate->limit().burst : limit.max;
    return account.look(limit, 0, at).left >= whole;
  });
}

}  // namespace

struct Book::Plan {
  Limits tenant, users;
  std::vector<Limits> routes;
  bool has_routes = false;
  Shared together;
};

struct Book::Tenant {
  Account account;
  std::vector<std::unique_ptr<Account>> routes;
  ByName<std::shared_ptr<Account>> users;
  std::shared_ptr<Account> other_users = std::make_shared<Account>();
  Ticks swept = INT64_MIN / 2;  // when idle users were last looked for
};

struct Book::Part {
  mutable std::mutex mutex;
  ByName<std::unique_ptr<Tenant>> tenants;
};

Book::Book() : parts_(std::make_unique<std::array<Part, 16>>()) {}
Book::~Book() = default;

Result<std::unique_ptr<Book>> Book::make(const BudgetSettings& settings,
                                         const std::vector<std::string>& paths) {
  std::unique_ptr<Book> book(new Book);
  book->routes_ = paths.size();
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
    MC_TRY(plan->tenant, limits_of(from, where));
    MC_TRY(plan->users, limits_of(from.users, where + ".users"));
    MC_TRY(plan->together.limits, limits_of(from.together, where + ".together"));
    MC_TRY(plan->routes, limits_by_route(from.routes, paths, where));
    plan->has_routes = any_of(plan->routes);
    book->limited_ = book->limited_ || plan->has_routes || !plan->tenant.empty() ||
                     !plan->users.empty() || !plan->together.limits.empty();
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
           return has(plan.tenant) || has(plan.users) || has(plan.together.limits) ||
                  std::ranges::any_of(plan.routes, has);
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

Answer Book::reserve(const Who& who, const Amounts& amounts, const Moment& moment,
                     Reservation& into, std::vector<Mark>* against) {
  const Moment at = calendar_.meet(moment);
  std::array<Charge, kChargesMax> charges;
  std::size_t count = 0;
  const auto charge = [&](Scope scope, const Limits& limits, Account* account) {
    if (!limits.empty() && account != nullptr) charges[count++] = {scope, &limits, account};
  };
  std::shared_ptr<Account> user;
  if (Plan* const plan = plan_of(who.plan)) {
    Part& part = part_of(who.tenant);
    const std::lock_guard lock(part.mutex);
    auto found = part.tenants.find(who.tenant);
    if (found == part.tenants.end()) {
      found = part.tenants.emplace(who.tenant, std::make_unique<Tenant>()).first;
    }
    Tenant& tenant = *found->second;
    if (!plan->users.empty()) {
      user = user_of(tenant, plan->users, who.user, at);
      charge(Scope::tenant_user, plan->users, user.get());
    }
    if (plan->has_routes && who.route < routes_ && !plan->routes[who.route].empty()) {
      tenant.routes.resize(routes_);
      std::unique_ptr<Account>& own = tenant.routes[who.route];
      if (own == nullptr) own = std::make_unique<Account>();
      charge(Scope::tenant_route, plan->routes[who.route], own.get());
    }
    charge(Scope::tenant, plan->tenant, &tenant.account);
    charge(Scope::plan, plan->together.limits, &plan->together.account);
  }
  if (Shared* const route = who.route < routes_ ? route_[who.route].get() : nullptr) {
    charge(Scope::route, route->limits, &route->account);
  }
  charge(Scope::global, global_->limits, &global_->account);
  const Answer answer =
      budget::reserve(std::span(charges.data(), count), amounts, at, into, against);
  if (into.is_open()) into.keep(std::move(user));
  return answer;
}

std::vector<Book::Left> Book::left(std::string_view tenant, std::string_view plan,
                                   const Moment& moment) const {
  const Moment at = calendar_.look(moment);
  std::vector<Left> out;
  const Plan* const limits = plan_of(plan);
  Part& part = part_of(tenant);
  const std::lock_guard lock(part.mutex);
  const auto found = part.tenants.find(tenant);
  if (limits == nullptr || found == part.tenants.end()) return out;
  for (const Limits::Limit& limit : limits->tenant.all()) {
    out.push_back({limit.dimension, limit.quota(), found->second->account.look(limit, 0, at).left});
  }
  return out;
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
