// The book of budgets: who falls under which, and what each has used.
//
// Counts of a tenant are made when its first request comes, and only callers who are known get so
// far. Of any number of threads; a request takes one short lock, of a part of the tenants.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "budget/reserve.h"

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
  };

  // `invalid` names the setting ("budgets.starter.users.gql_qps"), also for a route that is none.
  static Result<std::unique_ptr<Book>> make(const BudgetSettings& settings,
                                            const std::vector<std::string>& paths);
  ~Book();
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  // As reserve() (reserve.h), over all that the caller falls under, its own first: its user's, its
  // tenant's on the route and in all, then its plan's, the route's, global.
  Answer reserve(const Who& who, const Amounts& amounts, const Moment& at, Reservation& into,
                 std::vector<Mark>* against = nullptr);
  // What a tenant's own limits leave it, for an overview; nothing of tenants that never came.
  struct Left {
    Dimension dimension = Dimension::requests;
    std::int64_t quota = 0;
    std::int64_t left = 0;
  };
  std::vector<Left> left(std::string_view tenant, std::string_view plan, const Moment& at) const;

  bool limits(Dimension dimension) const;       // any limit of it, of whomever
  bool is_limited() const { return limited_; }  // anything is limited
  bool has_plan(std::string_view plan) const;   // the settings name it
  std::size_t tenants() const;                  // whose counts are kept

 private:
  struct Plan;
  struct Tenant;
  struct Part;
  struct Shared {
    Limits limits;
    Account account;
  };
  Book();
  Plan* plan_of(std::string_view name) const;
  Part& part_of(std::string_view tenant) const;
  static std::shared_ptr<Account> user_of(Tenant& tenant, const Limits& limits,
                                          std::string_view user, const Moment& at);

  bool limited_ = false;
  std::size_t routes_ = 0;
  Calendar calendar_;
  std::unique_ptr<Shared> global_;
  std::vector<std::unique_ptr<Shared>> route_;  // by index; null = without limits
  std::map<std::string, std::unique_ptr<Plan>, std::less<>> plans_;
  std::unique_ptr<std::array<Part, 16>> parts_;
};

}  // namespace mc::budget
