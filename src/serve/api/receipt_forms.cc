#include "api/receipt_forms.h"

#include <algorithm>
#include <array>

#include "json/json.h"

namespace mc::api {
namespace {

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
  MC_TRY(const tlog::NoteSigner signer, ledger.signer_of(header.log));
  MC_TRY(ledger::LogCheckpoint checkpoint, ledger.publish_log(header.log, signer));
  tlog::ProofFile out;
  out.index = header.seq;
  MC_TRY(out.path, ledger.store().prove_inclusion(header.log, header.seq, checkpoint.head.size));
  out.checkpoint = std::move(checkpoint.note);
  return tlog::print_proof_file(out);
}

// Drawn for who asks, and sealed.
Result<std::string> as_pdf(const AdminWorld& world, const AdminRequest& request,
                           const proof::Receipt& receipt) {
  MC_TRY(signing::Signing * signing, signing_of(world));
  transparency::ReadableRecord record;
  MC_TRY(record.header, ledger::parse_leaf(receipt.leaf));
  if (receipt.opened) {
    MC_TRY(record.payload, json::parse(receipt.opened->payload));
  }
  const std::string key = world.recorder->ledger().key().print();
  const std::string number = std::to_string(record.header.seq);
  const std::string file = "receipt-" + record.header.tenant + "-" + number + ".json";
  const identity::Caller& caller = *request.caller;
  const transparency::Viewer viewer{caller.principal.get() + "@" + caller.tenant.get(),
                                    caller.purpose, world.clock.wall()};
  const transparency::ProofNote note{key, receipt.anchor.checkpoint,
                                     "maestro ledger receipt " + number + " --tenant " +
                                         record.header.tenant + " > " + file + "\nmaestro verify " +
                                         file + " --log-key '" + key + "'"};
  MC_TRY(const std::string drawn, pdf::print(transparency::receipt_document(record, note, viewer)));
  return pdf::seal(
      drawn, {signing->seal_key(), signing->seal_chain(), world.recorder->ledger().key().name(),
              "Receipt of the ledger", viewer.at});
}

constexpr std::array kForms = {
    ReceiptForm{"json", ".json", "application/json", as_json},
    ReceiptForm{"bundle", ".sigstore.json", "application/vnd.dev.sigstore.bundle.v0.3+json",
                as_bundle},
    ReceiptForm{"tlog-proof", ".tlog-proof", "text/plain; charset=utf-8", as_log_proof},
    ReceiptForm{"pdf", ".pdf", "application/pdf", as_pdf}};

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
      return fail(Code::invalid, "form: it is json, bundle, tlog-proof or pdf");
    }
    out = found;
  }
  return out;
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
