// Masks of policies on what an upstream answers: the answer is taken whole, masked, and only then
// given to the client. Whatever cannot be masked is not given.
#include <algorithm>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

// A larger answer is masked on a worker thread, not on the loop, and so is one to operations that
// select more: what they ask for is laid out first, however short the answer is.
constexpr std::size_t kMaskOnLoopBytesMax = 64 << 10;
constexpr std::uint64_t kMaskOnLoopSelectionsMax = 2'000;
constexpr std::size_t kRetryAfterBytesMax = 10;

bool is_keyed(const mask::Mask& mask) {
  return mask.strategy == mask::Strategy::hash || mask.strategy == mask::Strategy::tokenise;
}

// Is there a value for a variable? One without is as if the argument did not stand there.
bool is_given(const graphql::Document& document, const graphql::OperationNode& operation,
              graphql::Symbol variable, const json::Object& variables) {
  if (variables.find(document.name(variable)) != nullptr) return true;
  for (graphql::Index i = operation.variables; i != graphql::kNone;
       i = document.variables[i].next) {
    const graphql::VariableNode& declared = document.variables[i];
    if (declared.name == variable) return declared.default_value != graphql::kNone;
  }
  return true;
}

std::string_view header_of(const net::Response& reply, std::string_view name) {
  for (const auto& [held, value] : reply.headers) {
    if (equals_ignoring_case(held, name)) return value;
  }
  return {};
}

// One of the two types that are answers; "" for others.
std::string_view known_type(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  for (const std::string_view known : {kJsonType, kGraphqlType}) {
    if (equals_ignoring_case(type, known)) return known;
  }
  return {};
}

// Of the fields of a reply only when to come again passes: others may hold values, or speak of the
// bytes before they were masked.
net::Headers passed_on(const net::Response& reply) {
  const std::string_view wait = header_of(reply, "Retry-After");
  const bool digits =
      std::all_of(wait.begin(), wait.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (wait.empty() || wait.size() > kRetryAfterBytesMax || !digits) return {};
  return {{"Retry-After", std::string(wait)}};
}

// Bytes of an answer that is masked, before and after it.
std::int64_t answer_bytes_max(const Call& call) {
  return std::min<std::int64_t>(call.route->config.response_bytes_max, kMaskedBytesMax);
}

bool is_for_loop(const Call& call, const net::Response& reply) {
  std::uint64_t selections = 0;
  for (const auto& compiled : call.documents) {
    // Saturated where fragments go in circles; those documents are refused.
    selections += std::min(compiled->measure.selections, kMaskOnLoopSelectionsMax + 1);
  }
  return reply.body.size() <= kMaskOnLoopBytesMax && selections <= kMaskOnLoopSelectionsMax;
}

Result<std::string> masked_body(const Call& call, const net::Response& reply) {
  const auto unreadable = [](const std::string& why) {
    return fail(Code::corrupt, "the upstream's answer cannot be masked: " + why);
  };
  const std::string_view coding = trim(header_of(reply, "Content-Encoding"));
  if (!coding.empty() && !equals_ignoring_case(coding, "identity")) {
    return unreadable("it is compressed");
  }
  if (known_type(header_of(reply, "Content-Type")).empty()) {
    return unreadable("its Content-Type is not one of GraphQL answers");
  }
  const MaskRequest request{*call.route->listed, call.masking->columns, call.masking->asked,
                            call.graphql.batch ? Shape::batch : Shape::single,
                            static_cast<std::size_t>(answer_bytes_max(call))};
  return mask_answer(reply.body, request);
}

}  // namespace

bool Gateway::Core::prepare_masks(const CallPtr& call, Decider& decider,
                                  const access::Verdict& verdict) {
  const Route& route = *call->route;
  const access::Obligations& bound = verdict.obligations;
  const auto masked = [&](int column) {
    return bound.masks[static_cast<std::size_t>(column)].masks();
  };
  if (bound.masks.empty()) return true;
  auto masking = std::make_unique<Masking>();
  bool reached = false;
  for (std::size_t i = 0; i < call->documents.size(); ++i) {
    const Compiled& compiled = *call->documents[i];
    const graphql::Document& document = *compiled.document;
    const Params& params = call->graphql.items[i];
    const auto operation = graphql::choose_operation(document, params.operation_name);
    MC_CHECK(operation.has_value());  // check_operations() has refused all others
    const TouchedFields& touched = compiled.touched(
        static_cast<std::size_t>(*operation - document.operations.data()), *route.listed);
    for (const TouchedFields::Use& use : touched.uses) {
      const ListedFields::Argument& argument = route.listed->arguments()[use.argument];
      const auto& open = bound.filterable;
      if (!masked(argument.column) ||
          std::find(open.begin(), open.end(), argument.column) != open.end()) {
        continue;
      }
      if (use.variable != graphql::kNone &&
          !is_given(document, **operation, use.variable, params.variables)) {
        continue;
      }
      refuse(call,
             {403, "FORBIDDEN",
              argument.place + ": is masked; nothing can be found, ordered or grouped by it"});
      return false;
    }
    reached = reached || std::any_of(touched.columns.begin(), touched.columns.end(), masked);
    masking->asked.push_back({&document, *operation});
  }
  if (!reached) return true;
  for (std::size_t i = 0; i < bound.masks.size(); ++i) {
    ColumnMask column{bound.masks[i], {}};
    if (is_keyed(column.mask)) {
      column.key = decider.key(call->caller->tenant.get(), *route.resource, static_cast<int>(i));
    }
    masking->columns.push_back(column);
  }
  call->masking = std::move(masking);
  return true;
}

bool Gateway::Core::reserve_room(const CallPtr& call) {
  std::optional<ByteBudget::Share> room = masked_bytes.take(answer_bytes_max(*call));
  if (room) {
    call->masking->room = std::move(*room);
    return true;
  }
  overloaded(call);
  return false;
}

void Gateway::Core::take_whole(const CallPtr& call, net::Forward& forward) {
  forward.response_bytes_max = answer_bytes_max(*call);
  forward.on_reply = [this, call](net::Response reply) {
    call->masking->answering = true;
    if (is_for_loop(*call, reply)) return mask_reply(call, reply);
    const auto held = std::make_shared<const net::Response>(std::move(reply));
    if (workers->submit([this, call, held](int) { mask_reply(call, *held); })) return;
    if (call->mutates) {
      return withhold(call, *held, {502, "MASKING_FAILED", "nobody is free to mask the answer"});
    }
    call->masking->room.shrink(0);
    overloaded(call);
  };
}

void Gateway::Core::mask_reply(const CallPtr& call, const net::Response& reply) {
  if (call->exchange->cancelled()) return finish(call, 499, "");
  if (world.clock.mono() >= call->deadline) {
    return withhold(call, reply,
                    {504, "DEADLINE_EXCEEDED",
                     "the time for this request was over before the "
                     "upstream's answer was masked"});
  }
  Result<std::string> body = masked_body(*call, reply);
  if (!body) {
    const bool large = body.error().code == Code::exhausted;
    return withhold(call, reply,
                    {502, large ? "RESPONSE_TOO_LARGE" : "MASKING_FAILED", body.error().what});
  }
  call->masking->room.shrink(static_cast<std::int64_t>(body->size()));
  call->media_type = known_type(header_of(reply, "Content-Type"));
  finish(call, reply.status, std::move(*body), passed_on(reply));
}

// An answer that came, and that the client does not get. No Retry-After: the upstream has done what
// it was asked for.
void Gateway::Core::withhold(const CallPtr& call, const net::Response& reply, HttpError error) {
  world.log.warn("upstream.unmasked", {{"request_id", call->request_id},
                                       {"tenant", call->caller->tenant},
                                       {"route", call->route->config.path},
                                       {"status", reply.status},
                                       {"why", error.message}});
  call->masking->room.shrink(0);
  if (call->mutates) error.message += "; the mutation may have been done, do not just repeat it";
  refuse(call, error);
}

}  // namespace mc::gateway
