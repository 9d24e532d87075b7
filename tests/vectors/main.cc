// mc-proof-vectors FOLDER: writes each case into a folder of its name, with the report that the
// verifier of this build gives. What changes there is looked at before it is committed.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "cases.h"
#include "json/json.h"

namespace mc::vectors {
namespace {

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void write_case(const std::filesystem::path& folder, const Case& one) {
  const std::filesystem::path own = folder / one.name;
  std::filesystem::create_directories(own);
  write(own / "file", one.file);
  if (one.policy) write(own / "policy", *one.policy);
  if (one.trusted_root) write(own / "trusted_root.json", *one.trusted_root);
  if (one.key) write(own / "key.pem", *one.key);
  if (one.artifact) write(own / "artifact", *one.artifact);
  json::Array keys;
  for (const std::string& key : one.log_keys) keys.emplace_back(key);
  json::Object question;
  question.set("log_keys", json::Value(std::move(keys)));
  question.set("now", format_rfc3339(one.now));
  write(own / "question.json", json::print(question) + "\n");
  const Result<proof::Report> report = proof::verify(one.question());
  write(own / (report ? "report.json" : "refused"),
        report ? proof::print_json(*report) + "\n" : std::string());
  std::printf("%-36s %s\n", one.name.c_str(),
              !report              ? "refused"
              : report->verified() ? "verified"
                                   : report->failure()->name.c_str());
}

}  // namespace
}  // namespace mc::vectors

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: mc-proof-vectors FOLDER\n");
    return 2;
  }
  for (const auto& one : mc::vectors::make_cases()) mc::vectors::write_case(argv[1], one);
  return 0;
}
