// A bundle from anywhere: an archive as it is, or the files of one, each behind a line "== path",
// which are packed here so that what lies behind the checksums of gzip and tar is reached. A file
// ".claims" becomes a token signed by the right key, whatever it claims.
//
// What is accepted lies in its roots, is accepted again once it is signed, and by no other key; a
// patch leaves the bundle it changes as it was; all of it compiles or is refused with a reason.
#include <algorithm>
#include <cstring>

#include "crypto/crypto.h"
#include "json/json.h"
#include "policy/delta.h"
#include "policy/policy.h"
#include "policy/signature.h"

namespace {

using namespace mc;
using policy::Bundle;
using policy::BundleOptions;
using Files = std::vector<archive::Entry>;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kPublicKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAWMobDPjqrOAfwLZEmMxxRIUP7jp0/dJcfAcAORI/09E=\n"
    "-----END PUBLIC KEY-----\n";
constexpr archive::Limits kLimits = {
    .bytes_max = 1 << 20, .entry_bytes_max = 1 << 19, .entries_max = 50};
constexpr std::size_t kCompiledBytesMax = 8 << 10;
constexpr WallTime kNow = {1'800'000'000'000'000'000};

class StillClock final : public sys::Clock {
 public:
  WallTime wall() override { return kNow; }
  MonoTime mono() override { return {0}; }
};
class NoRandom final : public sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), 7); }
};

BundleOptions without_keys() {
  BundleOptions options;
  options.limits = kLimits;
  return options;
}
BundleOptions with_keys(std::string secret = std::string(kSecret)) {
  BundleOptions options = without_keys();
  options.keys = {{"k1", "HS256", std::move(secret), ""},
                  {"k2", "EdDSA", std::string(kPublicKey), ""}};
  options.now = kNow;
  return options;
}

std::string token_file(std::string_view claims) {
  const std::string input =
      to_base64url(R"({"alg":"HS256","kid":"k1"})") + "." + to_base64url(claims);
  return R"({"signatures":[")" + input + "." + to_base64url(crypto::hmac_sha256(kSecret, input)) +
         R"("]})";
}

Files read_description(std::string_view text) {
  Files files;
  while (text.starts_with("== ")) {
    text.remove_prefix(3);
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t next = text.find("\n== ");
    const std::string_view bytes = text.substr(0, next);
    text.remove_prefix(next == std::string_view::npos ? text.size() : next + 1);
    auto path = archive::clean_path(line);
    if (!path) continue;
    const bool is_claims = *path == ".claims";
    if (is_claims) path = ".signatures.json";
    const bool is_held = std::any_of(files.begin(), files.end(),
                                     [&](const auto& file) { return file.path == *path; });
    if (!is_held) files.push_back({*path, is_claims ? token_file(bytes) : std::string(bytes)});
  }
  return files;
}

bool lies_in_roots(std::string_view name, const std::vector<std::string>& roots) {
  return std::any_of(roots.begin(), roots.end(), [&](const std::string& root) {
    return root.empty() || name == std::string_view(root).substr(0, root.find('/'));
  });
}

void check_roots(const Bundle& bundle) {
  for (const term::Entry& member : bundle.data.root().members()) {
    MC_CHECK(lies_in_roots(member.key.text(), bundle.manifest.roots));
  }
  for (const rego::Module& module : bundle.modules) {
    MC_CHECK(module.package.items.size() > 1);
    MC_CHECK(lies_in_roots(module.package.items[1].text, bundle.manifest.roots));
  }
}

const Bundle& base() {
  static const Bundle made = *policy::read_files(
      {{".manifest", R"({"revision":"r1","roots":["example","people"]})"},
       {"people/data.json", R"({"zoe":{"age":7,"tags":["a"]},"ann":{"age":9}})"},
       {"example/policy.rego", "package example\n\nallow if data.people[input.name].age > 8\n"}},
      without_keys());
  return made;
}

void check_delta(const Bundle& delta) {
  if (!policy::is_delta(delta)) return;
  static const std::string before = term::to_json(base().data.root());
  const auto changed = policy::apply_delta(base(), delta);
  MC_CHECK(term::to_json(base().data.root()) == before);
  if (!changed) {
    MC_CHECK(!changed.error().what.empty());
    return;
  }
  check_roots(*changed);
  const auto twice = policy::apply_delta(*changed, delta);
  static_cast<void>(twice);  // what was removed is not there any more
}

void check_compiled(const Bundle& bundle) {
  std::size_t bytes = 0;
  for (const archive::Entry& file : bundle.files) bytes += file.bytes.size();
  if (bytes > kCompiledBytesMax) return;
  auto made = policy::Policies::make({{"fuzz", bundle}});
  if (!made) {
    MC_CHECK(!made.error().what.empty());
    return;
  }
  policy::Engine engine;
  engine.activate(std::move(*made));
  StillClock clock;
  NoRandom random;
  policy::Evaluator evaluator(engine, clock, random);
  const vm::Limits limits = {.instructions_max = 20'000,
                             .memory_bytes_max = 8 << 20,
                             .call_depth_max = 50,
                             .time_max = {}};
  static const term::Document input = *term::Document::parse(R"({"name":"ann","role":"admin"})");
  const auto answer = evaluator.evaluate("", input.root(), {.limits = limits});
  MC_CHECK(answer || !answer.error().code.empty());
}

// The same files, signed: accepted by whom the key is known, with the same data.
void check_signed(const Bundle& bundle) {
  policy::SigningOptions signing;
  signing.key_id = "k1";
  signing.algorithm = "HS256";
  signing.key = kSecret;
  auto signatures = policy::sign_files(bundle.files, signing);
  if (!signatures) return;  // a .manifest further down that is no JSON
  Files files = bundle.files;
  files.push_back({".signatures.json", std::move(*signatures)});
  const auto packed = archive::write_tar_gz(std::move(files));
  if (!packed) return;  // a path that ustar cannot hold
  BundleOptions options = with_keys();
  options.limits.entries_max += 1;
  options.limits.bytes_max *= 2;
  options.limits.entry_bytes_max *= 2;
  const auto again = policy::read_bundle(*packed, options);
  MC_CHECK(again && again->signed_by == "k1");
  MC_CHECK(again->manifest == bundle.manifest);
  MC_CHECK(term::equal(again->data.root(), bundle.data.root()));
  options.keys.front().key.front() = 'x';
  MC_CHECK(!policy::read_bundle(*packed, options));
  MC_CHECK(!policy::read_bundle(*packed, without_keys()));
}

void check_archive(std::string_view tar_gz) {
  const auto with_key = policy::read_bundle(tar_gz, with_keys());
  if (with_key) {
    MC_CHECK(with_key->signed_by == "k1" || with_key->signed_by == "k2");
    MC_CHECK(!policy::read_bundle(tar_gz, with_keys("another secret, of no less than 32 bytes")));
    check_roots(*with_key);
  }
  const auto bundle = policy::read_bundle(tar_gz, without_keys());
  if (!bundle) {
    MC_CHECK(!bundle.error().what.empty());
    return;
  }
  MC_CHECK(!with_key && bundle->signed_by.empty());
  check_roots(*bundle);
  check_delta(*bundle);
  check_signed(*bundle);
  check_compiled(*bundle);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!bytes.starts_with("== ")) {
    check_archive(bytes);
    static_cast<void>(policy::verify_signatures(bytes, base().files, with_keys()));
    return 0;
  }
  const Files files = read_description(bytes);
  static_cast<void>(policy::read_files(files, with_keys()));
  if (const auto packed = archive::write_tar_gz(files)) check_archive(*packed);
  return 0;
}
