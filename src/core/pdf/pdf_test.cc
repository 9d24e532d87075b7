#include "pdf/pdf.h"

#include <doctest/doctest.h>

#include "contract/pki_world.h"

namespace mc::pdf {
namespace {

Document document() {
  Document out;
  out.title = "Receipt";
  out.author = "Maestro Conductor";
  out.made = pki::TestAuthority::noon();
  out.watermark = "alpha - ada@alpha";
  out.blocks = {Heading{"Receipt"}, Paragraph{"Who did what, for whom: \xC3\xA4\xE2\x82\xAC."},
                Table{{"When", "Who"}, {1, 2}, {{"noon", "otto"}, {"one", "mara"}}},
                Listing{"line one\nline two"}};
  return out;
}

struct Signer {
  crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::es256);
  std::vector<pki::Certificate> chain = {*pki::TestAuthority().issue(
      pki::TestAuthority::request(pki::Usage::document_signing), key.public_key())};
  Sealer sealer() const {
    return {key, chain, "ledger.example", "a (test) \\ of it", pki::TestAuthority::noon()};
  }
};

TEST_CASE("pdf: a document has pages, structure and no text of its watermark") {
  const auto file = print(document());
  REQUIRE_MESSAGE(file.has_value(), file.error().what);
  CHECK(file->starts_with("%PDF-1.5"));
  CHECK(file->find("/MarkInfo") != std::string::npos);
  CHECK(file->find("/StructTreeRoot") != std::string::npos);
  CHECK(file->find("/S /H1") != std::string::npos);
  CHECK(file->find("/S /TH") != std::string::npos);
}

TEST_CASE("pdf: long tables and long words go on over pages") {
  Document out = document();
  Table table{{"No.", "What"}, {1, 9}, {}};
  for (int i = 0; i < 300; ++i) {
    table.rows.push_back({std::to_string(i), std::string(200, 'w') + " and more"});
  }
  out.blocks.emplace_back(std::move(table));
  const auto file = print(out);
  REQUIRE(file.has_value());
  std::size_t pages = 0;
  for (std::size_t at = 0; (at = file->find("/Type /Page %", at)) != std::string::npos; ++at) {
    ++pages;
  }
  CHECK(pages > 5);
}

TEST_CASE("pdf: what cannot be drawn is refused") {
  Document bad = document();
  bad.title = "\xFF";
  CHECK(print(bad).error().code == Code::invalid);
  bad = document();
  bad.blocks = {Table{{"one"}, {1}, {{"one", "two"}}}};
  CHECK(print(bad).error().code == Code::invalid);
  bad.blocks = {Table{{"one"}, {0}, {}}};
  CHECK(print(bad).error().code == Code::invalid);
  bad.blocks = {Paragraph{std::string(70'000, 'x')}};
  CHECK(print(bad).error().code == Code::invalid);
  bad.blocks.assign(kBlocksMax + 1, Paragraph{"x"});
  CHECK(print(bad).error().code == Code::invalid);
  Document odd = document();
  odd.blocks = {Paragraph{"tab\tline\nnull" + std::string(1, '\0')}, Paragraph{""}, Listing{""}};
  CHECK(print(odd).has_value());
}

TEST_CASE("pdf: a seal covers all but itself, and leaves the file before it as it was") {
  const Signer signer;
  const std::string file = *print(document());
  const auto sealed = seal(file, signer.sealer());
  REQUIRE_MESSAGE(sealed.has_value(), sealed.error().what);
  CHECK(sealed->starts_with(file));
  const std::size_t range = sealed->find("/ByteRange [0 ") + 14;
  const auto number = [&](std::size_t i) { return *parse_int(sealed->substr(range + 11 * i, 10)); };
  const auto begin = static_cast<std::size_t>(number(0));
  const auto end = static_cast<std::size_t>(number(1));
  CHECK((*sealed)[begin] == '<');
  CHECK((*sealed)[end - 1] == '>');
  CHECK(end + static_cast<std::size_t>(number(2)) == sealed->size());
  CHECK(sealed->find("/Reason (a \\(test\\) \\\\ of it)") != std::string::npos);
  // Not again, and not of anything.
  CHECK(seal(*sealed, signer.sealer()).error().code == Code::invalid);
  CHECK(seal("", signer.sealer()).error().code == Code::invalid);
  CHECK(seal("%PDF-1.5\nstartxref\n9999\n", signer.sealer()).error().code == Code::invalid);
  const Signer other;
  const Sealer wrong{signer.key, other.chain, "", "", pki::TestAuthority::noon()};
  CHECK(seal(file, wrong).error().code == Code::invalid);
}

}  // namespace
}  // namespace mc::pdf
