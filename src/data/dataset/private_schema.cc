// Per dataset with a section `privacy` (plural persons, type Person):
//
//   personsDP: PersonDP          enum PersonDPKey, enum PersonDPNumber: the columns of the section
//   type PersonDP { count sum mean quantile histogram topK units }: DPAnswer
//
// Fields that need a number, or a key, are there when the section has one.
#include "dataset/private_schema.h"

#include <algorithm>

namespace mc::dataset {
namespace {

// All rows of the tenant are read for it, however few are left in the answer.
constexpr std::string_view kCostOfAnswer = " @cost(weight: \"10\")";

constexpr std::string_view kCommon = R"(
"What a field costs, for the cost of an operation."
directive @cost(weight: String!) on FIELD_DEFINITION | OBJECT
"An exact decimal; answers have it as text, arguments take text or a number."
scalar Decimal
enum DPMechanism { LAPLACE GAUSSIAN }
"What may be done when the budget does not allow the answer now."
enum DPConsent {
  "Give a less exact answer that is there, for nothing, or answer with more noise for what is left."
  DEGRADE
  "Wait, and be run when the next window of the budget begins, under the rules of that time."
  QUEUE
}
"A differentially private answer. The same question of the same data has the same answer."
type DPAnswer {
  "Its id, in records and in receipts; null of a dry run."
  release: ID
  "ALLOW, CACHED (nothing is spent), DEGRADE, QUEUE (nothing is spent yet); of a dry run also DENY."
  verdict: String!
  "What it cost."
  epsilon: Decimal!
  delta: Decimal!
  mechanism: String!
  "Of the data that it is about."
  snapshot: String!
  rows: [DPRow!]! @listSize(assumedSize: 10)
  "Of a dry run alone."
  quote: DPQuote @cost(weight: "0")
  "Of a query that waits for a window, or has waited."
  queued: DPQueued
}
"A query that waits. Nothing is set aside for it; its answer is found by queuedDP."
type DPQueued {
  id: ID!
  "waiting, answered, refused, failed, cancelled, expired."
  state: String!
  runsAt: DateTime!
  "Given up, when it could not be run until then."
  expiresAt: DateTime!
  "Why it was refused or failed."
  why: String
}
"What a query would be, before it is run."
type DPQuote @cost(weight: "0") {
  "For the argument quote, to run exactly that; null when it would be refused."
  id: ID
  validUntil: DateTime
  "Of one number: root mean square error, and half of the 95 % interval."
  rmse: Decimal!
  halfWidth: Decimal!
  "Groups of so many units are always shown, where keys are not public."
  alwaysShown: Long
  "Epsilon of the budget that is nearest to its end, before this query."
  remaining: Decimal
  resetsAt: DateTime
  "About so many such queries fit; null without a limit."
  queriesLeft: Long
  "The largest epsilon that would pass, when this one does not."
  nearest: Decimal
  "When it would be run with consent to QUEUE; null when it passes, or waiting does not help."
  queueRunsAt: DateTime
  "Of this request when it is run, all fields together; null where nothing is priced."
  credits: Long
}
type DPRow {
  "One for each column of groupBy."
  key: [JSON]
  value: Decimal!
  "The 95 % interval of the noise."
  low: Decimal
  high: Decimal
}
)";

// What every form of a query takes.
constexpr std::string_view kArguments =
    "epsilon: Decimal, mechanism: DPMechanism, idempotencyKey: String, quote: ID, "
    "consent: [DPConsent!], dryRun: Boolean = false): DPAnswer";

std::string names_of(const Dataset& dataset, bool (PrivateColumn::*is)() const) {
  std::string out;
  for (const PrivateColumn& column : dataset.privacy->columns) {
    if ((column.*is)()) out += " " + column.name;
  }
  return out;
}

// `own` are the arguments that only this aggregate has.
std::string field(const Dataset& dataset, std::string_view name, std::string_view own,
                  bool groups) {
  const std::string& type = dataset.type;
  std::string out = "  " + std::string(name) + "(" + std::string(own) + "where: " + type + "Filter";
  if (groups && dataset.privacy->keys()) out += ", groupBy: [" + type + "DPKey!]";
  out.append(", ").append(kArguments);
  out += kCostOfAnswer;
  return out + "\n";
}

bool any_private(const Model& model) {
  return std::any_of(model.datasets.begin(), model.datasets.end(),
                     [](const Dataset& dataset) { return dataset.privacy.has_value(); });
}

}  // namespace

std::string private_common(const Model& model) {
  return any_private(model) ? std::string(kCommon.substr(1)) : "";
}

std::string private_types(const Dataset& dataset) {
  const std::string& type = dataset.type;
  const std::string of_number = "of: " + type + "DPNumber!, ";
  const std::string of_key = "of: " + type + "DPKey!, ";
  std::string out;
  if (dataset.privacy->keys()) {
    out += "enum " + type + "DPKey {" + names_of(dataset, &PrivateColumn::key) + " }\n";
  }
  if (dataset.privacy->numbers()) {
    out += "enum " + type + "DPNumber {" + names_of(dataset, &PrivateColumn::number) + " }\n";
  }
  out += "type " + type + "DP {\n" + field(dataset, "count", "", true);
  if (dataset.privacy->numbers()) {
    out += field(dataset, "sum", of_number, true) + field(dataset, "mean", of_number, true) +
           field(dataset, "quantile", of_number + "q: Decimal!, ", false) +
           "  \"Counts of equal parts of the range.\"\n" +
           field(dataset, "histogram", of_number + "bins: Int, ", false);
  }
  if (dataset.privacy->keys()) out += field(dataset, "topK", of_key + "k: Int!, ", false);
  return out + "  \"Different " + dataset.privacy->unit + ".\"\n" +
         field(dataset, "units", "", true) + "}\n";
}

std::string private_sql_field(const Model& model) {
  if (!any_private(model)) return "";
  std::string out = "  \"One aggregate of one dataset, in the SQL form.\"\n  sqlDP(sql: String!, ";
  out.append(kArguments).append(kCostOfAnswer);
  return out +
         "\n  \"What became of a query of yours that was to wait: its answer, once it has one.\"\n"
         "  queuedDP(id: ID!): DPAnswer\n";
}

std::string private_query_field(const Dataset& dataset) {
  return "  \"Differentially private answers.\"\n  " + dataset.plural + "DP: " + dataset.type +
         "DP\n";
}

}  // namespace mc::dataset
