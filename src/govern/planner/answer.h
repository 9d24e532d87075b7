// A release as it is told, and as it is kept (docs/formats/dp-answer.md).
//
// Numbers are exact decimals. An interval holds the true value, apart from what bounding and
// clamping take away, in 95 of 100 releases or more; that of a quantile is not known, as it goes by
// ranks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/private.h"
#include "dp/dp.h"
#include "planner/question.h"

namespace mc::planner {

inline constexpr std::int64_t kAnswerVersion = 1;

struct KeptAnswer {
  std::string question;  // digest
  std::string snapshot;
  std::string aggregate;
  accountant::Cost cost;
  std::string noise;                      // "discrete_laplace", "discrete_gaussian"
  std::string source;                     // of the randomness: "csprng"
  std::vector<dataset::PrivateRow> rows;  // keys in canonical order of the columns
  bool operator==(const KeptAnswer&) const = default;
};

KeptAnswer answer_of(const Question& question, const Priced& priced, const dp::Release& release);

// Canonical JSON; read_answer() gives it back, `corrupt` for anything else.
std::string print_answer(const KeptAnswer& answer);
Result<KeptAnswer> read_answer(std::string_view bytes);

// The rows with keys in the order in which this question names its columns.
std::vector<dataset::PrivateRow> rows_for(const Question& question, KeptAnswer answer);

// As it is given to who asked this question. `release`: the id of its charge.
dataset::PrivateAnswer answer_with(const Question& question, KeptAnswer kept, std::string verdict,
                                   std::string release);

}  // namespace mc::planner
