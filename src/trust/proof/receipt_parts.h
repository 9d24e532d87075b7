// The parts of receipts, of one record or of a range.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"
#include "ledger/ledger.h"
#include "proof/proto_json.h"
#include "proof/report.h"
#include "tlog/tlog.h"

namespace mc::proof {

// A record's payload under its salt.
struct Opened {
  std::string payload;
  ledger::Salt salt = {};
  bool operator==(const Opened&) const = default;
};
json::Object print_opened(const Opened& opened);
Opened read_opened(const json::Value* value, std::string path, std::optional<Error>& fault);

json::Array print_path(const tlog::Path& path);
tlog::Path read_path(Fields& fields);  // of its member "path"

// From a record to a signed head: its path in its log as it was after its batch, the leaf of the
// log "root" that says how far that was, that leaf's path, and the checkpoint.
struct Anchor {
  tlog::Path path;
  std::string head_leaf;
  tlog::Path head_path;
  std::string checkpoint;
  bool operator==(const Anchor&) const = default;
};
// The members "head" and "checkpoint" of a receipt; the record's own path stands elsewhere.
void print_anchor(const Anchor& anchor, json::Object& out);
void read_anchor(Fields& fields, Anchor& out, std::optional<Error>& fault);
// `conflict` when the checkpoint is older than the record.
Result<Anchor> make_anchor(const ledger::Store& store, const ledger::Header& header,
                           std::string checkpoint);
// Steps: head, inclusion, checkpoint, head_inclusion.
void check_anchor(const Anchor& anchor, const ledger::Header& header, std::string_view leaf,
                  const tlog::Policy& policy, Report& report);

}  // namespace mc::proof
