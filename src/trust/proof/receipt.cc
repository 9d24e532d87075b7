#include "proof/receipt.h"

#include "proof/proto_json.h"

namespace mc::proof {
namespace {

constexpr std::string_view kKind = "mc.receipt/v1";

}  // namespace

Result<Receipt> make_receipt(const ledger::Store& store, const std::string& log, std::uint64_t seq,
                             std::string checkpoint) {
  MC_TRY(ledger::ReadRecord record, store.read(log, seq));
  MC_TRY(const ledger::Header header, ledger::parse_leaf(record.leaf));
  Receipt out;
  MC_TRY(out.anchor, make_anchor(store, header, std::move(checkpoint)));
  out.leaf = std::move(record.leaf);
  if (!record.erased) out.opened = Opened{std::move(record.payload), record.salt};
  return out;
}

std::string print_receipt(const Receipt& receipt) {
  json::Object record;
  record.set("leaf", receipt.leaf);
  record.set("path", print_path(receipt.anchor.path));
  json::Object out;
  out.set("kind", kKind);
  out.set("record", std::move(record));
  if (receipt.opened) out.set("opened", print_opened(*receipt.opened));
  print_anchor(receipt.anchor, out);
  return json::canonical(out);
}

Result<Receipt> parse_receipt(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kReceiptBytesMax}));
  std::optional<Error> fault;
  Fields fields(&value, "", fault);
  Receipt out;
  if (fields.required_text("kind") != kKind) fields.refuse("kind", "it is not mc.receipt/v1");
  Fields record(fields.child("record"), "record", fault);
  out.leaf = record.required_text("leaf");
  out.anchor.path = read_path(record);
  record.done();
  if (fields.has("opened")) out.opened = read_opened(fields.child("opened"), "opened", fault);
  read_anchor(fields, out.anchor, fault);
  fields.done();
  if (fault) return fail(Code::invalid, "receipt: " + fault->what);
  if (print_receipt(out) != json) {
    return fail(Code::invalid, "receipt: it is not in the form of RFC 8785");
  }
  return out;
}

Result<Statement> receipt_statement(const Receipt& receipt) {
  MC_TRY(const ledger::Header header, ledger::parse_leaf(receipt.leaf));
  MC_TRY(const std::string digest, crypto::digest("sha256", receipt.leaf));
  json::Object predicate;
  MC_TRY(json::Value record, json::parse(receipt.leaf));
  MC_TRY(const ledger::HeadLeaf leaf, ledger::parse_head_leaf(receipt.anchor.head_leaf));
  json::Object head;
  head.set("root",
           to_hex({reinterpret_cast<const char*>(leaf.head.root.data()), leaf.head.root.size()}));
  head.set("size", static_cast<std::int64_t>(leaf.head.size));
  predicate.set("head", std::move(head));
  predicate.set("record", std::move(record));
  Statement out;
  out.subjects.push_back(
      {header.log + "/" + std::to_string(header.seq), {{"sha256", to_hex(digest)}}});
  out.predicate_type = kReceiptPredicate;
  out.predicate = std::move(predicate);
  return out;
}

Report check_receipt(const Receipt& receipt, const tlog::Policy& policy) {
  Report report("receipt");
  ledger::Header header;
  report.step("record", "record_invalid", [&]() -> Result<std::string> {
    MC_TRY(header, ledger::parse_leaf(receipt.leaf));
    return header.actor + ": " + header.action + ", " + format_rfc3339(header.time) + ", record " +
           std::to_string(header.seq) + " of " + header.log;
  });
  if (receipt.opened) {
    report.step("payload", "payload_mismatch", [&]() -> Result<std::string> {
      if (ledger::commit(receipt.opened->salt, receipt.opened->payload) != header.commitment) {
        return fail(Code::invalid, "the payload is not the one that was recorded");
      }
      return std::to_string(receipt.opened->payload.size()) + " bytes";
    });
  } else {
    report.skip("payload", "it is not in the receipt");
  }
  check_anchor(receipt.anchor, header, receipt.leaf, policy, report);
  return report;
}

}  // namespace mc::proof
