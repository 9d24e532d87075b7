#include "graphql/execute.h"

#include <algorithm>
#include <numeric>

#include "graphql/execute_state.h"
#include "graphql/execute_write.h"

namespace mc::graphql {
namespace {

constexpr std::string_view kDataKey = "{\"data\":";

ExecuteResult request_error(const ExecuteRequest& request, const std::vector<Fault>& faults,
                            std::string_view code) {
  ErrorList errors(request.document, request.limits);
  for (const Fault& fault : faults) errors.add({fault.message, fault.at, {}, code});
  ExecuteResult result;
  result.body = "{\"errors\":" + errors.json() + "]}";
  result.request_error = true;
  result.errors = errors.count();
  return result;
}

// A response without data after execution began: a limit, or a root that cannot be executed.
ExecuteResult without_data(const ExecuteRequest& request, const Fault& fault,
                           std::string_view code) {
  ExecuteResult result = request_error(request, {fault}, code);
  result.request_error = false;
  result.body.pop_back();
  result.body += ",\"data\":null}";
  return result;
}

std::string_view kind_name(OperationKind kind) {
  if (kind == OperationKind::mutation) return "mutation";
  return kind == OperationKind::query ? "query" : "subscription";
}

// "errors" first, as the specification recommends, so that readers see them early. Without errors
// the body is returned as it was written.
std::string with_errors(std::string body, const ErrorList& errors, bool has_data) {
  if (has_data && errors.count() == 0) return body;
  std::string whole = "{\"errors\":";
  whole.reserve(body.size() + errors.json().size() + 32);
  whole += errors.json();
  whole += "],\"data\":";
  if (has_data) {
    whole += std::string_view(body).substr(kDataKey.size());
  } else {
    whole += "null}";
  }
  return whole;
}

// Resolves and writes the root fields: all together, or for mutations each with all that is below
// it before the next one starts; a mutation stops at the first error that reaches the root.
ExecuteResult run_operation(Run& run, const TypeDef& root_type, Resolver& resolver,
                            sys::Clock& clock) {
  const TypePlan& plan = run.fields(run.plan().root(), root_type);
  if (plan.fault) return without_data(run.request, *plan.fault, {});
  Batch& root = run.batches.emplace_back();
  root.plan = &plan;
  root.objects.push_back({root_type.id, nullptr, 0});
  root.fields = run.arena.array<FieldState>(plan.fields.size());
  // Indexes of the root fields, run all at once or one by one.
  std::vector<std::size_t> order(plan.fields.size());
  std::iota(order.begin(), order.end(), std::size_t{0});

  const bool serial = run.operation.kind == OperationKind::mutation;
  if (!serial) run_levels(run, root, order, resolver, clock);
  constexpr std::size_t kUsualBytes = 24;  // of a written field
  ExecuteResult result;
  result.body.reserve(
      std::min((run.value_count + 4) * kUsualBytes, run.request.limits.response_bytes_max));
  result.body = kDataKey;
  result.body += '{';
  Writer writer(run, result.body);
  bool has_data = true;
  for (std::size_t i = 0; i < order.size() && has_data && !run.fatal; ++i) {
    if (serial) run_levels(run, root, std::span(order).subspan(i, 1), resolver, clock);
    if (run.fatal) break;
    if (i > 0) result.body += ',';
    has_data = writer.root_field(root, i);
  }
  if (result.body.size() > run.request.limits.response_bytes_max) {
    run.fatal = kTooLarge;
  }
  if (run.fatal) {
    result = without_data(run.request, {std::string(run.fatal->message), {}}, run.fatal->code);
  } else {
    result.body += "}}";
    result.body = with_errors(std::move(result.body), writer.errors(), has_data);
    result.errors = writer.errors().count();
  }
  result.resolver_calls = run.resolver_calls;
  return result;
}

Result<const OperationNode*> operation_of(const ExecuteRequest& request) {
  if (request.prepared != nullptr) {
    MC_CHECK(&request.prepared->inner().document == &request.document);
    return &request.prepared->operation();
  }
  return choose_operation(request.document, request.operation_name);
}

// Of the whole document, since fields of the query root may hide in any fragment.
std::optional<std::uint32_t> introspection_in(const ExecuteRequest& request) {
  if (request.prepared == nullptr) return find_introspection(request.document);
  const PreparedOperation::Inner& inner = request.prepared->inner();
  return inner.introspects ? std::optional(inner.introspects_at) : std::nullopt;
}

}  // namespace

Result<const OperationNode*> choose_operation(const Document& document, std::string_view name) {
  if (name.empty()) {
    if (document.operations.empty()) return fail(Code::invalid, "Must provide an operation.");
    if (document.operations.size() > 1) {
      return fail(Code::invalid,
                  "Must provide operation name if query contains multiple operations.");
    }
    return &document.operations.front();
  }
  for (const OperationNode& operation : document.operations) {
    if (document.name(operation.name) == name) return &operation;
  }
  return fail(Code::invalid, "Unknown operation named \"" + excerpt(name, 200) + "\".");
}

ExecuteResult execute(const Schema& schema, const ExecuteRequest& request, Resolver& resolver,
                      sys::Clock& clock) {
  const Result<const OperationNode*> chosen = operation_of(request);
  if (!chosen) {
    return request_error(request, {{chosen.error().what, {}}}, "OPERATION_RESOLUTION_FAILURE");
  }
  const OperationNode& operation = **chosen;
  // Refusals in the order of their cost: nothing is coerced or planned for what cannot run.
  if (operation.kind == OperationKind::subscription &&
      request.subscriptions == Subscriptions::refuse) {
    return request_error(request,
                         {{"Subscriptions are not supported over this transport.", {operation.at}}},
                         "SUBSCRIPTIONS_UNSUPPORTED");
  }
  if (!request.introspection) {
    if (const std::optional<std::uint32_t> at = introspection_in(request)) {
      return request_error(request, {{"GraphQL introspection is not allowed here.", {*at}}},
                           "INTROSPECTION_DISABLED");
    }
  }
  auto variables = coerce_variables(schema, request.document, operation, request.variables);
  if (!variables) return request_error(request, variables.error(), "BAD_USER_INPUT");
  // As in graphql-js this is an error of the execution, not of the request.
  const TypeDef* root_type = schema.root(operation.kind);
  if (root_type == nullptr) {
    return without_data(request,
                        {"Schema is not configured to execute " +
                             std::string(kind_name(operation.kind)) + " operation.",
                         {operation.at}},
                        {});
  }
  Run run(schema, request, operation, std::move(*variables));
  return run_operation(run, *root_type, resolver, clock);
}

}  // namespace mc::graphql
