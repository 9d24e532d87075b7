// Receipts: one record of the ledger with all that its subject needs to check it alone.
//
// The record is a leaf of its log; a leaf of the log "root" says how far that log had grown with
// it; a signed checkpoint vouches for the log "root". The first part of a receipt never changes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "ledger/ledger.h"
#include "proof/receipt_parts.h"
#include "proof/report.h"
#include "proof/statement.h"
#include "tlog/tlog.h"

namespace mc::proof {

inline constexpr std::size_t kReceiptBytesMax = 512 << 10;

struct Receipt {
  std::string leaf;              // of the record
  std::optional<Opened> opened;  // absent when it was erased
  Anchor anchor;
  bool operator==(const Receipt&) const = default;
};

// Under `checkpoint`. `not_found` without such a record; `conflict` when the checkpoint is older
// than the record.
Result<Receipt> make_receipt(const ledger::Store& store, const std::string& log, std::uint64_t seq,
                             std::string checkpoint);

std::string print_receipt(const Receipt& receipt);  // RFC 8785, one line
// Only what print_receipt() writes.
Result<Receipt> parse_receipt(std::string_view json);

// What is said of a receipt in a bundle: the subject is the leaf; the predicate has the leaf
// ("record") and the head leaf that it is under ("head"). The paths stay in the receipt.
inline constexpr std::string_view kReceiptPredicate = "urn:maestro-conductor:receipt:v1";
Result<Statement> receipt_statement(const Receipt& receipt);

// Steps: record, payload, head, inclusion, checkpoint, head_inclusion.
Report check_receipt(const Receipt& receipt, const tlog::Policy& policy);

}  // namespace mc::proof
