// Packs of policies: as they are made, and signed though they are not as they must be.
#include "cases.h"
#include "contract/signing_world.h"
#include "json/json.h"

namespace mc::vectors {
namespace {

const std::string kA(64, 'a');
const std::string kB(64, 'b');

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  MC_CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

class Maker {
 public:
  std::vector<Case> make() {
    good_ = proof::print_statement(*proof::pack_statement(pack_));
    sound();
    periods();
    spoilt();
    lists();
    return std::move(cases_);
  }

 private:
  std::string text_of(const proof::PolicyPack& pack) const {
    return proof::print_statement(*proof::pack_statement(pack));
  }
  std::string sealed(const std::string& statement) const {
    return json::print(
        proof::to_json(*proof::sign_envelope(std::string(proof::kStatementType), statement, key_)));
  }
  void add(const std::string& name, const std::string& statement) {
    cases_.push_back({.name = "pack" + name,
                      .file = sealed(statement),
                      .key = key_.public_key().to_pem(),
                      .now = now_});
  }

  void sound() {
    add("", good_);
    add("_with_its_document", good_);
    cases_.back().artifact = proof::print_pack(pack_);
    add("_with_another_document", good_);
    cases_.back().artifact = "{}";
    add("_other_key", good_);
    cases_.back().key =
        crypto::SigningKey::generate(crypto::Algorithm::es256)->public_key().to_pem();
    proof::PolicyPack delta = pack_;
    delta.base = "acme-0";
    delta.files = {{".manifest", kA}, {"patch.json", kB}};
    add("_of_a_delta", text_of(delta));
    // Sorted by bytes, which is not the order of UTF-16.
    proof::PolicyPack letters = pack_;
    letters.version = "v \"1\" \\ \xC3\xA9";
    letters.files = {{"\xEF\xBF\xBD.rego", kA}, {"\xF0\x90\x80\x80.rego", kB}, {"\xC3\xA9", kA}};
    add("_with_letters", text_of(letters));
    const proof::Statement statement = *proof::pack_statement(pack_);
    const Case bundle{.name = "pack_bundle",
                      .file = proof::print_bundle(*world_.signing->sign(statement)),
                      .trusted_root = proof::print_trusted_root(world_.signing->trust()),
                      .key = world_.signing->signer().to_pem(),
                      .now = world_.clock.wall()};
    cases_.push_back(bundle);
    cases_.push_back(bundle);
    cases_.back().name = "pack_bundle_expired";
    cases_.back().now = pack_.expires;
    cases_.push_back(bundle);
    cases_.back().name = "pack_bundle_with_another_document";
    cases_.back().artifact = "{}";
  }
  void periods() {
    add("_expired", good_);
    cases_.back().now = pack_.expires;
    add("_at_its_last_moment", good_);
    cases_.back().now = pack_.expires - millis(1);
    add("_early", good_);
    cases_.back().now = pack_.issued - proof::kPackEarlyMax - millis(1);
    add("_a_little_early", good_);
    cases_.back().now = pack_.issued - proof::kPackEarlyMax;
  }
  void spoilt() {
    add("_with_a_blank", good_ + " ");
    add("_other_subject", replaced(good_, "policy-pack/prod", "policy-pack/dev"));
    add("_without_a_subject", replaced(good_, "\"subject\"", "\"other\""));
    add("_other_version_of_the_format", replaced(good_, "policy-pack/v1", "policy-pack/v2"));
    add("_unknown_member", replaced(good_, "\"channel\"", "\"more\":1,\"channel\""));
    add("_empty_base", replaced(good_, "\"channel\"", "\"base\":\"\",\"channel\""));
    add("_upper_case_channel", replaced(good_, "\"prod\"", "\"Prod\""));
    add("_no_version", replaced(good_, "\"acme-1\"", "\"\""));
    add("_time_with_an_offset",
        replaced(good_, "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000+01:00"));
    add("_end_before_the_begin", replaced(good_, "2026-04-01", "2025-04-01"));
    add("_of_another_type", replaced(good_, std::string(proof::kPackPredicate), "urn:other"));
  }
  void lists() {
    const std::string rego = R"({"path":"mc/allow.rego","sha256":")" + kA + "\"}";
    const std::string manifest = R"({"path":".manifest","sha256":")" + kA + "\"}";
    const std::string settings = R"({"path":"mc/data.json","sha256":")" + kB + "\"}";
    add("_policy_among_the_data",
        replaced(replaced(good_, rego, ""), manifest, manifest + "," + rego));
    add("_path_twice", replaced(good_, manifest, manifest + "," + manifest));
    add("_other_order", replaced(good_, manifest + "," + settings, settings + "," + manifest));
    add("_no_file", replaced(replaced(good_, rego, ""), manifest + "," + settings, ""));
    add("_no_list", replaced(good_, "\"policies\":[" + rego + "]", "\"policies\":{}"));
    add("_short_digest", replaced(good_, kB, kB.substr(1)));
    add("_upper_case_digest", replaced(good_, kB, std::string(64, 'B')));
    add("_that_names_itself", replaced(good_, "mc/data.json", "policies/ig.bundle"));
    add("_control_character", replaced(good_, "mc/data.json", "mc/\\u001bdata.json"));
    add("_file_of_three_members", replaced(good_, manifest, replaced(manifest, "}", ",\"n\":1}")));
  }

  signing::SigningWorld world_;
  crypto::SigningKey key_ = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  WallTime now_ = *parse_rfc3339("2026-02-01T00:00:00Z");
  proof::PolicyPack pack_{"acme-1",
                          "",
                          "prod",
                          *parse_rfc3339("2026-01-01T00:00:00Z"),
                          *parse_rfc3339("2026-04-01T00:00:00Z"),
                          {{".manifest", kA}, {"mc/allow.rego", kA}, {"mc/data.json", kB}}};
  std::string good_;
  std::vector<Case> cases_;
};

}  // namespace

std::vector<Case> make_pack_cases() {
  return Maker().make();
}

}  // namespace mc::vectors
