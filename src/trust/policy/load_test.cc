#include "policy/load.h"

#include <doctest/doctest.h>

#include "policy/source.h"
#include "sim/sim.h"

namespace mc::policy {
namespace {

void put(sim::SimFiles& files, const std::string& path, const std::string& text) {
  REQUIRE(files.write_atomic(path, text));
}

TEST_CASE("load: of a folder, files whose name starts with '.' are passed over, tests too") {
  sim::SimFiles files;
  put(files, "p/a.rego", "package a\n\np := 1\n");
  put(files, "p/a_test.rego", "package a\n\ntest_p if p == 1\n");
  put(files, "p/.b.rego", "no Rego");
  put(files, "p/.b_test.rego", "no Rego");
  put(files, "p/data.json", R"({"x":1})");
  put(files, "p/.data.json", "no JSON");
  for (const bool with_tests : {false, true}) {
    CAPTURE(with_tests);
    const auto loaded = load_paths(files, {"p"}, {.with_tests = with_tests});
    REQUIRE(loaded);
    CHECK(loaded->modules.size() == (with_tests ? 2 : 1));
    CHECK(term::to_json(loaded->data.root()) == R"({"x":1})");
  }
}

TEST_CASE("source: a folder has the limit of bytes that a bundle has") {
  sim::SimFiles files;
  put(files, "p/a.rego", "package a\n" + std::string(600, '#') + "\n");
  put(files, "p/data.json", "{}" + std::string(400, ' '));
  SourceConfig config;
  config.location = "p";
  config.bytes_max = 1'024;
  const auto fetched = make_source(config, files, nullptr)->fetch("");
  REQUIRE(fetched);
  CHECK(fetched->files.size() == 2);
  put(files, "p/more.json", std::string(20, ' '));
  const auto refused = make_source(config, files, nullptr)->fetch("");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what == "p: more than 1024 bytes of files");
}

}  // namespace
}  // namespace mc::policy
