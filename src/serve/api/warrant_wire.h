// The JSON shapes of warrants (wire.h). Private to the module.
#pragma once

#include <string>
#include <tuple>

#include "json/describe.h"
#include "transparency/transparency.h"

namespace mc::api {

struct WarrantBody {
  std::string kind = "support-ticket";
  std::string reference;
  std::string reason;
  std::string principals = "*";
  std::string actions = "read";
  Nanos lifetime = seconds(4LL * 3600);
  Nanos deadline = seconds(24LL * 3600);
};
struct ApproveBody {
  std::string actions;
  std::string expires_at;
};
struct AccessBody {
  bool approval_required = false;
};

}  // namespace mc::api

template <>
struct mc::json::Describe<mc::api::WarrantBody> {
  using T = mc::api::WarrantBody;
  static constexpr auto fields = std::tuple{
      Field{"class",
            &T::kind,
            "approval: the tenant is asked in any case",
            {.allowed = {"legal", "support-ticket", "incident", "approval"}}},
      Field{"reference",
            &T::reference,
            "Ticket, case or order: TKT-123",
            {.min = 1, .max = mc::transparency::kReferenceBytesMax, .required = true}},
      Field{"reason",
            &T::reason,
            "What for, for the tenant",
            {.min = 1, .max = mc::transparency::kReasonBytesMax, .required = true}},
      Field{"principals", &T::principals, "Of the operator, comma separated; * is any of them"},
      Field{
          "actions", &T::actions, "What it opens", {.allowed = {"read", "change", "read,change"}}},
      Field{"lifetime",
            &T::lifetime,
            "At most 90 days",
            {.min = mc::seconds(60), .max = mc::transparency::kWarrantLifetimeMax}},
      Field{"deadline",
            &T::deadline,
            "A request that nobody has answered by then is denied; at most 7 days",
            {.min = mc::seconds(60), .max = mc::transparency::kDeadlineMax}},
  };
};
template <>
struct mc::json::Describe<mc::api::ApproveBody> {
  using T = mc::api::ApproveBody;
  static constexpr auto fields = std::tuple{
      Field{"actions", &T::actions, "Fewer than asked; as asked when absent"},
      Field{"expires_at", &T::expires_at, "Earlier than asked; as asked when absent", {.max = 40}},
  };
};
template <>
struct mc::json::Describe<mc::api::AccessBody> {
  using T = mc::api::AccessBody;
  static constexpr auto fields = std::tuple{
      Field{"approval_required",
            &T::approval_required,
            "The operator's people need a warrant that the tenant has approved",
            {.required = true}},
  };
};
