// Bundles of github.com/sigstore/sigstore-conformance, a folder a case.
#include "proof/proof.h"
#include "suite.h"

namespace mc::conformance {
namespace {

constexpr std::string_view kBundleName = "bundle.sigstore.json";
constexpr std::string_view kIdentity =
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/"
    "workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
constexpr std::string_view kIssuer = "https://token.actions.githubusercontent.com";

class Case {
 public:
  Case(const Vectors& vectors, const std::string& folder) : vectors_(vectors), folder_(folder) {}

  // "" when the bundle verifies, else the first thing that does not hold.
  Result<std::string> run() const {
    MC_TRY(const std::string text, vectors_.read(folder_ + "/" + std::string(kBundleName)));
    MC_TRY(const std::string root_text, own("trusted_root.json", "trusted_root_public_good.json"));
    MC_TRY(const proof::TrustedRoot root, proof::parse_trusted_root(root_text));
    MC_TRY(const std::string artifact, own("artifact", "a.txt"));
    const Result<proof::Bundle> bundle = proof::parse_bundle(text);
    if (!bundle) return bundle.error().what;
    proof::BundleQuestion question{*bundle, root, {artifact}};
    if (const auto pem = vectors_.read(folder_ + "/key.pub"); pem) {
      const Result<crypto::PublicKey> key = crypto::PublicKey::from_pem(*pem);
      if (!key) return "key.pub: " + key.error().what;
      question.key = *key;
    } else {
      question.identity = {line("identity", kIdentity), line("issuer", kIssuer)};
    }
    const proof::Report report = proof::check_bundle(question);
    if (report.verified()) return "";
    const proof::Step* failure = report.failure();
    return failure->reason + ": " + failure->detail;
  }

 private:
  Result<std::string> own(const std::string& name, const std::string& common) const {
    auto text = vectors_.read(folder_ + "/" + name);
    return text ? std::move(text) : vectors_.read(common);
  }
  std::string line(const std::string& name, std::string_view otherwise) const {
    const auto text = vectors_.read(folder_ + "/" + name);
    if (!text) return std::string(otherwise);
    return std::string(trim(std::string_view(*text).substr(0, text->find('\n'))));
  }

  const Vectors& vectors_;
  const std::string& folder_;
};

}  // namespace

void run_sigstore(const Vectors& vectors, Report& report) {
  const auto folders = vectors.list("");
  if (!folders) return report.fail("", folders.error().what);
  for (const std::string& folder : *folders) {
    if (!vectors.read(folder + "/" + std::string(kBundleName))) continue;
    const Result<std::string> refused = Case(vectors, folder).run();
    if (!refused) {
      report.fail(folder, "cannot be run: " + refused.error().what);
      continue;
    }
    const bool wanted = !folder.ends_with("_fail");
    if (refused->empty() == wanted) {
      report.pass();
    } else {
      report.fail(folder, wanted ? *refused : "accepted, must be refused");
    }
  }
}

}  // namespace mc::conformance
