#include <algorithm>

#include "budget/book_parts.h"

namespace mc::budget {
namespace {

constexpr Dimension kWindows[] = {Dimension::day_credits, Dimension::month_credits};

bool is_day(Dimension dimension) {
  return dimension == Dimension::day_credits;
}

std::int32_t window_at(Dimension dimension, const Moment& at) {
  return is_day(dimension) ? at.day : at.month;
}

// `name` gives the count without its numbers.
template <class Name>
void add_changed(std::vector<WindowCount>& out, const Account& account, const Moment& at,
                 const Name& name) {
  for (const Dimension dimension : kWindows) {
    const std::optional<Window::Count> changed = account.window(dimension).changed();
    if (!changed || changed->window < window_at(dimension, at)) continue;
    WindowCount& one = out.emplace_back(name());
    one.dimension = dimension;
    one.window = changed->window;
    one.used = changed->used;
  }
}

// Whether it is of the window at that time, or of the next, which is near enough.
bool is_in_use(const WindowCount& count, const Moment& at) {
  const bool is_count = std::ranges::find(kWindows, count.dimension) != std::end(kWindows);
  if (!is_count || count.used <= 0 || count.used > kWindowUsedMax) return false;
  const std::int32_t now = window_at(count.dimension, at);
  if (count.window == now) return true;
  const Ticks end = is_day(count.dimension) ? at.day_end : at.month_end;
  return std::int64_t{count.window} == std::int64_t{now} + 1 &&
         end - at.now <= ticks_of(kWindowAheadMax);
}

// Of what lives as long as the book.
std::shared_ptr<Account> borrowed(Account* account) {
  return {std::shared_ptr<Account>(), account};
}

}  // namespace

std::vector<WindowCount> Book::changed_windows(const Moment& moment) const {
  const Moment at = calendar_.look(moment);
  std::vector<WindowCount> out;
  for (const Part& part : *parts_) {
    const std::lock_guard lock(part.mutex);
    for (const auto& [name, held] : part.tenants) {
      const auto of_user = [&](std::string_view user) {
        return WindowCount{.scope = Scope::tenant_user, .tenant = name, .user = std::string(user)};
      };
      add_changed(out, held->account, at, [&] { return WindowCount{.tenant = name}; });
      for (std::size_t i = 0; i < held->routes.size(); ++i) {
        if (held->routes[i] == nullptr) continue;
        add_changed(out, *held->routes[i], at, [&] {
          return WindowCount{.scope = Scope::tenant_route, .tenant = name, .route = paths_[i]};
        });
      }
      for (const auto& [user, account] : held->users) {
        add_changed(out, *account, at, [&] { return of_user(user); });
      }
      for (const auto& [of_class, account] : held->classes) {
        add_changed(out, *account, at, [&] {
          return WindowCount{.scope = Scope::tenant_class, .tenant = name, .class_name = of_class};
        });
      }
      add_changed(out, *held->other_users, at, [&] { return of_user(WindowCount::kOtherUsers); });
    }
  }
  for (const auto& [name, plan] : plans_) {
    add_changed(out, plan->together.account, at,
                [&] { return WindowCount{.scope = Scope::plan, .plan = name}; });
  }
  for (std::size_t i = 0; i < route_.size(); ++i) {
    if (route_[i] == nullptr) continue;
    add_changed(out, route_[i]->account, at,
                [&] { return WindowCount{.scope = Scope::route, .route = paths_[i]}; });
  }
  add_changed(out, global_->account, at, [] { return WindowCount{.scope = Scope::global}; });
  return out;
}

std::shared_ptr<Account> Book::account_of(const WindowCount& count, Missing missing) const {
  const auto at = std::ranges::find(paths_, count.route);
  const auto route = static_cast<std::size_t>(at - paths_.begin());
  const bool of_route = count.scope == Scope::route || count.scope == Scope::tenant_route;
  if (of_route && at == paths_.end()) return nullptr;
  if (count.scope == Scope::global) return borrowed(&global_->account);
  if (count.scope == Scope::route) {
    return route_[route] == nullptr ? nullptr : borrowed(&route_[route]->account);
  }
  if (count.scope == Scope::plan) {
    Plan* const plan = plan_of(count.plan);
    return plan == nullptr ? nullptr : borrowed(&plan->together.account);
  }
  const bool is_of_none =
      count.scope == Scope::tenant_class && std::ranges::none_of(plans_, [&](const auto& plan) {
        return plan.second->own.classes.contains(count.class_name);
      });
  if (is_of_none) return nullptr;
  Part& part = part_of(count.tenant);
  const std::lock_guard lock(part.mutex);
  auto found = part.tenants.find(count.tenant);
  if (found == part.tenants.end()) {
    if (missing == Missing::leave) return nullptr;
    found = part.tenants.emplace(count.tenant, std::make_unique<Tenant>()).first;
  }
  Tenant& tenant = *found->second;
  if (count.scope == Scope::tenant) return borrowed(&tenant.account);
  if (count.scope == Scope::tenant_route) {
    if (missing == Missing::make) tenant.routes.resize(paths_.size());
    if (route >= tenant.routes.size()) return nullptr;
    std::unique_ptr<Account>& account = tenant.routes[route];
    if (account == nullptr && missing == Missing::make) account = std::make_unique<Account>();
    return account == nullptr ? nullptr : borrowed(account.get());
  }
  if (count.scope == Scope::tenant_class) {
    const bool there = missing == Missing::make || tenant.classes.contains(count.class_name);
    return there ? borrowed(&account_in(tenant.classes, count.class_name)) : nullptr;
  }
  if (count.user == WindowCount::kOtherUsers) return tenant.other_users;
  const auto user = tenant.users.find(count.user);
  if (user != tenant.users.end()) return user->second;
  if (missing == Missing::leave || tenant.users.size() >= kUsersMax) return nullptr;
  return tenant.users.emplace(count.user, std::make_shared<Account>()).first->second;
}

void Book::windows_kept(std::span<const WindowCount> counts) {
  for (const WindowCount& one : counts) {
    const std::shared_ptr<Account> account = account_of(one, Missing::leave);
    if (account != nullptr) account->window(one.dimension).kept({one.window, one.used});
  }
}

void Book::restore_windows(std::span<const WindowCount> counts, const Moment& moment) {
  for (const WindowCount& one : counts) {
    if (!is_in_use(one, moment)) continue;
    Moment latest = moment;
    (is_day(one.dimension) ? latest.day : latest.month) = one.window;
    calendar_.meet(latest);
  }
  const Moment at = calendar_.meet(moment);
  for (const WindowCount& one : counts) {
    if (!is_in_use(one, moment) || one.window < window_at(one.dimension, at)) continue;
    const std::shared_ptr<Account> account = account_of(one, Missing::make);
    if (account != nullptr) account->window(one.dimension).restore({one.window, one.used});
  }
}

}  // namespace mc::budget
