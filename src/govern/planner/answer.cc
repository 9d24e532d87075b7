#include "planner/answer.h"

#include <algorithm>
#include <limits>

#include "noise/noise.h"

namespace mc::planner {
namespace {

using dataset::PrivateAggregate;
using dataset::PrivateRow;
using dp::Wide;

struct Interval {
  Wide low = 0, high = 0;
};

Wide divide_down(Wide a, Wide b) {  // b > 0
  const Wide quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}
Wide divide_up(Wide a, Wide b) {
  return -divide_down(-a, b);
}

// Both of a mean's numbers hold at once in 95 of 100 when each holds in 97.5, for which a quarter
// more than its half width is enough: ln 40 / ln 20 = 1.2315 of Laplace noise, 1.1436 of Gaussian.
Wide wider(Wide half_width) {
  return half_width + half_width / 4 + 1;
}

// The least and the most that (sum - s) / (count - c) can be for |s|, |c| within their widths.
Interval mean_within(const dp::Cell& cell, const dp::Bounds& bounds, const dp::Quote& quote) {
  const Wide centre = dp::centre_of(bounds);
  const Wide sum_width = wider(quote.value.half_width + 1) / 2 + 1;  // value is halved
  const Wide count_width = quote.second ? wider(quote.second->half_width) : 0;
  const Wide least = cell.count - count_width;
  if (least < 1) return {bounds.low, bounds.high};
  const Wide most = cell.count + count_width;
  const Wide low = cell.value - sum_width, high = cell.value + sum_width;
  const Wide from = divide_down(low, low < 0 ? least : most);
  const Wide to = divide_up(high, high < 0 ? most : least);
  return {std::clamp<Wide>(centre + from, bounds.low, bounds.high),
          std::clamp<Wide>(centre + to, bounds.low, bounds.high)};
}

std::string edge_of(const Question& question, std::size_t bin) {
  const std::vector<std::int64_t>& points = question.spec.points;
  const std::int64_t units = bin == 0               ? question.grid->low()
                             : bin <= points.size() ? points[bin - 1]
                                                    : question.grid->high();
  return decimal_of(units, question.grid->places());
}

std::vector<json::Value> keys_of(const Question& question, const dp::Release& release,
                                 const dp::Cell& cell) {
  if (question.aggregate == PrivateAggregate::histogram) {
    return {edge_of(question, cell.bin), edge_of(question, cell.bin + 1)};
  }
  if (question.keys.empty()) return {};
  const Result<json::Value> key = json::parse(release.keys[cell.group]);
  const json::Array* const values = key ? key->as_array() : nullptr;
  MC_CHECK(values != nullptr);
  return *values;
}

PrivateRow row_of(const Question& question, const dp::Spec& spec, const dp::Quote& quote,
                  const dp::Cell& cell) {
  PrivateRow out;
  const int places = question.grid ? question.grid->places() : 0;
  if (question.aggregate == PrivateAggregate::mean) {
    const Interval interval = mean_within(cell, spec.bounds, quote);
    out.value = decimal_of(dp::mean_of(cell, spec.bounds), places);
    out.low = decimal_of(interval.low, places);
    out.high = decimal_of(interval.high, places);
    return out;
  }
  const bool of_values = question.aggregate == PrivateAggregate::sum ||
                         question.aggregate == PrivateAggregate::quantile;
  const int shown = of_values ? places : 0;
  out.value = decimal_of(cell.value, shown);
  if (question.aggregate == PrivateAggregate::quantile) return out;
  out.low = decimal_of(cell.value - quote.value.half_width, shown);
  out.high = decimal_of(cell.value + quote.value.half_width, shown);
  return out;
}

json::Value value_or_null(const std::optional<std::string>& text) {
  return text ? json::Value(*text) : json::Value();
}

// One member of a kept answer, a text.
Result<std::string> text_in(const json::Value& object, std::string_view name) {
  const json::Value* const found = object.find(name);
  const std::string* const text = found == nullptr ? nullptr : found->as_string();
  if (text == nullptr) return fail(Code::corrupt, "answer: " + std::string(name) + " is no text");
  return *text;
}

Result<PrivateRow> read_row(const json::Value& row) {
  PrivateRow out;
  MC_TRY(const std::string key, text_in(row, "key"));
  MC_TRY(json::Value values, json::parse(key));
  if (values.as_array() == nullptr) return fail(Code::corrupt, "answer: rows.key is no list");
  out.key = std::move(*values.as_array());
  MC_TRY(out.value, text_in(row, "value"));
  for (const auto& [name, to] : {std::pair{"low", &out.low}, std::pair{"high", &out.high}}) {
    const json::Value* const found = row.find(name);
    if (found == nullptr || found->is_null()) continue;
    MC_TRY(*to, text_in(row, name));
  }
  return out;
}

}  // namespace

KeptAnswer answer_of(const Question& question, const Priced& priced, const dp::Release& release) {
  KeptAnswer out;
  out.question = question.digest;
  out.snapshot = question.snapshot;
  out.aggregate = dataset::private_name(question.aggregate);
  out.cost = priced.cost;
  out.noise = dp::noise_name(priced.spec.noise);
  out.source = noise::noise_source();
  for (const dp::Cell& cell : release.cells) {
    PrivateRow row = row_of(question, priced.spec, priced.quote, cell);
    row.key = keys_of(question, release, cell);
    out.rows.push_back(std::move(row));
  }
  return out;
}

std::string print_answer(const KeptAnswer& answer) {
  json::Array rows;
  for (const PrivateRow& row : answer.rows) {
    json::Object one;
    one.set("key", json::print(json::Value(json::Array(row.key))));
    one.set("value", row.value);
    one.set("low", value_or_null(row.low));
    one.set("high", value_or_null(row.high));
    rows.emplace_back(std::move(one));
  }
  json::Object out;
  out.set("kind", "mc.dp.answer");
  out.set("version", kAnswerVersion);
  out.set("question", answer.question);
  out.set("snapshot", answer.snapshot);
  out.set("aggregate", answer.aggregate);
  out.set("epsilon", accountant::to_decimal(answer.cost.epsilon));
  out.set("delta", accountant::to_decimal(answer.cost.delta));
  out.set("rho", accountant::to_decimal(answer.cost.rho));
  out.set("noise", answer.noise);
  out.set("noise_source", answer.source);
  out.set("rows", std::move(rows));
  return json::canonical(json::Value(std::move(out)));
}

Result<KeptAnswer> read_answer(std::string_view bytes) {
  MC_TRY(const json::Value value, json::parse(bytes, {.bytes_max = accountant::kResultBytesMax}));
  MC_TRY(const std::string kind, text_in(value, "kind"));
  const json::Value* const version = value.find("version");
  if (kind != "mc.dp.answer" || version == nullptr || *version != json::Value(kAnswerVersion)) {
    return fail(Code::corrupt, "answer: not a known kind and version");
  }
  KeptAnswer out;
  MC_TRY(out.question, text_in(value, "question"));
  MC_TRY(out.snapshot, text_in(value, "snapshot"));
  MC_TRY(out.aggregate, text_in(value, "aggregate"));
  MC_TRY(const std::string epsilon, text_in(value, "epsilon"));
  MC_TRY(out.cost.epsilon, accountant::parse_epsilon(epsilon));
  MC_TRY(const std::string delta, text_in(value, "delta"));
  MC_TRY(out.cost.delta, accountant::parse_delta(delta));
  MC_TRY(const std::string rho, text_in(value, "rho"));
  MC_TRY(out.cost.rho, accountant::parse_rho(rho));
  MC_TRY(out.noise, text_in(value, "noise"));
  MC_TRY(out.source, text_in(value, "noise_source"));
  const json::Value* const rows = value.find("rows");
  if (rows == nullptr || rows->as_array() == nullptr) {
    return fail(Code::corrupt, "answer: rows is no list");
  }
  for (const json::Value& row : *rows->as_array()) {
    MC_TRY(PrivateRow read, read_row(row));
    out.rows.push_back(std::move(read));
  }
  return out;
}

std::vector<PrivateRow> rows_for(const Question& question, KeptAnswer answer) {
  if (question.keys.size() < 2) return std::move(answer.rows);
  for (PrivateRow& row : answer.rows) {
    std::vector<json::Value> key(row.key.size());
    for (std::size_t i = 0; i < key.size(); ++i) key[question.sorted[i]] = std::move(row.key[i]);
    row.key = std::move(key);
  }
  return std::move(answer.rows);
}

dataset::PrivateAnswer answer_with(const Question& question, KeptAnswer kept, std::string verdict,
                                   std::string release) {
  dataset::PrivateAnswer out;
  out.release = std::move(release);
  out.verdict = std::move(verdict);
  out.epsilon = accountant::to_decimal(kept.cost.epsilon);
  out.delta = accountant::to_decimal(kept.cost.delta);
  out.mechanism = kept.noise;
  out.snapshot = kept.snapshot;
  out.rows = rows_for(question, std::move(kept));
  return out;
}

}  // namespace mc::planner
