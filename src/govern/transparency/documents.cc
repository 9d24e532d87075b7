#include "transparency/documents.h"

namespace mc::transparency {
namespace {

pdf::Document begin(const std::string& title, const std::string& tenant, const Viewer& viewer) {
  pdf::Document out;
  out.title = title;
  out.author = "Maestro Conductor";
  out.made = viewer.at;
  out.watermark = watermark_of(tenant, viewer);
  out.blocks.emplace_back(pdf::Heading{title});
  return out;
}

void end(pdf::Document& document, const ProofNote& proof) {
  document.blocks.emplace_back(pdf::Heading{"Proof", 2});
  document.blocks.emplace_back(pdf::Paragraph{
      "The seal of this file says who made it. That the record stands in the ledger, and that the "
      "ledger was not changed since, is proven by the receipt itself, without this server and "
      "without a network:"});
  document.blocks.emplace_back(pdf::Listing{proof.command});
  document.blocks.emplace_back(pdf::Paragraph{"Verifier key of the ledger"});
  document.blocks.emplace_back(pdf::Listing{proof.key});
  document.blocks.emplace_back(pdf::Paragraph{"Signed head of the ledger"});
  document.blocks.emplace_back(pdf::Listing{proof.checkpoint});
}

// Without a reason: of an erased payload.
std::string reason_shown(const ReadableRecord& record) {
  return record.payload.is_null() ? "erased" : payload_text(record.payload, "reason");
}

}  // namespace

std::string watermark_of(const std::string& tenant, const Viewer& viewer) {
  return tenant + " - " + viewer.name + " - " + format_rfc3339(viewer.at) +
         (viewer.purpose.empty() ? "" : " - " + viewer.purpose);
}

pdf::Document receipt_document(const ReadableRecord& record, const ProofNote& proof,
                               const Viewer& viewer) {
  const ledger::Header& header = record.header;
  pdf::Document out =
      begin("Receipt of record " + std::to_string(header.seq) + " of tenant " + header.tenant,
            header.tenant, viewer);
  pdf::Table table{{"What", "Recorded"}, {1, 3}, {}};
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) table.rows.push_back({name, value});
  };
  add("When", format_rfc3339(header.time));
  add("Kind", header.type);
  add("Who", header.actor);
  add("What", header.action);
  add("Purpose", header.purpose);
  add("Warrant", header.warrant);
  for (const char* name :
       {"reason", "object", "rows", "fields", "status", "roles", "region", "peer", "request_id"}) {
    add(name, payload_text(record.payload, name));
  }
  if (record.payload.is_null()) add("Payload", "erased; the proof stays");
  out.blocks.emplace_back(std::move(table));
  end(out, proof);
  return out;
}

pdf::Document list_document(const Listed& what, const std::vector<ReadableRecord>& records,
                            const ProofNote& proof, const Viewer& viewer) {
  pdf::Document out = begin(what.title, what.tenant, viewer);
  out.blocks.emplace_back(pdf::Paragraph{std::to_string(records.size()) + " records"});
  pdf::Table table{{"No.", "When", "Kind", "Who", "What", "Reason", "Warrant"},
                   {0.7, 2.2, 1, 1.8, 3.4, 1.4, 1.2},
                   {}};
  for (const ReadableRecord& record : records) {
    const ledger::Header& header = record.header;
    table.rows.push_back({std::to_string(header.seq), format_rfc3339(header.time), header.type,
                          header.actor, header.action, reason_shown(record), header.warrant});
  }
  out.blocks.emplace_back(std::move(table));
  end(out, proof);
  return out;
}

}  // namespace mc::transparency
