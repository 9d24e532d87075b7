#include "transparency/exports.h"

#include <array>

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

// OCSF's verb of an API's or a datastore's activity.
std::int64_t activity_of(const ledger::Header& header) {
  if (header.type != "change") return 2;  // read; in 6005 too
  const std::string_view method =
      std::string_view(header.action).substr(0, header.action.find(' '));
  if (method == "POST") return 1;
  return method == "DELETE" ? 4 : 3;
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

json::Object metadata_of(const ledger::Header& header) {
  json::Object product = one("name", "Maestro Conductor");
  product.set("vendor_name", "Maestro Conductor");
  json::Object out;
  out.set("version", kOcsfVersion);
  out.set("product", std::move(product));
  out.set("uid", header.log + "/" + std::to_string(header.seq));
  out.set("tenant_uid", header.tenant);
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
  out.set("status_id", std::int64_t{header.type == "denied" ? 2 : 1});
  out.set("metadata", metadata_of(header));
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
  return json::print(out) + "\n";
}

}  // namespace mc::transparency
