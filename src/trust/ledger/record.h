// One record of the ledger, byte for byte (docs/formats/ledger.md).
//
// The leaf is what the tree holds: the RFC 8785 form of a JSON object that says who did what, with
// the hash of the leaf before it and a commitment to the payload. The payload stands beside the
// tree under a salt of its own: without salt and payload every proof still holds, and what they
// were cannot be found out, not by guessing either.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "tlog/tlog.h"

namespace mc::ledger {

inline constexpr std::size_t kTextBytesMax = 512;  // of each text of a header
inline constexpr std::size_t kPayloadBytesMax = 48 << 10;
inline constexpr int kRecordVersion = 1;
inline const std::string kRootLog = "root";
// Its leaves are what others have the form of (entries of a signature log): no header, no payload.
inline const std::string kSignLog = "sign";

using Salt = std::array<char, 32>;

// Texts are one line of UTF-8 each; `warrant` may be empty, the others not.
struct Header {
  std::string log;  // "audit/alpha"
  std::uint64_t seq = 0;
  WallTime time;  // whole milliseconds
  std::string type;
  std::string actor;
  std::string tenant;
  std::string action;
  std::string purpose;
  std::string warrant;
  tlog::Hash prev = {};        // of the leaf seq - 1, zeros for the first
  tlog::Hash commitment = {};  // of the payload
  bool operator==(const Header&) const = default;
};

inline constexpr std::uint64_t kSeqMax = (std::uint64_t{1} << 53) - 1;  // exact in JSON

// `invalid` names the text that cannot stand in a header.
Status check_header(const Header& header);
std::string print_leaf(const Header& header);

// A leaf as far as it can be made before its place is known: without seq, prev and time.
class LeafForm {
 public:
  LeafForm() = default;
  // Of a header that check_header() takes; what its place gives is not looked at.
  explicit LeafForm(const Header& header);
  // A plain leaf, which says nothing of its place.
  explicit LeafForm(std::string plain) : text_(std::move(plain)) {}
  // Appends the leaf; `time` as format_rfc3339() has it.
  void print(std::string& out, std::uint64_t seq, const tlog::Hash& prev,
             std::string_view time) const;
  std::size_t size_max() const { return text_.size() + kPlaceBytesMax; }

 private:
  static constexpr std::size_t kPlaceBytesMax = 64 + 16 + 24;
  std::string text_;  // without them
  // Where they go; zeros in a plain leaf.
  std::uint32_t prev_at_ = 0;
  std::uint32_t seq_at_ = 0;
  std::uint32_t time_at_ = 0;
};
// Only what print_leaf() writes.
Result<Header> parse_leaf(std::string_view leaf);

// What binds a leaf to the others, for who reads many: parse_leaf() without the rest of its texts.
struct LeafLinks {
  std::string log;
  std::uint64_t seq = 0;
  tlog::Hash prev = {};
  tlog::Hash commitment = {};
};
// Of just those leaves that parse_leaf() takes.
Result<LeafLinks> parse_leaf_links(std::string_view leaf);

// A redaction says that the payload of an earlier record of its log is erased: a record of the type
// "redaction" with the action "erase N".
inline constexpr std::string_view kRedactionType = "redaction";
std::string redaction_action(std::uint64_t seq);
// N, when the leaf is a redaction's.
std::optional<std::uint64_t> redaction_target(std::string_view leaf);

// The leaf by which the log "root" says how far another log has grown.
struct HeadLeaf {
  std::string log;  // the one that has grown
  tlog::TreeHead head;
  std::uint64_t seq = 0;  // in the log "root", as the next two
  WallTime time;
  tlog::Hash prev = {};
  bool operator==(const HeadLeaf&) const = default;
};
inline constexpr std::string_view kHeadLeafBegin = R"({"head":)";  // of no other leaf
std::string print_head_leaf(const HeadLeaf& leaf);
// Only what print_head_leaf() writes.
Result<HeadLeaf> parse_head_leaf(std::string_view leaf);

inline constexpr std::string_view kRecordLeafBegin = R"({"action":)";  // of each that has a header

// `invalid` unless it has 1 to 65,535 bytes and cannot be taken for a record or a head leaf.
Status check_plain_leaf(std::string_view leaf);

// SHA-256(0x02 || salt || payload): the prefix keeps it apart from leaves and nodes.
tlog::Hash commit(const Salt& salt, std::string_view payload);

}  // namespace mc::ledger
