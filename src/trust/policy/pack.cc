#include "policy/pack.h"

#include <algorithm>

namespace mc::policy {
namespace {

tl::unexpected<Error> refuse(std::string_view what) {
  return fail(Code::invalid, "bundle: " + std::string(proof::kPackPath) + ": " + std::string(what));
}

bool has_file(const std::vector<archive::Entry>& files, std::string_view path) {
  return std::any_of(files.begin(), files.end(),
                     [&](const archive::Entry& file) { return file.path == path; });
}

proof::PackFiles digests_of(const std::vector<archive::Entry>& files) {
  proof::PackFiles out;
  for (const archive::Entry& file : files) {
    if (proof::is_packed_file(file.path)) out.emplace(file.path, to_hex(sys::sha256(file.bytes)));
  }
  return out;
}

// Keys of secrets cannot sign a pack, and each key is good for its own algorithm alone.
Result<std::string> find_signer(const proof::Envelope& envelope,
                                const std::vector<VerificationKey>& keys) {
  bool any = false;
  for (const VerificationKey& one : keys) {
    const auto algorithm = crypto::parse_algorithm(one.algorithm);
    const auto key = crypto::PublicKey::from_pem(one.key);
    if (!algorithm || !key || key->algorithm() != *algorithm) continue;
    any = true;
    if (proof::check_envelope(envelope, *key)) return one.id;
  }
  if (!any) return refuse("no configured key can verify it: they must be RS256, ES256 or EdDSA");
  return refuse("no configured key has signed it");
}

}  // namespace

Result<proof::PolicyPack> make_pack(const Bundle& bundle, const PackOptions& options) {
  if (bundle.manifest.revision.empty()) {
    return fail(Code::invalid, ".manifest: revision: a pack is of a bundle that has one");
  }
  if (has_file(bundle.files, proof::kPatchPath) != !options.base.empty()) {
    return fail(Code::invalid, options.base.empty()
                                   ? "patch.json: a delta's pack names the revision it changes"
                                   : "only a delta's pack names a revision that it changes");
  }
  proof::PolicyPack out;
  out.version = bundle.manifest.revision;
  out.base = options.base;
  out.channel = options.channel;
  out.issued = whole_ms(options.issued);
  out.expires = whole_ms(options.expires);
  out.files = digests_of(bundle.files);
  MC_TRY_OK(proof::check_pack(out));
  return out;
}

Status put_pack(std::vector<archive::Entry>& files, std::string pack) {
  if (has_file(files, proof::kSignaturesPath)) {
    return fail(Code::invalid, std::string(proof::kSignaturesPath) +
                                   ": the bundle is signed, which would not hold any more; pack "
                                   "it first, then sign it");
  }
  std::erase_if(files, [](const archive::Entry& file) { return file.path == proof::kPackPath; });
  files.push_back({std::string(proof::kPackPath), std::move(pack)});
  return ok();
}

Result<std::optional<VerifiedPack>> verify_pack(const std::vector<archive::Entry>& files,
                                                const BundleOptions& options) {
  const auto found = std::find_if(files.begin(), files.end(), [](const archive::Entry& file) {
    return file.path == proof::kPackPath;
  });
  if (found == files.end()) {
    if (!options.require_pack) return std::optional<VerifiedPack>();
    return refuse("it is missing, and policy.source.require_pack wants it");
  }
  if (options.keys.empty()) return refuse("no key to verify it with is configured");
  const std::optional<proof::Envelope> envelope = proof::find_pack(found->bytes);
  if (!envelope) return refuse("it is no envelope and no bundle with the statement of a pack");
  VerifiedPack out;
  MC_TRY(out.signed_by, find_signer(*envelope, options.keys));
  const auto pack = proof::parse_pack_statement(envelope->payload);
  if (!pack) return refuse(pack.error().what);
  if (!options.channel.empty() && pack->channel != options.channel) {
    return refuse("it is for the channel '" + pack->channel + "', not '" + options.channel + "'");
  }
  if (const Status holds = proof::check_period(*pack, options.now); !holds) {
    return refuse(holds.error().what);
  }
  if (const auto difference = proof::compare(*pack, digests_of(files))) {
    return refuse(difference->what);
  }
  if (has_file(files, proof::kPatchPath) == pack->base.empty()) {
    return refuse(pack->base.empty() ? "it is of a whole bundle, and this one is a delta"
                                     : "it is of a delta, and this bundle is a whole one");
  }
  out.terms = {pack->version, pack->base, pack->channel, pack->issued, pack->expires};
  return std::optional(std::move(out));
}

}  // namespace mc::policy
