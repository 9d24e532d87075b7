// What there is of privacy budgets in a server. Everything outlives the API; null = no dataset of
// this server has differentially private answers.
#pragma once

namespace mc::accountant {
class Accountant;
}  // namespace mc::accountant
namespace mc::topup {
class Desk;
}  // namespace mc::topup

namespace mc::api {

struct PrivacyDesk {
  accountant::Accountant* accountant = nullptr;
  topup::Desk* top_ups = nullptr;
};

}  // namespace mc::api
