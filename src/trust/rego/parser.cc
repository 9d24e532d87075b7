#include "rego/parser.h"

#include <algorithm>
#include <utility>

namespace mc::rego {
namespace {

constexpr std::string_view kParseError = "rego_parse_error";

}  // namespace

std::string_view kind_name(Term::Kind kind) {
  switch (kind) {
    case Term::Kind::null:
      return "null";
    case Term::Kind::boolean:
      return "boolean";
    case Term::Kind::number:
      return "number";
    case Term::Kind::string:
      return "string";
    case Term::Kind::var:
      return "var";
    case Term::Kind::ref:
      return "ref";
    case Term::Kind::array:
      return "array";
    case Term::Kind::set:
      return "set";
    case Term::Kind::object:
      return "object";
    case Term::Kind::array_comprehension:
      return "arraycomprehension";
    case Term::Kind::set_comprehension:
      return "setcomprehension";
    case Term::Kind::object_comprehension:
      return "objectcomprehension";
    case Term::Kind::call:
      return "call";
    case Term::Kind::template_string:
      return "templatestring";
  }
  return "";
}

void Parser::next() {
  lexer_.next();
  note_illegal();
}

void Parser::next_of_template(Lexer::Raw raw) {
  lexer_.next_of_template(raw);
  note_illegal();
}

void Parser::note_illegal() {
  if (current().error != nullptr) error(here(), current().error);
  if (lexer_.scanned() > tokens_max_) {
    if (lexer_.scanned() == tokens_max_ + 1) error(here(), "the text is too ambiguous to parse");
    lexer_.set_token(Token::eof);
  }
}

bool Parser::at_adjacent(Token wanted) const {
  return token() == wanted && !current().space_before;
}

void Parser::reset(const Mark& mark) {
  lexer_.reset(mark.lexer);
  errors_.resize(std::min(errors_.size(), mark.errors));
  wildcards_ = mark.wildcards;
  height_ = mark.height;
}

Location Parser::here() const {
  const Lexeme& lexeme = current();
  return {0, lexeme.at.row, lexeme.at.column, lexeme.at.offset, lexeme.end - lexeme.at.offset};
}

Location Parser::since(const Location& begin) const {
  return from(begin, begin.offset);
}

Location Parser::from(const Location& begin, std::uint32_t offset) const {
  Location at = begin;
  at.offset = offset;
  const std::uint32_t end = current().previous_end;
  at.length = end > offset ? end - offset : 0;
  return at;
}

void Parser::error(const Location& at, std::string message) {
  if (!hint_.empty()) message += " (hint: " + std::exchange(hint_, {}) + ")";
  errors_.push_back({std::string(kParseError), std::move(message), "", at});
}

void Parser::illegal(std::string_view note) {
  if (token() == Token::illegal) {
    // What the lexer told of this token is enough.
    const bool told = !errors_.empty() && errors_.back().at.offset == current().at.offset;
    if (!told) error(here(), "illegal token");
    return;
  }
  std::string message = "unexpected " + std::string(token_name(token())) +
                        (is_keyword(token()) ? " keyword" : " token");
  if (!note.empty()) message.append(": ").append(note);
  error(here(), std::move(message));
}

bool Parser::enter() {
  if (depth_ >= limits_.depth_max) {
    error(here(), "max parsing recursion depth exceeded");
    return false;
  }
  ++depth_;
  return true;
}

bool Parser::grow(int height) {
  height_ = height + 1;
  if (depth_ + height_ <= limits_.depth_max) return true;
  error(here(), "max parsing recursion depth exceeded");
  return false;
}

Term Parser::wildcard(const Location& at) {
  return make_var("$" + std::to_string(wildcards_++), at);
}

Term Parser::name(const Location& at) {
  const std::string_view text = lexer_.lexeme();
  return text == "_" ? wildcard(at) : make_var(std::string(text), at);
}

bool Parser::keyword_as_name() {
  if (!is_keyword(token()) || !lexer_.ref_follows()) return false;
  lexer_.set_token(Token::identifier);
  return true;
}

bool Parser::name_or_keyword() {
  if (is_keyword(token())) lexer_.set_token(Token::identifier);
  if (token() == Token::identifier) return true;
  illegal();
  return false;
}

Parser::Found Parser::package(Module& module, bool first) {
  if (token() != Token::package || lexer_.ref_follows()) return Found::no;
  const Location at = here();
  next();
  Term path;
  if (!name_or_keyword() || !term(path)) return Found::error;
  if (path.kind == Term::Kind::var || path.kind == Term::Kind::ref) {
    const bool is_ref = path.kind == Term::Kind::ref;
    std::vector<Term> items = is_ref ? std::move(path.items) : std::vector<Term>{path};
    if (items[0].kind != Term::Kind::var) {
      error(items[0].at,
            "unexpected " + std::string(kind_name(items[0].kind)) + " token: expecting var");
      return Found::error;
    }
    for (std::size_t i = 1; i < items.size(); ++i) {
      if (items[i].kind == Term::Kind::string) continue;
      error(items[i].at,
            "unexpected " + std::string(kind_name(items[i].kind)) + " token: expecting string");
      return Found::error;
    }
    items[0] = make_string(items[0].text, items[0].at);
    items.insert(items.begin(), make_var("data", path.at));
    if (first) {
      module.package = make_ref(std::move(items), path.at);
      module.package_at = since(at);
    } else {
      statement_errors_.push_back({std::string(kParseError), "unexpected package", "", at});
    }
    return Found::yes;
  }
  illegal();
  return Found::error;
}

bool Parser::check_import(const Import& import) {
  const std::vector<Term>& items = import.path.items;
  const std::string& root = items[0].text;
  if (root == "data" || root == "input") return true;
  if (root == "future") {
    if (items.size() == 1 || items[1].text != "keywords") {
      error(import.path.at, "invalid import, must be `future.keywords`");
    } else if (!import.alias.empty()) {
      error(import.path.at, "`future` imports cannot be aliased");
    } else if (items.size() > 2 && items[2].text != "in" && items[2].text != "every" &&
               items[2].text != "contains" && items[2].text != "if") {
      error(import.path.at, "unexpected keyword, must be one of [contains every if in]");
    }
    return errors_.empty();
  }
  if (root == "rego") {
    if (items.size() == 2 && items[1].text == "v1") return true;
    error(import.path.at, "invalid import `" + to_text(import.path) + "`, must be `rego.v1`");
    return false;
  }
  return false;
}

// A path that ends with a keyword gives a name that could not be used.
void Parser::check_import_end(const Import& import) {
  const Term& last = import.path.items.back();
  if (!import.alias.empty() || import.path.items[0].text == "future" || !is_keyword(last.text)) {
    return;
  }
  error(last.at, "unexpected import path, must not end with a keyword, got: " + last.text +
                     " (hint: import a different path or use an alias)");
}

Parser::Found Parser::import(Module& module) {
  if (token() != Token::import || lexer_.ref_follows()) return Found::no;
  Import import;
  const Location at = here();
  next();
  if (!name_or_keyword()) return Found::error;
  Term path;
  if (!term(path)) return Found::error;
  if (path.kind == Term::Kind::var) path = make_ref({path}, path.at);
  if (path.kind != Term::Kind::ref || path.items[0].kind != Term::Kind::var) {
    error(here(), "expected path");
    return Found::error;
  }
  for (std::size_t i = 1; i < path.items.size(); ++i) {
    if (path.items[i].kind == Term::Kind::string) continue;
    error(path.items[i].at,
          "unexpected " + std::string(kind_name(path.items[i].kind)) + " token: expecting string");
    return Found::error;
  }
  import.path = std::move(path);
  const std::string& root = import.path.items[0].text;
  if (root != "data" && root != "input" && root != "future" && root != "rego") {
    hint_ = "if this is unexpected, try updating OPA";
    error(import.path.at,
          "unexpected import path, must begin with one of: {data, future, input, rego}, got: " +
              root);
    return Found::error;
  }
  if (token() == Token::as) {
    next();
    Term alias;
    if (token() != Token::identifier || !term(alias) || alias.kind != Term::Kind::var) {
      illegal("expected var");
      return Found::error;
    }
    import.alias = alias.text;
  }
  import.at = since(at);
  check_import_end(import);
  if (!check_import(import)) return Found::error;
  module.imports.push_back(std::move(import));
  return Found::yes;
}

// One package, import or rule. False when the text cannot be read further.
bool Parser::statement(Module& module, bool first) {
  const Location at = here();
  const std::size_t errors_before = errors_.size();
  Found found = package(module, first);
  if (found == Found::no && first) {
    statement_errors_.push_back({std::string(kParseError), "package expected", "", at});
  }
  if (found == Found::no) found = import(module);
  if (found == Found::no) found = rules(module);
  return found == Found::yes && errors_.size() == errors_before;
}

void Parser::parse_module(Module& module) {
  if (token() == Token::eof && errors_.empty()) {
    error(Location{}, "empty module");
    return;
  }
  bool first = true;
  while (token() != Token::eof && errors_.empty()) {
    if (!statement(module, first)) {
      if (errors_.empty()) illegal();
      return;
    }
    first = false;
  }
  if (!errors_.empty()) return;
  errors_ = std::move(statement_errors_);
  errors_.insert(errors_.end(), rule_errors_.begin(), rule_errors_.end());
}

void Parser::parse_query(Body& body) {
  while (token() != Token::eof && errors_.empty()) {
    Body part;
    if (!query(Semicolon::ends, Token::eof, part)) {
      if (errors_.empty()) illegal();
      return;
    }
    std::move(part.begin(), part.end(), std::back_inserter(body));
  }
  if (body.empty() && errors_.empty()) error(here(), "empty query");
}

namespace {

// What no token may contain, found before any token is made.
bool check_text(std::string_view text, const ParseLimits& limits, Diagnostic& problem) {
  const auto refuse = [&](std::size_t offset, std::string message) {
    std::uint32_t row = 1;
    std::size_t line = 0;
    for (std::size_t i = 0; i < offset; ++i) {
      if (text[i] == '\n') {
        ++row;
        line = i + 1;
      }
    }
    const auto column = static_cast<std::uint32_t>(offset - line + 1);
    problem = {std::string(kParseError),
               std::move(message),
               "",
               {0, row, column, static_cast<std::uint32_t>(offset), 1}};
    return false;
  };
  if (text.size() > limits.bytes_max) {
    return refuse(0, "the text has " + std::to_string(text.size()) + " bytes, more than " +
                         std::to_string(limits.bytes_max));
  }
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    return refuse(at, "illegal null character");
  }
  if (const std::size_t at = text.find("\xEF\xBB\xBF", 1); at != std::string_view::npos) {
    return refuse(at, "illegal byte-order mark");
  }
  if (is_valid_utf8(text)) return true;
  // The longest valid prefix, by halves.
  std::size_t good = 0;
  for (std::size_t step = std::size_t{1} << 31; step > 0; step /= 2) {
    const std::size_t end = good + step;
    if (end > text.size()) continue;
    std::size_t cut = end;
    while (cut < text.size() && cut < end + 4 &&
           (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80)
      ++cut;
    if (is_valid_utf8(text.substr(0, cut))) good = end;
  }
  return refuse(good, "illegal utf-8 character");
}

template <class T>
Checked<T> finish(T value, std::vector<Diagnostic>& errors, const std::string& file,
                  const ParseLimits& limits) {
  if (errors.empty()) return value;
  if (errors.size() > limits.errors_max) errors.resize(std::max<std::size_t>(1, limits.errors_max));
  for (Diagnostic& error : errors) error.file = file;
  return tl::unexpected(std::move(errors));
}

}  // namespace

Checked<Module> parse_module(std::string_view text, std::string file, const ParseLimits& limits) {
  Module module;
  std::vector<Diagnostic> errors(1);
  if (!check_text(text, limits, errors[0])) return finish(std::move(module), errors, file, limits);
  Parser parser(text, limits);
  parser.parse_module(module);
  module.comments = std::move(parser.comments());
  if (parser.errors().empty()) attach_annotations(module, parser.errors());
  module.source = std::string(text);
  module.file = file;
  return finish(std::move(module), parser.errors(), file, limits);
}

Checked<Body> parse_query(std::string_view text, std::string file, const ParseLimits& limits) {
  Body body;
  std::vector<Diagnostic> errors(1);
  if (!check_text(text, limits, errors[0])) return finish(std::move(body), errors, file, limits);
  Parser parser(text, limits);
  parser.parse_query(body);
  return finish(std::move(body), parser.errors(), file, limits);
}

}  // namespace mc::rego
