// What notifications are made of. Part of notify.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "json/json.h"

namespace mc::notify {

enum class Kind : std::uint8_t { webhook, mail };
std::string_view kind_name(Kind kind);
Result<Kind> parse_kind(std::string_view name);

// What a webhook is sent: the event, or the record of the ledger that it names as an event of OCSF,
// for which it must be one that names a record (kRecordEvents).
enum class Form : std::uint8_t { cloudevents, ocsf };
std::string_view form_name(Form form);
Result<Form> parse_form(std::string_view name);

inline constexpr std::string_view kTestType = "mc.test";
inline constexpr std::string_view kRecordEvents = "mc.access.";  // all below it

enum class DeliveryState : std::uint8_t { pending, delivered, failed };
std::string_view state_name(DeliveryState state);
Result<DeliveryState> parse_state(std::string_view name);

struct Endpoint {
  TenantId tenant;
  std::string id;  // "nep_..."
  Kind kind = Kind::webhook;
  std::string target;  // an https address, or a mail address
  std::string events;  // "mc.token.*,mc.alert.firing"
  std::string note;
  bool active = true;
  std::string reason;                    // why it is not active, when nobody asked for that
  std::int64_t generation = 1;           // of its secret
  std::optional<WallTime> former_until;  // the secret before it signs too, until then
  WallTime created;
  std::int64_t version = 1;
  Form form = Form::cloudevents;
};

struct NewEvent {
  TenantId tenant;
  std::string type;     // "mc.token.created"
  std::string subject;  // what it is about: "tok_..."
  json::Object data;
};

// One delivery to send: all that its attempts share.
struct Parcel {
  Endpoint endpoint;
  std::string delivery;  // "dlv_..."
  std::string event;     // "evt_...": the id that the receiver sees
  std::string type;
  std::string body;  // CloudEvents 1.0 JSON, the same bytes every time
  std::int64_t attempt = 1;
  WallTime claimed;
};

// How one attempt ended, and what that means for the next.
struct Outcome {
  enum class Verdict : std::uint8_t {
    delivered,
    again,    // later
    give_up,  // this delivery will never be taken
    gone,     // nor will any other: the endpoint is disabled
  };
  Verdict verdict = Verdict::again;
  int status = 0;          // of HTTP or SMTP; 0 = no answer came
  std::string error = {};  // "" when it was delivered
  std::optional<Nanos> retry_after = {};
  Nanos took = {};
};

struct Delivery {
  TenantId tenant;
  std::string id;
  std::string endpoint;
  std::string event;
  std::string type;
  DeliveryState state = DeliveryState::pending;
  std::int64_t attempts = 0;
  WallTime next;  // of a pending one
  WallTime created;
  std::optional<WallTime> ended;
  int last_status = 0;
  std::string last_error;
};

struct Attempt {
  std::int64_t number = 0;
  WallTime at;
  Nanos took{};
  int status = 0;
  std::string error;
};

}  // namespace mc::notify
