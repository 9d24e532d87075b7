#include "proof/receipt_parts.h"

#include <algorithm>

namespace mc::proof {
namespace {

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

}  // namespace

json::Object print_opened(const Opened& opened) {
  json::Object out;
  out.set("payload", to_base64(opened.payload));
  out.set("salt", to_base64({opened.salt.data(), opened.salt.size()}));
  return out;
}

Opened read_opened(const json::Value* value, std::string path, std::optional<Error>& fault) {
  Fields fields(value, std::move(path), fault);
  Opened out;
  out.payload = fields.bytes("payload");
  const std::string salt = fields.required_bytes("salt");
  if (salt.size() != out.salt.size()) {
    fields.refuse("salt", "it is not 32 bytes");
  } else {
    std::copy(salt.begin(), salt.end(), out.salt.begin());
  }
  fields.done();
  return out;
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

void print_anchor(const Anchor& anchor, json::Object& out) {
  json::Object head;
  head.set("leaf", anchor.head_leaf);
  head.set("path", print_path(anchor.head_path));
  out.set("head", std::move(head));
  out.set("checkpoint", anchor.checkpoint);
}

void read_anchor(Fields& fields, Anchor& out, std::optional<Error>& fault) {
  Fields head(fields.child("head"), "head", fault);
  out.head_leaf = head.required_text("leaf");
  out.head_path = read_path(head);
  head.done();
  out.checkpoint = fields.required_text("checkpoint");
}

Result<Anchor> make_anchor(const ledger::Store& store, const ledger::Header& header,
                           std::string checkpoint) {
  MC_TRY(const tlog::Note note, tlog::parse_note(checkpoint));
  MC_TRY(const tlog::Checkpoint signed_head, tlog::parse_checkpoint(note.text));
  MC_TRY(Head head, find_head(store, header));
  if (head.parsed.seq >= signed_head.head.size) {
    return fail(Code::conflict, "the checkpoint is older than the record");
  }
  Anchor out;
  MC_TRY(out.path, store.prove_inclusion(header.log, header.seq, head.parsed.head.size));
  MC_TRY(out.head_path,
         store.prove_inclusion(ledger::kRootLog, head.parsed.seq, signed_head.head.size));
  out.head_leaf = std::move(head.leaf);
  out.checkpoint = std::move(checkpoint);
  return out;
}

void check_anchor(const Anchor& anchor, const ledger::Header& header, std::string_view leaf,
                  const tlog::Policy& policy, Report& report) {
  ledger::HeadLeaf head;
  tlog::Policy::Checked checked;
  report.step("head", "head_invalid", [&]() -> Result<std::string> {
    MC_TRY(head, ledger::parse_head_leaf(anchor.head_leaf));
    if (head.log != header.log) return fail(Code::invalid, "it is of the log " + head.log);
    return head.log + " has " + std::to_string(head.head.size) + " records";
  });
  report.step("inclusion", "inclusion_invalid", [&]() -> Result<std::string> {
    MC_TRY_OK(tlog::check_inclusion(tlog::leaf_hash(leaf), header.seq, head.head, anchor.path));
    return "record " + std::to_string(header.seq) + " of " + std::to_string(head.head.size);
  });
  report.step("checkpoint", "checkpoint_invalid", [&]() -> Result<std::string> {
    MC_TRY(const tlog::Note note, tlog::parse_note(anchor.checkpoint));
    MC_TRY(checked, policy.check(note));
    MC_TRY_OK(policy.check_time(checked, head.time));
    return policy.describe(checked);
  });
  report.step("head_inclusion", "head_inclusion_invalid", [&]() -> Result<std::string> {
    MC_TRY_OK(tlog::check_inclusion(tlog::leaf_hash(anchor.head_leaf), head.seq,
                                    checked.checkpoint.head, anchor.head_path));
    return "head " + std::to_string(head.seq) + " of " +
           std::to_string(checked.checkpoint.head.size);
  });
}

}  // namespace mc::proof
