#include "residency/tried.h"

namespace mc::residency {

std::optional<Tried> read_tried(const transparency::ReadableRecord& record) {
  const ledger::Header& header = record.header;
  const bool denied = header.type == transparency::kind_name(transparency::Kind::denied);
  const bool ours = header.type == kViolationType ||
                    (denied && std::string_view(header.action).starts_with(kRecordAction));
  if (!ours) return std::nullopt;
  Tried out;
  out.record = header.seq;
  out.at = header.time;
  out.denied = denied;
  out.erased = record.erased;
  out.actor = header.actor;
  out.purpose = header.purpose;
  if (record.erased) return out;
  const auto text = [&](std::string_view name) {
    return transparency::payload_text(record.payload, name);
  };
  out.code = text("reason");
  out.action = text("action");
  out.dataset = text("dataset");
  out.source = text("object");
  out.src = text("region_src");
  out.dst = text("region_dst");
  const json::Value* count = record.payload.find("count");
  if (count != nullptr && count->as_int() != nullptr) out.count = *count->as_int();
  out.period = text("period");
  out.request_id = text("request_id");
  return out;
}

}  // namespace mc::residency
