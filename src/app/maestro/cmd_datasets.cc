// maestro dataset: import files, look at the model and its schema.
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "dataset/dataset.h"
#include "maestro/command.h"
#include "maestro/settings.h"

namespace mc::app {
namespace {

struct ImportFlags {
  std::string file;
  std::string dataset;
  std::string tenant;
  std::string source;
  std::string delimiter;
  std::vector<std::string> types;
  std::int64_t bad_rows_max = 0;
  bool replace = false;
  bool create = false;
};

Result<dataset::Model> load_model(Context& context, const Settings& settings) {
  if (settings.datasets_file.empty()) {
    return fail(Code::invalid,
                "datasets_file is not set; see: maestro config explain datasets_file");
  }
  MC_TRY(const std::string yaml,
         context.machine.files->read_all(settings.datasets_file, dataset::kModelBytesMax));
  return dataset::parse_model(yaml, settings.datasets_file);
}

// One line, rewritten in place, on a terminal only.
void draw_progress(const dataset::ImportProgress& progress) {
  const double total = static_cast<double>(std::max<std::int64_t>(1, progress.bytes_total));
  const double part = static_cast<double>(progress.bytes_done) / total;
  constexpr int kWidth = 32;
  const int filled = static_cast<int>(part * kWidth);
  std::string bar(static_cast<std::size_t>(filled), '#');
  bar.append(static_cast<std::size_t>(kWidth - filled), '.');
  std::fprintf(stderr, "\r[%s] %3d %%  %lld rows  %lld bad%s", bar.c_str(),
               static_cast<int>(part * 100), static_cast<long long>(progress.rows),
               static_cast<long long>(progress.bad_rows), progress.finishing ? "  finishing" : "");
}

Result<char> parse_delimiter(const std::string& text) {
  if (text.empty()) return '\0';
  if (text == "tab" || text == "\\t") return '\t';
  if (text == "," || text == ";" || text == "|") return text[0];
  return fail(Code::invalid, "--delimiter is one of , ; | tab");
}

Result<std::vector<dataset::ImportColumn>> parse_types(const std::vector<std::string>& texts) {
  std::vector<dataset::ImportColumn> out;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const std::optional<dataset::ColumnType> type =
        equals == std::string::npos ? std::nullopt : dataset::parse_type(text.substr(equals + 1));
    if (!type) return fail(Code::invalid, "--type takes HEADER=TYPE, not '" + excerpt(text) + "'");
    out.push_back({name, *type});
  }
  return out;
}

Result<dataset::ImportOptions> import_options(const ImportFlags& flags, const dataset::Model* model,
                                              std::string& url) {
  dataset::ImportOptions options;
  options.tenant = TenantId(flags.tenant);
  options.table = flags.dataset;
  const dataset::Dataset* held = model == nullptr ? nullptr : model->dataset(flags.dataset);
  if (held != nullptr) {
    options.table = held->table;
    options.tenant_column = held->tenant;
    options.key_column = held->column(held->key)->column;
    url = model->source(held->source)->url;
  } else if (!flags.source.empty()) {
    url = flags.source;
  } else {
    return fail(Code::not_found, "no dataset '" + excerpt(flags.dataset) +
                                     "' in the model; give --source URL to make a new table");
  }
  options.mode = flags.replace ? dataset::ImportMode::replace : dataset::ImportMode::append;
  options.create = flags.create ? dataset::CreateTable::if_absent : dataset::CreateTable::no;
  options.bad_rows_max = flags.bad_rows_max;
  MC_TRY(options.delimiter, parse_delimiter(flags.delimiter));
  MC_TRY(options.types, parse_types(flags.types));
  return options;
}

void print_report(const Context& context, const dataset::ImportReport& report) {
  for (const dataset::BadRow& row : report.bad) {
    print_talk(context, "line " + std::to_string(row.line) +
                            (row.column.empty() ? "" : ", column " + row.column) + ": " + row.what +
                            "\n");
  }
  if (!context.json) {
    print_out(std::to_string(report.rows) + " rows imported, " + std::to_string(report.bad_rows) +
              " bad\n");
    return;
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("rows", report.rows).member("bad_rows", report.bad_rows);
  writer.member("bytes", report.bytes).member("resumed_at", report.resumed_at);
  writer.member("table_created", report.table_created).end_object();
  print_out(out + "\n");
}

Status import(Context& context, const ImportFlags& flags) {
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  std::optional<dataset::Model> model;
  if (!loaded.value.datasets_file.empty()) {
    MC_TRY(model, load_model(context, loaded.value));
  }
  std::string url;
  MC_TRY(dataset::ImportOptions options, import_options(flags, model ? &*model : nullptr, url));
  const bool terminal = ::isatty(STDERR_FILENO) == 1 && !context.quiet;
  if (terminal) {
    options.progress = [](const dataset::ImportProgress& progress) {
      draw_progress(progress);
      return true;
    };
  }
  // One process writes a SQLite file: the lock of the data directory keeps a server away.
  MC_TRY_OK(context.machine.files->make_folders(loaded.value.data_dir));
  MC_TRY(const std::unique_ptr<sys::FolderLock> lock, sys::lock_folder(loaded.value.data_dir));
  MC_TRY(const std::unique_ptr<sql::Connection> connection, context.machine.drivers.open(url));
  const Result<dataset::ImportReport> report =
      dataset::import_file(*connection, *context.machine.files, flags.file, options);
  if (terminal) std::fputs("\n", stderr);
  if (!report) return tl::unexpected<Error>(report.error());
  print_report(context, *report);
  if (report->table_created && !context.json) {
    dataset::Model described;
    described.sources.push_back({"main", url, ""});
    described.datasets.push_back(report->dataset);
    described.datasets.back().source = "main";
    print_out("# a new table; to serve it, put this into datasets_file:\n" +
              dataset::to_yaml(described));
  }
  return ok();
}

Status show_sdl(Context& context) {
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  MC_TRY(const dataset::Model model, load_model(context, loaded.value));
  if (!context.json) {
    print_out(dataset::sdl(model));
    return ok();
  }
  json::Object out;
  out.set("sdl", dataset::sdl(model));
  print_out(json::print(json::Value(std::move(out))) + "\n");
  return ok();
}

}  // namespace

void add_datasets(cli::Command& app, Context& context) {
  cli::Command& datasets = app.add("dataset", "Governed tables");
  datasets.add("sdl", "The GraphQL schema made from the model").runs([&context] {
    return show_sdl(context);
  });
  auto flags = std::make_shared<ImportFlags>();
  cli::Command& load = datasets.add("import", "Load a CSV or JSON lines file, all or nothing");
  load.option("FILE", flags->file, "File to read").required();
  load.option("--dataset", flags->dataset, "Dataset of the model, or a new table").required();
  load.option("--tenant", flags->tenant, "Whose rows these are").required();
  load.option("--source", flags->source, "Database URL when the model has no such dataset");
  load.option("--delimiter", flags->delimiter, ", ; | or tab; otherwise detected");
  load.option("--type", flags->types, "HEADER=TYPE; otherwise detected");
  load.option("--max-bad", flags->bad_rows_max, "Bad rows to tolerate");
  load.flag("--replace", flags->replace, "Replace the tenant's rows");
  load.flag("--create", flags->create, "Make the table when it is absent");
  load.runs([&context, flags] { return import(context, *flags); });
}

}  // namespace mc::app
