// maestro endpoint | delivery | alert: what happens, told to webhooks and mail addresses.
#include <memory>

#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/record_query.h"

namespace mc::app {
namespace {

struct EndpointFlags {
  std::string tenant, id, kind, target, events, note, form, state, overlap, from, to;
  bool one = false;  // the one with the id, otherwise all

  std::string path(const std::string& rest = "") const {
    return v1_path({"tenants", tenant, "endpoints"}) + (one ? "/" + encoded(id) : "") + rest;
  }
};
using Flags = std::shared_ptr<EndpointFlags>;

struct Adder {
  cli::Command& app;
  Context& context;

  // A command that runs `run` with the flags.
  template <class Run>
  cli::Command& add(const char* name, const char* help, const Flags& flags, bool one,
                    Run run) const {
    cli::Command& command = app.add(name, help);
    flags->one = one;
    if (one) command.option("ID", flags->id, "The one that is meant").required();
    command.option("--tenant", flags->tenant, "Tenant").required();
    Context* held = &context;
    command.runs([held, flags, run] { return run(*held, *flags); });
    return command;
  }
};

Status update_endpoint(Context& context, const EndpointFlags& flags) {
  MC_TRY(const json::Value held, call_admin(context, {.path = flags.path()}));
  return show_one(context,
                  {.method = "PATCH",
                   .path = flags.path(),
                   .body = to_body({{"target", flags.target},
                                    {"events", flags.events},
                                    {"note", flags.note},
                                    {"form", flags.form},
                                    {"state", flags.state}}),
                   .headers = {{"If-Match", "\"" + text_of(held, "version") + "\""}}},
                  "endpoint changed");
}

void add_making(const Adder& adder) {
  const auto flags = std::make_shared<EndpointFlags>();
  cli::Command& create =
      adder.add("create", "Tell events to a webhook or mail address", flags, false,
                [](Context& context, const EndpointFlags& wanted) {
                  return show_one(context,
                                  {.method = "POST",
                                   .path = wanted.path(),
                                   .body = to_body({{"kind", wanted.kind},
                                                    {"target", wanted.target},
                                                    {"events", wanted.events},
                                                    {"note", wanted.note},
                                                    {"form", wanted.form}})},
                                  "endpoint made; a webhook's secret is shown this once");
                });
  create.option("TARGET", flags->target, "An https address, or a mail address").required();
  create.option("--kind", flags->kind, "webhook or mail");
  create.option("--events", flags->events, "mc.token.created, mc.token.* or *");
  create.option("--note", flags->note, "For people");
  create.option("--form", flags->form, "cloudevents; ocsf: the record of each mc.access.* as OCSF")
      .one_of({"cloudevents", "ocsf"});
  const auto changed = std::make_shared<EndpointFlags>();
  cli::Command& update = adder.add("update", "Change an endpoint", changed, true, update_endpoint);
  update.option("--target", changed->target, "An https address, or a mail address");
  update.option("--events", changed->events, "mc.token.created, mc.token.* or *");
  update.option("--note", changed->note, "For people");
  update
      .option("--form", changed->form, "cloudevents; ocsf: the record of each mc.access.* as OCSF")
      .one_of({"cloudevents", "ocsf"});
  update.option("--state", changed->state, "active or disabled");
  const auto rotated = std::make_shared<EndpointFlags>();
  cli::Command& rotate =
      adder.add("rotate", "Give a webhook a new secret", rotated, true,
                [](Context& context, const EndpointFlags& wanted) {
                  return show_one(context,
                                  {.method = "POST",
                                   .path = wanted.path("/rotate"),
                                   .body = to_body({{"overlap", wanted.overlap}})},
                                  "the new secret is shown this once");
                });
  rotate.option("--overlap", rotated->overlap, "How long the former secret signs too (24h)");
}

void add_sending(const Adder& adder) {
  adder.add("test", "Send an event of type mc.test", std::make_shared<EndpointFlags>(), true,
            [](Context& context, const EndpointFlags& wanted) {
              return show_one(context,
                              {.method = "POST", .path = wanted.path("/test"), .body = "{}"},
                              "sent soon; maestro delivery show tells how it went");
            });
  const auto flags = std::make_shared<EndpointFlags>();
  cli::Command& replay =
      adder.add("replay", "Send the events of a time again, under their ids", flags, true,
                [](Context& context, const EndpointFlags& wanted) {
                  return show_one(context,
                                  {.method = "POST",
                                   .path = wanted.path("/replay"),
                                   .body = to_body({{"from", wanted.from}, {"to", wanted.to}})},
                                  "sent soon");
                });
  replay.option("--from", flags->from, "As 2026-11-27T10:00:00Z").required();
  replay.option("--to", flags->to, "Up to this time, without it").required();
}

void add_endpoint_commands(const Adder& adder) {
  adder.add("list", "Where the tenant's events are told", std::make_shared<EndpointFlags>(), false,
            [](Context& context, const EndpointFlags& wanted) {
              return show_list(context, wanted.path(),
                               {"id", "kind", "target", "events", "state", "reason"});
            });
  adder.add("show", "One endpoint", std::make_shared<EndpointFlags>(), true,
            [](Context& context, const EndpointFlags& wanted) {
              return show_one(context, {.path = wanted.path()}, "");
            });
  adder.add(
      "delete", "Delete an endpoint; the log of its deliveries stays",
      std::make_shared<EndpointFlags>(), true, [](Context& context, const EndpointFlags& wanted) {
        return show_one(context, {.method = "DELETE", .path = wanted.path()}, "endpoint deleted");
      });
  add_making(adder);
  add_sending(adder);
}

struct DeliveryFlags {
  std::string tenant, id, endpoint, state;

  std::string list_path() const {
    return v1_path({"tenants", tenant, "deliveries"}) +
           query_of({{"endpoint", endpoint}, {"state", state}});
  }
  std::string path() const { return v1_path({"tenants", tenant, "deliveries", id}); }
};

void add_delivery_commands(cli::Command& delivery, Context& context) {
  const auto flags = std::make_shared<DeliveryFlags>();
  const auto add = [&](const char* name, const char* help, bool one) -> cli::Command& {
    cli::Command& command = delivery.add(name, help);
    if (one) command.option("ID", flags->id, "Delivery").required();
    command.option("--tenant", flags->tenant, "Tenant").required();
    return command;
  };
  cli::Command& list = add("list", "The newest deliveries", false);
  list.option("--endpoint", flags->endpoint, "Of one endpoint");
  list.option("--state", flags->state, "pending, delivered or failed");
  list.runs([&context, flags] {
    return show_list(
        context, flags->list_path(),
        {"id", "endpoint", "type", "state", "attempts", "last_status", "next_at", "last_error"});
  });
  add("show", "One delivery with the log of its attempts", true).runs([&context, flags] {
    return show_one(context, {.path = flags->path()}, "");
  });
  add("send", "Send a delivery again that has ended", true).runs([&context, flags] {
    return show_one(context, {.method = "POST", .path = flags->path() + "/send", .body = "{}"},
                    "sent soon");
  });
}

}  // namespace

void add_notifications(cli::Command& app, Context& context) {
  cli::Command& endpoint =
      app.add("endpoint", "Webhooks and mail addresses that events are told to");
  add_endpoint_commands({endpoint, context});
  cli::Command& delivery = app.add("delivery", "How the telling went");
  add_delivery_commands(delivery, context);
  cli::Command& alert = app.add("alert", "Alerts that this server was told of");
  alert.add("list", "Firing ones first").runs([&context] {
    return show_list(context, "/v1/alerts",
                     {"name", "severity", "state", "starts_at", "ends_at", "fingerprint"});
  });
}

}  // namespace mc::app
