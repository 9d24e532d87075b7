// The JSON shapes of privacy budgets and their top-ups. Private to the module.
#pragma once

#include <string>
#include <tuple>

#include "json/describe.h"
#include "topup/topup.h"

namespace mc::api {

struct TopUpBody {
  std::string dataset;
  std::string purpose;
  std::string epsilon;
  std::string expires;
  Nanos lifetime;
  std::string warrant;
  std::string ticket;
  std::string reason;
};

// Of a preview: what a top-up has without what it is for.
struct TopUpPreviewBody {
  std::string dataset;
  std::string purpose;
  std::string epsilon;
  // Those of TopUpBody, which change nothing here, so that the same body can be sent.
  std::string expires, warrant, ticket, reason;
  Nanos lifetime;
};

}  // namespace mc::api

template <>
struct mc::json::Describe<mc::api::TopUpBody> {
  using T = mc::api::TopUpBody;
  static constexpr auto fields = std::tuple{
      Field{"dataset", &T::dataset, "Whose budget", {.min = 1, .max = 200, .required = true}},
      Field{"purpose", &T::purpose, "Of which purpose", {.min = 1, .max = 200, .required = true}},
      Field{"epsilon",
            &T::epsilon,
            "How much more, an exact decimal",
            {.min = 1, .max = 40, .required = true}},
      Field{"expires", &T::expires, "RFC 3339; at most 31 days from now", {.max = 40}},
      Field{"lifetime", &T::lifetime, "Or so long from now: 4h", {.max = mc::topup::kLifetimeMax}},
      Field{"warrant",
            &T::warrant,
            "The id of an active warrant of the tenant",
            {.min = 1, .max = 200, .required = true}},
      Field{"ticket", &T::ticket, "TKT-123", {.max = mc::topup::kTicketBytesMax}},
      Field{
          "reason",
          &T::reason,
          "What for, one line",
          {.min = mc::topup::kReasonBytesMin, .max = mc::topup::kReasonBytesMax, .required = true}},
  };
};

template <>
struct mc::json::Describe<mc::api::TopUpPreviewBody> {
  using T = mc::api::TopUpPreviewBody;
  static constexpr auto fields = std::tuple{
      Field{"dataset", &T::dataset, "Whose budget", {.min = 1, .max = 200, .required = true}},
      Field{"purpose", &T::purpose, "Of which purpose", {.min = 1, .max = 200, .required = true}},
      Field{"epsilon",
            &T::epsilon,
            "How much more, an exact decimal",
            {.min = 1, .max = 40, .required = true}},
      Field{"expires", &T::expires, "Changes nothing here", {.max = 40}},
      Field{"lifetime", &T::lifetime, "Changes nothing here"},
      Field{"warrant", &T::warrant, "Changes nothing here", {.max = 200}},
      Field{"ticket", &T::ticket, "Changes nothing here", {.max = mc::topup::kTicketBytesMax}},
      Field{"reason", &T::reason, "Changes nothing here", {.max = mc::topup::kReasonBytesMax}},
  };
};
