#include "api/log_files.h"

namespace mc::api {

Result<net::Response> serve_log_file(const ledger::Ledger& ledger, std::string_view path) {
  const std::string_view name = path.substr(kLogFiles.size());
  net::Response out;
  if (name == "checkpoint") {
    out.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-cache"}};
    out.body = ledger.cosigned();
    if (out.body.empty()) out.body = ledger.checkpoint();
    return out;
  }
  const Result<tlog::Tile> tile = tlog::parse_tile_path(name);
  if (!tile || tile->level == tlog::kEntries) {
    return fail(Code::not_found, "the ledger's files are checkpoint and tile/L/N");
  }
  MC_TRY(out.body, ledger.store().tile(ledger::kRootLog, *tile));
  // A tile never changes: one that is not full goes by its width.
  out.headers = {{"Content-Type", "application/octet-stream"},
                 {"Cache-Control", "public, max-age=31536000, immutable"}};
  return out;
}

}  // namespace mc::api
