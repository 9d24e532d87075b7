// vectors/proofs: each proof gets the report that stands beside it. The portal's verifier is held
// against the same files (portal/test/verify.test.ts).
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "json/json.h"
#include "proof/proof.h"

namespace mc::proof {
namespace {

const std::filesystem::path kFolder = "vectors/proofs";

std::optional<std::string> read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

TEST_CASE("proof vectors: the report of each is the one beside it") {
  std::size_t verified = 0;
  std::size_t failed = 0;
  std::size_t refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    CAPTURE(entry.path().string());
    const std::optional<std::string> file = read(entry.path() / "file");
    const std::optional<std::string> artifact = read(entry.path() / "artifact");
    const auto question = json::parse(read(entry.path() / "question.json").value_or(""));
    REQUIRE(file.has_value());
    REQUIRE(question.has_value());
    VerifyQuestion asked{.file = *file, .now = *parse_rfc3339(*question->find("now")->as_string())};
    asked.trust = read(entry.path() / "policy");
    if (!asked.trust) asked.trust = read(entry.path() / "trusted_root.json");
    asked.public_key = read(entry.path() / "key.pem");
    for (const json::Value& key : *question->find("log_keys")->as_array()) {
      asked.log_keys.push_back(*key.as_string());
    }
    if (artifact) asked.artifact = Artifact{*artifact};
    const Result<Report> report = verify(asked);
    const std::optional<std::string> expected = read(entry.path() / "report.json");
    REQUIRE(expected.has_value() != std::filesystem::exists(entry.path() / "refused"));
    REQUIRE(report.has_value() == expected.has_value());
    if (!report) {
      ++refused;
      continue;
    }
    CHECK(print_json(*report) + "\n" == *expected);
    ++(report->verified() ? verified : failed);
  }
  // The folder has all of them.
  CHECK(verified >= 10);
  CHECK(failed >= 20);
  CHECK(refused >= 1);
}

}  // namespace
}  // namespace mc::proof
