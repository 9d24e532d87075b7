#include "keys/store.h"

#include <algorithm>
#include <array>

#include "json/json.h"

namespace mc::keys {
namespace {

constexpr std::array<std::string_view, 3> kHolders = {"primary", "replica", "escrow"};
constexpr std::string_view kDataKeyColumns =
    "tenant_id, key_id, kind, name, epoch, branch, wrapped, commitment, state, made_at";

// Ids are 64 bits without a sign; databases have signed ones.
std::int64_t stored_id(std::uint64_t id) {
  return static_cast<std::int64_t>(id);
}

std::string binding_columns(sql::Dialect dialect) {
  const std::string rotated =
      dialect == sql::Dialect::postgres
          ? R"(to_char(last_rotated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))"
          : "last_rotated";
  return "tenant_id, provider, key_arn, " + rotated +
         ", status, by_tenant, rotation, why, since, good_at, grace_ms, rotate_days, suite, "
         "branch, options, provenance, bound_at, generation";
}

json::Value text_map(const std::map<std::string, std::string>& map) {
  json::Object out;
  for (const auto& [name, value] : map) out.set(name, value);
  return out;
}
std::map<std::string, std::string> map_in(const json::Value& value, std::string_view name) {
  std::map<std::string, std::string> out;
  const json::Value* const member = value.find(name);
  const json::Object* const object = member == nullptr ? nullptr : member->as_object();
  if (object == nullptr) return out;
  for (const json::Member& each : object->members()) {
    if (each.value.as_string() != nullptr) out.emplace(each.name, *each.value.as_string());
  }
  return out;
}
std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* const member = value.find(name);
  const std::string* const text = member == nullptr ? nullptr : member->as_string();
  return text == nullptr ? "" : *text;
}

std::string print_credentials(const kms::Credentials& credentials) {
  json::Object out;
  out.set("files", text_map(credentials.files));
  out.set("options", text_map(credentials.options));
  return json::print(json::Value(std::move(out)));
}
Result<kms::Credentials> read_credentials(std::string_view text) {
  MC_TRY(const json::Value value, json::parse(text));
  return kms::Credentials{map_in(value, "files"), map_in(value, "options")};
}

std::string print_description(const kms::Description& description) {
  json::Object out;
  out.set("state", kms::name_of(description.state));
  out.set("key", description.key);
  out.set("version", description.version);
  out.set("algorithm", description.algorithm);
  out.set("origin", description.origin);
  out.set("protection", description.protection);
  if (description.extractable) out.set("extractable", *description.extractable);
  if (description.destroyed_at) out.set("destroyed_at", format_rfc3339(*description.destroyed_at));
  json::Array versions;
  for (const std::string& each : description.versions) versions.emplace_back(each);
  out.set("versions", std::move(versions));
  out.set("attributes", text_map(description.attributes));
  return json::print(json::Value(std::move(out)));
}
Result<kms::Description> read_description(std::string_view text) {
  MC_TRY(const json::Value value, json::parse(text));
  kms::Description out;
  const std::string state = text_in(value, "state");
  for (const kms::KeyState each : {kms::KeyState::enabled, kms::KeyState::disabled,
                                   kms::KeyState::pending_destruction, kms::KeyState::destroyed}) {
    if (kms::name_of(each) == state) out.state = each;
  }
  out.key = text_in(value, "key");
  out.version = text_in(value, "version");
  out.algorithm = text_in(value, "algorithm");
  out.origin = text_in(value, "origin");
  out.protection = text_in(value, "protection");
  const json::Value* const extractable = value.find("extractable");
  if (extractable != nullptr && extractable->as_bool() != nullptr) {
    out.extractable = *extractable->as_bool();
  }
  if (const std::string at = text_in(value, "destroyed_at"); !at.empty()) {
    MC_TRY(out.destroyed_at, parse_rfc3339(at));
  }
  const json::Value* const versions = value.find("versions");
  const json::Array* const list = versions == nullptr ? nullptr : versions->as_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if ((*list)[i].as_string() != nullptr) out.versions.push_back(*(*list)[i].as_string());
  }
  out.attributes = map_in(value, "attributes");
  return out;
}

Result<Binding> read_binding(const sql::Rows& row) {
  Binding out;
  out.tenant = TenantId(std::string(row.text(0)));
  out.provider = row.text(1);
  out.uri = row.text(2);
  MC_TRY(out.last_rotated, parse_rfc3339(row.text(3)));
  MC_TRY(out.standing.state, parse_state(row.text(4)));
  out.standing.by_tenant = row.integer(5) != 0;
  out.standing.rotation = row.integer(6) != 0;
  out.standing.why = row.text(7);
  out.standing.since = from_unix_ms(row.integer(8));
  out.standing.good.wall = from_unix_ms(row.integer(9));
  out.grace = millis(row.integer(10));
  out.rotate_days = row.integer(11);
  out.suite = static_cast<cipher::Suite>(row.integer(12));
  out.branch = row.integer(13);
  MC_TRY(out.credentials, read_credentials(row.text(14)));
  MC_TRY(out.provenance, read_description(row.text(15)));
  out.bound = from_unix_ms(row.integer(16));
  out.generation = row.integer(17);
  return out;
}

std::vector<sql::Param> parameters_of(const Binding& binding) {
  const Standing& standing = binding.standing;
  return {binding.tenant.get(),
          binding.provider,
          binding.uri,
          format_rfc3339(binding.last_rotated),
          std::string(name_of(standing.state)),
          std::int64_t{standing.by_tenant},
          std::int64_t{standing.rotation},
          standing.why,
          to_unix_ms(standing.since),
          to_unix_ms(standing.good.wall),
          to_millis(binding.grace),
          binding.rotate_days,
          static_cast<std::int64_t>(binding.suite),
          binding.branch,
          print_credentials(binding.credentials),
          print_description(binding.provenance),
          to_unix_ms(binding.bound),
          binding.generation};
}

Result<envelope::Commitment> read_commitment(std::string_view bytes) {
  envelope::Commitment out{};
  if (bytes.size() != out.size()) return fail(Code::corrupt, "a stored commitment has no 32 bytes");
  std::ranges::copy(bytes, out.begin());
  return out;
}
sql::Blob blob_of(const envelope::Commitment& commitment) {
  return {std::string(commitment.begin(), commitment.end())};
}

Result<StoredDataKey> read_data_key(const sql::Rows& row) {
  StoredDataKey out;
  out.key.scope.tenant = TenantId(std::string(row.text(0)));
  out.key.id = static_cast<std::uint64_t>(row.integer(1));
  out.key.scope.kind = static_cast<envelope::ScopeKind>(row.integer(2));
  out.key.scope.name = row.text(3);
  out.key.scope.epoch = row.integer(4);
  out.key.branch = row.integer(5);
  out.key.wrapped = row.text(6);
  MC_TRY(out.key.commitment, read_commitment(row.text(7)));
  out.live = row.text(8) == "live";
  out.made = from_unix_ms(row.integer(9));
  return out;
}

template <class T>
Result<std::vector<T>> read_all(sql::Connection& connection, const std::string& text,
                                std::span<const sql::Param> params,
                                Result<T> (*read)(const sql::Rows&)) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows, connection.query(text, params));
  std::vector<T> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    MC_TRY(T one, read(*rows));
    out.push_back(std::move(one));
  }
}

Result<StoredBranch> read_branch(const sql::Rows& row) {
  StoredBranch out;
  out.version = row.integer(0);
  const auto holder = std::ranges::find(kHolders, row.text(1));
  if (holder == kHolders.end()) return fail(Code::corrupt, "a branch key has no such holder");
  out.holder = static_cast<Holder>(holder - kHolders.begin());
  out.uri = row.text(2);
  out.wrapped = {std::string(row.text(3)), std::string(row.text(4))};
  MC_TRY(out.commitment, read_commitment(row.text(5)));
  out.live = row.text(6) == "live";
  out.made = from_unix_ms(row.integer(7));
  return out;
}

Result<std::pair<std::int64_t, std::int64_t>> read_pair(const sql::Rows& row) {
  return std::pair{row.integer(0), row.integer(1)};
}

Result<std::vector<StoredDataKey>> data_keys(sql::Connection& connection, const std::string& rest,
                                             std::span<const sql::Param> params) {
  return read_all<StoredDataKey>(
      connection, "SELECT " + std::string(kDataKeyColumns) + " FROM cmk_data_key WHERE " + rest,
      params, read_data_key);
}

std::vector<sql::Param> scope_parameters(const envelope::Scope& scope) {
  return {scope.tenant.get(), static_cast<std::int64_t>(scope.kind), scope.name, scope.epoch};
}
constexpr const char* kLiveOfScope =
    "tenant_id = ?1 AND kind = ?2 AND name = ?3 AND epoch = ?4 AND state = 'live'";

Status insert_data_key(sql::Connection& connection, const StoredDataKey& key) {
  std::vector<sql::Param> params = scope_parameters(key.key.scope);
  params.insert(params.end(), {stored_id(key.key.id), key.key.branch, sql::Blob{key.key.wrapped},
                               blob_of(key.key.commitment),
                               std::string(key.live ? "live" : "retired"), to_unix_ms(key.made)});
  return connection
      .execute(
          "INSERT INTO cmk_data_key (tenant_id, kind, name, epoch, key_id, branch, wrapped, "
          "commitment, state, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
          params)
      .map([](std::int64_t) { return std::monostate(); });
}

// With the row held until the end of the transaction: whoever retires it waits for that.
Status check_branch(sql::Connection& connection, const TenantId& tenant, std::int64_t version) {
  const std::string text =
      "SELECT state FROM cmk_branch_key WHERE tenant_id = ?1 AND version = ?2 AND "
      "holder = 'primary'";
  const bool locks = connection.dialect() == sql::Dialect::postgres;
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection.query(locks ? text + " FOR SHARE" : text, {tenant.get(), version}));
  MC_TRY(const bool found, rows->next());
  if (found && rows->text(0) == "live") return ok();
  return fail(Code::conflict, "the branch key of this data key is not in use any more");
}

// As the number of rows that a change has met tells it.
Status met(const Result<std::int64_t>& rows, const char* otherwise) {
  if (!rows) return tl::unexpected<Error>(rows.error());
  if (*rows == 0) return fail(Code::conflict, otherwise);
  return ok();
}
constexpr const char* kMovedOn = "the key of this tenant was changed by somebody else meanwhile";

}  // namespace

std::string_view name_of(Holder holder) {
  return kHolders[static_cast<std::size_t>(holder)];
}

Status Store::insert(const Binding& binding) {
  return lend_([&](sql::Connection& connection) -> Status {
    const Result<std::int64_t> rows = connection.execute(
        "INSERT INTO tenant_cmk (tenant_id, provider, key_arn, last_rotated, status, by_tenant, "
        "rotation, why, since, good_at, grace_ms, rotate_days, suite, branch, options, "
        "provenance, bound_at, generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
        "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        parameters_of(binding));
    if (!rows && rows.error().code == Code::conflict) {
      return fail(Code::conflict, "tenant '" + binding.tenant.get() + "' has a key already");
    }
    return met(rows, kMovedOn);
  });
}

Result<Binding> Store::binding(const TenantId& tenant) {
  std::vector<Binding> found;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    const std::array<sql::Param, 1> params = {tenant.get()};
    MC_TRY(found, read_all<Binding>(connection,
                                    "SELECT " + binding_columns(connection.dialect()) +
                                        " FROM tenant_cmk WHERE tenant_id = ?1",
                                    params, read_binding));
    return ok();
  }));
  if (found.empty()) return fail(Code::not_found, "this tenant has no key of its own");
  return std::move(found.front());
}

Result<std::vector<Binding>> Store::bindings() {
  std::vector<Binding> out;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    MC_TRY(out, read_all<Binding>(connection,
                                  "SELECT " + binding_columns(connection.dialect()) +
                                      " FROM tenant_cmk ORDER BY tenant_id",
                                  {}, read_binding));
    return ok();
  }));
  return out;
}

Result<Binding> Store::update(Binding binding) {
  ++binding.generation;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    return met(connection.execute(
                   "UPDATE tenant_cmk SET provider = ?2, key_arn = ?3, last_rotated = ?4, "
                   "status = ?5, by_tenant = ?6, rotation = ?7, why = ?8, since = ?9, "
                   "good_at = ?10, grace_ms = ?11, rotate_days = ?12, suite = ?13, branch = ?14, "
                   "options = ?15, provenance = ?16, bound_at = ?17, generation = ?18 "
                   "WHERE tenant_id = ?1 AND generation = ?18 - 1",
                   parameters_of(binding)),
               kMovedOn);
  }));
  return binding;
}

Result<std::map<TenantId, std::int64_t>> Store::generations() {
  std::map<TenantId, std::int64_t> out;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection.query("SELECT tenant_id, generation FROM tenant_cmk", {}));
    for (;;) {
      MC_TRY(const bool more, rows->next());
      if (!more) return ok();
      out.emplace(TenantId(std::string(rows->text(0))), rows->integer(1));
    }
  }));
  return out;
}

Status Store::remove(const Binding& binding) {
  return lend_([&](sql::Connection& connection) -> Status {
    MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection));
    const std::string& tenant = binding.tenant.get();
    for (const char* const table : {"cmk_data_key", "cmk_branch_key"}) {
      MC_TRY([[maybe_unused]] const std::int64_t gone,
             connection.execute(std::string("DELETE FROM ") + table + " WHERE tenant_id = ?1",
                                {tenant}));
    }
    MC_TRY_OK(
        met(connection.execute("DELETE FROM tenant_cmk WHERE tenant_id = ?1 AND generation = ?2",
                               {tenant, binding.generation}),
            kMovedOn));
    return transaction.commit();
  });
}

Status Store::add(const TenantId& tenant, const StoredBranch& branch) {
  return lend_([&](sql::Connection& connection) -> Status {
    const Result<std::int64_t> rows = connection.execute(
        "INSERT INTO cmk_branch_key (tenant_id, version, holder, key_arn, wrapped, key_version, "
        "commitment, state, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        {tenant.get(), branch.version, std::string(name_of(branch.holder)), branch.uri,
         sql::Blob{branch.wrapped.bytes}, branch.wrapped.version, blob_of(branch.commitment),
         std::string(branch.live ? "live" : "retired"), to_unix_ms(branch.made)});
    return met(rows, kMovedOn);
  });
}

Result<std::vector<StoredBranch>> Store::branches(const TenantId& tenant) {
  std::vector<StoredBranch> out;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    const std::array<sql::Param, 1> params = {tenant.get()};
    MC_TRY(out, read_all<StoredBranch>(
                    connection,
                    "SELECT version, holder, key_arn, wrapped, key_version, commitment, state, "
                    "made_at FROM cmk_branch_key WHERE tenant_id = ?1 ORDER BY version, holder",
                    params, read_branch));
    return ok();
  }));
  return out;
}

Status Store::retire_branch(const TenantId& tenant, std::int64_t version) {
  return lend_([&](sql::Connection& connection) -> Status {
    return met(connection.execute("UPDATE cmk_branch_key SET state = 'retired' WHERE "
                                  "tenant_id = ?1 AND version = ?2",
                                  {tenant.get(), version}),
               "this tenant has no such branch key");
  });
}

Status Store::remove_branch(const TenantId& tenant, std::int64_t version) {
  return lend_([&](sql::Connection& connection) -> Status {
    return met(connection.execute("DELETE FROM cmk_branch_key WHERE tenant_id = ?1 AND "
                                  "version = ?2 AND state = 'retired' AND NOT EXISTS (SELECT 1 "
                                  "FROM cmk_data_key WHERE tenant_id = ?1 AND branch = ?2)",
                                  {tenant.get(), version}),
               "this branch key is in use: data keys are wrapped under it, or it is not retired");
  });
}

Result<std::map<std::int64_t, std::int64_t>> Store::references(const TenantId& tenant) {
  std::map<std::int64_t, std::int64_t> out;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    const std::array<sql::Param, 1> params = {tenant.get()};
    using Pair = std::pair<std::int64_t, std::int64_t>;
    MC_TRY(const std::vector<Pair> counts,
           read_all<Pair>(connection,
                          "SELECT branch, COUNT(*) FROM cmk_data_key WHERE tenant_id = ?1 GROUP "
                          "BY branch",
                          params, read_pair));
    out.insert(counts.begin(), counts.end());
    return ok();
  }));
  return out;
}

Result<StoredDataKey> Store::add(const StoredDataKey& key) {
  std::vector<StoredDataKey> there;
  const auto once = [&](sql::Connection& connection) -> Status {
    MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection));
    MC_TRY(there, data_keys(connection, kLiveOfScope, scope_parameters(key.key.scope)));
    if (!there.empty()) return ok();
    MC_TRY_OK(check_branch(connection, key.key.scope.tenant, key.key.branch));
    MC_TRY_OK(insert_data_key(connection, key));
    return transaction.commit();
  };
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    const Status added = once(connection);
    // Another server has made one at the same moment.
    return !added && added.error().code == Code::conflict ? once(connection) : added;
  }));
  return there.empty() ? key : std::move(there.front());
}

Result<StoredDataKey> Store::data_key(const TenantId& tenant, std::uint64_t id) {
  std::vector<StoredDataKey> found;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    const std::array<sql::Param, 2> params = {tenant.get(), stored_id(id)};
    MC_TRY(found, data_keys(connection, "tenant_id = ?1 AND key_id = ?2", params));
    return ok();
  }));
  if (found.empty()) return fail(Code::not_found, "there is no such data key");
  return std::move(found.front());
}

Result<std::optional<StoredDataKey>> Store::live_data_key(const envelope::Scope& scope) {
  std::vector<StoredDataKey> found;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    MC_TRY(found, data_keys(connection, kLiveOfScope, scope_parameters(scope)));
    return ok();
  }));
  if (found.empty()) return std::optional<StoredDataKey>();
  return std::optional(std::move(found.front()));
}

Status Store::retire_data_key(const TenantId& tenant, std::uint64_t id) {
  return lend_([&](sql::Connection& connection) -> Status {
    return met(connection.execute("UPDATE cmk_data_key SET state = 'retired' WHERE "
                                  "tenant_id = ?1 AND key_id = ?2",
                                  {tenant.get(), stored_id(id)}),
               "this tenant has no such data key");
  });
}

Result<std::vector<StoredDataKey>> Store::to_rewrap(const TenantId& tenant, std::int64_t branch,
                                                    std::optional<std::uint64_t> after, int limit) {
  std::vector<StoredDataKey> out;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    const std::array<sql::Param, 4> params = {
        tenant.get(), branch, after ? stored_id(*after) : INT64_MIN, std::int64_t{limit}};
    MC_TRY(out, data_keys(connection,
                          "tenant_id = ?1 AND branch <> ?2 AND key_id > ?3 ORDER BY key_id "
                          "LIMIT ?4",
                          params));
    return ok();
  }));
  return out;
}

Result<std::int64_t> Store::rewrap(const std::vector<Rewrapped>& keys) {
  std::int64_t out = 0;
  MC_TRY_OK(lend_([&](sql::Connection& connection) -> Status {
    MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection));
    for (const Rewrapped& each : keys) {
      MC_TRY(const std::int64_t rows,
             connection.execute(
                 "UPDATE cmk_data_key SET branch = ?4, wrapped = ?5, epoch = ?6 WHERE tenant_id = "
                 "?1 AND key_id = ?2 AND branch = ?3",
                 {each.now.scope.tenant.get(), stored_id(each.now.id), each.was, each.now.branch,
                  sql::Blob{each.now.wrapped}, each.now.scope.epoch}));
      out += rows;
    }
    return transaction.commit();
  }));
  return out;
}

}  // namespace mc::keys
