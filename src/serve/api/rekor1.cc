#include "api/rekor1.h"

#include "json/json.h"

namespace mc::api {
namespace {

constexpr std::string_view kLog = "/api/v1/log";
constexpr std::string_view kKey = "/api/v1/log/publicKey";
constexpr std::string_view kEntries = "/api/v1/log/entries";
constexpr std::string_view kEntry = "/api/v1/log/entries/";  // UUID
constexpr std::string_view kJson = "application/json";

net::Response made(int status, std::string_view type, std::string body) {
  net::Response out;
  out.status = status;
  out.headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}};
  out.body = std::move(body);
  return out;
}

Result<net::Response> add(signing::PromisedLog& log, const net::Request& request) {
  const std::string_view type = request.header("content-type");
  if (!equals_ignoring_case(trim(type.substr(0, type.find(';'))), kJson)) {
    return fail(Code::invalid, "Content-Type: an entry is application/json");
  }
  MC_TRY(std::string body, proof::read_proposal(request.body));
  MC_TRY(const signing::PromisedLog::Added added, log.add(std::move(body)));
  const std::string uuid = log.uuid_of(added.entry);
  net::Response out = made(201, kJson, proof::print_logged(added.entry, uuid));
  if (added.repeated) {  // as Rekor says it: clients follow the Location
    json::Object problem;
    problem.set("code", 409);
    problem.set("message",
                "an equivalent entry already exists in the transparency log with UUID " + uuid);
    out = made(409, kJson, json::print(problem));
  }
  out.headers.emplace_back("Location", std::string(kEntry) + uuid);
  return out;
}

net::Response shown(const proof::LogEntry& entry, const std::string& uuid) {
  return made(200, kJson, proof::print_logged(entry, uuid));
}

// Under the UUID that was asked for, since clients compare: its tree may have an earlier number.
Result<net::Response> read_named(const signing::PromisedLog& log, const std::string& asked) {
  MC_TRY(const proof::LogEntry entry, log.read(asked));
  const std::string uuid = log.uuid_of(entry);
  return shown(entry, asked.size() == uuid.size() ? asked : uuid);
}

Result<net::Response> read_indexed(const signing::PromisedLog& log, std::string_view query) {
  MC_TRY(const net::Headers fields, net::parse_query(query));
  const Result<std::int64_t> index = fields.size() == 1 && fields.front().first == "logIndex"
                                         ? parse_int(fields.front().second)
                                         : Result<std::int64_t>(-1);
  if (!index || *index < 0) {
    return fail(Code::invalid, "logIndex: it must be there alone, a whole number from 0 on");
  }
  MC_TRY(const proof::LogEntry entry, log.read(static_cast<std::uint64_t>(*index)));
  return shown(entry, log.uuid_of(entry));
}

Result<net::Response> read_log(const signing::PromisedLog& log) {
  MC_TRY(const signing::PromisedLog::Head head, log.head());
  json::Object out;
  out.set("inactiveShards", json::Array());
  out.set("rootHash",
          to_hex({reinterpret_cast<const char*>(head.head.root.data()), head.head.root.size()}));
  out.set("signedTreeHead", head.note);
  out.set("treeID", std::to_string(log.tree()));
  out.set("treeSize", static_cast<std::int64_t>(head.head.size));
  return made(200, kJson, json::print(out));
}

}  // namespace

bool is_rekor1_path(std::string_view path) {
  return path == kLog || path == kKey || path == kEntries || path.starts_with(kEntry);
}

Result<net::Response> serve_rekor1(signing::PromisedLog& log, const net::Request& request) {
  if (request.method == "POST" && request.path == kEntries) return add(log, request);
  if (request.method == "GET" || request.method == "HEAD") {
    if (request.path == kLog) return read_log(log);
    if (request.path == kKey) return made(200, "application/x-pem-file", log.key().to_pem());
    if (request.path == kEntries) return read_indexed(log, request.query);
    if (request.path.starts_with(kEntry)) {
      return read_named(log, std::string(request.path.substr(kEntry.size())));
    }
  }
  return fail(Code::not_found, "no such endpoint");
}

}  // namespace mc::api
