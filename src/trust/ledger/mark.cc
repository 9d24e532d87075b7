#include "ledger/mark.h"

#include <bit>

#include "ledger/bytes.h"

namespace mc::ledger {
namespace {

constexpr std::string_view kMagic = "MCmark01";
constexpr std::size_t kHashBytes = 32;

tl::unexpected<Error> damaged() {
  return fail(Code::corrupt, "ledger: the mark is damaged");
}

Result<LogState> read_log(Cursor& cursor) {
  LogState out;
  out.name = cursor.take(cursor.number<std::uint16_t>());
  const auto size = cursor.number<std::uint64_t>();
  out.last = cursor.array<tlog::Hash>();
  tlog::Path edge;
  for (int i = std::popcount(size); i > 0; --i) edge.push_back(cursor.array<tlog::Hash>());
  if (!cursor.good()) return damaged();
  MC_TRY(out.tree, tlog::Frontier::from(size, std::move(edge)));
  return out;
}

}  // namespace

std::string print_known(const Known& known) {
  std::string out(kMagic);
  put(out, known.mark.number);
  put(out, known.mark.prev);
  put(out, known.mark.place.segment);
  put(out, known.mark.place.offset);
  put(out, static_cast<std::uint64_t>(known.time.nanos));
  put(out, static_cast<std::uint32_t>(known.logs.size()));
  for (const LogState& log : known.logs) {
    put(out, static_cast<std::uint16_t>(log.name.size()));
    out += log.name;
    put(out, log.tree.size());
    put(out, log.last);
    for (const tlog::Hash& hash : log.tree.hashes()) put(out, hash);
  }
  put(out, crypto::Sha256().add(out).finish());
  return out;
}

Result<Known> parse_known(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + kHashBytes || !bytes.starts_with(kMagic)) return damaged();
  const std::string_view body = bytes.substr(0, bytes.size() - kHashBytes);
  if (Cursor(bytes.substr(body.size())).array<tlog::Hash>() !=
      crypto::Sha256().add(body).finish()) {
    return damaged();
  }
  Cursor cursor(body);
  cursor.take(kMagic.size());
  Known out;
  out.mark.number = cursor.number<std::uint64_t>();
  out.mark.prev = cursor.array<tlog::Hash>();
  out.mark.place.segment = cursor.number<std::uint64_t>();
  out.mark.place.offset = cursor.number<std::uint64_t>();
  out.time = WallTime{static_cast<std::int64_t>(cursor.number<std::uint64_t>())};
  const auto logs = cursor.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < logs; ++i) {
    MC_TRY(LogState log, read_log(cursor));
    out.logs.push_back(std::move(log));
  }
  if (!cursor.good() || cursor.at() != body.size()) return damaged();
  return out;
}

}  // namespace mc::ledger
