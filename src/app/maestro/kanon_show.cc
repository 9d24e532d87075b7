#include "maestro/kanon_show.h"

#include <algorithm>
#include <cstdio>

namespace mc::app {
namespace {

constexpr std::size_t kSizesShown = 20;

std::int64_t whole(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

// "1.96 %" of trillionths; of counts that are known, nothing is rounded before this.
std::string percent(std::int64_t pico) {
  char out[32];
  std::snprintf(out, sizeof out, "%.2f %%", static_cast<double>(pico) / 1e10);
  return out;
}
std::string percent_of(std::uint64_t part, std::uint64_t all) {
  if (all == 0) return "0.00 %";
  char out[32];
  std::snprintf(out, sizeof out, "%.2f %%",
                100 * static_cast<double>(part) / static_cast<double>(all));
  return out;
}

std::string levels_of(const KanonSummary& of) {
  if (!of.outcome.levels) return "local: each class its own";
  std::string out;
  for (std::size_t i = 0; i < of.outcome.levels->size(); ++i) {
    const kanon::Quasi& quasi = of.input.problem->quasi()[i];
    out += (out.empty() ? "" : ", ") + quasi.name + " " + std::to_string((*of.outcome.levels)[i]) +
           "/" + std::to_string(quasi.hierarchy.levels() - 1);
  }
  return out;
}

std::string search_of(const KanonSummary& of) {
  const recheck::Search& search = of.outcome.search;
  if (!of.outcome.levels) return "not proven to be the least";
  const std::string nodes =
      std::to_string(search.nodes) + " of " + std::to_string(of.outcome.nodes_total) + " nodes";
  if (search.optimal) return "proven to be the least, " + nodes + " looked at";
  return "no solution loses less than " + search.bound + "; ended by its budget, " + nodes;
}

void print_line(const char* name, const std::string& text) {
  std::string line = name;
  line.resize(14, ' ');
  print_out(line + text + "\n");
}

void print_summary(const KanonSummary& of) {
  const kanon::Problem& problem = *of.input.problem;
  const kanon::Classes& classes = of.outcome.classes;
  const std::vector<kanon::SizeCount> sizes = kanon::size_histogram(classes);
  print_line("rows", std::to_string(classes.released()) + " of " + std::to_string(problem.rows()) +
                         " released");
  print_line("suppressed", std::to_string(classes.suppressed) + " (" +
                               percent_of(classes.suppressed, problem.rows()) + "), at most " +
                               std::to_string(problem.suppressed_max()));
  print_line("classes", std::to_string(classes.size()) + ", the smallest has " +
                            std::to_string(sizes.empty() ? 0 : sizes.front().rows) +
                            " rows, k = " + std::to_string(problem.sizes().k));
  print_line("levels", levels_of(of));
  print_line("loss", kanon::pico_text(of.outcome.loss.geometric_pico) + " (arithmetic mean " +
                         kanon::pico_text(of.outcome.loss.arithmetic_pico) + "); " + search_of(of));
}

void write_summary(json::Writer& writer, const KanonSummary& of) {
  const kanon::Problem& problem = *of.input.problem;
  const kanon::Classes& classes = of.outcome.classes;
  const std::vector<kanon::SizeCount> sizes = kanon::size_histogram(classes);
  writer.member("rows_in", whole(problem.rows()));
  writer.member("rows_out", whole(classes.released()));
  writer.member("suppressed", whole(classes.suppressed));
  writer.member("suppressed_max", whole(problem.suppressed_max()));
  writer.member("k", std::int64_t{problem.sizes().k});
  writer.member("classes", whole(classes.size()));
  writer.member("class_min", std::int64_t{sizes.empty() ? 0 : sizes.front().rows});
  writer.member("method", of.outcome.levels ? "global" : "local");
  if (of.outcome.levels) {
    writer.key("levels").begin_array();
    for (const std::uint8_t level : *of.outcome.levels) writer.value(std::int64_t{level});
    writer.end_array();
  }
  writer.member("loss", kanon::pico_text(of.outcome.loss.geometric_pico));
  writer.member("loss_arithmetic", kanon::pico_text(of.outcome.loss.arithmetic_pico));
  writer.member("bound", of.outcome.search.bound);
  writer.member("optimal", of.outcome.search.optimal);
  writer.member("nodes", of.outcome.search.nodes);
}

struct RiskLine {
  const char* name;
  const char* text;
  std::int64_t kanon::Risk::* value;
};
constexpr RiskLine kRisks[] = {
    {"prosecutor_highest", "prosecutor, highest", &kanon::Risk::prosecutor_highest_pico},
    {"prosecutor_average", "prosecutor, average", &kanon::Risk::prosecutor_average_pico},
    {"journalist_highest", "journalist, highest", &kanon::Risk::journalist_highest_pico},
    {"journalist_average", "journalist, average", &kanon::Risk::journalist_average_pico},
    {"marketer", "marketer", &kanon::Risk::marketer_pico}};

void write_risk(json::Writer& writer, const char* name, const kanon::Risk& risk) {
  writer.key(name).begin_object();
  for (const RiskLine& line : kRisks) {
    writer.member(line.name, kanon::pico_text(risk.*line.value));
  }
  writer.member("smallest_class", std::int64_t{risk.smallest_class});
  writer.member("rows_below_k", whole(risk.rows_below_k));
  writer.end_object();
}

// By quasi-identifier; empty of local recoding, which suppresses nothing.
std::vector<std::uint64_t> blamed(const KanonSummary& of) {
  if (!of.outcome.levels) return {};
  return kanon::suppressed_by_column(*of.input.problem, *of.outcome.levels);
}

void write_columns(json::Writer& writer, const KanonSummary& of) {
  const std::vector<std::uint64_t> by_column = blamed(of);
  const std::vector<kanon::Quasi>& quasi = of.input.problem->quasi();
  writer.key("columns").begin_array();
  for (std::size_t i = 0; i < quasi.size(); ++i) {
    writer.begin_object().member("name", quasi[i].name);
    if (of.outcome.levels) writer.member("level", std::int64_t{(*of.outcome.levels)[i]});
    writer.member("level_max", whole(quasi[i].hierarchy.levels() - 1));
    writer.member("loss", kanon::pico_text(of.outcome.loss.columns_pico[i]));
    if (!by_column.empty()) writer.member("suppressed", whole(by_column[i]));
    writer.end_object();
  }
  writer.end_array();
}

void print_columns(const KanonSummary& of) {
  const std::vector<std::uint64_t> by_column = blamed(of);
  const std::vector<kanon::Quasi>& quasi = of.input.problem->quasi();
  std::vector<std::vector<std::string>> rows;
  rows.reserve(quasi.size());
  for (std::size_t i = 0; i < quasi.size(); ++i) {
    rows.push_back(
        {quasi[i].name, of.outcome.levels ? std::to_string((*of.outcome.levels)[i]) : "own",
         std::to_string(quasi[i].hierarchy.levels() - 1), percent(of.outcome.loss.columns_pico[i]),
         by_column.empty() ? "-"
                           : std::to_string(by_column[i]) + " (" +
                                 percent_of(by_column[i], of.input.problem->rows()) + ")"});
  }
  print_out("\n");
  print_table({"column", "level", "of", "loss", "suppressed by it"}, rows);
}

void print_risks(const kanon::Risk& before, const kanon::Risk& after) {
  std::vector<std::vector<std::string>> rows;
  for (const RiskLine& line : kRisks) {
    rows.push_back({line.text, percent(before.*line.value), percent(after.*line.value)});
  }
  rows.push_back({"rows in classes below k", std::to_string(before.rows_below_k),
                  std::to_string(after.rows_below_k)});
  print_out("\n");
  print_table({"risk of being found", "before", "after"}, rows);
}

void print_sizes(const kanon::Classes& classes) {
  const std::vector<kanon::SizeCount> sizes = kanon::size_histogram(classes);
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < std::min(sizes.size(), kSizesShown); ++i) {
    rows.push_back({std::to_string(sizes[i].rows), std::to_string(sizes[i].classes)});
  }
  print_out("\n");
  print_table({"rows of a class", "classes"}, rows);
  if (sizes.size() <= kSizesShown) return;
  print_out("and " + std::to_string(sizes.size() - kSizesShown) + " sizes up to " +
            std::to_string(sizes.back().rows) + "\n");
}

void write_quality(json::Writer& writer, const kanon::Quality& quality) {
  writer.key("quality").begin_object();
  writer.member("precision", kanon::pico_text(quality.precision_pico));
  writer.member("discernibility", quality.discernibility);
  writer.member("average_class_micro", quality.average_class_micro);
  writer.member("ambiguity", kanon::pico_text(quality.ambiguity_pico));
  writer.member("entropy", kanon::pico_text(quality.entropy_pico));
  writer.end_object();
}

}  // namespace

void show_run(const Context& context, const KanonSummary& summary, const KanonFiles& files) {
  if (!context.json) {
    print_summary(summary);
    print_line("release", files.release + " (sha256:" + files.sha256 + ")");
    print_line("manifest", files.manifest);
    return;
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  write_summary(writer, summary);
  writer.member("release", files.release).member("manifest", files.manifest);
  writer.member("sha256", files.sha256).member("written", !context.dry_run);
  writer.end_object();
  print_out(out + "\n");
}

void show_preview(const Context& context, const KanonSummary& summary) {
  const kanon::Problem& problem = *summary.input.problem;
  const kanon::Risk before = kanon::risk_before(problem);
  const kanon::Risk after = kanon::risk_of(problem, summary.outcome.classes);
  if (!context.json) {
    print_summary(summary);
    print_columns(summary);
    print_risks(before, after);
    print_sizes(summary.outcome.classes);
    return;
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  write_summary(writer, summary);
  write_columns(writer, summary);
  write_risk(writer, "risk_before", before);
  write_risk(writer, "risk_after", after);
  write_quality(writer, kanon::quality_of(problem, summary.outcome.classes));
  writer.key("sizes").begin_array();
  for (const kanon::SizeCount& one : kanon::size_histogram(summary.outcome.classes)) {
    writer.begin_object().member("rows", std::int64_t{one.rows});
    writer.member("classes", whole(one.classes)).end_object();
  }
  writer.end_array().end_object();
  print_out(out + "\n");
}

}  // namespace mc::app
