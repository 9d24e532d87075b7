#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

namespace mc::config {
namespace detail {
namespace {

constexpr std::size_t kProblemsMax = 50;
constexpr std::size_t kKeyBytesMax = 100;  // every value remembers its path, so paths stay short
constexpr const char* kNotAKey = "a key must be a plain text";

std::string place_of(const YAML::Mark& mark) {
  return std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

// Builds the tree from parser events. Events, not nodes, because they carry every position, never
// expand an alias, and let the limits act while the text is still being read.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const Limits& limits, Document& document, std::vector<YamlProblem>& problems)
      : limits_(limits), document_(document), problems_(problems) {}

  bool stopped() const { return stopped_; }
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (begin(mark, "", anchor)) scalar(mark, json::Value(), false);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    report(mark, "aliases (*name) are not taken; write the value out");
    scalar(mark, json::Value(), false);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (!begin(mark, tag, anchor)) return;
    if (!is_valid_utf8(text)) report(mark, "an escape that is no character");
    const bool plain = tag == "?" && !key_expected();
    scalar(mark, plain ? resolve_plain(text) : json::Value(text), true);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, json::Array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, json::Object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    json::Value value;
    std::string path;
    std::set<std::string> names;
    std::string key;
    bool has_key = false;  // in a map: the next value belongs to `key`
    bool drop = false;     // the value of this key is read and forgotten
  };

  bool key_expected() const {
    return !frames_.empty() && frames_.back().value.as_object() != nullptr &&
           !frames_.back().has_key;
  }

  void report(const YAML::Mark& mark, std::string what) {
    if (problems_.size() < kProblemsMax) problems_.push_back({place_of(mark), std::move(what)});
  }

  // False once the document is past its limits: the rest is read but not kept.
  bool begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (stopped_) return false;
    if (anchor != 0) report(mark, "anchors (&name) are not taken");
    if (!tag.empty() && tag != "?" && tag != "!") {
      report(mark, "tags (" + excerpt(tag) + ") are not taken");
    }
    if (++values_ > limits_.values_max) {
      report(mark, "more than " + std::to_string(limits_.values_max) + " values");
      stopped_ = true;
    } else if (static_cast<int>(frames_.size()) > limits_.depth_max) {
      report(mark, "deeper than " + std::to_string(limits_.depth_max) + " levels");
      stopped_ = true;
    }
    return !stopped_;
  }

  void take_key(const YAML::Mark& mark, const std::string* name) {
    Frame& frame = frames_.back();
    frame.has_key = true;
    frame.drop = true;
    frame.key.clear();
    if (name == nullptr) return report(mark, kNotAKey);
    if (name->size() > kKeyBytesMax) {
      return report(mark, "a key has more than " + std::to_string(kKeyBytesMax) + " bytes");
    }
    if (*name == "<<") return report(mark, "merge keys (<<) are not taken");
    frame.key = *name;
    std::string path = frame.path;
    json::append_key(path, frame.key);
    if (!frame.names.insert(frame.key).second) {
      return report(
          mark, "'" + excerpt(frame.key) + "' is there twice; first at " + document_.keys[path]);
    }
    document_.keys[path] = place_of(mark);
    frame.drop = false;
  }

  // The path that the next value of the open container gets.
  std::string next_path() const {
    if (frames_.empty()) return "$";
    const Frame& frame = frames_.back();
    std::string path = frame.path;
    if (const json::Array* array = frame.value.as_array()) {
      json::append_index(path, array->size());
    } else {
      json::append_key(path, frame.key);
    }
    return path;
  }

  void put(json::Value value) {
    if (frames_.empty()) {
      document_.tree = std::move(value);
      return;
    }
    Frame& frame = frames_.back();
    if (json::Array* array = frame.value.as_array()) {
      array->push_back(std::move(value));
      return;
    }
    // take_key has made sure that the key is new.
    if (!frame.drop) frame.value.as_object()->members().push_back({frame.key, std::move(value)});
    frame.has_key = false;
  }

  bool dropping() const { return !frames_.empty() && frames_.back().drop; }

  void scalar(const YAML::Mark& mark, json::Value value, bool can_be_key) {
    if (stopped_) return;
    if (key_expected()) return take_key(mark, can_be_key ? value.as_string() : nullptr);
    if (!dropping()) document_.places[next_path()] = place_of(mark);
    put(std::move(value));
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            json::Value empty) {
    if (!begin(mark, tag, anchor)) return;
    if (key_expected()) {
      report(mark, kNotAKey);
      stopped_ = true;
      return;
    }
    Frame frame;
    frame.value = std::move(empty);
    frame.path = next_path();
    if (!dropping()) document_.places[frame.path] = place_of(mark);
    frames_.push_back(std::move(frame));
  }

  void close() {
    if (stopped_ || frames_.empty()) return;
    json::Value value = std::move(frames_.back().value);
    frames_.pop_back();
    put(std::move(value));
  }

  const Limits& limits_;
  Document& document_;
  std::vector<YamlProblem>& problems_;
  std::vector<Frame> frames_;
  std::size_t values_ = 0;
  bool stopped_ = false;
};

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool take_digits(std::string_view& text) {
  const std::size_t before = text.size();
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1);
  return text.size() < before;
}

// [0-9]+ ( \. [0-9]* )? ( [eE] [-+]? [0-9]+ )?, or the same from \. [0-9]+ on.
bool is_decimal(std::string_view text) {
  const bool whole = take_digits(text);
  bool fraction = false;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    fraction = take_digits(text);
  }
  if (!whole && !fraction) return false;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    if (!take_digits(text)) return false;
  }
  return text.empty();
}

std::optional<std::int64_t> based_integer(std::string_view text, int base) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && text[0] != '-' ? std::optional(number) : std::nullopt;
}

}  // namespace

json::Value resolve_plain(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const json::Value as_text(text);
  if (text.starts_with("0x") || text.starts_with("0o")) {
    const auto number = based_integer(text.substr(2), text[1] == 'x' ? 16 : 8);
    return number ? json::Value(*number) : as_text;
  }
  const bool minus = text.starts_with('-');
  std::string_view digits = text;
  if (minus || text.starts_with('+')) digits.remove_prefix(1);
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') {
    return as_text;
  }
  if (all_digits(digits)) {
    const Result<std::int64_t> number = parse_int(minus ? text : digits);
    return number ? json::Value(*number) : as_text;
  }
  if (!is_decimal(digits)) return as_text;
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return as_text;
  return minus ? -number : number;
}

std::vector<YamlProblem> read_yaml(std::string_view text, const Limits& limits,
                                   Document& document) {
  std::vector<YamlProblem> problems;
  if (text.size() > limits.file_bytes_max) {
    return {{"1:1", "more than " + std::to_string(limits.file_bytes_max) + " bytes"}};
  }
  if (!is_valid_utf8(text)) return {{"1:1", "not valid UTF-8"}};
  // Section 5.1 forbids them, and zero bytes would make the parser guess another encoding.
  const auto is_control = [](char c) {
    return c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  const auto control = std::find_if(text.begin(), text.end(), is_control);
  if (control != text.end()) {
    const auto line = std::count(text.begin(), control, '\n') + 1;
    return {{std::to_string(line) + ":1", "a control character in this line"}};
  }
  Builder builder(limits, document, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return problems;
    Document second;
    std::vector<YamlProblem> ignored;
    Builder rest(limits, second, ignored);
    if (parser.HandleNextDocument(rest)) problems.push_back({"1:1", "more than one document"});
  } catch (const YAML::Exception& error) {
    // Past its limits a document was refused already; how the parser fares with the rest is noise.
    if (builder.stopped()) return problems;
    problems.push_back({error.mark.is_null() ? "1:1" : place_of(error.mark), error.msg});
  } catch (const std::exception& error) {
    problems.push_back({"1:1", std::string("not readable as YAML: ") + error.what()});
  }
  if (problems.empty() && document.tree.is_null()) document.tree = json::Object();
  if (problems.empty() && document.tree.as_object() == nullptr) {
    problems.push_back({document.places["$"], "must be a map of keys to values"});
  }
  return problems;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t cut = path.find_last_of(".[");
  return cut == std::string_view::npos ? std::string_view() : path.substr(0, cut);
}

}  // namespace detail

Result<Document> parse_yaml(std::string_view text, const Limits& limits) {
  Document document;
  const std::vector<detail::YamlProblem> problems = detail::read_yaml(text, limits, document);
  if (problems.empty()) return document;
  std::string what;
  for (const detail::YamlProblem& problem : problems) {
    if (!what.empty()) what += '\n';
    what += problem.place + ": " + problem.what;
  }
  return fail(Code::invalid, std::move(what));
}

}  // namespace mc::config
