// Nanoseconds of CPU a masked field, by strategy: texts of 16 and of 32 bytes, and integers. One
// JSON line.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "mask/mask.h"
#include "sys/sys.h"

namespace {

using namespace mc;

constexpr int kValues = 1'000;
constexpr int kRounds = 300;

// The best of seven turns.
template <class Apply>
double measure(Apply apply) {
  double best = 1e12;
  for (int turn = 0; turn < 7; ++turn) {
    const Nanos before = sys::usage().cpu;
    for (int round = 0; round < kRounds; ++round) {
      for (int i = 0; i < kValues; ++i) apply(static_cast<std::size_t>(i));
    }
    const Nanos spent = sys::usage().cpu - before;
    best = std::min(best, static_cast<double>(spent.count) / (kValues * kRounds));
  }
  return best;
}

}  // namespace

int main() {
  std::vector<std::string> texts, longer;
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < kValues; ++i) {
    std::string digits = std::to_string(1'000'000 + i * 7'919);
    texts.push_back("Zoe." + digits.substr(0, 7) + "@x.at");
    longer.push_back("zoe." + digits.substr(0, 7) + "@department.x.example");
    numbers.push_back(std::int64_t{i} * 7'919 - 1'000'000);
  }
  const auto keys = mask::Keys::make(Secret("0123456789abcdef"));
  if (!keys || texts[0].size() != 16 || longer[0].size() != 32) return 1;
  const mask::ColumnKey key = keys->column("alpha", "person", "email");
  std::string line = "{\"bench\":\"mask\"";
  std::size_t shown = 0;  // so that nothing is left out
  std::string out;
  for (const char* name : {"keep", "hash", "null", "partial", "tokenise", "generalise", "drop"}) {
    const auto mask = mask::parse_mask(name);
    if (!mask) return 1;
    const auto of_texts = [&](const std::vector<std::string>& values) {
      return measure([&](std::size_t i) {
        mask::apply(*mask, key, mask::Form::text, values[i], out);
        shown += out.size();
      });
    };
    const double text = of_texts(texts);
    const double text32 = of_texts(longer);
    const double integer = measure([&](std::size_t i) {
      shown += static_cast<std::size_t>(mask::apply_integer(*mask, key, numbers[i], out).kind) +
               out.size();
    });
    char part[160];
    std::snprintf(part, sizeof part,
                  ",\"%s_text_ns\":%.1f,\"%s_text32_ns\":%.1f,\"%s_integer_ns\":%.1f", name, text,
                  name, text32, name, integer);
    line += part;
  }
  std::printf("%s}\n", line.c_str());
  return shown == 0 ? 1 : 0;
}
