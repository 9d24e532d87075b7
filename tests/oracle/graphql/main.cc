// graphql_oracle: reads one JSON request a line from standard input and answers each with one line.
// An unusable line is answered with {"refused":REASON}, so that no answer is ever missing.
#include <iostream>
#include <string>

#include "operations.h"

namespace {

using namespace mc;

struct Entry {
  std::string_view name;
  oracle::Operation run;
};
constexpr Entry kOperations[] = {{"parse", oracle::parse_operation},
                                 {"execute", oracle::execute_operation},
                                 {"introspect", oracle::introspect_operation},
                                 {"validate", oracle::validate_operation},
                                 {"build", oracle::build_operation}};

std::string answer_line(const std::string& line) {
  std::string out;
  json::Writer answer(out);
  answer.begin_object();
  const Result<json::Value> request = json::parse(line, {.bytes_max = 64 << 20});
  const json::Object* object = request ? request->as_object() : nullptr;
  if (object == nullptr) {
    const std::string why = request ? "not an object" : request.error().what;
    answer.member("refused", std::string_view(why));
  } else {
    const std::string_view name = oracle::text_of(*object, "op");
    bool known = false;
    for (const Entry& entry : kOperations) {
      if (entry.name != name) continue;
      entry.run(*object, answer);
      known = true;
    }
    if (!known) answer.member("refused", "no such op");
  }
  answer.end_object();
  out += '\n';
  return out;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << answer_line(line);
    // The peer may wait for this answer before it asks again.
    if (std::cin.rdbuf()->in_avail() <= 0) std::cout.flush();
  }
  return 0;
}
