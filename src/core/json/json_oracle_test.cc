// simdjson as a second opinion on what is JSON, and as the yardstick of docs/adr/0007.
#include <doctest/doctest.h>
#include <simdjson.h>

#include <random>

#include "json/json.h"

namespace mc::json {
namespace {

constexpr std::string_view kSeeds[] = {
    R"({"query":"query A($id: ID!) { person(id: $id) { name } }","variables":{"id":"p-1"}})",
    R"([1,-0.5e+3,true,false,null,"é€😀\u00e9\ud83d\ude00\n",[],{}])",
    R"({"a":{"b":[{"c":[[[0]]]},"x"]},"d":1e-7,"e":12345678901234567})",
    "  [ 1 , 2 ,\t3 ]\r\n",
};
constexpr std::string_view kAlphabet = "{}[]\",:\\ue0123456789+-.tfn \n\x80\xC3\xE2\xF0/b";

std::string mutated(std::mt19937_64& random, std::string text) {
  const std::size_t edits = 1 + random() % 3;
  for (std::size_t i = 0; i < edits && !text.empty(); ++i) {
    const std::size_t at = random() % text.size();
    const char c = kAlphabet[random() % kAlphabet.size()];
    switch (random() % 4) {
      case 0:
        text[at] = c;
        break;
      case 1:
        text.insert(at, 1, c);
        break;
      case 2:
        text.erase(at, 1);
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

TEST_CASE("json: simdjson agrees on what is JSON, but for what we refuse on purpose") {
  std::mt19937_64 random(11);
  simdjson::dom::parser oracle;
  int accepted = 0;
  for (int i = 0; i < 60'000; ++i) {
    const std::string text = mutated(random, std::string(kSeeds[random() % 4]));
    const Result<Value> ours = parse(text);
    simdjson::dom::element ignored;
    const simdjson::error_code theirs = oracle.parse(text).get(ignored);
    CAPTURE(text);
    if (ours) {
      ++accepted;
      // Numbers past 64 bits are doubles here and an error there.
      CHECK((theirs == simdjson::SUCCESS || theirs == simdjson::NUMBER_ERROR));
    } else if (theirs == simdjson::SUCCESS) {
      const std::string& why = ours.error().what;
      CAPTURE(why);
      CHECK((why.find("duplicate key") != std::string::npos ||
             why.find("surrogate") != std::string::npos));
    }
  }
  CHECK(accepted > 5'000);
  CHECK(accepted < 55'000);
}

}  // namespace
}  // namespace mc::json
