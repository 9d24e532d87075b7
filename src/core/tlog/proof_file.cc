#include "tlog/proof_file.h"

#include <algorithm>
#include <charconv>

namespace mc::tlog {
namespace {

constexpr std::size_t kPathMax = 64;
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::invalid, "proof file: " + std::string(why));
}

// The text up to the next newline, which must be there; both are taken away.
Result<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return bad("it ends too early");
  const std::string_view out = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return out;
}

Result<std::uint64_t> parse_index(std::string_view line) {
  if (!line.starts_with(kIndex)) return bad("its index is missing");
  line.remove_prefix(kIndex.size());
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), out);
  if (error != std::errc{} || end != line.data() + line.size() || std::to_string(out) != line) {
    return bad("its index is no number");
  }
  return out;
}

Result<Hash> parse_hash(std::string_view line) {
  const Result<std::string> bytes = from_base64(line);
  Hash out{};
  if (!bytes || bytes->size() != out.size()) return bad("a hash is not 32 bytes in base64");
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

}  // namespace

Result<ProofFile> parse_proof_file(std::string_view text) {
  if (text.size() > kProofFileBytesMax) return bad("it is longer than 524288 bytes");
  std::string_view rest = text;
  MC_TRY(std::string_view line, take_line(rest));
  if (line != kProofFileHeader) return bad("it does not begin with c2sp.org/tlog-proof@v1");
  ProofFile out;
  MC_TRY(line, take_line(rest));
  if (line.starts_with(kExtra)) {
    const Result<std::string> extra = from_base64(line.substr(kExtra.size()));
    if (!extra) return bad("its extra is not base64");
    out.extra = *extra;
    MC_TRY(line, take_line(rest));
  }
  MC_TRY(out.index, parse_index(line));
  while (true) {
    MC_TRY(line, take_line(rest));
    if (line.empty()) break;
    if (out.path.size() == kPathMax) return bad("it has more than 64 hashes");
    MC_TRY(const Hash hash, parse_hash(line));
    out.path.push_back(hash);
  }
  if (rest.empty()) return bad("it has no checkpoint");
  out.checkpoint = rest;
  return out;
}

std::string print_proof_file(const ProofFile& proof) {
  std::string out(kProofFileHeader);
  out += "\n";
  if (proof.extra) out.append(kExtra).append(to_base64(*proof.extra)).append("\n");
  out.append(kIndex).append(std::to_string(proof.index)).append("\n");
  for (const Hash& hash : proof.path) {
    out += to_base64({reinterpret_cast<const char*>(hash.data()), hash.size()}) + "\n";
  }
  return out + "\n" + proof.checkpoint;
}

}  // namespace mc::tlog
