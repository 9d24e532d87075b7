// A key and a token from anywhere, a line each: no signature of the fuzzer's verifies, for it has
// no private key but those it brings itself.
#include <cstddef>
#include <cstdint>

#include "builtin/keys.h"

namespace {

class NoRandom final : public mc::sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = 0;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  const std::string_view token = end == std::string_view::npos ? "" : text.substr(end + 1);
  std::string key(text.substr(0, end));
  for (char& c : key) {
    if (c == '\v') c = '\n';  // lines of PEM
  }
  if (!is_valid_utf8(key) || !is_valid_utf8(token)) return 0;
  term::Arena arena;
  NoRandom random;
  const auto caches = builtin::make_caches();
  builtin::Context context(arena, *caches, WallTime{1'800'000'000'000'000'000}, random);
  const builtin::Value operands[] = {term::string(arena, token), term::string(arena, key)};
  for (const char* name : {"io.jwt.decode", "io.jwt.verify_rs256", "io.jwt.verify_es256",
                           "io.jwt.verify_eddsa", "io.jwt.verify_ps512"}) {
    context.fault.reset();
    builtin::find_builtin(name)->function(context, operands);
  }
  context.fault.reset();
  builtin::Value constraints = term::object(arena);
  term::insert(arena, constraints, "cert", operands[1]);
  const builtin::Value verify[] = {operands[0], constraints};
  builtin::find_builtin("io.jwt.decode_verify")->function(context, verify);
  if (const auto keys = builtin::read_jwks(key); keys && !keys->empty()) {
    const auto* const algorithm = builtin::find_jose_algorithm("RS256");
    const auto signature = builtin::jose_sign(*algorithm, keys->front(), token);
    MC_CHECK(!signature || !signature->empty());
  }
  return 0;
}
