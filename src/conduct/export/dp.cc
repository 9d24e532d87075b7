#include "export/dp.h"

#include <algorithm>

#include "crypto/crypto.h"

namespace mc::exporting {
namespace {

constexpr std::string_view kSeveral = "several";

std::string joined(const std::vector<std::string>& key) {
  json::Array out;
  for (const std::string& each : key) out.emplace_back(each);
  return json::print(json::Value(std::move(out)));
}

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

}  // namespace

std::int64_t rows_of(const DpReport& report) {
  std::size_t out = 0;
  for (const DpAnswer& each : report.answers) out += each.rows.size();
  return static_cast<std::int64_t>(out);
}

Status check_report(const DpReport& report) {
  if (report.answers.empty()) return fail(Code::invalid, "releases: a report has one at least");
  if (report.answers.size() > kDpAnswersMax) {
    return fail(Code::exhausted,
                "releases: a report has at most " + std::to_string(kDpAnswersMax) + " answers");
  }
  if (rows_of(report) > static_cast<std::int64_t>(kDpRowsMax)) {
    return fail(Code::exhausted,
                "releases: a report has at most " + std::to_string(kDpRowsMax) + " rows");
  }
  return ok();
}

std::string print_csv(const DpReport& report) {
  std::string out = "release,query,key,value,low,high\n";
  for (const DpAnswer& answer : report.answers) {
    for (const DpRow& row : answer.rows) {
      const std::string key = joined(row.key);
      const std::string_view cells[] = {
          answer.costs.release,
          answer.query,
          key,
          row.value,
          row.low ? std::string_view(*row.low) : std::string_view(),
          row.high ? std::string_view(*row.high) : std::string_view()};
      bool first = true;
      for (const std::string_view cell : cells) {
        if (!first) out += ',';
        first = false;
        append_cell(out, cell);
      }
      out += '\n';
    }
  }
  return out;
}

std::string print_jsonl(const DpReport& report) {
  std::string out;
  for (const DpAnswer& answer : report.answers) {
    for (const DpRow& row : answer.rows) {
      json::Writer writer(out);
      writer.begin_object();
      writer.member("release", answer.costs.release).member("query", answer.query);
      writer.key("key").begin_array();
      for (const std::string& each : row.key) writer.value(each);
      writer.end_array();
      writer.member("value", row.value);
      if (row.low) writer.member("low", *row.low);
      if (row.high) writer.member("high", *row.high);
      writer.end_object();
      out += '\n';
    }
  }
  return out;
}

DpPart part_of(const DpReport& report) {
  DpPart out;
  out.accountant = report.accountant;
  out.delta = report.delta;
  out.epsilon = report.epsilon;
  out.unit = report.unit;
  for (const DpAnswer& each : report.answers) {
    out.answers.push_back(each.costs);
    const bool first = out.mechanism.empty();
    if (first) out.mechanism = each.costs.mechanism;
    if (out.mechanism != each.costs.mechanism) out.mechanism = kSeveral;
  }
  return out;
}

std::string snapshot_of(const DpReport& report) {
  crypto::Sha256 hash;
  for (const DpAnswer& each : report.answers) hash.add(each.costs.snapshot).add("\n");
  const crypto::Digest digest = hash.finish();
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}

}  // namespace mc::exporting
