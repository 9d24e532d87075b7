// What a book is made of. Private to book.cc and book_windows.cc.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "budget/book.h"
#include "budget/settings.h"

namespace mc::budget {

struct NameHash {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
template <class Value>
using ByName = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;

struct Book::Plan {
  PlanSettings settings;
  OwnLimits own;
  Shared together;
};

struct Book::Overlay {
  std::vector<Override> rules;           // active ones, as they begin
  std::shared_ptr<const OwnLimits> own;  // of the last request, and of this plan
  const Plan* plan = nullptr;
};

struct Book::Tenant {
  Account account;
  std::vector<std::unique_ptr<Account>> routes;
  ByName<std::shared_ptr<Account>> users;
  ByName<std::unique_ptr<Account>> classes;
  std::shared_ptr<Account> other_users = std::make_shared<Account>();
  Ticks swept = INT64_MIN / 2;       // when idle users were last looked for
  std::unique_ptr<Overlay> overlay;  // null without overrides
  WallTime latest;                   // that a request with overrides came at
};

// It is made when it is missing.
Account& account_in(ByName<std::unique_ptr<Account>>& accounts, std::string_view name);

struct Book::Part {
  mutable std::mutex mutex;
  ByName<std::unique_ptr<Tenant>> tenants;
};

}  // namespace mc::budget
