#include "signing/promised_log.h"

#include <algorithm>

namespace mc::signing {
namespace {

constexpr std::size_t kHashBytes = sizeof(tlog::Hash);
constexpr std::size_t kTreeDigits = 16;  // hexadecimal, before the leaf's hash in a UUID
constexpr std::size_t kNoteIdBytes = 4;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// The first `count` bytes, big-endian.
std::uint64_t number_of(std::string_view bytes, std::size_t count) {
  std::uint64_t out = 0;
  for (const char byte : bytes.substr(0, count)) {
    out = out << 8 | static_cast<unsigned char>(byte);
  }
  return out;
}

// Of the tree under the key with this id.
std::int64_t tree_of(std::string_view id) {
  return static_cast<std::int64_t>(number_of(id, sizeof(std::int64_t)) & INT64_MAX);
}

std::string_view bytes_of(const tlog::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string hex_of(std::int64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return to_hex(bytes);
}

tl::unexpected<Error> unknown() {
  return fail(Code::not_found, "log entry: there is none of this UUID");
}

}  // namespace

Result<std::unique_ptr<PromisedLog>> PromisedLog::make(SignLog& log, crypto::SigningKey key,
                                                       EarlierPromises earlier) {
  if (key.public_key().algorithm() != crypto::Algorithm::es256) {
    return fail(Code::invalid, "signature log: promises are signed with ECDSA on P-256");
  }
  return std::unique_ptr<PromisedLog>(new PromisedLog(log, std::move(key), std::move(earlier)));
}

PromisedLog::PromisedLog(SignLog& log, crypto::SigningKey key, EarlierPromises earlier)
    : log_(log), key_(std::move(key)), since_(earlier.until) {
  const crypto::Digest digest = crypto::Sha256().add(key_.public_key().to_spki()).finish();
  id_.assign(reinterpret_cast<const char*>(digest.data()), digest.size());
  tree_ = tree_of(id_);
  trees_.push_back(tree_);
  for (const std::string& id : earlier.ids) trees_.push_back(tree_of(id));
}

Result<std::string> PromisedLog::sign(const tlog::TreeHead& head) const {
  const std::string& host = log_.key().name();
  tlog::Note note{tlog::print_checkpoint({host + " - " + std::to_string(tree_), head}), {}};
  MC_TRY(std::string signature, key_.sign_der(note.text));
  const auto id = static_cast<std::uint32_t>(number_of(id_, kNoteIdBytes));
  note.signatures.push_back({host, id, std::move(signature)});
  return tlog::print_note(note);
}

Result<PromisedLog::Head> PromisedLog::head() const {
  Head out{log_.head(), ""};
  MC_TRY(out.note, sign(out.head));
  return out;
}

Result<proof::LogEntry> PromisedLog::promise(std::uint64_t index, std::string body,
                                             WallTime at) const {
  MC_TRY(const proof::Entry read, proof::parse_entry(body));
  proof::LogProof proof{index, log_.head(), {}, ""};
  MC_TRY(proof.path, log_.store().prove_inclusion(ledger::kSignLog, index, proof.head.size));
  MC_TRY(proof.checkpoint, sign(proof.head));
  proof::LogEntry out;
  out.index = static_cast<std::int64_t>(index);
  out.log_id = id_;
  out.kind = read.kind;
  out.version = read.version;
  out.integrated_s = std::max(at, since_).nanos / kNanosPerSecond;
  out.proof = std::move(proof);
  out.body = std::move(body);
  MC_TRY(out.promise, key_.sign_der(proof::promised_text(out)));
  return out;
}

Result<PromisedLog::Added> PromisedLog::add(std::string body) {
  MC_TRY(const std::optional<std::uint64_t> there, find(tlog::leaf_hash(body)));
  if (there) {
    MC_TRY(proof::LogEntry entry, read(*there));
    return Added{std::move(entry), true};
  }
  MC_TRY(const ledger::Recorded recorded, log_.append(body));
  MC_TRY(proof::LogEntry entry, promise(recorded.seq, std::move(body), recorded.time));
  return Added{std::move(entry), recorded.repeated};
}

Result<proof::LogEntry> PromisedLog::read(std::uint64_t index) const {
  if (index >= log_.head().size) {
    return fail(Code::not_found, "log entry: there is none of this index");
  }
  MC_TRY(ledger::ReadRecord record, log_.store().read(ledger::kSignLog, index));
  MC_TRY(const WallTime at, log_.store().written_at(ledger::kSignLog, index));
  return promise(index, std::move(record.leaf), at);
}

Result<proof::LogEntry> PromisedLog::read(std::string_view uuid) const {
  const Result<std::string> bytes = from_hex(uuid);
  if (!bytes || (bytes->size() != kHashBytes && bytes->size() != kHashBytes + kTreeDigits / 2)) {
    return fail(Code::invalid, "log entry: a UUID has 64 or 80 hexadecimal digits");
  }
  if (bytes->size() > kHashBytes) {
    const auto tree = static_cast<std::int64_t>(number_of(*bytes, sizeof(tree_)));
    if (std::find(trees_.begin(), trees_.end(), tree) == trees_.end()) return unknown();
  }
  tlog::Hash leaf{};
  std::copy(bytes->end() - kHashBytes, bytes->end(), leaf.begin());
  MC_TRY(const std::optional<std::uint64_t> index, find(leaf));
  if (!index) return unknown();
  return read(*index);
}

std::string PromisedLog::uuid_of(const proof::LogEntry& entry) const {
  return hex_of(tree_) + to_hex(bytes_of(tlog::leaf_hash(entry.body)));
}

// The first of equal leaves.
Result<std::optional<std::uint64_t>> PromisedLog::find(const tlog::Hash& leaf) const {
  const std::lock_guard lock(mutex_);
  for (const std::uint64_t size = log_.head().size; places_.size() < size;) {
    const std::uint64_t first = places_.size();
    MC_TRY(const tlog::Tile tile, tlog::tile_of(0, first / tlog::kTileWidth, size));
    MC_TRY(const std::string hashes, log_.store().tile(ledger::kSignLog, tile));
    const auto begin = static_cast<std::size_t>(first % tlog::kTileWidth);
    for (std::size_t i = begin; i < static_cast<std::size_t>(tile.width); ++i) {
      const std::string_view hash = std::string_view(hashes).substr(i * kHashBytes, kHashBytes);
      places_.emplace(number_of(hash, sizeof(std::uint64_t)), first + i - begin);
    }
  }
  std::optional<std::uint64_t> out;
  const auto [from, to] = places_.equal_range(number_of(bytes_of(leaf), sizeof(std::uint64_t)));
  for (auto at = from; at != to; ++at) {
    MC_TRY(const ledger::ReadRecord record, log_.store().read(ledger::kSignLog, at->second));
    if (tlog::leaf_hash(record.leaf) == leaf && (!out || at->second < *out)) out = at->second;
  }
  return out;
}

}  // namespace mc::signing
