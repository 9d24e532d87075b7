// The book of budgets: who falls under which, and what each has used.
//
// Counts of a tenant are made when its first request comes, and only callers who are known get so
// far. Of any number of threads; a request takes one short lock, of a part of the tenants.
//
// Overrides change a tenant's own limits for a time. What has been used stays used: a rate counts
// the time in which it grows back, so whatever a limit is changed to, in any time w a tenant gets
// at most its largest burst and what its limits of that time let grow back. What is open is settled
// with the limits that it was taken from.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "budget/override.h"
#include "budget/reserve.h"
#include "budget/window_count.h"

namespace mc::budget {

struct BudgetSettings;  // settings.h

// Of a tenant, that have counts of their own; those beyond share one.
inline constexpr std::size_t kUsersMax = 10'000;

class Book {
 public:
  // Who asks for what. The views are used during the call only.
  struct Who {
    std::string_view tenant;
    std::string_view plan;
    std::string_view user;
    std::size_t route = 0;  // an index into the paths that the book was made with
    // As the policies say: the class of the request, and dimensions in which the tenant's own
    // limits do not hold for it.
    std::string_view class_name = {};
    DimensionSet exempt = {};
  };

  // `invalid` names the setting ("budgets.starter.users.gql_qps"), also for a route that is none.
  static Result<std::unique_ptr<Book>> make(const BudgetSettings& settings,
                                            const std::vector<std::string>& paths);
  ~Book();
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  // As reserve() (reserve.h), over all that the caller falls under, its own first: its user's, its
  // tenant's on the route, of the class and in all, then its plan's, the route's, global. Exempt
  // is it from its own alone: what tenants share always holds.
  Answer reserve(const Who& who, const Amounts& amounts, const Moment& at, Reservation& into,
                 std::vector<Mark>* against = nullptr);
  // The limits that a request falls under, in the order of reserve(). Nothing is met or counted.
  void each_limit(const Who& who, const Moment& at,
                  const std::function<void(Scope, const Limits::Limit&)>& use) const;
  // What a tenant's own limits leave it, for an overview; nothing of tenants that never came.
  struct Left {
    Dimension dimension = Dimension::requests;
    std::int64_t quota = 0;
    std::int64_t left = 0;
  };
  std::vector<Left> left(std::string_view tenant, std::string_view plan, const Moment& at) const;

  // A tenant's overrides from its next request on, in place of those before; those that are not
  // active or have ended are left out. They begin and end by the calendar of the Moments that
  // requests come with; one that is set back brings back none that a request has met the end of.
  void set_overrides(const std::string& tenant, std::vector<Override> rules);

  // A limit of a tenant's own, as it is.
  struct Line {
    Scope scope = Scope::tenant;
    std::string route = {};       // the path of a tenant_route
    std::string class_name = {};  // of a tenant_class
    Dimension dimension = Dimension::requests;
    std::int64_t quota = 0;
    bool warn_only = false;
    std::string id = {};                       // of the override that it comes from; "" = the plan
    WallTime until = {};                       // of that one
    std::optional<std::int64_t> of_plan = {};  // what the plan says
    std::optional<std::int64_t> left = {};     // none of a user's when `who` names no user
    bool operator==(const Line&) const = default;
  };
  // All of them: of all routes when `who.route` is kAllRoutes.
  static constexpr std::size_t kAllRoutes = SIZE_MAX;
  std::vector<Line> effective(const Who& who, const Moment& at) const;

  // What an override would change, at this time.
  struct Change {
    std::optional<std::int64_t> of_plan, before, after;
    // More than kAloneTimes what there is, or what the plan says: overrides on top of each other
    // are no way around it.
    bool takes_two() const;
    bool is_more() const;  // than there is
  };
  // `invalid` names the field (overridden(), override.h), also when there is no such route, and
  // when nothing is limited here: nobody asks the book then.
  Result<Change> change_by(const Override& wanted, std::string_view plan, WallTime now) const;
  // And what its end does: `before` with it, `after` without it.
  Change change_without(const Override& ended, std::string_view plan, WallTime now) const;
  Result<std::size_t> route_of(std::string_view path) const;  // `invalid`: there is no such route

  // Counts of days and months, for what keeps them beyond the process. Those that changed since
  // they were kept, without those that are over: at most two for each tenant, each of its routes,
  // users and classes, each plan and route, and two of all. Short locks of a part of the tenants
  // each.
  std::vector<WindowCount> changed_windows(const Moment& at) const;
  // They are kept as changed_windows() gave them; what has changed since is given again.
  void windows_kept(std::span<const WindowCount> counts);
  // As they were kept, before requests come or later: no count gets lower. Nothing of a window that
  // is over or too far ahead (kWindowAheadMax), nor of a plan, route, user or class that has no
  // count.
  void restore_windows(std::span<const WindowCount> counts, const Moment& at);
  // In the latest day and month that a request or a count came in.
  Moment latest(const Moment& at) const { return calendar_.look(at); }

  bool limits(Dimension dimension) const;       // any limit of it, of whomever
  bool is_limited() const { return limited_; }  // anything is limited
  bool has_plan(std::string_view plan) const;   // the settings name it
  std::size_t tenants() const;                  // whose counts are kept

 private:
  struct Plan;
  struct Tenant;
  struct Part;
  struct Overlay;
  struct Charges;
  struct Shared {
    Limits limits;
    Account account;
  };
  Book();
  void gather(const Who& who, const Moment& at, Charges& into);
  void gather_own(const Who& who, const Moment& at, Tenant& tenant, const OwnLimits& own,
                  Charges& into) const;
  Plan* plan_of(std::string_view name) const;
  Part& part_of(std::string_view tenant) const;
  static std::shared_ptr<Account> user_of(Tenant& tenant, const Limits& limits,
                                          std::string_view user, const Moment& at);
  // With the lock of the tenant's part held. Null when no override of the tenant is left.
  std::shared_ptr<const OwnLimits> overridden_now(Tenant& tenant, const Plan* plan, WallTime wall);
  // The same for who only looks: nothing is forgotten.
  OwnLimits own_now(const Tenant* tenant, const Plan* plan, WallTime wall) const;
  bool limits_costs() const;  // else nobody says what a request costs
  // Whose count it is; null when there is none, and none is made.
  enum class Missing : std::uint8_t { leave, make };
  std::shared_ptr<Account> account_of(const WindowCount& count, Missing missing) const;

  bool limited_ = false;
  std::vector<std::string> paths_;
  std::atomic<std::size_t> overridden_ = 0;  // tenants with overrides
  Calendar calendar_;
  std::unique_ptr<Shared> global_;
  std::vector<std::unique_ptr<Shared>> route_;  // by index; null = without limits
  std::map<std::string, std::unique_ptr<Plan>, std::less<>> plans_;
  std::unique_ptr<std::array<Part, 16>> parts_;
};

}  // namespace mc::budget
