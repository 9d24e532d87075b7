#include "api/receipt_forms.h"

#include <algorithm>
#include <array>
#include <vector>

#include "api/assets.h"
#include "json/json.h"

namespace mc::api {
namespace {

constexpr std::size_t kDrawnRecordsMax = 1'000;

Result<signing::Signing*> signing_of(const AdminWorld& world) {
  if (world.signing != nullptr) return world.signing;
  return fail(Code::unavailable, "nothing is signed here");
}

Result<std::string> as_json(const AdminWorld&, const AdminRequest&, const proof::Receipt& receipt) {
  return proof::print_receipt(receipt);
}

Result<std::string> as_bundle(const AdminWorld& world, const AdminRequest&,
                              const proof::Receipt& receipt) {
  MC_TRY(signing::Signing * signing, signing_of(world));
  MC_TRY(const proof::Statement statement, proof::receipt_statement(receipt));
  MC_TRY(const proof::Bundle bundle, signing->sign(statement));
  return proof::print_bundle(bundle);
}

// The record's own log is signed for it, under the log's name.
Result<std::string> as_log_proof(const AdminWorld& world, const AdminRequest&,
                                 const proof::Receipt& receipt) {
  ledger::Ledger& ledger = world.recorder->ledger();
  MC_TRY(const ledger::Header header, ledger::parse_leaf(receipt.leaf));
  MC_TRY(const std::vector<tlog::NoteSigner> signers, ledger.signers_of(header.log));
  MC_TRY(ledger::LogCheckpoint checkpoint, ledger.publish_log(header.log, signers));
  tlog::ProofFile out;
  out.index = header.seq;
  MC_TRY(out.path, ledger.store().prove_inclusion(header.log, header.seq, checkpoint.head.size));
  out.checkpoint = std::move(checkpoint.note);
  return tlog::print_proof_file(out);
}

// Of a receipt, or of a record of a range.
template <class Record>
Result<transparency::ReadableRecord> readable(const Record& record) {
  transparency::ReadableRecord out;
  MC_TRY(out.header, ledger::parse_leaf(record.leaf));
  if (record.opened) {
    MC_TRY(out.payload, json::parse(record.opened->payload));
  }
  return out;
}

transparency::Viewer viewer_of(const AdminWorld& world, const AdminRequest& request) {
  const identity::Caller& caller = *request.caller;
  return {caller.principal.get() + "@" + caller.tenant.get(), caller.purpose, world.clock.wall()};
}

Result<std::string> sealed(const AdminWorld& world, const pdf::Document& document) {
  MC_TRY(signing::Signing * signing, signing_of(world));
  MC_TRY(const std::string drawn, pdf::print(document));
  return pdf::seal(
      drawn, {signing->seal_key(), signing->seal_chain(), world.recorder->ledger().key().name(),
              "Receipt of the ledger", document.made});
}

// Drawn for who asks, and sealed.
Result<std::string> as_pdf(const AdminWorld& world, const AdminRequest& request,
                           const proof::Receipt& receipt) {
  MC_TRY(const transparency::ReadableRecord record, readable(receipt));
  const std::string key = world.recorder->ledger().key().print();
  const std::string number = std::to_string(record.header.seq);
  const std::string file = "receipt-" + record.header.tenant + "-" + number + ".json";
  const transparency::Viewer viewer = viewer_of(world, request);
  const transparency::ProofNote note{key, receipt.anchor.checkpoint,
                                     "maestro ledger receipt " + number + " --tenant " +
                                         record.header.tenant + " > " + file + "\nmaestro verify " +
                                         file + " --log-key '" + key + "'"};
  return sealed(world, transparency::receipt_document(record, note, viewer));
}

// With the portal's program that verifies, which a build without the portal lacks.
Result<std::string> as_page(const AdminWorld& world, const AdminRequest& request,
                            const proof::Receipt& receipt) {
  const Asset* program = find_asset("/receipt.js");
  const Asset* looks = find_asset("/receipt.css");
  if (program == nullptr || looks == nullptr) {
    return fail(Code::unavailable, "this server was built without the portal");
  }
  MC_TRY(const transparency::ReadableRecord record, readable(receipt));
  const std::string key = world.recorder->ledger().key().print();
  const transparency::ProofNote note{key, receipt.anchor.checkpoint,
                                     "maestro verify receipt-" + record.header.tenant + "-" +
                                         std::to_string(record.header.seq) + ".html --log-key '" +
                                         key + "'"};
  const std::string json = proof::print_receipt(receipt);
  return transparency::receipt_page(record, note, viewer_of(world, request),
                                    {json, program->plain, looks->plain});
}

Result<std::string> range_as_json(const AdminWorld&, const AdminRequest&,
                                  const proof::RangeReceipt& receipt) {
  return proof::print_range_receipt(receipt);
}

// The records of the range; those around it, which show where it ends, are in the receipt alone.
Result<std::string> range_as_pdf(const AdminWorld& world, const AdminRequest& request,
                                 const proof::RangeReceipt& receipt) {
  std::vector<transparency::ReadableRecord> records;
  for (const proof::RangeReceipt::Record& one : receipt.records) {
    MC_TRY(transparency::ReadableRecord record, readable(one));
    if (!receipt.range.contains(record.header.time)) continue;
    if (records.size() == kDrawnRecordsMax) {
      return fail(Code::invalid, "form: pdf is for at most " + std::to_string(kDrawnRecordsMax) +
                                     " records; ask for a shorter time, or for json");
    }
    records.push_back(std::move(record));
  }
  const std::string& tenant = request.path[1];
  const std::string from = format_rfc3339(receipt.range.from);
  const std::string to = format_rfc3339(receipt.range.to);
  const std::string key = world.recorder->ledger().key().print();
  const std::string file = "receipts-" + tenant + ".json";
  const transparency::ProofNote note{key, receipt.anchor.checkpoint,
                                     "maestro ledger export --tenant " + tenant + " --from " +
                                         from + " --to " + to + " > " + file + "\nmaestro verify " +
                                         file + " --log-key '" + key + "'"};
  const transparency::Listed what{"Records of tenant " + tenant + " from " + from + " to " + to,
                                  tenant};
  return sealed(world, transparency::list_document(what, records, note, viewer_of(world, request)));
}

constexpr std::array kRangeForms = {RangeForm{"json", ".json", "application/json", range_as_json},
                                    RangeForm{"pdf", ".pdf", "application/pdf", range_as_pdf}};

constexpr std::array kForms = {
    ReceiptForm{"json", ".json", "application/json", as_json},
    ReceiptForm{"bundle", ".sigstore.json", "application/vnd.dev.sigstore.bundle.v0.3+json",
                as_bundle},
    ReceiptForm{"tlog-proof", ".tlog-proof", "text/plain; charset=utf-8", as_log_proof},
    ReceiptForm{"pdf", ".pdf", "application/pdf", as_pdf},
    ReceiptForm{"html", ".html", "text/html; charset=utf-8", as_page}};

}  // namespace

Result<const ReceiptForm*> receipt_form_in(const AdminRequest& request) {
  const ReceiptForm* out = &kForms.front();
  for (const auto& [name, value] : request.query) {
    if (name != "form") {
      return fail(Code::invalid, "the query has form, not '" + excerpt(name) + "'");
    }
    const std::string& wanted = value;
    const auto* found = std::find_if(kForms.begin(), kForms.end(),
                                     [&](const ReceiptForm& form) { return form.name == wanted; });
    if (found == kForms.end()) {
      return fail(Code::invalid, "form: it is json, bundle, tlog-proof, pdf or html");
    }
    out = found;
  }
  return out;
}

Result<const RangeForm*> range_form_named(std::string_view name) {
  for (const RangeForm& form : kRangeForms) {
    if (form.name == name) return &form;
  }
  return fail(Code::invalid, "form: it is json or pdf");
}

net::Response as_file(std::string body, const std::string& name, std::string_view type) {
  net::Response out;
  out.headers = {{"Content-Type", std::string(type)},
                 {"Cache-Control", "no-store"},
                 {"Content-Disposition", "attachment; filename=\"" + name + "\""}};
  out.body = std::move(body);
  return out;
}

}  // namespace mc::api
