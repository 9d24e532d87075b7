// createPerson, updatePerson, deletePerson: each is one transaction on the writer of its source.
//
// A row of another tenant and a row that is not there are the same answer, NOT_FOUND. The answer
// of a create or update is read inside the transaction, so it is what was written.
#include "dataset/core.h"

namespace mc::dataset {
namespace {

using graphql::Datum;

// Input members in the order of the model, checked against the columns.
Result<TenantQuery::Values> input_values(const Session::Core& core, const DatasetPlan& plan,
                                         sql::Dialect dialect, const json::Object& input) {
  TenantQuery::Values values;
  for (std::size_t i = 0; i < plan.dataset->columns.size(); ++i) {
    const Column& column = plan.dataset->columns[i];
    const json::Value* value = input.find(column.name);
    if (value == nullptr) continue;
    if (static_cast<int>(i) == plan.version) return fail(Code::invalid, "input: not changeable");
    // A null in a json column is the missing value, not the JSON null.
    if (value->is_null() && column.nullable) {
      values.emplace_back(static_cast<int>(i), sql::Param(std::monostate{}));
      continue;
    }
    Result<sql::Param> param =
        to_param(column, dialect, *value, core.options.limits.text_bytes_max);
    if (!param) {
      return fail(param.error().code, "input." + column.name + ": " + param.error().what);
    }
    values.emplace_back(static_cast<int>(i), std::move(*param));
  }
  return values;
}

const json::Object& input_of(const Call& call) {
  static const json::Object kEmpty;
  const json::Value* input = call.field.arguments.find("input");
  const json::Object* members = input == nullptr ? nullptr : input->as_object();
  return members == nullptr ? kEmpty : *members;
}

std::optional<std::int64_t> expected_version(const Call& call) {
  const json::Value* value = call.field.arguments.find("expectedVersion");
  const std::int64_t* number = value == nullptr ? nullptr : value->as_int();
  return number == nullptr ? std::nullopt : std::optional(*number);
}

Status check_expected(const Call& call, const Grant& grant) {
  const json::Value* value = call.field.arguments.find("expectedVersion");
  if (value == nullptr || value->is_null()) return ok();
  const int version = call.core.plan(call.plan.dataset).version;
  if (version >= 0) MC_TRY_OK(grant.usable(version, "expectedVersion"));
  if (value->as_int() != nullptr) return ok();
  return fail(Code::invalid, "expectedVersion: must be an integer");
}

std::string key_condition(const DatasetPlan& plan, TenantQuery& query, const sql::Param& key) {
  const Column& column = query.column(plan.key);
  return sql::quoted(column.column) + " = " + operand(column, query.dialect(), query.bind(key));
}

std::string versioned_condition(const Call& call, const DatasetPlan& plan, TenantQuery& query,
                                const sql::Param& key) {
  std::string where = key_condition(plan, query, key);
  const std::optional<std::int64_t> version = expected_version(call);
  if (version && plan.version >= 0) {
    where +=
        " AND " + sql::quoted(query.column(plan.version).column) + " = " + query.bind(*version);
  }
  return where;
}

tl::unexpected<Error> absent(const DatasetPlan& plan) {
  return fail(Code::not_found, "there is no such " + plan.dataset->type);
}

// Nothing was changed: not there at all, or there with another version?
Status why_unchanged(const Call& call, const GrantedConnection& writer, const sql::Param& key) {
  const DatasetPlan& plan = call.core.plan(call.plan.dataset);
  TenantQuery query(call.core.tenant, plan.sql(writer.dialect()));
  TenantQuery::Parts parts;
  parts.list = "1";
  parts.where = key_condition(plan, query, key);
  bool there = false;
  MC_TRY_OK(call.core.run(writer, std::move(query).select(parts), [&](const sql::Rows&) {
    there = true;
    return ok();
  }));
  if (!there) return absent(plan);
  return fail(Code::conflict,
              "the " + plan.dataset->type + " was changed since it was read; read it again");
}

Error outward(const DatasetPlan& plan, const Error& error) {
  if (error.code == Code::conflict && error.what.empty()) {
    return {Code::conflict,
            "a " + plan.dataset->type + " with this key or unique value is there already"};
  }
  return error;
}

Result<const RowSet*> create(const Call& call, const GrantedConnection& writer) {
  Session::Core& core = call.core;
  const DatasetPlan& plan = core.plan(call.plan.dataset);
  MC_TRY(TenantQuery::Values values, input_values(core, plan, writer.dialect(), input_of(call)));
  const auto given = std::find_if(values.begin(), values.end(),
                                  [&](const auto& value) { return value.first == plan.key; });
  sql::Param key;
  if (given != values.end()) {
    key = given->second;
  } else {
    key = sys::make_id("", core.world.clock, core.world.random);
    values.emplace_back(plan.key, key);
  }
  if (plan.version >= 0) values.emplace_back(plan.version, sql::Param(std::int64_t{1}));
  TenantQuery query(core.tenant, plan.sql(writer.dialect()));
  MC_TRY_OK(core.write(writer, std::move(query).insert(values)));
  return read_by_key(core, writer, key, call.field);
}

Result<sql::Param> existing_key(const Call& call, const GrantedConnection& writer) {
  MC_TRY_OK(check_expected(call, writer.grant()));
  MC_TRY(std::optional<sql::Param> key, key_param(call.core, writer, call.field.arguments));
  if (!key) return absent(call.core.plan(call.plan.dataset));
  return std::move(*key);
}

Result<const RowSet*> update(const Call& call, const GrantedConnection& writer) {
  Session::Core& core = call.core;
  const DatasetPlan& plan = core.plan(call.plan.dataset);
  MC_TRY(const sql::Param key, existing_key(call, writer));
  MC_TRY(const TenantQuery::Values values,
         input_values(core, plan, writer.dialect(), input_of(call)));
  if (values.empty()) return fail(Code::invalid, "input: names no column");
  TenantQuery query(core.tenant, plan.sql(writer.dialect()));
  const std::string where = versioned_condition(call, plan, query, key);
  MC_TRY(const std::int64_t changed,
         core.write(writer, std::move(query).update(values, plan.version, where)));
  if (changed == 0) MC_TRY_OK(why_unchanged(call, writer, key));
  return read_by_key(core, writer, key, call.field);
}

Status remove(const Call& call, const GrantedConnection& writer) {
  Session::Core& core = call.core;
  const DatasetPlan& plan = core.plan(call.plan.dataset);
  MC_TRY(const sql::Param key, existing_key(call, writer));
  TenantQuery query(core.tenant, plan.sql(writer.dialect()));
  const std::string where = versioned_condition(call, plan, query, key);
  MC_TRY(const std::int64_t changed, core.write(writer, std::move(query).remove(where)));
  return changed == 0 ? why_unchanged(call, writer, key) : ok();
}

Result<Datum> mutate(const Call& call) {
  Session::Core& core = call.core;
  const DatasetPlan& plan = core.plan(call.plan.dataset);
  MC_TRY(Session::Core::Change change, core.begin_change(call.plan));
  const GrantedConnection& writer = change.connection;
  Datum out = Datum::of_bool(true);
  if (call.plan.kind == FieldKind::remove) {
    MC_TRY_OK(remove(call, writer));
  } else {
    MC_TRY(const RowSet* rows,
           call.plan.kind == FieldKind::create ? create(call, writer) : update(call, writer));
    if (rows == nullptr) return absent(plan);
    out = Datum::of_object({.type = plan.type, .data = rows});
  }
  MC_TRY_OK(core.commit(change));
  return out;
}

}  // namespace

void resolve_mutation(const Call& call) {
  const Result<Datum> out = mutate(call);
  if (out) return call.all(*out);
  const DatasetPlan& plan = call.core.plan(call.plan.dataset);
  call.all(call.core.error(outward(plan, out.error()), call.field.arena));
}

}  // namespace mc::dataset
