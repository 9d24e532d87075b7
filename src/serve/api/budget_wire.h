// The JSON shapes of overrides of budgets (wire.h). Private to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "budget/override.h"
#include "json/describe.h"

namespace mc::api {

struct OverrideBody {
  std::string scope = "tenant";
  std::string route;
  std::string dimension;
  std::optional<std::int64_t> amount;
  std::string factor;
  std::string from;
  std::string until;
  Nanos lifetime;
  std::string reason;
  std::string note;
  std::string ticket;
};

// Of a preview: what an override has without what it is for.
struct PreviewBody {
  std::string scope = "tenant";
  std::string route;
  std::string dimension;
  std::optional<std::int64_t> amount;
  std::string factor;
  // Those of OverrideBody, which change nothing here, so that the same body can be sent.
  std::string from, until, reason, note, ticket;
  Nanos lifetime;
};

}  // namespace mc::api

template <>
struct mc::json::Describe<mc::api::OverrideBody> {
  using T = mc::api::OverrideBody;
  static constexpr auto fields = std::tuple{
      Field{"scope",
            &T::scope,
            "Of the tenant, of its requests to a route, of each of its users",
            {.allowed = {"tenant", "tenant-route", "tenant-user"}}},
      Field{"route", &T::route, "The path of a tenant-route", {.max = 256}},
      Field{"dimension",
            &T::dimension,
            "Which limit",
            {.allowed = {"requests", "credits", "bytes", "fanout", "deliveries", "exports", "seats",
                         "subscriptions", "day_credits", "month_credits"},
             .required = true}},
      Field{"amount", &T::amount, "The limit, in the units of its setting", {.min = 1}},
      Field{"factor", &T::factor, "Or times what the plan says: 1.5", {.max = 16}},
      Field{"from", &T::from, "RFC 3339; now when absent", {.max = 40}},
      Field{"until", &T::until, "RFC 3339; at most 24 hours after from", {.max = 40}},
      Field{
          "lifetime", &T::lifetime, "Or so long after from: 4h", {.max = mc::budget::kOverrideMax}},
      Field{"reason",
            &T::reason,
            "What for",
            {.allowed = {"incident", "planned-event", "migration", "customer-request", "load-test",
                         "abuse", "mistake"},
             .required = true}},
      Field{"note",
            &T::note,
            "The same in words, one line",
            {.min = 1, .max = mc::budget::kNoteBytesMax, .required = true}},
      Field{"ticket",
            &T::ticket,
            "TKT-123",
            {.min = 1, .max = mc::budget::kTicketBytesMax, .required = true}},
  };
};

template <>
struct mc::json::Describe<mc::api::PreviewBody> {
  using T = mc::api::PreviewBody;
  static constexpr auto fields = std::tuple{
      Field{"scope",
            &T::scope,
            "Of the tenant, of its requests to a route, of each of its users",
            {.allowed = {"tenant", "tenant-route", "tenant-user"}}},
      Field{"route", &T::route, "The path of a tenant-route", {.max = 256}},
      Field{"dimension", &T::dimension, "Which limit", {.max = 32, .required = true}},
      Field{"amount", &T::amount, "The limit, in the units of its setting", {.min = 1}},
      Field{"factor", &T::factor, "Or times what the plan says: 1.5", {.max = 16}},
      Field{"from", &T::from, "Changes nothing here", {.max = 40}},
      Field{"until", &T::until, "Changes nothing here", {.max = 40}},
      Field{"lifetime", &T::lifetime, "Changes nothing here"},
      Field{"reason", &T::reason, "Changes nothing here", {.max = 64}},
      Field{"note", &T::note, "Changes nothing here", {.max = mc::budget::kNoteBytesMax}},
      Field{"ticket", &T::ticket, "Changes nothing here", {.max = mc::budget::kTicketBytesMax}}};
};
