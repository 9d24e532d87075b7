#include "ledger/record.h"

#include <algorithm>
#include <charconv>

#include "json/json.h"

namespace mc::ledger {
namespace {

constexpr std::uint8_t kPayloadPrefix = 2;

// Of a hash, without a branch or a table: the compiler does many digits at a time.
using HexDigits = std::array<char, 2 * std::tuple_size_v<tlog::Hash>>;

constexpr char hex_digit(int value) {
  return static_cast<char>(value + '0' + (value > 9 ? 'a' - '0' - 10 : 0));
}

void append_hex(std::string& out, const tlog::Hash& hash) {
  HexDigits digits;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    digits[2 * i] = hex_digit(hash[i] >> 4);
    digits[2 * i + 1] = hex_digit(hash[i] & 15);
  }
  out.append(digits.data(), digits.size());
}

void add_text(std::string& out, std::string_view before, std::string_view text) {
  out += before;
  json::append_quoted(out, text);
}

// The texts of a header in the order of their names.
struct Text {
  std::string_view name;
  std::string Header::* place;
  bool may_be_empty = false;
};
constexpr std::array<Text, 7> kTexts = {{{"action", &Header::action},
                                         {"actor", &Header::actor},
                                         {"log", &Header::log},
                                         {"purpose", &Header::purpose},
                                         {"tenant", &Header::tenant},
                                         {"type", &Header::type},
                                         {"warrant", &Header::warrant, true}}};

bool is_sound(std::string_view text, bool may_be_empty) {
  return text.size() <= kTextBytesMax && (!text.empty() || may_be_empty) && is_one_line(text);
}

// False when a digit is none, or not a lower-case one.
bool parse_hex(std::string_view digits, tlog::Hash& out) {
  std::array<std::uint8_t, std::tuple_size_v<HexDigits>> values;
  digits = digits.substr(0, values.size());
  if (digits.size() < values.size()) return false;
  std::uint8_t wrong = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto number = static_cast<std::uint8_t>(digits[i] - '0');
    const auto letter = static_cast<std::uint8_t>(digits[i] - 'a');
    values[i] = number < 10 ? number : static_cast<std::uint8_t>(letter + 10);
    wrong |= static_cast<std::uint8_t>(number >= 10) & static_cast<std::uint8_t>(letter >= 6);
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(values[2 * i] << 4 | values[2 * i + 1]);
  }
  return wrong == 0;
}

// RFC 3339 as format_rfc3339() has it, when parse_rfc3339() can read it.
bool is_canonical_time(std::string_view text) {
  return text.size() == 24 && text[10] == 'T' && text[19] == '.' && text[23] == 'Z';
}

// Reads the one spelling that a leaf has, front to back.
class Scanner {
 public:
  explicit Scanner(std::string_view leaf) : rest_(leaf), size_(leaf.size()) {}

  Scanner& word(std::string_view expected) {
    good_ = good_ && rest_.starts_with(expected);
    if (good_) rest_.remove_prefix(expected.size());
    return *this;
  }
  // A quoted text. One with an escape may have other spellings; see has_escapes(). A view of one is
  // empty.
  template <class Text>
  Scanner& text(Text& out) {
    word("\"");
    std::size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"' && rest_[end] != '\\') ++end;
    if (!good_ || end == rest_.size()) return fails();
    if (rest_[end] == '\\') return escaped_text(out);
    out = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return *this;
  }
  Scanner& hash(tlog::Hash& out) {
    word("\"");
    if (!good_ || !parse_hex(rest_, out)) return fails();
    rest_.remove_prefix(2 * out.size());
    return word("\"");
  }
  // A whole number without a sign.
  Scanner& number(std::uint64_t& out) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    const auto digits = static_cast<std::size_t>(end - rest_.data());
    if (!good_ || error != std::errc() || (rest_[0] == '0' && digits > 1)) return fails();
    rest_.remove_prefix(digits);
    return *this;
  }
  Scanner& time(WallTime& out) {
    std::string_view written;
    if (!text(written).good_ || !is_canonical_time(written)) return fails();
    const Result<WallTime> read = parse_rfc3339(written);
    if (!read) return fails();
    out = *read;
    return *this;
  }
  bool has_escapes() const { return has_escapes_; }
  Status end() const {
    if (good_ && rest_.empty()) return ok();
    return fail(Code::invalid, "leaf: byte " + std::to_string(size_ - rest_.size()) +
                                   " is not as the canonical form has it");
  }

 private:
  Scanner& fails() {
    good_ = false;
    return *this;
  }
  Scanner& escaped_text(std::string_view&) {
    std::string text;
    return escaped_text(text);
  }
  Scanner& escaped_text(std::string& out) {
    has_escapes_ = true;
    std::size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return fails();
    const Result<json::Value> value = json::parse("\"" + std::string(rest_.substr(0, end + 1)));
    if (!value || value->as_string() == nullptr) return fails();
    out = *value->as_string();
    rest_.remove_prefix(end + 1);
    return *this;
  }
  std::string_view rest_;
  std::size_t size_;
  bool good_ = true;
  bool has_escapes_ = false;
};

}  // namespace

Status check_header(const Header& header) {
  for (const Text& text : kTexts) {
    const std::string& value = header.*text.place;
    if (is_sound(value, text.may_be_empty)) continue;
    const std::string name = "'" + std::string(text.name) + "'";
    if (value.empty()) return fail(Code::invalid, name + " is empty");
    if (value.size() > kTextBytesMax) {
      return fail(Code::invalid, name + " has " + std::to_string(value.size()) +
                                     " bytes; the limit is " + std::to_string(kTextBytesMax));
    }
    return fail(Code::invalid, name + " is not one line of UTF-8");
  }
  if (header.seq > kSeqMax) return fail(Code::exhausted, "the log is full");
  return ok();
}

// Names in the order of RFC 8785 section 3.2.3. Texts have no control character, so the least that
// RFC 8259 has escaped is what RFC 8785 has escaped.
LeafForm::LeafForm(const Header& header) {
  const auto here = [this] { return static_cast<std::uint32_t>(text_.size()); };
  text_.reserve(384);
  add_text(text_, R"({"action":)", header.action);
  add_text(text_, R"(,"actor":)", header.actor);
  add_text(text_, R"(,"log":)", header.log);
  text_.append(R"(,"pc":")");
  append_hex(text_, header.commitment);
  text_.append(R"(","prev":")");
  prev_at_ = here();
  add_text(text_, R"(","purpose":)", header.purpose);
  text_.append(R"(,"seq":)");
  seq_at_ = here();
  add_text(text_, R"(,"tenant":)", header.tenant);
  text_.append(R"(,"ts":")");
  time_at_ = here();
  add_text(text_, R"(","type":)", header.type);
  text_.append(R"(,"v":)").append(std::to_string(kRecordVersion));
  add_text(text_, R"(,"warrant":)", header.warrant);
  text_ += '}';
}

void LeafForm::print(std::string& out, std::uint64_t seq, const tlog::Hash& prev,
                     std::string_view time) const {
  if (prev_at_ == 0) {
    out.append(text_);
    return;
  }
  std::array<char, 20> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), seq).ptr;
  out.append(text_, 0, prev_at_);
  append_hex(out, prev);
  out.append(text_, prev_at_, seq_at_ - prev_at_)
      .append(static_cast<const char*>(digits.data()), end);
  out.append(text_, seq_at_, time_at_ - seq_at_).append(time);
  out.append(text_, time_at_);
}

std::string print_leaf(const Header& header) {
  std::string out;
  const LeafForm form(header);
  out.reserve(form.size_max());
  form.print(out, header.seq, header.prev, format_rfc3339(header.time));
  return out;
}

Result<Header> parse_leaf(std::string_view leaf) {
  if (leaf.size() > tlog::kEntryBytesMax) return fail(Code::invalid, "leaf: it is too long");
  Header out;
  Scanner scanner(leaf);
  scanner.word(R"({"action":)").text(out.action);
  scanner.word(R"(,"actor":)").text(out.actor);
  scanner.word(R"(,"log":)").text(out.log);
  scanner.word(R"(,"pc":)").hash(out.commitment);
  scanner.word(R"(,"prev":)").hash(out.prev);
  scanner.word(R"(,"purpose":)").text(out.purpose);
  scanner.word(R"(,"seq":)").number(out.seq);
  scanner.word(R"(,"tenant":)").text(out.tenant);
  scanner.word(R"(,"ts":)").time(out.time);
  scanner.word(R"(,"type":)").text(out.type);
  scanner.word(R"(,"v":1,"warrant":)").text(out.warrant).word("}");
  MC_TRY_OK(scanner.end());
  MC_TRY_OK(check_header(out));
  if (scanner.has_escapes() && print_leaf(out) != leaf) {
    return fail(Code::invalid, "leaf: an escape is not the canonical one");
  }
  return out;
}

Result<LeafLinks> parse_leaf_links(std::string_view leaf) {
  if (leaf.size() > tlog::kEntryBytesMax) return fail(Code::invalid, "leaf: it is too long");
  LeafLinks out;
  std::array<std::string_view, 5> texts;
  std::string_view log;
  std::string_view warrant;
  WallTime time;
  Scanner scanner(leaf);
  scanner.word(R"({"action":)").text(texts[0]);
  scanner.word(R"(,"actor":)").text(texts[1]);
  scanner.word(R"(,"log":)").text(log);
  scanner.word(R"(,"pc":)").hash(out.commitment);
  scanner.word(R"(,"prev":)").hash(out.prev);
  scanner.word(R"(,"purpose":)").text(texts[2]);
  scanner.word(R"(,"seq":)").number(out.seq);
  scanner.word(R"(,"tenant":)").text(texts[3]);
  scanner.word(R"(,"ts":)").time(time);
  scanner.word(R"(,"type":)").text(texts[4]);
  scanner.word(R"(,"v":1,"warrant":)").text(warrant).word("}");
  out.log = log;
  const bool sound =
      !scanner.has_escapes() && scanner.end() && out.seq <= kSeqMax && is_sound(log, false) &&
      is_sound(warrant, true) &&
      std::all_of(texts.begin(), texts.end(), [](auto text) { return is_sound(text, false); });
  if (sound) return out;
  // Rare, or not one: the slow way has the last word, and the reason.
  MC_TRY(Header header, parse_leaf(leaf));
  return LeafLinks{std::move(header.log), header.seq, header.prev, header.commitment};
}

std::string print_head_leaf(const HeadLeaf& leaf) {
  std::string out;
  add_text(out, R"({"head":{"log":)", leaf.log);
  out.append(R"(,"root":")");
  append_hex(out, leaf.head.root);
  out.append(R"(","size":)").append(std::to_string(leaf.head.size));
  add_text(out, R"(},"log":)", kRootLog);
  out.append(R"(,"prev":")");
  append_hex(out, leaf.prev);
  out.append(R"(","seq":)").append(std::to_string(leaf.seq));
  out.append(R"(,"ts":")").append(format_rfc3339(leaf.time));
  out.append(R"(","type":"head","v":)").append(std::to_string(kRecordVersion));
  out += '}';
  return out;
}

Result<HeadLeaf> parse_head_leaf(std::string_view leaf) {
  if (leaf.size() > tlog::kEntryBytesMax) return fail(Code::invalid, "leaf: it is too long");
  HeadLeaf out;
  Scanner scanner(leaf);
  scanner.word(R"({"head":{"log":)").text(out.log);
  scanner.word(R"(,"root":)").hash(out.head.root);
  scanner.word(R"(,"size":)").number(out.head.size);
  scanner.word(R"(},"log":"root","prev":)").hash(out.prev);
  scanner.word(R"(,"seq":)").number(out.seq);
  scanner.word(R"(,"ts":)").time(out.time).word(R"(,"type":"head","v":1})");
  MC_TRY_OK(scanner.end());
  if (out.log.empty() || out.log.size() > kTextBytesMax || !is_one_line(out.log)) {
    return fail(Code::invalid, "leaf: 'log' of its head is not a name");
  }
  if (out.head.size > kSeqMax || out.seq > kSeqMax) {
    return fail(Code::invalid, "leaf: a number is past 2^53 - 1");
  }
  if (scanner.has_escapes() && print_head_leaf(out) != leaf) {
    return fail(Code::invalid, "leaf: an escape is not the canonical one");
  }
  return out;
}

Status check_plain_leaf(std::string_view leaf) {
  if (leaf.empty() || leaf.size() > tlog::kEntryBytesMax) {
    return fail(Code::invalid, "leaf: it has " + std::to_string(leaf.size()) +
                                   " bytes; the limits are 1 and " +
                                   std::to_string(tlog::kEntryBytesMax));
  }
  if (leaf.starts_with(kRecordLeafBegin) || leaf.starts_with(kHeadLeafBegin)) {
    return fail(Code::invalid, "leaf: it begins like a record of this ledger");
  }
  return ok();
}

tlog::Hash commit(const Salt& salt, std::string_view payload) {
  return crypto::Sha256()
      .add(kPayloadPrefix)
      .add(std::string_view(salt.data(), salt.size()))
      .add(payload)
      .finish();
}

std::string redaction_action(std::uint64_t seq) {
  return "erase " + std::to_string(seq);
}

std::optional<std::uint64_t> redaction_target(std::string_view leaf) {
  // Quotes inside of a text are escaped, so only the member itself can look like this.
  if (leaf.find("\"type\":\"redaction\"") == std::string_view::npos) return std::nullopt;
  const Result<Header> header = parse_leaf(leaf);
  if (!header || header->type != kRedactionType) return std::nullopt;
  std::string_view action = header->action;
  const std::size_t blank = action.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const Result<std::int64_t> seq = parse_int(action.substr(blank + 1));
  if (!seq || *seq < 0) return std::nullopt;
  const auto target = static_cast<std::uint64_t>(*seq);
  if (redaction_action(target) != action || target >= header->seq) return std::nullopt;
  return target;
}

}  // namespace mc::ledger
