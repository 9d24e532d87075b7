#include "proof/receipt.h"

#include <algorithm>

#include "json/json.h"
#include "proof/proto_json.h"

namespace mc::proof {
namespace {

constexpr std::string_view kKind = "mc.receipt/v1";

std::string_view bytes_of(const tlog::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

struct Head {
  std::string leaf;
  ledger::HeadLeaf parsed;
};

Result<Head> read_head(const ledger::Store& store, std::uint64_t index) {
  MC_TRY(ledger::ReadRecord record, store.read(ledger::kRootLog, index));
  MC_TRY(ledger::HeadLeaf parsed, ledger::parse_head_leaf(record.leaf));
  return Head{std::move(record.leaf), std::move(parsed)};
}

// The head of `header`'s log after the batch with `header`. Leaves of the log "root" stand in the
// order of their times, and a batch has one.
Result<Head> find_head(const ledger::Store& store, const ledger::Header& header) {
  MC_TRY(const tlog::TreeHead root, store.head(ledger::kRootLog));
  std::uint64_t low = 0;
  std::uint64_t high = root.size;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    MC_TRY(const Head head, read_head(store, middle));
    if (head.parsed.time < header.time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (std::uint64_t index = low; index < root.size; ++index) {
    MC_TRY(Head head, read_head(store, index));
    if (head.parsed.time > header.time) break;
    if (head.parsed.log == header.log && head.parsed.head.size > header.seq) return head;
  }
  return fail(Code::corrupt, "no head of the log '" + header.log + "' follows its record " +
                                 std::to_string(header.seq));
}

json::Array print_path(const tlog::Path& path) {
  json::Array out;
  for (const tlog::Hash& hash : path) out.emplace_back(to_base64(bytes_of(hash)));
  return out;
}

tlog::Path read_path(Fields& fields) {
  tlog::Path out;
  for (const json::Value* entry : fields.list("path")) {
    const Result<std::string> bytes =
        entry->as_string() == nullptr ? "" : from_base64(*entry->as_string());
    tlog::Hash hash{};
    if (!bytes || bytes->size() != hash.size()) {
      fields.refuse("path", "a hash is not 32 bytes in base64");
      return out;
    }
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    out.push_back(hash);
  }
  return out;
}

}  // namespace

Result<Receipt> make_receipt(const ledger::Store& store, const std::string& log, std::uint64_t seq,
                             std::string checkpoint) {
  MC_TRY(const tlog::Note note, tlog::parse_note(checkpoint));
  MC_TRY(const tlog::Checkpoint signed_head, tlog::parse_checkpoint(note.text));
  MC_TRY(ledger::ReadRecord record, store.read(log, seq));
  MC_TRY(const ledger::Header header, ledger::parse_leaf(record.leaf));
  MC_TRY(Head head, find_head(store, header));
  if (head.parsed.seq >= signed_head.head.size) {
    return fail(Code::conflict, "the checkpoint is older than the record");
  }
  Receipt out;
  MC_TRY(out.path, store.prove_inclusion(log, seq, head.parsed.head.size));
  MC_TRY(out.head_path,
         store.prove_inclusion(ledger::kRootLog, head.parsed.seq, signed_head.head.size));
  out.leaf = std::move(record.leaf);
  if (!record.erased) {
    out.payload = std::move(record.payload);
    out.salt = record.salt;
  }
  out.head_leaf = std::move(head.leaf);
  out.checkpoint = std::move(checkpoint);
  return out;
}

std::string print_receipt(const Receipt& receipt) {
  json::Object record;
  record.set("leaf", receipt.leaf);
  record.set("path", print_path(receipt.path));
  json::Object head;
  head.set("leaf", receipt.head_leaf);
  head.set("path", print_path(receipt.head_path));
  json::Object out;
  out.set("kind", kKind);
  out.set("record", std::move(record));
  if (receipt.payload && receipt.salt) {
    json::Object opened;
    opened.set("payload", to_base64(*receipt.payload));
    opened.set("salt", to_base64({receipt.salt->data(), receipt.salt->size()}));
    out.set("opened", std::move(opened));
  }
  out.set("head", std::move(head));
  out.set("checkpoint", receipt.checkpoint);
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
  out.path = read_path(record);
  record.done();
  if (fields.has("opened")) {
    Fields opened(fields.child("opened"), "opened", fault);
    out.payload = opened.bytes("payload");
    const std::string salt = opened.required_bytes("salt");
    out.salt.emplace();
    if (salt.size() != out.salt->size()) {
      opened.refuse("salt", "it is not 32 bytes");
    } else {
      std::copy(salt.begin(), salt.end(), out.salt->begin());
    }
    opened.done();
  }
  Fields head(fields.child("head"), "head", fault);
  out.head_leaf = head.required_text("leaf");
  out.head_path = read_path(head);
  head.done();
  out.checkpoint = fields.required_text("checkpoint");
  fields.done();
  if (fault) return fail(Code::invalid, "receipt: " + fault->what);
  if (print_receipt(out) != json) {
    return fail(Code::invalid, "receipt: it is not in the form of RFC 8785");
  }
  return out;
}

Report check_receipt(const Receipt& receipt, const tlog::Policy& policy) {
  Report report("receipt");
  ledger::Header header;
  ledger::HeadLeaf head;
  tlog::Policy::Checked checked;
  report.step("record", "record_invalid", [&]() -> Result<std::string> {
    MC_TRY(header, ledger::parse_leaf(receipt.leaf));
    return header.actor + ": " + header.action + ", " + format_rfc3339(header.time) + ", record " +
           std::to_string(header.seq) + " of " + header.log;
  });
  if (receipt.payload && receipt.salt) {
    report.step("payload", "payload_mismatch", [&]() -> Result<std::string> {
      if (ledger::commit(*receipt.salt, *receipt.payload) != header.commitment) {
        return fail(Code::invalid, "the payload is not the one that was recorded");
      }
      return std::to_string(receipt.payload->size()) + " bytes";
    });
  } else {
    report.skip("payload", "it is not in the receipt");
  }
  report.step("head", "head_invalid", [&]() -> Result<std::string> {
    MC_TRY(head, ledger::parse_head_leaf(receipt.head_leaf));
    if (head.log != header.log) return fail(Code::invalid, "it is of the log " + head.log);
    return head.log + " has " + std::to_string(head.head.size) + " records";
  });
  report.step("inclusion", "inclusion_invalid", [&]() -> Result<std::string> {
    MC_TRY_OK(
        tlog::check_inclusion(tlog::leaf_hash(receipt.leaf), header.seq, head.head, receipt.path));
    return "record " + std::to_string(header.seq) + " of " + std::to_string(head.head.size);
  });
  report.step("checkpoint", "checkpoint_invalid", [&]() -> Result<std::string> {
    MC_TRY(const tlog::Note note, tlog::parse_note(receipt.checkpoint));
    MC_TRY(checked, policy.check(note));
    return policy.describe(checked);
  });
  report.step("head_inclusion", "head_inclusion_invalid", [&]() -> Result<std::string> {
    MC_TRY_OK(tlog::check_inclusion(tlog::leaf_hash(receipt.head_leaf), head.seq,
                                    checked.checkpoint.head, receipt.head_path));
    return "head " + std::to_string(head.seq) + " of " +
           std::to_string(checked.checkpoint.head.size);
  });
  return report;
}

}  // namespace mc::proof
