#include "builtin/template.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "builtin/runes.h"

namespace mc::builtin::tmpl {
namespace {

constexpr int kDepthMax = 100;
constexpr std::string_view kBlank = " \t\r\n";

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// A token of an action.
struct Token {
  enum class Kind : std::uint8_t {
    end,      // of the action
    name,     // identifier or keyword
    field,    // ".name", text without the dot
    dot,      //
    variable  // "$name"
    ,
    text,       // unquoted
    character,  // 'x', its code in integer
    number,
    sign  // | ( ) , = :=
  };
  Kind kind = Kind::end;
  std::string text;
  std::size_t at = 0;
  std::int64_t integer = 0;
  bool spaced = false;  // white space stands before it
};

// NOLINTBEGIN(misc-no-recursion): bounded by kDepthMax
class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source) {}

  Result<Template> run() {
    std::string stop;
    MC_TRY_OK(list(template_.body, stop));
    if (!stop.empty()) return fail("unexpected {{" + stop + "}}");
    return std::move(template_);
  }

 private:
  using Sign = Token::Kind;

  Error error(const std::string& what) const {
    return {Code::invalid,
            "template: template:" + std::to_string(line_of(source_, at_)) + ": " + what};
  }
  tl::unexpected<Error> fail(const std::string& what) const { return tl::unexpected(error(what)); }
  tl::unexpected<Error> fail_token(std::string_view where) const {
    if (token_.kind == Sign::end) {
      return fail("missing value for " + std::string(where));
    }
    std::string shown;
    append_quoted(shown, source_.substr(token_.at, at_ - token_.at), '"', Quoting::utf8);
    return fail("unexpected " + shown + " in " + std::string(where));
  }

  // Nodes up to {{end}}, {{else ...}} or the end of the source; `stop` is which.
  Status list(List& nodes, std::string& stop) {
    if (++depth_ > kDepthMax) return fail("nested too deep");
    for (;;) {
      text(nodes);
      if (at_ >= source_.size()) break;
      MC_TRY(const bool comment, skip_comment());
      if (comment) continue;
      MC_TRY_OK(open());
      if (token_.kind == Sign::name && (token_.text == "end" || token_.text == "else")) {
        stop = token_.text;
        break;
      }
      MC_TRY_OK(action(nodes));
    }
    --depth_;
    return {};
  }

  // Text up to the next action.
  void text(List& nodes) {
    const std::size_t open = std::min(source_.find("{{", at_), source_.size());
    std::string_view text = source_.substr(at_, open - at_);
    if (trim_next_) text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
    trim_next_ = false;
    at_ = open;
    if (open < source_.size() && trims_before(open + 2)) {
      const std::size_t last = text.find_last_not_of(kBlank);
      text = text.substr(0, last == text.npos ? 0 : last + 1);
    }
    if (text.empty()) return;
    Node node;
    node.text = text;
    nodes.push_back(std::move(node));
  }

  bool trims_before(std::size_t at) const {
    return at + 1 < source_.size() && source_[at] == '-' &&
           kBlank.find(source_[at + 1]) != kBlank.npos;
  }
  // At " -}}".
  bool trims_after(std::size_t at) const {
    return at > 0 && source_.substr(at, 3) == "-}}" && kBlank.find(source_[at - 1]) != kBlank.npos;
  }

  // "{{/* */}}"
  Result<bool> skip_comment() {
    std::size_t at = at_ + 2;
    if (trims_before(at)) at += 2;
    if (source_.substr(at, 2) != "/*") return false;
    const std::size_t end = source_.find("*/", at + 2);
    if (end == source_.npos) return fail("unclosed comment");
    at = end + 2;
    if (source_.substr(at, 2) == "}}") {
      at_ = at + 2;
      return true;
    }
    at = std::min(source_.find_first_not_of(kBlank, at), source_.size());
    if (!trims_after(at)) return fail("comment ends before closing delimiter");
    trim_next_ = true;
    at_ = at + 3;
    return true;
  }

  // Over "{{" and onto the first token.
  Status open() {
    at_ += trims_before(at_ + 2) ? 3 : 2;
    parens_ = 0;
    return next();
  }

  // The end of an action must stand here; it is passed over already.
  Status close(std::string_view where) {
    if (token_.kind == Sign::end) return {};
    return fail_token(where);
  }

  Status next() {
    token_ = {};
    const std::size_t before = at_;
    while (at_ < source_.size() && kBlank.find(source_[at_]) != kBlank.npos) ++at_;
    token_.spaced = at_ > before;
    token_.at = at_;
    if (at_ >= source_.size()) return fail("unclosed action");
    if (trims_after(at_)) {
      trim_next_ = true;
      at_ += 3;
      return {};
    }
    if (source_.substr(at_, 2) == "}}") {
      if (parens_ > 0) return fail("unclosed left paren");
      at_ += 2;
      return {};
    }
    return next_token();
  }

  Status next_token() {
    const char c = source_[at_];
    const char after = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
    const bool digit = c >= '0' && c <= '9';
    const bool digit_after = after >= '0' && after <= '9';
    if (c == '"' || c == '`' || c == '\'') return quoted(c);
    if (digit || ((c == '+' || c == '-' || c == '.') && digit_after)) return number();
    if (c == '.' || c == '$' || is_name(c)) {
      if (c == '.' || c == '$') ++at_;
      const std::size_t from = at_;
      while (at_ < source_.size() && is_name(source_[at_])) ++at_;
      token_.text = source_.substr(from, at_ - from);
      token_.kind = c == '$' ? Sign::variable : Sign::name;
      if (c == '.') token_.kind = token_.text.empty() ? Sign::dot : Sign::field;
      if (c == '$') token_.text.insert(0, "$");
      return {};
    }
    token_.kind = Sign::sign;
    if (c == ':' && after == '=') {
      token_.text = ":=";
    } else if (std::string_view("|(),=").find(c) != std::string_view::npos) {
      token_.text = c;
    } else {
      const Rune rune = rune_at(source_, at_);
      std::string shown = "U+";
      for (int shift = 12; shift >= 0; shift -= 4) {
        shown += "0123456789ABCDEF"[(rune.code >> static_cast<unsigned>(shift)) & 0xFU];
      }
      return fail("unexpected character in action: " + shown + " '" +
                  std::string(source_.substr(at_, rune.size)) + "'");
    }
    at_ += token_.text.size();
    return {};
  }

  Status number() {
    const std::size_t from = at_++;
    while (at_ < source_.size() &&
           (is_name(source_[at_]) || source_[at_] == '.' ||
            ((source_[at_] == '+' || source_[at_] == '-') && (source_[at_ - 1] | 0x20) == 'e'))) {
      ++at_;
    }
    token_.kind = Sign::number;
    token_.text = source_.substr(from, at_ - from);
    return {};
  }

  // "text", `text` or 'c'.
  Status quoted(char quote) {
    std::string out;
    for (++at_;; ++at_) {
      if (at_ >= source_.size() || (quote != '`' && source_[at_] == '\n')) {
        return fail(quote == '`'   ? "unterminated raw quoted string"
                    : quote == '"' ? "unterminated quoted string"
                                   : "unterminated character constant");
      }
      if (source_[at_] == quote) break;
      if (source_[at_] == '\\' && quote != '`') {
        MC_TRY_OK(escape(out));
      } else {
        out += source_[at_];
      }
    }
    ++at_;
    token_.kind = quote == '\'' ? Sign::character : Sign::text;
    if (quote == '\'') {
      if (out.empty() || rune_at(out, 0).size != out.size()) {
        return fail("malformed character constant");
      }
      token_.integer = static_cast<std::int64_t>(rune_at(out, 0).code);
    }
    token_.text = std::move(out);
    return {};
  }

  // At a backslash; stays on the last character of the escape.
  Status escape(std::string& out) {
    static constexpr std::string_view kNames = "abfnrtv\\'\"";
    static constexpr std::string_view kCodes = "\a\b\f\n\r\t\v\\'\"";
    const char c = ++at_ < source_.size() ? source_[at_] : '\0';
    if (const std::size_t at = kNames.find(c); c != '\0' && at != kNames.npos) {
      out += kCodes[at];
      return {};
    }
    const std::size_t size = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    const std::string_view digits = source_.substr(std::min(at_ + 1, source_.size()), size);
    std::uint32_t code = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (size == 0 || digits.size() != size || end.ptr != digits.data() + size) {
      return fail("invalid syntax");
    }
    append_rune(out, code);
    at_ += size;
    return {};
  }

  Status action(List& nodes) {
    Node node;
    node.at = token_.at;
    const std::string word = token_.kind == Sign::name ? token_.text : "";
    if (word == "if" || word == "range" || word == "with") {
      node.kind = word == "if"      ? Node::Kind::if_
                  : word == "range" ? Node::Kind::range
                                    : Node::Kind::with;
      MC_TRY_OK(control(node, word));
    } else if (word == "break" || word == "continue") {
      if (ranges_ == 0) return fail("{{" + word + "}} outside {{range}}");
      node.kind = word == "break" ? Node::Kind::break_ : Node::Kind::continue_;
      MC_TRY_OK(next());
      MC_TRY_OK(close("{{" + word + "}}"));
    } else if (word == "define" || word == "block" || word == "template") {
      MC_TRY(const bool emits, named(node, word));
      if (!emits) return {};
    } else {
      node.kind = Node::Kind::action;
      MC_TRY_OK(pipeline(node.pipe, "command"));
    }
    nodes.push_back(std::move(node));
    return {};
  }

  // {{define "x"}}, {{block "x" .}}, {{template "x" .}}; false when it leaves nothing in its place.
  Result<bool> named(Node& node, const std::string& word) {
    MC_TRY_OK(next());
    if (token_.kind != Sign::text) return fail_token(word + " clause");
    node.text = token_.text;
    node.kind = Node::Kind::call;
    MC_TRY_OK(next());
    if (word == "define") {
      MC_TRY_OK(close("define clause"));
    } else if (token_.kind != Sign::end) {
      MC_TRY_OK(pipeline(node.pipe, word + " clause"));
    }
    if (word == "template") return true;
    const auto outer = variables_;
    variables_ = {"$"};
    std::string stop;
    List body;
    MC_TRY_OK(list(body, stop));
    variables_ = outer;
    if (stop != "end") return fail(stop.empty() ? "unexpected EOF" : "unexpected {{else}}");
    MC_TRY_OK(next());
    MC_TRY_OK(close("end"));
    template_.defined[node.text] = std::move(body);
    return word == "block";
  }

  // if, range or with, up to its {{end}}.
  Status control(Node& node, const std::string& word) {
    const std::size_t outer = variables_.size();
    if (++depth_ > kDepthMax) return fail("nested too deep");
    MC_TRY_OK(next());
    MC_TRY_OK(pipeline(node.pipe, word));
    std::string stop;
    ranges_ += word == "range" ? 1 : 0;
    MC_TRY_OK(list(node.body, stop));
    ranges_ -= word == "range" ? 1 : 0;
    if (stop == "else") {
      MC_TRY_OK(next());
      // {{else if x}} is {{else}}{{if x}} with one {{end}}; so is {{else with x}}.
      const bool again = token_.kind == Sign::name && token_.text == word && word != "range";
      if (again) {
        Node inner;
        inner.kind = node.kind;
        inner.at = token_.at;
        MC_TRY_OK(control(inner, word));
        node.otherwise.push_back(std::move(inner));
        variables_.resize(outer);
        --depth_;
        return {};
      }
      MC_TRY_OK(close("else"));
      stop.clear();
      MC_TRY_OK(list(node.otherwise, stop));
      if (stop == "else") return fail("expected end; found {{else}}");
    }
    if (stop != "end") return fail("unexpected EOF");
    MC_TRY_OK(next());
    MC_TRY_OK(close("end"));
    variables_.resize(outer);
    --depth_;
    return {};
  }

  // Up to the end of the action or a ')'.
  Status pipeline(Pipe& pipe, const std::string& where) {
    if (++depth_ > kDepthMax) return fail("nested too deep");
    pipe.at = token_.at;
    MC_TRY_OK(declarations(pipe, where));
    for (;;) {
      Command command;
      while (token_.kind != Sign::end && !is_sign("|") && !is_sign(")")) {
        MC_TRY_OK(argument(command, where));
      }
      if (command.arguments.empty()) return fail("missing value for " + where);
      if (!pipe.commands.empty() && !may_take(command)) {
        return fail("non executable command in pipeline stage " +
                    std::to_string(pipe.commands.size() + 1));
      }
      pipe.commands.push_back(std::move(command));
      if (!is_sign("|")) break;
      MC_TRY_OK(next());
    }
    if (is_sign(")") && parens_ == 0) return fail_token(where);
    --depth_;
    return {};
  }

  static bool may_take(const Command& command) {
    const Argument& first = command.arguments.front();
    return first.kind == Argument::Kind::function || first.kind == Argument::Kind::pipe ||
           first.kind == Argument::Kind::variable || !first.fields.empty();
  }

  bool is_sign(std::string_view text) const {
    return token_.kind == Sign::sign && token_.text == text;
  }

  // "$i, $e :=" or "$x ="
  Status declarations(Pipe& pipe, const std::string& where) {
    const std::size_t from = at_;
    const Token first = token_;
    while (token_.kind == Sign::variable) {
      pipe.variables.push_back(token_.text);
      MC_TRY_OK(next());
      if (is_sign(":=") || is_sign("=")) {
        pipe.sets = token_.text == "=";
        if (pipe.variables.size() > 1 && where != "range") {
          return fail("too many declarations in " + where);
        }
        for (const std::string& name : pipe.variables) {
          if (!pipe.sets) variables_.push_back(name);
          if (pipe.sets) MC_TRY_OK(known(name));
        }
        return next();
      }
      if (!is_sign(",") || where != "range" || pipe.variables.size() > 1) break;
      MC_TRY_OK(next());
    }
    pipe.variables.clear();  // there was none: read again
    at_ = from;
    token_ = first;
    trim_next_ = false;
    return {};
  }

  Status known(const std::string& name) const {
    if (std::find(variables_.begin(), variables_.end(), name) != variables_.end()) return {};
    return fail("undefined variable \"" + name + "\"");
  }

  Status argument(Command& command, const std::string& where) {
    Argument argument;
    argument.at = token_.at;
    switch (token_.kind) {
      case Sign::dot:
        break;
      case Sign::field:
        argument.fields.push_back(token_.text);
        break;
      case Sign::variable:
        argument.kind = Argument::Kind::variable;
        argument.text = token_.text;
        MC_TRY_OK(known(token_.text));
        break;
      case Sign::text:
        argument.kind = Argument::Kind::text;
        argument.text = token_.text;
        break;
      case Sign::character:
        argument.kind = Argument::Kind::integer;
        argument.integer = token_.integer;
        break;
      case Sign::number:
        MC_TRY_OK(literal(argument));
        break;
      case Sign::name:
        MC_TRY_OK(word(argument));
        break;
      default:
        if (!is_sign("(")) return fail_token(where == "command" ? "operand" : where);
        MC_TRY_OK(parenthesis(argument));
    }
    std::size_t end = at_;
    MC_TRY_OK(next());
    while (token_.kind == Sign::field && !token_.spaced) {
      argument.fields.push_back(token_.text);
      end = at_;
      MC_TRY_OK(next());
    }
    argument.source = source_.substr(argument.at, end - argument.at);
    command.arguments.push_back(std::move(argument));
    return {};
  }

  Status parenthesis(Argument& argument) {
    argument.kind = Argument::Kind::pipe;
    argument.pipe = std::make_shared<Pipe>();
    ++parens_;
    MC_TRY_OK(next());
    MC_TRY_OK(pipeline(*argument.pipe, "parenthesized pipeline"));
    if (!is_sign(")")) return fail("unclosed left paren");
    --parens_;
    return {};
  }

  Status word(Argument& argument) {
    if (token_.text == "true" || token_.text == "false") {
      argument.kind = Argument::Kind::boolean;
      argument.integer = token_.text == "true" ? 1 : 0;
      return {};
    }
    if (token_.text == "nil") {
      argument.kind = Argument::Kind::nil;
      return {};
    }
    if (!is_function(token_.text)) return fail("function \"" + token_.text + "\" not defined");
    argument.kind = Argument::Kind::function;
    argument.text = token_.text;
    return {};
  }

  Status literal(Argument& argument) {
    std::string text = token_.text;
    if (text.front() == '+') text.erase(0, 1);
    argument.kind = Argument::Kind::integer;
    const bool hex = text.find("0x") != text.npos || text.find("0X") != text.npos;
    char* end = nullptr;
    if (text.find_first_of(hex ? ".pP" : ".eE") == text.npos) {
      errno = 0;
      argument.integer = std::strtoll(text.c_str(), &end, 0);
      if (*end == '\0' && errno == 0) return {};
    }
    argument.kind = Argument::Kind::floating;
    argument.floating = std::strtod(text.c_str(), &end);
    if (*end != '\0') return fail("bad number syntax: \"" + token_.text + "\"");
    if (std::isfinite(argument.floating)) return {};
    return fail("illegal number syntax: \"" + token_.text + "\"");
  }

  std::string_view source_;
  std::size_t at_ = 0;
  Token token_;
  bool trim_next_ = false;  // the last action ended with "-}}"
  int depth_ = 0;
  int parens_ = 0;
  int ranges_ = 0;
  std::vector<std::string> variables_{"$"};
  Template template_;
};
// NOLINTEND(misc-no-recursion)

}  // namespace

Result<Template> parse(std::string_view source) {
  return Parser(source).run();
}

int line_of(std::string_view source, std::size_t at) {
  const std::string_view before = source.substr(0, std::min(at, source.size()));
  return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

bool is_function(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "and", "call", "eq",  "ge", "gt",    "html",   "index",   "js",    "le",      "len",
      "lt",  "ne",   "not", "or", "print", "printf", "println", "slice", "urlquery"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace mc::builtin::tmpl
