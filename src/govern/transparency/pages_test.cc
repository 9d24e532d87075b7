#include "transparency/pages.h"

#include <doctest/doctest.h>

#include "proof/proof.h"

namespace mc::transparency {
namespace {

const ProofNote kProof{"ledger.example+0a0b+AQ", "ledger.example\n1\nAA==\n\n— x AA==\n",
                       "maestro verify r.html --log-key 'ledger.example+0a0b+AQ'"};
const Viewer kViewer{"ada@alpha", "audit", WallTime{1'767'268'800'123'000'000}};
constexpr PageParts kParts{R"({"kind":"mc.receipt/v1"})", "go();", "p { margin: 0 }"};

ReadableRecord record() {
  ReadableRecord out;
  out.header = {"audit/alpha",
                7,
                WallTime{1'767'268'800'123'000'000},
                "access",
                "otto@system",
                "alpha",
                "GET /v1/tenants/{tenant}/tokens",
                "support",
                "TKT-1",
                {},
                {}};
  out.payload = *json::parse(
      R"({"extra":[1,"a"],"object":"/v1/tenants/alpha/tokens","reason":"customer-support",)"
      R"("rows":2})");
  return out;
}

std::string page(const ReadableRecord& of, const Viewer& viewer = kViewer) {
  const Result<std::string> out = receipt_page(of, kProof, viewer, kParts);
  REQUIRE(out);
  return *out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("pages: the record is told in words, with whose copy it is and how it is checked") {
  const std::string text = page(record());
  CHECK(text == page(record()));
  CHECK(text.starts_with(proof::kPageStart));
  for (const char* told : {"<html lang=\"en\">", "<h1>Receipt of record 7 of tenant alpha</h1>",
                           "<bdi>Who</bdi></th><td><bdi>otto@system</bdi>",
                           "<bdi>What</bdi></th><td><bdi>GET /v1/tenants/{tenant}/tokens</bdi>",
                           "<bdi>When</bdi></th><td><bdi>2026-01-01T12:00:00.123Z</bdi>",
                           "<bdi>Warrant</bdi></th><td><bdi>TKT-1</bdi>",
                           "<bdi>Reason</bdi></th><td><bdi>customer-support</bdi>",
                           "<bdi>extra</bdi></th><td><bdi>[1,&quot;a&quot;]</bdi>",
                           "alpha - ada@alpha - 2026-01-01T12:00:00.123Z - audit",
                           "<pre id=\"key\">ledger.example+0a0b+AQ</pre>",
                           "maestro verify r.html --log-key &#39;ledger.example+0a0b+AQ&#39;",
                           "A file cannot vouch"}) {
    CAPTURE(told);
    CHECK(has(text, told));
  }
  CHECK(*proof::receipt_in_page(text) == kParts.receipt);
  ReadableRecord erased = record();
  erased.payload = {};
  CHECK(has(page(erased), "erased; the proof stays"));
  CHECK_FALSE(has(page(erased), "customer-support"));
}

TEST_CASE("pages: nothing outside of the page is named, and only its own program may run") {
  const std::string text = page(record());
  // SHA-256 of "go();", by openssl.
  CHECK(has(text,
            "content=\"default-src 'none'; script-src "
            "'sha256-bYOqbsii8BMz1hC57p5sZG4K4cMuk6QQDiwupM2aRMM='; style-src "));
  CHECK(has(text, "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"));
  for (const char* never : {"src=", "href=", "http:", "https:", "url(", "@import", "unsafe"}) {
    CAPTURE(never);
    CHECK_FALSE(has(text, never));
  }
}

TEST_CASE("pages: no text of a record becomes markup, in a cell, in a title or in the block") {
  const std::string hostile =
      "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script><!--&amp;";
  ReadableRecord one = record();
  one.header.actor = one.header.action = one.header.purpose = one.header.warrant = hostile;
  one.header.type = one.header.tenant = hostile;
  json::Object payload;
  payload.set(hostile, hostile);
  payload.set("reason", "a\nb\r\x01\x7f \xE2\x80\xA8\xE2\x80\xAE" + hostile);
  one.payload = json::Value(std::move(payload));
  PageParts parts = kParts;
  const std::string receipt = "{\"a\":\"" + hostile + "\xE2\x80\xA8\"}";
  parts.receipt = receipt;
  ProofNote proof = kProof;
  proof.key = proof.checkpoint = proof.command = hostile;
  const Result<std::string> text = receipt_page(one, proof, {hostile, hostile, kViewer.at}, parts);
  REQUIRE(text);
  CHECK_FALSE(has(*text, "<img"));
  CHECK_FALSE(has(*text, "<!--"));
  CHECK_FALSE(has(*text, "<script>alert"));
  CHECK(has(*text, "&quot;&#39;&gt;&lt;img src=x onerror=alert(1)&gt;&lt;/script&gt;"));
  CHECK(has(*text, "&lt;!--&amp;amp;"));
  // Controls are shown, not obeyed; what is text in any language stays.
  CHECK(has(*text, "<bdi>a\uFFFDb\uFFFD\uFFFD\uFFFD \u2028\u202E&quot;"));
  CHECK(*proof::receipt_in_page(*text) == receipt);
}

}  // namespace
}  // namespace mc::transparency
