#include "api/log_files.h"

#include <optional>

#include "api/handlers.h"
#include "json/json.h"
#include "proof/proof.h"

namespace mc::api {
namespace {

net::Response made(std::string_view type, std::string body, std::string_view cache) {
  net::Response out;
  out.headers = {{"Content-Type", std::string(type)}, {"Cache-Control", std::string(cache)}};
  out.body = std::move(body);
  return out;
}

constexpr std::string_view kText = "text/plain; charset=utf-8";

// ?from=N&to=M, sizes of the log "root".
Result<net::Response> prove_consistency(const ledger::Store& store, std::string_view query) {
  MC_TRY(const net::Headers fields, read_fields(query));
  std::optional<std::uint64_t> from;
  std::optional<std::uint64_t> to;
  for (const auto& [name, value] : fields) {
    if (name != "from" && name != "to") {
      return fail(Code::invalid, "the query has from and to, not '" + excerpt(name) + "'");
    }
    const Result<std::int64_t> size = parse_int(value);
    if (!size || *size < 0) return fail(Code::invalid, name + ": it is no size of the log");
    (name == "from" ? from : to) = static_cast<std::uint64_t>(*size);
  }
  if (!from) return fail(Code::invalid, "from: it is missing");
  if (!to) return fail(Code::invalid, "to: it is missing");
  if (*from > *to) return fail(Code::invalid, "from: it is at most to");
  MC_TRY(const tlog::Path path, store.prove_consistency(ledger::kRootLog, *from, *to));
  json::Array hashes;
  for (const tlog::Hash& hash : path) {
    hashes.emplace_back(to_base64({reinterpret_cast<const char*>(hash.data()), hash.size()}));
  }
  json::Object out;
  out.set("path", std::move(hashes));
  return made("application/json", json::print(out), "no-store");
}

}  // namespace

Result<net::Response> serve_log_file(const ledger::Ledger& ledger, const net::Request& request) {
  const std::string_view name = request.path.substr(kLogFiles.size());
  if (name == "checkpoint") {
    std::string cosigned = ledger.cosigned();
    return made(kText, cosigned.empty() ? ledger.checkpoint() : std::move(cosigned), "no-cache");
  }
  if (name == "key") return made(kText, ledger.key().print() + "\n", "no-cache");
  if (name == "keys") {
    MC_TRY(const proof::KeyList list, proof::make_key_list(ledger.store(), ledger.checkpoint()));
    return made("application/json", proof::print_key_list(list), "no-cache");
  }
  if (name == "consistency") return prove_consistency(ledger.store(), request.query);
  const Result<tlog::Tile> tile = tlog::parse_tile_path(name);
  if (!tile || tile->level == tlog::kEntries) {
    return fail(Code::not_found,
                "the ledger's files are checkpoint, key, keys, consistency and tile/L/N");
  }
  MC_TRY(std::string bytes, ledger.store().tile(ledger::kRootLog, *tile));
  // A tile never changes: one that is not full goes by its width.
  return made("application/octet-stream", std::move(bytes), "public, max-age=31536000, immutable");
}

}  // namespace mc::api
