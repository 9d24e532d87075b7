#include "export/source.h"

#include <algorithm>

#include "json/json.h"

namespace mc::exporting {
namespace {

constexpr std::size_t kPageBytesMax = 32 << 20;
constexpr std::array kRoles = {identity::Role::operator_,    identity::Role::oncall,
                               identity::Role::tenant_admin, identity::Role::analyst,
                               identity::Role::dpo,          identity::Role::platform,
                               identity::Role::auditor};

Error error_of(const json::Value& reply) {
  const json::Value* const errors = reply.find("errors");
  const json::Array* const list = errors == nullptr ? nullptr : errors->as_array();
  if (list == nullptr || list->empty()) return {Code::unavailable, "the dataset did not answer"};
  const json::Value* const message = list->front().find("message");
  const json::Value* const extensions = list->front().find("extensions");
  const json::Value* const code = extensions == nullptr ? nullptr : extensions->find("code");
  const std::string name =
      code == nullptr || code->as_string() == nullptr ? "" : *code->as_string();
  const std::string text =
      message == nullptr || message->as_string() == nullptr ? name : *message->as_string();
  if (name == "FORBIDDEN") return {Code::denied, text};
  if (name == "BAD_USER_INPUT" || name == "NOT_FOUND") return {Code::invalid, text};
  if (name == "LIMIT_EXCEEDED" || name == "RESPONSE_TOO_LARGE") return {Code::exhausted, text};
  return {Code::unavailable, text};
}

// A null is the empty text, as CSV has no other.
std::string text_of(const json::Value& value) {
  if (const std::string* text = value.as_string()) return *text;
  if (value.is_null()) return "";
  return json::print(value);
}

std::string document_text(const dataset::Dataset& dataset, const Wanted& wanted) {
  std::string out = "query($after: String) { " + dataset.plural +
                    "(first: " + std::to_string(dataset.limits.first_max) +
                    ", after: $after) { nodes {";
  for (const std::string& name : wanted.names) out += " " + name;
  return out + " } pageInfo { hasNextPage endCursor } } }";
}

}  // namespace

Result<Wanted> wanted_of(const dataset::Model& model, const Profile& profile) {
  Wanted out;
  out.dataset = model.dataset_index(profile.dataset);
  if (out.dataset < 0) {
    return fail(Code::invalid, "there is no dataset '" + excerpt(profile.dataset) + "'");
  }
  const dataset::Dataset& dataset = model.datasets[static_cast<std::size_t>(out.dataset)];
  const auto add = [&](int column, bool clear) {
    out.columns.push_back(column);
    out.names.push_back(dataset.columns[static_cast<std::size_t>(column)].name);
    out.must_be_clear.push_back(clear);
  };
  add(dataset.column_index(dataset.key), true);
  for (const auto& [name, column] : profile.columns) {
    const int index = dataset.column_index(name);
    if (index < 0) {
      return fail(Code::invalid,
                  "dataset " + dataset.name + " has no column '" + excerpt(name) + "'");
    }
    if (name == dataset.key) {
      return fail(Code::invalid, "column '" + name +
                                     "' is the key: it names one row, and so "
                                     "leaves in no export");
    }
    if (dataset.columns[static_cast<std::size_t>(index)].type == dataset::ColumnType::json) {
      return fail(Code::invalid, "column '" + name + "' is JSON, which stands in no table");
    }
    add(index, column.role != Role::insensitive);
  }
  return out;
}

Result<Wanted> wanted_of_hold(const dataset::Model& model, const std::string& dataset,
                              const std::vector<std::string>& columns) {
  Wanted out;
  out.any_text = true;
  out.dataset = model.dataset_index(dataset);
  if (out.dataset < 0) {
    return fail(Code::invalid, "there is no dataset '" + excerpt(dataset) + "'");
  }
  const dataset::Dataset& of = model.datasets[static_cast<std::size_t>(out.dataset)];
  for (const std::string& name : columns) {
    if (of.column_index(name) >= 0) continue;
    return fail(Code::invalid, "dataset " + of.name + " has no column '" + excerpt(name) + "'");
  }
  const auto add = [&](const std::string& name) {
    out.columns.push_back(of.column_index(name));
    out.names.push_back(name);
    out.must_be_clear.push_back(false);
  };
  add(of.key);
  for (const dataset::Column& column : of.columns) {
    const bool wanted = columns.empty() || std::ranges::find(columns, column.name) != columns.end();
    if (wanted && column.name != of.key) add(column.name);
  }
  return out;
}

Requester requester_of(const identity::Caller& caller, std::string_view purpose) {
  Requester out;
  out.principal = caller.principal.get();
  out.region = caller.region;
  out.purpose = purpose;
  out.purposes = caller.purposes;
  for (const identity::Role role : kRoles) {
    if (caller.roles.has(role)) out.roles.emplace_back(identity::role_name(role));
  }
  out.person = !caller.session_id.empty() || caller.proof.has_value();
  return out;
}

Status fill_caller(const TenantId& tenant, const Requester& from, identity::Caller& out) {
  out.tenant = tenant;
  out.principal = PrincipalId(from.principal);
  out.region = from.region;
  out.purpose = from.purpose;
  out.purposes = from.purposes;
  if (from.person) out.session_id = "kept";
  for (const std::string& name : from.roles) {
    const Result<identity::Role> role = identity::parse_role(name);
    if (!role) return fail(Code::corrupt, "the export's requester: " + role.error().what);
    out.roles.add(*role);
  }
  out.scopes = {identity::Scope::query};
  return ok();
}

Result<access::Verdict> RowGate::decide(access::Action action) {
  access::Verdict verdict = world_.gate.decide({.caller = question_.caller,
                                                .purpose = question_.purpose,
                                                .action = action,
                                                .resource = world_.resource,
                                                .tenant = question_.tenant.get(),
                                                .tenant_region = question_.tenant_region,
                                                .node_region = question_.node_region,
                                                .stepped_up = question_.stepped_up,
                                                .request_id = question_.request_id});
  if (verdict.allow && !verdict.obligations.step_up) return verdict;
  std::string reasons = verdict.allow ? "it takes a person who has just signed in" : "";
  for (const std::string& each : verdict.reasons) reasons += (reasons.empty() ? "" : ", ") + each;
  return fail(Code::denied, "denied by policy: " + reasons + " (decision " + verdict.decision_id +
                                ", " + std::string(access::action_name(action)) + ")");
}

Status RowGate::check_clear(const std::vector<mask::Mask>& masks) const {
  std::string names;
  for (std::size_t i = 0; i < question_.wanted.columns.size(); ++i) {
    const auto column = static_cast<std::size_t>(question_.wanted.columns[i]);
    if (!question_.wanted.must_be_clear[i] || column >= masks.size()) continue;
    if (!masks[column].masks()) continue;
    names += (names.empty() ? "" : ", ") + question_.wanted.names[i];
  }
  if (names.empty()) return ok();
  return fail(Code::denied, "export-masked: the policies mask " + names +
                                " for who asks, and a masked value has no place in a hierarchy; "
                                "it takes somebody who may read them, or a profile without them");
}

Result<dataset::DatasetAccess> RowGate::enter(int dataset, dataset::Use use) {
  if (use != dataset::Use::read || dataset != question_.wanted.dataset) {
    return fail(Code::denied, "an export reads the rows of its own dataset");
  }
  if (!answer_) answer_ = ask(dataset);
  return *answer_;
}

Result<dataset::DatasetAccess> RowGate::ask(int dataset) {
  const auto index = static_cast<std::size_t>(dataset);
  if (world_.residency != nullptr) {
    MC_TRY_OK(world_.residency->admit({question_.caller, question_.tenant, question_.tenant_region,
                                       world_.model.datasets[index], "read", question_.purpose,
                                       question_.request_id}));
  }
  MC_TRY(const access::Verdict reads, decide(access::Action::read));
  MC_TRY(const access::Verdict leaves, decide(question_.leaves));
  decision_ = leaves.decision_id;
  verdict_ = leaves;
  MC_TRY_OK(check_clear(reads.obligations.masks));
  dataset::DatasetAccess out;
  const std::size_t count = world_.model.datasets[index].columns.size();
  out.masks.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i < reads.obligations.masks.size()) out.masks[i] = reads.obligations.masks[i];
  }
  for (std::size_t i = 0; i < question_.wanted.columns.size(); ++i) {
    const auto column = static_cast<std::size_t>(question_.wanted.columns[i]);
    if (question_.wanted.must_be_clear[i] || column >= leaves.obligations.masks.size()) continue;
    out.masks[column] = mask::stricter(out.masks[column], leaves.obligations.masks[column]);
  }
  return out;
}

std::vector<std::string> RowGate::masked() const {
  std::vector<std::string> out;
  if (!answer_ || !*answer_) return out;
  const std::vector<mask::Mask>& masks = (*answer_)->masks;
  for (std::size_t i = 0; i < question_.wanted.columns.size(); ++i) {
    const auto column = static_cast<std::size_t>(question_.wanted.columns[i]);
    if (column >= masks.size() || !masks[column].masks()) continue;
    out.push_back(question_.wanted.names[i] + ": " + mask::to_text(masks[column]));
  }
  return out;
}

mask::ColumnKey RowGate::key(int, int column) {
  const access::Resource::Facts& facts = world_.resource.facts();
  return world_.mask_keys.column(question_.tenant.get(), facts.name,
                                 facts.columns[static_cast<std::size_t>(column)].name);
}

RowReader::RowReader(const World& world, Place place, Wanted wanted)
    : world_(world), place_(std::move(place)), wanted_(std::move(wanted)) {
  const dataset::Dataset& dataset =
      world_.catalog.model().datasets[static_cast<std::size_t>(wanted_.dataset)];
  list_ = dataset.plural;
  auto parsed = graphql::parse(document_text(dataset, wanted_));
  MC_CHECK(parsed);  // names of the model are names of GraphQL
  document_ = std::move(*parsed);
  world_.connections.hold_views();
}

RowReader::~RowReader() {
  world_.connections.release_views();
}

Result<json::Value> RowReader::ask(dataset::DatasetGate& gate) {
  dataset::SessionOptions options;
  options.gate = &gate;
  options.deadline = world_.clock.mono() + kPageTime;
  options.region = place_.region;
  MC_TRY(const std::unique_ptr<dataset::Session> session,
         dataset::Session::make(world_.catalog, place_.tenant, world_.connections,
                                {world_.clock, world_.random}, std::move(options)));
  json::Object variables;
  if (!after_.empty()) variables.set("after", after_);
  graphql::ExecuteRequest request{.document = *document_,
                                  .operation_name = "",
                                  .variables = variables,
                                  .deadline = world_.clock.mono() + kPageTime};
  request.introspection = false;
  const graphql::ExecuteResult result =
      graphql::execute(world_.catalog.schema(), request, *session, world_.clock);
  MC_TRY(json::Value reply,
         json::parse(result.body,
                     {.bytes_max = kPageBytesMax, .depth_max = 16, .values_max = 4'000'000}));
  if (result.errors > 0 || result.request_error) return tl::unexpected<Error>(error_of(reply));
  return reply;
}

Result<bool> RowReader::page(dataset::DatasetGate& gate, const OnRow& on_row) {
  MC_TRY(const json::Value reply, ask(gate));
  const json::Value* const data = reply.find("data");
  const json::Value* const list = data == nullptr ? nullptr : data->find(list_);
  const json::Value* const nodes = list == nullptr ? nullptr : list->find("nodes");
  const json::Value* const info = list == nullptr ? nullptr : list->find("pageInfo");
  if (nodes == nullptr || nodes->as_array() == nullptr || info == nullptr) {
    return fail(Code::corrupt, "the dataset's answer has no rows");
  }
  std::vector<std::string> row(wanted_.names.size());
  for (const json::Value& node : *nodes->as_array()) {
    for (std::size_t i = 0; i < wanted_.names.size(); ++i) {
      const json::Value* const cell = node.find(wanted_.names[i]);
      row[i] = cell == nullptr ? "" : text_of(*cell);
      if (wanted_.any_text || is_one_line(row[i])) continue;
      return fail(Code::invalid, "column '" + wanted_.names[i] +
                                     "' has a value with a control character, which can stand in "
                                     "no row of a table");
    }
    MC_TRY_OK(on_row(row));
  }
  const json::Value* const more = info->find("hasNextPage");
  const json::Value* const cursor = info->find("endCursor");
  if (more == nullptr || more->as_bool() == nullptr || !*more->as_bool()) return false;
  if (cursor == nullptr || cursor->as_string() == nullptr) {
    return fail(Code::corrupt, "the dataset's answer has no cursor");
  }
  after_ = *cursor->as_string();
  return true;
}

}  // namespace mc::exporting
