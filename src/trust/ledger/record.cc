#include "ledger/record.h"

#include <algorithm>
#include <charconv>

#include "json/json.h"

namespace mc::ledger {
namespace {

constexpr std::uint8_t kPayloadPrefix = 2;
constexpr std::uint64_t kSeqMax = (std::uint64_t{1} << 53) - 1;  // exact in JSON for everybody

std::string_view view_of(const tlog::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
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

constexpr std::uint8_t kNoDigit = 0xFF;

// The value of each lower-case hexadecimal digit.
constexpr std::array<std::uint8_t, 256> hex_values() {
  std::array<std::uint8_t, 256> out{};
  out.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 10; ++i) out[static_cast<std::size_t>('0' + i)] = i;
  for (std::uint8_t i = 0; i < 6; ++i) {
    out[static_cast<std::size_t>('a' + i)] = static_cast<std::uint8_t>(10 + i);
  }
  return out;
}
constexpr std::array<std::uint8_t, 256> kHexValues = hex_values();

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
    const std::size_t end = rest_.find_first_of("\"\\");
    if (!good_ || end == std::string_view::npos) return fails();
    if (rest_[end] == '\\') return escaped_text(out);
    out = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return *this;
  }
  Scanner& hash(tlog::Hash& out) {
    word("\"");
    if (!good_ || rest_.size() < 2 * out.size()) return fails();
    std::uint8_t wrong = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::uint8_t high = kHexValues[static_cast<unsigned char>(rest_[2 * i])];
      const std::uint8_t low = kHexValues[static_cast<unsigned char>(rest_[2 * i + 1])];
      wrong |= high | low;
      out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    if ((wrong & 0xF0) != 0) return fails();
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
std::string print_leaf(const Header& header) {
  std::string out;
  out.reserve(512);
  add_text(out, R"({"action":)", header.action);
  add_text(out, R"(,"actor":)", header.actor);
  add_text(out, R"(,"log":)", header.log);
  out.append(R"(,"pc":")").append(to_hex(view_of(header.commitment)));
  out.append(R"(","prev":")").append(to_hex(view_of(header.prev)));
  add_text(out, R"(","purpose":)", header.purpose);
  out.append(R"(,"seq":)").append(std::to_string(header.seq));
  add_text(out, R"(,"tenant":)", header.tenant);
  out.append(R"(,"ts":")").append(format_rfc3339(header.time));
  add_text(out, R"(","type":)", header.type);
  out.append(R"(,"v":)").append(std::to_string(kRecordVersion));
  add_text(out, R"(,"warrant":)", header.warrant);
  out += '}';
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
  out.append(R"(,"root":")").append(to_hex(view_of(leaf.head.root)));
  out.append(R"(","size":)").append(std::to_string(leaf.head.size));
  add_text(out, R"(},"log":)", kRootLog);
  out.append(R"(,"prev":")").append(to_hex(view_of(leaf.prev)));
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
  if (leaf.starts_with(R"({"action":)") || leaf.starts_with(kHeadLeafBegin)) {
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
