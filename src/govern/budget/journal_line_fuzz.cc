// Admission logs from anywhere, read, replayed, compared with other settings and explained. A line
// that is taken is printed again as it was; decisions are the same when they are run twice.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "budget/explain.h"
#include "budget/journal_files.h"
#include "budget/replay.h"

namespace {

using namespace mc;          // NOLINT(google-build-using-namespace)
using namespace mc::budget;  // NOLINT(google-build-using-namespace)

BudgetSettings other_settings() {
  BudgetSettings out;
  PlanSettings& plan = out.plans["starter"];
  plan.gql_qps = 1;
  plan.seats = 2;
  plan.credits_per_day = 10;
  out.admission.global.bytes_per_s = 100;
  return out;
}

// Until the log ends or is none.
template <class F>
void each_event(const std::string& text, F&& run) {
  JournalReader reader = JournalReader::of_text(text, "log");
  while (true) {
    const auto line = reader.next();
    if (!line || !*line) break;
    MC_CHECK(print_line((*line)->event) == (*line)->text);
    if (!run((*line)->event)) break;
  }
  MC_CHECK(reader.bytes_read() <= reader.bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Verifier first, second;
  each_event(text, [&](const JournalEvent& event) {
    const auto one = first.run(event), two = second.run(event);
    MC_CHECK(one == two);
    return one.has_value();
  });
  Comparison comparison({.settings = other_settings()});
  each_event(text, [&](const JournalEvent& event) { return comparison.run(event).has_value(); });
  const Comparison::Counts& total = comparison.report().total;
  MC_CHECK(total.passes <= total.denied && total.refused <= total.decisions - total.denied);
  Explainer explainer("r1");
  each_event(text, [&](const JournalEvent& event) {
    explainer.find(event);
    return true;
  });
  each_event(text, [&](const JournalEvent& event) {
    explainer.look(event);
    return true;
  });
  const auto explained = explainer.result();
  MC_CHECK(explained || explained.error().code == Code::not_found);
  return 0;
}
