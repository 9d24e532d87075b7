// What there is of privacy budgets in a server. Everything outlives the API; null = no dataset of
// this server has differentially private answers.
#pragma once

namespace mc::accountant {
class Accountant;
}  // namespace mc::accountant
namespace mc::planner {
class Queue;
}  // namespace mc::planner
namespace mc::topup {
class Desk;
}  // namespace mc::topup

namespace mc::api {

struct PrivacyDesk {
  accountant::Accountant* accountant = nullptr;
  topup::Desk* top_ups = nullptr;
  planner::Queue* queue = nullptr;
};

}  // namespace mc::api
