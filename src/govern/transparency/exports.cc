#include "transparency/exports.h"

#include <array>

#include "transparency/transparency.h"

namespace mc::transparency {
namespace {

constexpr std::string_view kOcsfVersion = "1.3.0";
constexpr std::int64_t kCategory = 6;  // application activity
constexpr std::int64_t kDatastoreActivity = 6005;
constexpr std::int64_t kApiActivity = 6003;

// Members of the payload that have a column, or a place, of their own.
constexpr std::array<std::string_view, 8> kPayloadColumns = {
    "reason", "status", "rows", "fields", "object", "region", "roles", "request_id"};

void add_cell(std::string& line, std::string cell) {
  if (!line.empty()) line += ',';
  if (!cell.empty() && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos) {
    cell.insert(0, "'");
  }
  if (cell.find_first_of(",\"\r\n") == std::string::npos) {
    line += cell;
    return;
  }
  line += '"';
  for (const char c : cell) line.append(c == '"' ? 2 : 1, c);
  line += '"';
}

json::Object one(std::string name, json::Value value) {
  json::Object out;
  out.set(std::move(name), std::move(value));
  return out;
}

// OCSF's number of what was done: the two classes count differently.
std::int64_t activity_of(const ledger::Header& header) {
  constexpr std::int64_t kReadOfDatastore = 1;
  if (header.type == "access") return kReadOfDatastore;
  const std::string_view verb = std::string_view(header.action).substr(0, header.action.find(' '));
  if (verb == "POST") return 1;
  if (verb == "GET") return 2;
  return verb == "DELETE" || header.type == ledger::kRedactionType ? 4 : 3;
}

// Whether it was done, where the record says so.
bool has_failed(const ReadableRecord& record) {
  const Result<std::int64_t> status = parse_int(payload_text(record.payload, "status"));
  return record.header.type == "denied" || (status && *status >= 400);
}

json::Object actor_of(const ReadableRecord& record) {
  const std::string& actor = record.header.actor;
  const std::size_t at = actor.rfind('@');
  json::Object user = one("name", actor.substr(0, at));
  if (at != std::string::npos) user.set("org", one("name", actor.substr(at + 1)));
  const std::string roles = payload_text(record.payload, "roles");
  if (!roles.empty()) user.set("type", roles);
  return one("user", std::move(user));
}

json::Object metadata_of(std::string uid, const std::string& tenant) {
  json::Object product = one("name", "Maestro Conductor");
  product.set("vendor_name", "Maestro Conductor");
  json::Object out;
  out.set("version", kOcsfVersion);
  out.set("product", std::move(product));
  out.set("uid", std::move(uid));
  out.set("tenant_uid", tenant);
  return out;
}

json::Object metadata_of(const ledger::Header& header) {
  json::Object out = metadata_of(header.log + "/" + std::to_string(header.seq), header.tenant);
  out.set("sequence", static_cast<std::int64_t>(header.seq));
  return out;
}

json::Object event_of(const ReadableRecord& record, json::Object metadata) {
  const ledger::Header& header = record.header;
  const std::int64_t class_uid = header.type == "access" ? kDatastoreActivity : kApiActivity;
  const std::int64_t activity = activity_of(header);
  const std::string object = payload_text(record.payload, "object");
  json::Object out;
  out.set("activity_id", activity);
  out.set("category_uid", kCategory);
  out.set("class_uid", class_uid);
  out.set("type_uid", class_uid * 100 + activity);
  out.set("time", to_unix_ms(header.time));
  out.set("severity_id", std::int64_t{header.type == "denied" ? 3 : 1});
  out.set("status_id", std::int64_t{has_failed(record) ? 2 : 1});
  out.set("metadata", std::move(metadata));
  out.set("actor", actor_of(record));
  json::Object api = one("operation", header.action);
  api.set("request", one("uid", payload_text(record.payload, "request_id")));
  out.set("api", std::move(api));
  const std::string peer = payload_text(record.payload, "peer");
  out.set("src_endpoint", peer.empty() ? one("name", "local") : one("ip", peer));
  if (class_uid == kDatastoreActivity) {
    out.set("table", one("name", object.empty() ? header.action : object));
  }
  json::Object own;
  own.set("purpose", header.purpose);
  own.set("reason", payload_text(record.payload, "reason"));
  own.set("warrant", header.warrant);
  out.set("unmapped", std::move(own));
  return out;
}

json::Object test_event(const notify::Parcel& parcel, const json::Value& told) {
  json::Object out;
  out.set("activity_id", std::int64_t{99});
  out.set("activity_name", "Test");
  out.set("category_uid", std::int64_t{0});
  out.set("class_uid", std::int64_t{0});
  out.set("type_uid", std::int64_t{99});
  const Result<WallTime> at = parse_rfc3339(payload_text(told, "time"));
  out.set("time", at ? to_unix_ms(*at) : std::int64_t{0});
  out.set("severity_id", std::int64_t{1});
  out.set("status_id", std::int64_t{1});
  out.set("message", "A test that somebody asked for.");
  out.set("metadata", metadata_of(parcel.event, parcel.endpoint.tenant.get()));
  return out;
}

}  // namespace

std::string payload_text(const json::Value& payload, std::string_view name) {
  const json::Value* found = payload.find(name);
  if (found == nullptr || found->is_null()) return "";
  return found->as_string() == nullptr ? json::print(*found) : *found->as_string();
}

std::string csv_header() {
  std::string line = "record,at,type,tenant,actor,action,purpose,warrant";
  for (const std::string_view column : kPayloadColumns) line.append(",").append(column);
  return line + "\r\n";
}

std::string print_csv(const ReadableRecord& record) {
  const ledger::Header& header = record.header;
  std::string line = std::to_string(header.seq);
  for (const std::string& cell : {format_rfc3339(header.time), header.type, header.tenant,
                                  header.actor, header.action, header.purpose, header.warrant}) {
    add_cell(line, cell);
  }
  for (const std::string_view column : kPayloadColumns) {
    add_cell(line, payload_text(record.payload, column));
  }
  return line + "\r\n";
}

std::string print_ocsf(const ReadableRecord& record) {
  return json::print(event_of(record, metadata_of(record.header))) + "\n";
}

Result<ReadableRecord> read_record(const ledger::Store& store, const std::string& log,
                                   std::uint64_t seq) {
  MC_TRY(const ledger::ReadRecord record, store.read(log, seq));
  ReadableRecord out;
  MC_TRY(out.header, ledger::parse_leaf(record.leaf));
  out.erased = record.erased;
  if (out.erased) return out;
  Result<json::Value> payload = json::parse(record.payload);
  if (!payload) {
    return fail(Code::corrupt,
                "record " + std::to_string(seq) + ": its payload: " + payload.error().what);
  }
  out.payload = std::move(*payload);
  return out;
}

Result<std::string> ocsf_of(const ledger::Store& store, const notify::Parcel& parcel) {
  MC_TRY(const json::Value told, json::parse(parcel.body));
  if (parcel.type == notify::kTestType) return json::print(test_event(parcel, told));
  const json::Value* data = told.find("data");
  const json::Value* named = data == nullptr ? nullptr : data->find("record");
  const std::int64_t* seq = named == nullptr ? nullptr : named->as_int();
  if (seq == nullptr || *seq < 0) {
    return fail(Code::invalid, "an event of type " + parcel.type + " names no record");
  }
  const Result<ReadableRecord> record =
      read_record(store, log_of(parcel.endpoint.tenant), static_cast<std::uint64_t>(*seq));
  // A copy of a shared ledger takes it in a moment later.
  if (!record) {
    return fail(Code::unavailable,
                "record " + std::to_string(*seq) + " is not read: " + record.error().what);
  }
  json::Object metadata = metadata_of(record->header);
  metadata.set("correlation_uid", parcel.event);
  return json::print(event_of(*record, std::move(metadata)));
}

}  // namespace mc::transparency
