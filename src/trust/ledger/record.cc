#include "ledger/record.h"

#include <algorithm>
#include <utility>

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

Result<std::string> text_of(const json::Value& leaf, std::string_view name) {
  const json::Value* value = leaf.find(name);
  if (value == nullptr || value->as_string() == nullptr) {
    return fail(Code::invalid, "leaf: '" + std::string(name) + "' is not a text");
  }
  return *value->as_string();
}

Result<tlog::Hash> hash_of(const json::Value& leaf, std::string_view name) {
  MC_TRY(const std::string hex, text_of(leaf, name));
  MC_TRY(const std::string bytes, from_hex(hex));
  tlog::Hash out;
  if (bytes.size() != out.size()) {
    return fail(Code::invalid, "leaf: '" + std::string(name) + "' is not 32 bytes");
  }
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Result<std::int64_t> number_of(const json::Value& leaf, std::string_view name) {
  const json::Value* value = leaf.find(name);
  if (value == nullptr || value->as_int() == nullptr) {
    return fail(Code::invalid, "leaf: '" + std::string(name) + "' is not a whole number");
  }
  return *value->as_int();
}

}  // namespace

Status check_header(const Header& header) {
  for (const Text& text : kTexts) {
    const std::string& value = header.*text.place;
    const std::string name = "'" + std::string(text.name) + "'";
    if (value.empty() && !text.may_be_empty) return fail(Code::invalid, name + " is empty");
    if (value.size() > kTextBytesMax) {
      return fail(Code::invalid, name + " has " + std::to_string(value.size()) +
                                     " bytes; the limit is " + std::to_string(kTextBytesMax));
    }
    if (!is_one_line(value)) return fail(Code::invalid, name + " is not one line of UTF-8");
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
  MC_TRY(const json::Value value, json::parse(leaf, {.depth_max = 2, .values_max = 32}));
  Header out;
  for (const Text& text : kTexts) {
    MC_TRY(out.*text.place, text_of(value, text.name));
  }
  MC_TRY(const std::int64_t version, number_of(value, "v"));
  if (version != kRecordVersion) {
    return fail(Code::invalid, "leaf: its version is " + std::to_string(version));
  }
  MC_TRY(const std::int64_t seq, number_of(value, "seq"));
  if (seq < 0) return fail(Code::invalid, "leaf: 'seq' is negative");
  out.seq = static_cast<std::uint64_t>(seq);
  MC_TRY(const std::string time, text_of(value, "ts"));
  MC_TRY(out.time, parse_rfc3339(time));
  MC_TRY(out.prev, hash_of(value, "prev"));
  MC_TRY(out.commitment, hash_of(value, "pc"));
  MC_TRY_OK(check_header(out));
  if (print_leaf(out) != leaf) return fail(Code::invalid, "leaf: it is not in canonical form");
  return out;
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
  MC_TRY(const json::Value value, json::parse(leaf, {.depth_max = 3, .values_max = 32}));
  const json::Value* head = value.find("head");
  if (head == nullptr) return fail(Code::invalid, "leaf: it has no 'head'");
  HeadLeaf out;
  MC_TRY(out.log, text_of(*head, "log"));
  if (out.log.empty() || out.log.size() > kTextBytesMax || !is_one_line(out.log)) {
    return fail(Code::invalid, "leaf: 'log' of its head is not a name");
  }
  MC_TRY(out.head.root, hash_of(*head, "root"));
  MC_TRY(const std::int64_t size, number_of(*head, "size"));
  MC_TRY(const std::int64_t seq, number_of(value, "seq"));
  if (size < 0 || seq < 0) return fail(Code::invalid, "leaf: a number is negative");
  out.head.size = static_cast<std::uint64_t>(size);
  out.seq = static_cast<std::uint64_t>(seq);
  MC_TRY(const std::string time, text_of(value, "ts"));
  MC_TRY(out.time, parse_rfc3339(time));
  MC_TRY(out.prev, hash_of(value, "prev"));
  if (print_head_leaf(out) != leaf) return fail(Code::invalid, "leaf: it is not in canonical form");
  return out;
}

tlog::Hash commit(const Salt& salt, std::string_view payload) {
  return crypto::Sha256()
      .add(kPayloadPrefix)
      .add(std::string_view(salt.data(), salt.size()))
      .add(payload)
      .finish();
}

}  // namespace mc::ledger
