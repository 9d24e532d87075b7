// For tests: a planner without noise. It answers counts, units and sums exactly, refuses as it is
// told, and remembers what it was asked.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dataset/dataset.h"

namespace mc::dataset {

class ExactAnswers final : public PrivateAnswers {
 public:
  explicit ExactAnswers(const Model& model) : model_(model) {}

  struct Asked {
    PrivateCall call;   // but for its filter
    std::string where;  // "{}" = none
  };

  PrivateResult answer(const PrivateCall& call, RowScan& rows) override {
    {
      const std::lock_guard lock(mutex_);
      asked.push_back({call, call.where == nullptr ? "{}" : json::print(*call.where)});
      asked.back().call.where = nullptr;
    }
    if (refuse) {
      if (auto refusal = refuse(call)) return tl::unexpected<PrivateRefusal>(std::move(*refusal));
    }
    if (instead) {
      if (const Status done = instead(call, rows); !done) return failed(done.error());
    }
    Groups groups;
    if (const Status done = read(call, rows, groups); !done) return failed(done.error());
    PrivateAnswer out{"rel_1", "ALLOW", call.epsilon, "0", "exact", "snap_1", {}};
    if (groups.empty() && call.group_by.empty()) groups[{}] = {};
    for (const auto& [key, tally] : groups) {
      out.rows.push_back({tally.key, value_of(call, tally), "0", std::nullopt});
    }
    return out;
  }

  // What waits is told by `kept`, by id; whoever asks.
  Result<PrivateKept> queued_call(const TenantId&, const PrivateCaller&,
                                  const std::string& id) override {
    const auto found = kept.find(id);
    if (found == kept.end()) return fail(Code::not_found, "no queued query '" + id + "'");
    return found->second;
  }
  std::map<std::string, PrivateKept> kept{};

  Result<PrivateQuestion> read_sql(std::string_view sql) const override {
    if (read_as) return read_as(sql);
    return fail(Code::invalid, "no SQL here");
  }

  static PrivateResult failed(const Error& error) {
    return tl::unexpected<PrivateRefusal>(PrivateRefusal{error, {}, {}, false});
  }

  std::function<std::optional<PrivateRefusal>(const PrivateCall& call)> refuse;
  std::function<Status(const PrivateCall& call, RowScan& rows)> instead;  // before it answers
  std::function<Result<PrivateQuestion>(std::string_view sql)> read_as;
  std::vector<Asked> asked;

 private:
  struct Tally {
    std::vector<json::Value> key;
    std::int64_t count = 0, sum = 0;
    std::set<std::string> units;
  };
  using Groups = std::map<std::vector<std::string>, Tally>;

  static std::string text_of(const sql::Rows::Value& value) {
    if (value.type == sql::Type::integer) return std::to_string(value.integer);
    std::string out;
    if (value.type == sql::Type::real) json::append_double(out, value.real);
    return value.type == sql::Type::text ? std::string(value.text) : out;
  }
  json::Value key_of(const PrivateCall& call, int column, const sql::Rows::Value& value) const {
    const Column& described = dataset(call).columns[static_cast<std::size_t>(column)];
    if (value.type == sql::Type::null) return {};
    if (described.type == ColumnType::boolean) return value.integer != 0;
    if (described.type == ColumnType::long_) return *parse_int(text_of(value));
    return text_of(value);
  }
  Status read(const PrivateCall& call, RowScan& rows, Groups& groups) const {
    std::vector<int> columns = {dataset(call).column_index(dataset(call).privacy->unit)};
    const bool sums = call.aggregate == PrivateAggregate::sum;
    if (sums) columns.push_back(call.of);
    columns.insert(columns.end(), call.group_by.begin(), call.group_by.end());
    return rows.scan(columns, call.where, [&](std::span<const sql::Rows::Value> values) {
      std::vector<std::string> key;
      std::vector<json::Value> shown;
      const std::size_t first = sums ? 2 : 1;
      for (std::size_t i = first; i < values.size(); ++i) {
        shown.push_back(key_of(call, columns[i], values[i]));
        key.push_back(json::print(shown.back()));
      }
      Tally& tally = groups[key];
      tally.key = std::move(shown);
      ++tally.count;
      tally.units.insert(text_of(values[0]));
      if (sums && values[1].type != sql::Type::null) tally.sum += *parse_int(text_of(values[1]));
      return ok();
    });
  }
  static std::string value_of(const PrivateCall& call, const Tally& tally) {
    if (call.aggregate == PrivateAggregate::units) return std::to_string(tally.units.size());
    return std::to_string(call.aggregate == PrivateAggregate::sum ? tally.sum : tally.count);
  }
  const Dataset& dataset(const PrivateCall& call) const {
    return model_.datasets[static_cast<std::size_t>(call.dataset)];
  }

  const Model& model_;
  std::mutex mutex_;
};

}  // namespace mc::dataset
