// YAML <-> Model. yaml-cpp builds the tree and throws; nothing of it leaves this file.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "dataset/model.h"

namespace mc::dataset {
namespace {

constexpr std::size_t kFindingsMax = 100;
constexpr int kYamlDepthMax = 16;  // of flow brackets; yaml-cpp recurses

struct Finding {
  int line = 0;
  std::string what;
};

using Keys = std::vector<std::string_view>;

// Walks the tree, collects every finding, and remembers on which line each path stands.
class Reader {
 public:
  std::vector<Finding> findings;
  std::map<std::string, int, std::less<>> lines;

  void add(const YAML::Node& node, std::string what) {
    findings.push_back({node.Mark().line + 1, std::move(what)});
  }

  // A mapping with none but these keys, each at most once.
  bool mapping(const YAML::Node& node, const std::string& path, const Keys& keys) {
    lines[path] = node.Mark().line + 1;
    if (!node.IsMap()) {
      add(node, (path.empty() ? std::string("the file") : path) + " must be a mapping");
      return false;
    }
    std::vector<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        add(entry.first, "keys must be plain words");
        continue;
      }
      const std::string& key = entry.first.Scalar();
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        add(entry.first, "unknown key '" + excerpt(key) + "'");
      } else if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
        add(entry.first, "key '" + key + "' twice");
      }
      seen.push_back(key);
      lines[path.empty() ? key : path + "." + key] = entry.first.Mark().line + 1;
    }
    return true;
  }

  template <class Read>
  void sequence(const YAML::Node& parent, const std::string& path, const char* key, Read read) {
    const YAML::Node node = parent[key];
    if (!node.IsDefined()) return;
    const std::string here = path.empty() ? std::string(key) : path + "." + key;
    if (!node.IsSequence()) {
      add(node, here + " must be a list");
      return;
    }
    std::size_t index = 0;
    for (const auto& item : node) read(item, here + "[" + std::to_string(index++) + "]");
  }

  enum class Need { required, optional };
  void text(const YAML::Node& parent, const char* key, std::string& out,
            Need need = Need::optional) {
    const YAML::Node node = parent[key];
    if (!node.IsDefined()) {
      if (need == Need::required) add(parent, std::string("'") + key + "' is missing");
      return;
    }
    if (!node.IsScalar() || node.Scalar().size() > 4096) {
      add(node, std::string("'") + key + "' must be a text of at most 4096 bytes");
      return;
    }
    out = node.Scalar();
  }

  void flag(const YAML::Node& parent, const char* key, bool& out) {
    std::string word;
    text(parent, key, word);
    if (word.empty()) return;
    if (word != "true" && word != "false") {
      add(parent[key], std::string("'") + key + "' must be true or false");
    }
    out = word == "true";
  }

  void number(const YAML::Node& parent, const char* key, int& out) {
    std::string word;
    text(parent, key, word);
    if (word.empty()) return;
    const Result<std::int64_t> value = parse_int(word);
    if (!value || *value < 0 || *value > 1'000'000) {
      add(parent[key], std::string("'") + key + "' must be a number from 0 to 1000000");
      return;
    }
    out = static_cast<int>(*value);
  }

  // A word of a list of words; gives its index.
  template <class Enum>
  void word(const YAML::Node& parent, const char* key, std::initializer_list<const char*> words,
            Enum& out) {
    std::string given;
    text(parent, key, given);
    if (given.empty()) return;
    std::string list;
    int index = 0;
    for (const char* candidate : words) {
      if (given == candidate) {
        out = static_cast<Enum>(index);
        return;
      }
      list += (index++ == 0 ? "" : ", ") + std::string(candidate);
    }
    add(parent[key], "'" + excerpt(given) + "' is not one of " + list);
  }
};

using Need = Reader::Need;

Source read_source(Reader& in, const YAML::Node& node, const std::string& path) {
  Source source;
  if (!in.mapping(node, path, {"name", "url", "region"})) return source;
  in.text(node, "name", source.name, Need::required);
  in.text(node, "url", source.url, Need::required);
  in.text(node, "region", source.region);
  return source;
}

Column read_column(Reader& in, const YAML::Node& node, const std::string& path) {
  Column column;
  if (!in.mapping(node, path,
                  {"name", "column", "type", "storage", "sensitivity", "quasi_identifier",
                   "licence", "nullable", "unique", "filterable", "description"})) {
    return column;
  }
  in.text(node, "name", column.name, Need::required);
  column.column = column.name;
  in.text(node, "column", column.column);
  if (!node["type"].IsDefined()) in.add(node, "'type' is missing");
  in.word(node, "type",
          {"id", "int", "long", "float", "string", "boolean", "date", "datetime", "json"},
          column.type);
  in.word(node, "storage", {"natural", "text", "integer"}, column.storage);
  in.word(node, "sensitivity", {"public", "internal", "personal", "sensitive", "secret"},
          column.sensitivity);
  in.flag(node, "quasi_identifier", column.quasi_identifier);
  in.text(node, "licence", column.licence_class);
  in.flag(node, "nullable", column.nullable);
  in.flag(node, "unique", column.unique);
  column.filterable = column.type != ColumnType::json;
  in.flag(node, "filterable", column.filterable);
  if (column.type == ColumnType::json && column.filterable) {
    in.add(node["filterable"], "a json column cannot be filterable");
  }
  in.text(node, "description", column.description);
  return column;
}

Relation read_relation(Reader& in, const YAML::Node& node, const std::string& path) {
  Relation relation;
  if (!in.mapping(node, path, {"name", "to", "kind", "local", "remote"})) return relation;
  in.text(node, "name", relation.name, Need::required);
  in.text(node, "to", relation.to, Need::required);
  if (!node["kind"].IsDefined()) in.add(node, "'kind' is missing");
  in.word(node, "kind", {"one", "many"}, relation.kind);
  in.text(node, "local", relation.local, Need::required);
  in.text(node, "remote", relation.remote, Need::required);
  return relation;
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

void read_retention(Reader& in, const YAML::Node& node, Dataset& dataset) {
  std::string retention;
  in.text(node, "retention", retention);
  if (retention.empty()) return;
  const Result<Nanos> length = parse_duration(retention);
  if (length) {
    dataset.retention = *length;
  } else {
    in.add(node["retention"], "'retention' must be a duration such as 90d");
  }
}

PrivateColumn read_private_column(Reader& in, const YAML::Node& node, const std::string& path) {
  PrivateColumn column;
  if (!in.mapping(node, path, {"name", "min", "max", "step", "keys"})) return column;
  in.text(node, "name", column.name, Need::required);
  in.text(node, "min", column.min);
  in.text(node, "max", column.max);
  in.text(node, "step", column.step);
  in.sequence(node, path, "keys", [&](const YAML::Node& item, const std::string& here) {
    in.lines[here] = item.Mark().line + 1;
    if (!item.IsScalar()) return in.add(item, here + " must be a text");
    if (column.keys.size() <= kPrivateKeysMax) column.keys.push_back(item.Scalar());
  });
  const YAML::Node keys = node["keys"];
  if (keys.IsDefined() && keys.IsSequence() && keys.size() == 0) {
    in.add(keys, path + ".keys must not be empty; without it keys are selected");
  }
  return column;
}

void read_privacy(Reader& in, const YAML::Node& parent, const std::string& path, Dataset& dataset) {
  const YAML::Node node = parent["privacy"];
  if (!node.IsDefined()) return;
  const std::string here = path + ".privacy";
  if (!in.mapping(node, here, {"unit", "groups_per_unit", "rows_per_group", "columns"})) return;
  DatasetPrivacy& privacy = dataset.privacy.emplace();
  in.text(node, "unit", privacy.unit);
  in.number(node, "groups_per_unit", privacy.groups_per_unit);
  in.number(node, "rows_per_group", privacy.rows_per_group);
  in.sequence(node, here, "columns", [&](const YAML::Node& item, const std::string& at) {
    privacy.columns.push_back(read_private_column(in, item, at));
  });
}

Dataset read_dataset(Reader& in, const YAML::Node& node, const std::string& path) {
  Dataset dataset;
  if (!in.mapping(node, path,
                  {"name", "plural", "source", "table", "type", "key", "tenant", "licence",
                   "purposes", "description", "retention", "writable", "version", "limits",
                   "columns", "relations", "privacy"})) {
    return dataset;
  }
  in.text(node, "name", dataset.name, Need::required);
  dataset.plural = dataset.name + "s";
  dataset.type = capitalised(dataset.name);
  in.text(node, "plural", dataset.plural);
  in.text(node, "type", dataset.type);
  in.text(node, "source", dataset.source, Need::required);
  in.text(node, "table", dataset.table, Need::required);
  in.text(node, "key", dataset.key, Need::required);
  in.text(node, "tenant", dataset.tenant, Need::required);
  in.text(node, "licence", dataset.licence_class);
  in.sequence(node, path, "purposes", [&](const YAML::Node& item, const std::string& here) {
    in.lines[here] = item.Mark().line + 1;
    if (!item.IsScalar()) return in.add(item, here + " must be a word");
    if (dataset.purposes.size() <= kPurposesMax) dataset.purposes.push_back(item.Scalar());
  });
  in.text(node, "description", dataset.description);
  read_retention(in, node, dataset);
  in.flag(node, "writable", dataset.writable);
  in.text(node, "version", dataset.version);
  const YAML::Node limits = node["limits"];
  if (limits.IsDefined() && in.mapping(limits, path + ".limits", {"first_default", "first_max"})) {
    in.number(limits, "first_default", dataset.limits.first_default);
    in.number(limits, "first_max", dataset.limits.first_max);
  }
  in.sequence(node, path, "columns", [&](const YAML::Node& item, const std::string& here) {
    dataset.columns.push_back(read_column(in, item, here));
  });
  in.sequence(node, path, "relations", [&](const YAML::Node& item, const std::string& here) {
    dataset.relations.push_back(read_relation(in, item, here));
  });
  read_privacy(in, node, path, dataset);
  return dataset;
}

// The line of the longest known beginning of a path.
int line_of(const Reader& in, std::string path) {
  for (;;) {
    const auto found = in.lines.find(path);
    if (found != in.lines.end()) return found->second;
    const std::size_t cut = path.find_last_of(".[");
    if (cut == std::string::npos) return 1;
    path.resize(cut);
  }
}

// Counts the ways in which YAML nests: brackets, deeper indents, and the marks that a line begins
// with ("- - -"). Behind anything else a mark is text or an error, so a text may have many.
class NestingGuard {
 public:
  bool too_deep(std::string_view line) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos) return false;
    while (!indents_.empty() && indents_.back() >= indent) indents_.pop_back();
    indents_.push_back(indent);
    int marks = 0;
    bool leads = true;  // nothing but marks so far
    for (std::size_t i = indent; i < line.size(); ++i) {
      const char c = line[i];
      if (c == '[' || c == '{') ++brackets_;
      if ((c == ']' || c == '}') && brackets_ > 0) --brackets_;
      const bool alone = i + 1 == line.size() || line[i + 1] == ' ' || line[i + 1] == '\t';
      const bool mark = (c == '-' || c == '?' || c == ':') && alone;
      leads = leads && (mark || c == ' ' || c == '\t');
      if (leads && mark) ++marks;
      if (brackets_ > kYamlDepthMax) return true;
    }
    return marks > kMarksMax || indents_.size() > static_cast<std::size_t>(kYamlDepthMax);
  }

 private:
  static constexpr int kMarksMax = 64;  // of one line
  std::vector<std::size_t> indents_;
  int brackets_ = 0;
};

// yaml-cpp recurses on nesting, so deep texts are refused before it sees them.
Status guard_text(std::string_view yaml, std::string_view file_name) {
  const std::string file(file_name);
  if (yaml.size() > kModelBytesMax) {
    return fail(Code::invalid, file + ": larger than " + std::to_string(kModelBytesMax) + " bytes");
  }
  if (!is_valid_utf8(yaml)) return fail(Code::invalid, file + ": not valid UTF-8");
  NestingGuard guard;
  int number = 0;
  for (const std::string_view line : split(yaml, '\n')) {
    ++number;
    if (guard.too_deep(line)) {
      return fail(Code::invalid, file + ":" + std::to_string(number) + ": nested too deep");
    }
  }
  return ok();
}

Result<YAML::Node> load(std::string_view yaml, const std::string& file) {
  try {
    return YAML::Load(std::string(yaml));
  } catch (const YAML::Exception& e) {
    const int line = e.mark.is_null() ? 1 : e.mark.line + 1;
    return fail(Code::invalid, file + ":" + std::to_string(line) + ": " + e.msg);
  }
}

Result<Model> read_model(const YAML::Node& root, const std::string& file) {
  Reader in;
  Model model;
  if (in.mapping(root, "", {"sources", "datasets"})) {
    in.sequence(root, "", "sources", [&](const YAML::Node& item, const std::string& path) {
      if (model.sources.size() <= kSourcesMax) {
        model.sources.push_back(read_source(in, item, path));
      }
    });
    in.sequence(root, "", "datasets", [&](const YAML::Node& item, const std::string& path) {
      if (model.datasets.size() <= kDatasetsMax) {
        model.datasets.push_back(read_dataset(in, item, path));
      }
    });
  }
  // Rules over the whole model would only repeat a finding of the shape.
  if (in.findings.empty()) {
    for (const Problem& problem : model.problems()) {
      in.findings.push_back({line_of(in, problem.path), problem.path + ": " + problem.what});
    }
  }
  if (in.findings.empty()) return model;
  std::sort(in.findings.begin(), in.findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.line, a.what) < std::tie(b.line, b.what);
  });
  std::string text;
  for (std::size_t i = 0; i < in.findings.size() && i < kFindingsMax; ++i) {
    text += (i == 0 ? "" : "\n") + file + ":" + std::to_string(in.findings[i].line) + ": " +
            in.findings[i].what;
  }
  return fail(Code::invalid, std::move(text));
}

void emit_text(YAML::Emitter& out, const char* key, const std::string& value,
               const std::string& otherwise = "") {
  if (value == otherwise) return;
  out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << value;
}
void emit_flag(YAML::Emitter& out, const char* key, bool value, bool otherwise) {
  if (value != otherwise) out << YAML::Key << key << YAML::Value << (value ? "true" : "false");
}

void emit_column(YAML::Emitter& out, const Column& column) {
  out << YAML::Flow << YAML::BeginMap;
  emit_text(out, "name", column.name);
  emit_text(out, "column", column.column, column.name);
  out << YAML::Key << "type" << YAML::Value << std::string(type_name(column.type));
  if (column.storage != Storage::natural) {
    out << YAML::Key << "storage" << YAML::Value
        << (column.storage == Storage::text ? "text" : "integer");
  }
  if (column.sensitivity != Sensitivity::internal) {
    out << YAML::Key << "sensitivity" << YAML::Value
        << std::string(sensitivity_name(column.sensitivity));
  }
  emit_flag(out, "quasi_identifier", column.quasi_identifier, false);
  emit_text(out, "licence", column.licence_class);
  emit_flag(out, "nullable", column.nullable, false);
  emit_flag(out, "unique", column.unique, false);
  emit_flag(out, "filterable", column.filterable, column.type != ColumnType::json);
  emit_text(out, "description", column.description);
  out << YAML::EndMap;
}

void emit_dataset_head(YAML::Emitter& out, const Dataset& dataset) {
  emit_text(out, "name", dataset.name);
  emit_text(out, "plural", dataset.plural, dataset.name + "s");
  emit_text(out, "type", dataset.type, capitalised(dataset.name));
  emit_text(out, "source", dataset.source);
  emit_text(out, "table", dataset.table);
  emit_text(out, "key", dataset.key);
  emit_text(out, "tenant", dataset.tenant);
  emit_text(out, "licence", dataset.licence_class);
  if (!dataset.purposes.empty()) {
    out << YAML::Key << "purposes" << YAML::Value << YAML::Flow << YAML::BeginSeq;
    for (const std::string& purpose : dataset.purposes) out << YAML::DoubleQuoted << purpose;
    out << YAML::EndSeq;
  }
  emit_text(out, "description", dataset.description);
  if (dataset.retention.count != 0) emit_text(out, "retention", format_duration(dataset.retention));
  emit_flag(out, "writable", dataset.writable, false);
  emit_text(out, "version", dataset.version);
  if (!(dataset.limits == DatasetLimits{})) {
    out << YAML::Key << "limits" << YAML::Value << YAML::Flow << YAML::BeginMap << YAML::Key
        << "first_default" << YAML::Value << dataset.limits.first_default << YAML::Key
        << "first_max" << YAML::Value << dataset.limits.first_max << YAML::EndMap;
  }
}

void emit_privacy(YAML::Emitter& out, const DatasetPrivacy& privacy) {
  const auto emit_number = [&](const char* key, int value) {
    if (value != 1) out << YAML::Key << key << YAML::Value << value;
  };
  out << YAML::Key << "privacy" << YAML::Value << YAML::BeginMap;
  emit_text(out, "unit", privacy.unit);
  emit_number("groups_per_unit", privacy.groups_per_unit);
  emit_number("rows_per_group", privacy.rows_per_group);
  out << YAML::Key << "columns" << YAML::Value << YAML::BeginSeq;
  for (const PrivateColumn& column : privacy.columns) {
    out << YAML::Flow << YAML::BeginMap;
    emit_text(out, "name", column.name);
    emit_text(out, "min", column.min);
    emit_text(out, "max", column.max);
    emit_text(out, "step", column.step);
    if (!column.keys.empty()) {
      out << YAML::Key << "keys" << YAML::Value << YAML::Flow << YAML::BeginSeq;
      for (const std::string& key : column.keys) out << YAML::DoubleQuoted << key;
      out << YAML::EndSeq;
    }
    out << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
}

void emit_dataset(YAML::Emitter& out, const Dataset& dataset) {
  out << YAML::BeginMap;
  emit_dataset_head(out, dataset);
  out << YAML::Key << "columns" << YAML::Value << YAML::BeginSeq;
  for (const Column& column : dataset.columns) emit_column(out, column);
  out << YAML::EndSeq;
  if (!dataset.relations.empty()) {
    out << YAML::Key << "relations" << YAML::Value << YAML::BeginSeq;
    for (const Relation& relation : dataset.relations) {
      out << YAML::Flow << YAML::BeginMap;
      emit_text(out, "name", relation.name);
      emit_text(out, "to", relation.to);
      emit_text(out, "kind", relation.kind == RelationKind::one ? "one" : "many");
      emit_text(out, "local", relation.local);
      emit_text(out, "remote", relation.remote);
      out << YAML::EndMap;
    }
    out << YAML::EndSeq;
  }
  if (dataset.privacy) emit_privacy(out, *dataset.privacy);
  out << YAML::EndMap;
}

}  // namespace

Result<Model> parse_model(std::string_view yaml, std::string_view file_name) {
  MC_TRY_OK(guard_text(yaml, file_name));
  const std::string file(file_name);
  MC_TRY(const YAML::Node root, load(yaml, file));
  try {
    return read_model(root, file);
  } catch (const YAML::Exception& e) {
    return fail(Code::invalid, file + ":1: " + e.msg);
  }
}

std::string to_yaml(const Model& model) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  if (!model.sources.empty()) {
    out << YAML::Key << "sources" << YAML::Value << YAML::BeginSeq;
    for (const Source& source : model.sources) {
      out << YAML::Flow << YAML::BeginMap;
      emit_text(out, "name", source.name);
      emit_text(out, "url", source.url);
      emit_text(out, "region", source.region);
      out << YAML::EndMap;
    }
    out << YAML::EndSeq;
  }
  if (!model.datasets.empty()) {
    out << YAML::Key << "datasets" << YAML::Value << YAML::BeginSeq;
    for (const Dataset& dataset : model.datasets) emit_dataset(out, dataset);
    out << YAML::EndSeq;
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace mc::dataset
