// The budgets of the configuration.
#pragma once

#include <memory>

#include "base/base.h"
#include "budget/book.h"

namespace mc::app {

struct Settings;

// Of `budgets` and `admission`, over the gateway's routes. `invalid` names the setting.
Result<std::unique_ptr<budget::Book>> make_book(const Settings& settings);

}  // namespace mc::app
