#include <doctest/doctest.h>

#include "api/assets.h"
#include "contract/api_face.h"
#include "json/json.h"
#include "proof/proof.h"

namespace mc::api {
namespace {

const net::Headers kJson = {{"Content-Type", "application/json"}};

std::string entry_request() {
  const crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  return *proof::print_entry_request(
      proof::hashedrekord_body(*crypto::digest("sha256", "content"), *key.sign_der("content"),
                               proof::Verifier::public_key, key.public_key().to_spki()));
}

std::string timestamp_request() {
  return R"({"artifactHash":")" + to_base64(*crypto::digest("sha256", "signature")) +
         R"(","hashAlgorithm":"sha256"})";
}

TEST_CASE("signing: entries and timestamps want a token with the scope, unless the log is open") {
  Face face;
  const std::string signer =
      face.world.token({.principal = "sam", .roles = "analyst", .scopes = "signatures:write"});
  const std::string auditor =
      face.world.token({.principal = "ron", .roles = "auditor", .scopes = "signatures:write"});
  struct Door {
    std::string path;
    std::string body;
  };
  for (const Door& door : {Door{"/api/v2/log/entries", entry_request()},
                           Door{"/api/v1/timestamp", timestamp_request()}}) {
    CAPTURE(door.path);
    CHECK(face.ask("POST", door.path, "", door.body, kJson).status == 401);
    CHECK(face.ask("POST", door.path, face.admin, door.body, kJson).status == 403);
    CHECK(face.ask("POST", door.path, auditor, door.body, kJson).status == 403);
    CHECK(face.ask("POST", door.path, signer, door.body, kJson).status == 201);
    CHECK(face.ask("POST", door.path, signer, door.body).status == 400);
    CHECK(face.ask("GET", door.path, signer).status == 404);
  }
  CHECK(face.ledger->store().head(ledger::kSignLog)->size == 1);
}

TEST_CASE("signing: anybody reads the log, the chain and the trusted root") {
  Face face;
  const std::string signer =
      face.world.token({.principal = "sam", .roles = "analyst", .scopes = "signatures:write"});
  const net::Response logged =
      face.ask("POST", "/api/v2/log/entries", signer, entry_request(), kJson);
  const auto entry = proof::parse_log_entry(logged.body);
  REQUIRE_MESSAGE(entry.has_value(), logged.body);
  const net::Response checkpoint = face.ask("GET", "/api/v2/checkpoint", "");
  CHECK(checkpoint.status == 200);
  CHECK(checkpoint.body == entry->proof->checkpoint);
  const net::Response entries = face.ask("GET", "/api/v2/tile/entries/000.p/1", "");
  CHECK(entries.status == 200);
  CHECK(entries.body.substr(2) == entry->body);
  CHECK(face.ask("GET", "/api/v2/tile/0/000.p/1", "").body.size() == 32);
  CHECK(face.ask("GET", "/api/v2/tile/0/000.p/2", "").status == 404);
  CHECK(face.ask("GET", "/api/v2/tile/0/../../x", "").status == 404);
  CHECK(face.ask("GET", "/api/v1/timestamp/certchain", "").body.starts_with("-----BEGIN CERT"));
  const auto root =
      proof::parse_trusted_root(face.ask("GET", "/signing/trusted_root.json", "").body);
  REQUIRE(root.has_value());
  CHECK(root->logs.size() == 2);
  CHECK(root->timestamp_authorities.size() == 1);
}

TEST_CASE("signing: a receipt has several forms, and each verifies") {
  Face face;
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  const std::string path = "/v1/tenants/alpha/records/0/receipt";
  const std::string leaf = face.ledger->store().read("audit/alpha", 0)->leaf;
  const net::Response bundle = face.ask("GET", path + "?form=bundle", face.admin);
  CHECK(bundle.status == 200);
  const proof::VerifyQuestion asked{.file = bundle.body,
                                    .trust = proof::print_trusted_root(face.signing->trust()),
                                    .public_key = face.signing->signer().to_pem(),
                                    .artifact = proof::Artifact{leaf},
                                    .now = face.world.clock().wall()};
  const auto report = proof::verify(asked);
  REQUIRE_MESSAGE(report.has_value(), report.error().what);
  CHECK_MESSAGE(report->verified(), proof::print_text(*report));
  proof::Bundle large = *proof::parse_bundle(bundle.body);
  large.entries[0].index = 999'999;
  large.entries[0].proof->index = 999'999;
  large.entries[0].proof->head.size = 1'000'000;
  large.entries[0].proof->path.resize(20);
  CHECK(proof::print_bundle(large).size() <= 4'300);  // at a million entries: 4.2 KiB
  const net::Response log_proof = face.ask("GET", path + "?form=tlog-proof", face.admin);
  CHECK(log_proof.status == 200);
  const proof::VerifyQuestion log_asked{
      .file = log_proof.body,
      .log_keys = {face.ledger->signers_of("audit/alpha")->front().key().print()},
      .artifact = proof::Artifact{leaf},
      .now = face.world.clock().wall()};
  const auto log_report = proof::verify(log_asked);
  REQUIRE_MESSAGE(log_report.has_value(), log_report.error().what);
  CHECK_MESSAGE(log_report->verified(), proof::print_text(*log_report));
  CHECK(face.ask("GET", path + "?form=json", face.admin).status == 200);
  const net::Response pdf = face.ask("GET", path + "?form=pdf", face.admin);
  CHECK(pdf.status == 200);
  CHECK(pdf.body.starts_with("%PDF-1.5"));
  const net::Response page = face.ask("GET", path + "?form=html", face.admin);
  if (find_asset("/receipt.js") == nullptr) {
    CHECK(page.status == 503);  // a build without the portal
  } else {
    CHECK(page.status == 200);
    CHECK(sim::header_of(page.headers, "Content-Disposition").find("receipt-alpha-0.html") !=
          std::string::npos);
    const auto page_report =
        proof::verify({.file = page.body, .log_keys = {face.ledger->key().print()}});
    REQUIRE_MESSAGE(page_report.has_value(), page_report.error().what);
    CHECK_MESSAGE(page_report->verified(), proof::print_text(*page_report));
  }
  const std::string range = "/v1/tenants/alpha/receipts?from=1970-01-01&form=";
  const net::Response list = face.ask("GET", range + "pdf", face.admin);
  CHECK(list.status == 200);
  CHECK(list.body.starts_with("%PDF-1.5"));
  CHECK(sim::header_of(list.headers, "Content-Disposition").find("receipts-alpha.pdf") !=
        std::string::npos);
  CHECK(face.ask("GET", range + "json", face.admin).status == 200);
  CHECK(face.ask("GET", range + "html", face.admin).status == 400);
  CHECK(face.ask("GET", path + "?form=doc", face.admin).status == 400);
  CHECK(face.ask("GET", path + "?from=json", face.admin).status == 400);
  CHECK(face.ask("GET", path + "?form=bundle", face.bravo).status == 404);
}

TEST_CASE("signing: the ledger's consistency is proven to anybody") {
  Face face;
  const auto size = [&] { return face.ledger->store().head(ledger::kRootLog)->size; };
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  const std::uint64_t before = size();
  CHECK(face.ask("GET", "/v1/tenants/alpha/tokens", face.operator_).status == 200);
  const std::string query = "from=" + std::to_string(before) + "&to=" + std::to_string(size());
  const net::Response reply = face.ask("GET", "/ledger/consistency?" + query, "");
  CHECK(reply.status == 200);
  const auto body = json::parse(reply.body);
  tlog::Path path;
  for (const json::Value& each : *body->find("path")->as_array()) {
    const std::string bytes = *from_base64(*each.as_string());
    tlog::Hash hash{};
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    path.push_back(hash);
  }
  const auto head = [&](std::uint64_t at) {
    return tlog::TreeHead{at, *face.ledger->store().root_at(ledger::kRootLog, at)};
  };
  CHECK(tlog::check_consistency(head(before), head(size()), path));
  for (const std::string bad : {"", "from=1", "to=1", "from=2&to=1", "from=x&to=1", "from=1&to=99",
                                "from=-1&to=1", "from=1&to=1&at=1"}) {
    CAPTURE(bad);
    CHECK(face.ask("GET", "/ledger/consistency?" + bad, "").status == 400);
  }
  for (const auto& [bad, told] :
       {std::pair{"from=0", "to: it is missing"}, std::pair{"to=1", "from: it is missing"},
        std::pair{"from=2&to=1", "from: it is at most to"},
        std::pair{"from=-1&to=1", "from: it is no size of the log"}}) {
    CAPTURE(bad);
    const auto refused = face.ask("GET", "/ledger/consistency?" + std::string(bad), "");
    CHECK(refused.body.find(told) != std::string::npos);
  }
  CHECK(face.ask("GET", "/ledger/key", "").body == face.ledger->key().print() + "\n");
}

}  // namespace
}  // namespace mc::api
