#include "export/hold.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "json/json.h"

namespace mc::exporting {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
constexpr std::size_t kReferenceBytesMax = 64;
constexpr std::size_t kReasonBytesMin = 20, kReasonBytesMax = 500;
constexpr std::size_t kColumnsMax = 256;

// RFC 4180, with quotes where they must be.
void append_cell(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

// What shows nothing in a line: U+0020, U+00A0, U+00AD, U+1680, U+180E, U+2000 to U+200D, U+202F,
// U+205F, U+2060, U+2800, U+3000, U+3164, U+FEFF.
constexpr std::array<std::string_view, 26> kBlanks = {" ",
                                                      "\xC2\xA0",
                                                      "\xC2\xAD",
                                                      "\xE1\x9A\x80",
                                                      "\xE1\xA0\x8E",
                                                      "\xE2\x80\x80",
                                                      "\xE2\x80\x81",
                                                      "\xE2\x80\x82",
                                                      "\xE2\x80\x83",
                                                      "\xE2\x80\x84",
                                                      "\xE2\x80\x85",
                                                      "\xE2\x80\x86",
                                                      "\xE2\x80\x87",
                                                      "\xE2\x80\x88",
                                                      "\xE2\x80\x89",
                                                      "\xE2\x80\x8A",
                                                      "\xE2\x80\x8B",
                                                      "\xE2\x80\x8C",
                                                      "\xE2\x80\x8D",
                                                      "\xE2\x80\xAF",
                                                      "\xE2\x81\x9F",
                                                      "\xE2\x81\xA0",
                                                      "\xE2\xA0\x80",
                                                      "\xE3\x80\x80",
                                                      "\xE3\x85\xA4",
                                                      "\xEF\xBB\xBF"};

// A line that begins and ends with what is seen.
bool is_told(std::string_view text) {
  return is_readable_line(text) && std::ranges::none_of(kBlanks, [&](std::string_view blank) {
           return text.starts_with(blank) || text.ends_with(blank);
         });
}

}  // namespace

Status Hold::check() const {
  if (reference.empty()) return fail(Code::invalid, "legal_hold.reference: it is missing");
  if (reference.size() > kReferenceBytesMax || !is_told(reference)) {
    return fail(Code::invalid, "legal_hold.reference: it is one line of at most 64 bytes");
  }
  const bool fits = reason.size() >= kReasonBytesMin && reason.size() <= kReasonBytesMax;
  if (!fits || !is_told(reason)) {
    return fail(Code::invalid, "legal_hold.reason: it is one line of 20 to 500 bytes");
  }
  if (columns.size() > kColumnsMax) {
    return fail(Code::invalid, "legal_hold.columns: there are more than 256");
  }
  return ok();
}

Status HoldRows::add(const std::vector<std::string>& row) {
  at_.push_back(bytes_.size());
  for (const std::string& cell : row) {
    const auto size = static_cast<std::uint32_t>(cell.size());
    char length[sizeof size];
    std::memcpy(length, &size, sizeof size);
    bytes_.append(length, sizeof length).append(cell);
  }
  if (bytes_.size() <= static_cast<std::size_t>(bytes_max_)) return ok();
  return fail(Code::exhausted, "the rows are more than " + std::to_string(bytes_max_) +
                                   " bytes (exports.bytes_max)");
}

std::vector<std::string_view> HoldRows::cells_of(std::size_t at) const {
  std::vector<std::string_view> out;
  out.reserve(columns_.size());
  while (out.size() < columns_.size()) {
    std::uint32_t size = 0;
    std::memcpy(&size, bytes_.data() + at, sizeof size);
    out.push_back(std::string_view(bytes_).substr(at + sizeof size, size));
    at += sizeof size + size;
  }
  return out;
}

void HoldRows::sort() {
  std::sort(at_.begin(), at_.end(), [this](std::size_t a, std::size_t b) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      std::uint32_t size_a = 0, size_b = 0;
      std::memcpy(&size_a, bytes_.data() + a, sizeof size_a);
      std::memcpy(&size_b, bytes_.data() + b, sizeof size_b);
      const std::string_view x(bytes_.data() + a + sizeof size_a, size_a);
      const std::string_view y(bytes_.data() + b + sizeof size_b, size_b);
      if (const int order = x.compare(y); order != 0) return order < 0;
      a += sizeof size_a + size_a;
      b += sizeof size_b + size_b;
    }
    return false;
  });
}

Status HoldRows::write_csv(const Blobs::Sink& sink) const {
  std::string buffer;
  const auto line = [&](const auto& cells) -> Status {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) buffer += ',';
      append_cell(buffer, cells[i]);
    }
    buffer += '\n';
    if (buffer.size() < kBufferBytes) return ok();
    MC_TRY_OK(sink(buffer));
    buffer.clear();
    return ok();
  };
  MC_TRY_OK(line(columns_));
  for (const std::size_t at : at_) MC_TRY_OK(line(cells_of(at)));
  return buffer.empty() ? ok() : sink(buffer);
}

Status HoldRows::write_jsonl(const Blobs::Sink& sink) const {
  std::string buffer;
  for (const std::size_t at : at_) {
    const std::vector<std::string_view> cells = cells_of(at);
    json::Writer writer(buffer);
    writer.begin_object();
    for (std::size_t i = 0; i < cells.size(); ++i) writer.member(columns_[i], cells[i]);
    writer.end_object();
    buffer += '\n';
    if (buffer.size() < kBufferBytes) continue;
    MC_TRY_OK(sink(buffer));
    buffer.clear();
  }
  return buffer.empty() ? ok() : sink(buffer);
}

Result<std::string> check_holder(Exports::Core& core, const Run& run, const Holder& holder) {
  const World& world = core.world;
  if (holder.caller.tenant != run.tenant) {
    return fail(Code::denied, "rows leave a tenant by its own people alone");
  }
  const access::Resource* const resource = world.find_resource("dataset", run.dataset);
  if (resource == nullptr || world.catalog == nullptr) {
    return fail(Code::not_found, "there is no dataset '" + excerpt(run.dataset) + "'");
  }
  MC_TRY(const identity::Tenant tenant, world.directory.tenant(run.tenant));
  access::Gate gate({world.engine, world.clock, world.random, world.decisions, world.remote});
  const Wanted nothing;
  RowGate rows({gate, *resource, world.mask_keys, world.catalog->model(), world.residency},
               {holder.caller, run.tenant, holder.purpose, tenant.region, world.node_region,
                holder.request_id, holder.stepped_up, nothing});
  MC_TRY([[maybe_unused]] const access::Verdict reads, rows.decide(access::Action::read));
  MC_TRY(const access::Verdict verdict, rows.decide(access::Action::hold));
  return verdict.decision_id;
}

HoldPart part_of(const Run& run, std::vector<std::string> masked, std::int64_t exception) {
  std::sort(masked.begin(), masked.end());
  HoldPart out;
  out.approved_at = format_rfc3339(from_unix_ms(run.hold->approved_ms));
  out.approved_by = run.hold->approved_by;
  out.exception = exception;
  out.masked = std::move(masked);
  out.reason = run.hold->reason;
  out.reference = run.hold->reference;
  return out;
}

}  // namespace mc::exporting
