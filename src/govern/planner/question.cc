#include "planner/question.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "crypto/crypto.h"

namespace mc::planner {
namespace {

using dataset::ColumnType;
using dataset::PrivateAggregate;
using dataset::PrivateColumn;

constexpr std::size_t kQuantilePointsMax = 4'096;
constexpr std::size_t kRowBytes = 120;  // of a row of an answer, but for its key

std::string name_of(const dataset::Dataset& dataset, int column) {
  return dataset.columns[static_cast<std::size_t>(column)].name;
}

dp::Measure measure_of(PrivateAggregate aggregate) {
  constexpr std::array kMeasures = {
      dp::Measure::count,     dp::Measure::sum, dp::Measure::mean, dp::Measure::quantile,
      dp::Measure::histogram, dp::Measure::top, dp::Measure::units};
  return kMeasures[static_cast<std::size_t>(aggregate)];
}

bool takes_value(PrivateAggregate aggregate) {
  return aggregate == PrivateAggregate::sum || aggregate == PrivateAggregate::mean ||
         aggregate == PrivateAggregate::quantile || aggregate == PrivateAggregate::histogram;
}

// Fills a question argument by argument.
class Asking {
 public:
  Asking(const dataset::Dataset& dataset, const dataset::PrivateCall& call,
         const Settings& settings)
      : call_(call), settings_(settings) {
    out_.dataset = &dataset;
    out_.aggregate = call.aggregate;
    out_.spec.measure = measure_of(call.aggregate);
  }

  Result<Question> question(std::string snapshot) {
    if (!out_.dataset->privacy) {
      return fail(Code::invalid,
                  "this dataset declares no privacy unit, so that it has no "
                  "differentially private answers");
    }
    privacy_ = &*out_.dataset->privacy;
    out_.snapshot = std::move(snapshot);
    MC_TRY_OK(noise());
    MC_TRY_OK(keys());
    MC_TRY_OK(value());
    out_.spec.bounds.groups_per_unit =
        out_.spec.keys == dp::Keys::none && call_.aggregate != PrivateAggregate::top_k
            ? 1
            : privacy_->groups_per_unit;
    out_.spec.bounds.rows_per_group = privacy_->rows_per_group;
    out_.columns.insert(out_.columns.begin(), out_.dataset->column_index(privacy_->unit));
    out_.digest = digest();
    return std::move(out_);
  }

 private:
  Status noise() {
    if (call_.mechanism.empty() || call_.mechanism == "LAPLACE") return ok();
    if (call_.mechanism != "GAUSSIAN") {
      return fail(Code::invalid,
                  "mechanism: '" + excerpt(call_.mechanism) + "' is not one of LAPLACE, GAUSSIAN");
    }
    if (call_.aggregate == PrivateAggregate::quantile ||
        call_.aggregate == PrivateAggregate::top_k) {
      return fail(Code::invalid,
                  "mechanism: " + std::string(dataset::private_name(call_.aggregate)) +
                      " has no Gaussian noise");
    }
    out_.spec.noise = dp::NoiseKind::gaussian;
    return ok();
  }

  Status keys() {
    std::vector<int> columns = call_.group_by;
    const bool top = call_.aggregate == PrivateAggregate::top_k;
    if (top) columns = {call_.of};
    bool selected = false;
    for (const int column : columns) {
      const std::string name = column < 0 ? "" : name_of(*out_.dataset, column);
      const PrivateColumn* const known = privacy_->column(name);
      if (known == nullptr || !known->key()) {
        return fail(Code::invalid, (top ? "of: '" : "groupBy: '") + name +
                                       "' is no key of private answers of this dataset");
      }
      selected = selected || known->selected();
      sources_.push_back(known);
    }
    out_.keys = columns;
    out_.columns = columns;
    out_.sorted.resize(columns.size());
    std::iota(out_.sorted.begin(), out_.sorted.end(), std::size_t{0});
    std::ranges::sort(out_.sorted, {}, [&](std::size_t i) { return sources_[i]->name; });
    if (top) {
      if (call_.k < 1 || call_.k > dp::kTopMax) {
        return fail(Code::invalid, "k: is from 1 to " + std::to_string(dp::kTopMax));
      }
      out_.spec.top = call_.k;
    }
    if (columns.empty()) return ok();
    out_.spec.keys = selected ? dp::Keys::unknown : dp::Keys::known;
    return selected ? ok() : list_keys();
  }

  // All combinations of the public keys, in their order, the last column fastest.
  Status list_keys() {
    std::size_t count = 1;
    for (const PrivateColumn* source : sources_) {
      count *= source->keys.size();
      if (count > kGroupsKnownMax) {
        return fail(Code::invalid, "groupBy: more than " + std::to_string(kGroupsKnownMax) +
                                       " combinations of keys");
      }
    }
    std::size_t bytes = 0;
    std::vector<json::Value> values(sources_.size());
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t rest = i;
      for (std::size_t at = sources_.size(); at-- > 0;) {
        const std::vector<std::string>& keys = sources_[out_.sorted[at]]->keys;
        const auto column = static_cast<std::size_t>(out_.keys[out_.sorted[at]]);
        values[at] = key_value(out_.dataset->columns[column], keys[rest % keys.size()]);
        rest /= keys.size();
      }
      out_.known.push_back(group_key(values));
      bytes += out_.known.back().size() + kRowBytes;
    }
    if (bytes > accountant::kResultBytesMax / 2) {
      return fail(Code::invalid, "groupBy: the answer would have more than " +
                                     std::to_string(accountant::kResultBytesMax / 2) + " bytes");
    }
    out_.spec.keys_listed = out_.known.size();
    return ok();
  }

  Status value() {
    if (!takes_value(call_.aggregate)) return ok();
    const std::string name = call_.of < 0 ? "" : name_of(*out_.dataset, call_.of);
    const PrivateColumn* const column = privacy_->column(name);
    if (column == nullptr || !column->number()) {
      return fail(Code::invalid,
                  "of: '" + name + "' is no number of private answers of this dataset");
    }
    MC_TRY(out_.grid, Grid::of(*column));
    out_.columns.push_back(call_.of);
    out_.spec.bounds.low = out_.grid->low();
    out_.spec.bounds.high = out_.grid->high();
    if (call_.aggregate == PrivateAggregate::histogram) return bins();
    if (call_.aggregate == PrivateAggregate::quantile) return quantile();
    return ok();
  }

  Status bins() {
    const std::int64_t bins = call_.k == 0 ? settings_.histogram_bins : call_.k;
    if (bins < 2 || bins > kHistogramBinsMax) {
      return fail(Code::invalid, "bins: is from 2 to " + std::to_string(kHistogramBinsMax));
    }
    out_.spec.points = out_.grid->edges(bins);
    return ok();
  }

  Status quantile() {
    MC_TRY(out_.spec.quantile, fixed::parse_decimal(call_.q, {"q", 3, 0, dp::kQuantileParts}));
    out_.spec.points = out_.grid->points(kQuantilePointsMax);
    return ok();
  }

  std::string digest() const {
    json::Object out;
    out.set("kind", "mc.dp.question");
    out.set("version", 1);
    out.set("tenant", call_.tenant.get());
    out.set("purpose", call_.caller.purpose);
    out.set("dataset", out_.dataset->name);
    out.set("snapshot", out_.snapshot);
    out.set("aggregate", dataset::private_name(call_.aggregate));
    out.set("noise", dp::noise_name(out_.spec.noise));
    out.set("of", takes_value(call_.aggregate) ? name_of(*out_.dataset, call_.of) : "");
    json::Array keys;
    for (const std::size_t at : out_.sorted) keys.emplace_back(sources_[at]->name);
    out.set("keys", std::move(keys));
    json::Array known;
    for (const std::string& key : out_.known) known.emplace_back(key);
    out.set("known", std::move(known));
    // As text: integers of 64 bits are no numbers of RFC 8785.
    out.set("where", call_.where == nullptr ? "{}" : json::print(*call_.where));
    out.set("unit", privacy_->unit);
    out.set("groups_per_unit", out_.spec.bounds.groups_per_unit);
    out.set("rows_per_group", out_.spec.bounds.rows_per_group);
    out.set("low", std::to_string(out_.spec.bounds.low));
    out.set("high", std::to_string(out_.spec.bounds.high));
    out.set("places", out_.grid ? out_.grid->places() : 0);
    json::Array points;
    for (const std::int64_t point : out_.spec.points) points.emplace_back(std::to_string(point));
    out.set("points", std::move(points));
    out.set("quantile", out_.spec.quantile);
    out.set("top", out_.spec.top);
    return "sha256:" + to_hex(sys::sha256(json::canonical(json::Value(std::move(out)))));
  }

  const dataset::PrivateCall& call_;
  const Settings& settings_;
  const dataset::DatasetPrivacy* privacy_ = nullptr;
  std::vector<const PrivateColumn*> sources_;  // of the keys
  Question out_;
};

}  // namespace

Status Settings::check() const {
  if (epsilon_min.get() < 1 || epsilon_min > accountant::NanoEpsilon(1'000'000'000)) {
    return fail(Code::invalid, "epsilon_min: is from 0.000000001 to 1");
  }
  if (delta.get() < 1 || delta.get() > dp::kDeltaAttoMax) {
    return fail(Code::invalid, "delta: is above 0, and at most 0.01");
  }
  if (quote_valid < seconds(1) || quote_valid > seconds(3'600)) {
    return fail(Code::invalid, "quote_valid: is from 1s to 1h");
  }
  if (snapshot < seconds(1) || snapshot > seconds(366LL * 86'400)) {
    return fail(Code::invalid, "snapshot: is from 1s to 366d");
  }
  if (histogram_bins < 2 || histogram_bins > kHistogramBinsMax) {
    return fail(Code::invalid, "histogram_bins: is from 2 to " + std::to_string(kHistogramBinsMax));
  }
  if (queue_max < 0 || queue_max > kQueueMaxMax) {
    return fail(Code::invalid, "queue_max: is from 0 to " + std::to_string(kQueueMaxMax));
  }
  if (queue_valid < seconds(1) || queue_valid > seconds(366LL * 86'400)) {
    return fail(Code::invalid, "queue_valid: is from 1s to 366d");
  }
  return ok();
}

std::string snapshot_at(Nanos span, WallTime time) {
  return format_rfc3339({time.nanos / span.count * span.count});
}

std::string group_key(const std::vector<json::Value>& values) {
  return json::print(json::Value(json::Array(values.begin(), values.end())));
}

json::Value key_value(const dataset::Column& column, const std::string& written) {
  switch (column.type) {
    case ColumnType::int_:
    case ColumnType::long_: {
      const Result<std::int64_t> number = parse_int(written);
      return number ? json::Value(*number) : json::Value(written);
    }
    case ColumnType::boolean:
      return written == "true";
    default:
      return written;
  }
}

json::Value key_value(const dataset::Column& column, const sql::Rows::Value& value) {
  switch (value.type) {
    case sql::Type::null:
      return {};
    case sql::Type::integer:
      if (column.type == ColumnType::boolean) return value.integer != 0;
      if (column.type == ColumnType::int_ || column.type == ColumnType::long_) {
        return value.integer;
      }
      return std::to_string(value.integer);
    case sql::Type::real: {
      std::string text;
      json::append_double(text, value.real);
      return text;
    }
    default:
      return key_value(column, std::string(value.text));
  }
}

Result<Question> question_of(const dataset::Dataset& dataset, const dataset::PrivateCall& call,
                             const Settings& settings, std::string snapshot) {
  return Asking(dataset, call, settings).question(std::move(snapshot));
}

Result<Priced> priced(const Question& question, accountant::NanoEpsilon epsilon,
                      const Settings& settings) {
  Priced out{question.spec, {}, {}};
  std::int64_t rest = epsilon.get();
  const bool selects = question.spec.keys == dp::Keys::unknown;
  const bool gaussian = question.spec.noise == dp::NoiseKind::gaussian;
  const std::int64_t delta = settings.delta.get() / (selects && gaussian ? 2 : 1);
  if (selects) {
    out.spec.selection_epsilon_nano = rest / 2;
    out.spec.selection_delta_atto = delta;
    rest -= rest / 2;
  }
  if (gaussian) {
    out.spec.delta_atto = delta;
    MC_TRY(out.spec.rho_pico, dp::rho_pico_within(rest, delta));
    if (out.spec.rho_pico == 0) {
      return fail(Code::invalid, "epsilon: is too small for Gaussian noise");
    }
  } else {
    out.spec.epsilon_nano = rest;
  }
  MC_TRY(out.quote, dp::price(out.spec));
  const dp::Price& price = out.quote.price;
  out.cost = {accountant::NanoEpsilon(price.epsilon_nano), accountant::AttoDelta(price.delta_atto),
              accountant::PicoRho(price.rho_pico)};
  return out;
}

}  // namespace mc::planner
