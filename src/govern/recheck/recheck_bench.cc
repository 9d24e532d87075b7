// A release of 2,000,000 rows like Adult's, nine columns, about 20,000 classes: rows a second of
// the whole check in pieces of 1 MiB, what of it the digest takes, and memory. Best of 5 rounds,
// wall clock. With a path the release is written there too, for a peer. One JSON line.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "crypto/crypto.h"
#include "recheck/recheck.h"
#include "recheck/root.h"
#include "sys/sys.h"

namespace {

using namespace mc;           // NOLINT(google-build-using-namespace)
using namespace mc::recheck;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kRows = 2'000'000, kPiece = 1 << 20;
constexpr int kRounds = 5;

double now_s() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string hex_of(const crypto::Digest& digest) {
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

struct Made {
  std::string file;
  std::map<std::string, std::int64_t> classes;
  std::int64_t rows = 0;
};

// Classes of 50 to 150 rows, which stand among each other, each with every occupation.
Made make_release() {
  Made out;
  out.file =
      "sex,age,race,marital-status,education,native-country,workclass,salary-class,occupation\n";
  std::uint64_t state = 42;
  const auto random = [&state](std::uint64_t below) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state >> 33) % below;
  };
  std::vector<std::uint32_t> of_row;
  for (std::uint32_t number = 0; of_row.size() < kRows; ++number) {
    const std::size_t size = std::min<std::size_t>(50 + random(101), kRows - of_row.size());
    of_row.insert(of_row.end(), size, number);
  }
  for (std::size_t i = of_row.size() - 1; i > 0; --i) std::swap(of_row[i], of_row[random(i + 1)]);
  for (const std::uint32_t number : of_row) {
    const std::string texts[] = {
        number % 2 == 0 ? "Male" : "Female",
        std::to_string(number % 20 * 5) + "-" + std::to_string(number % 20 * 5 + 4),
        number % 3 == 0 ? "White" : "Black",
        "spouse not present",
        "Higher education " + std::to_string(number % 7),
        "North America",
        "Non-Government " + std::to_string(number / 840),
        ">50K"};
    std::string key;
    for (const std::string& text : texts) {
      append_key_text(key, text);
      out.file += text + ",";
    }
    ++out.classes[key];
    out.file += "Occupation " + std::to_string(random(14)) + "\n";
    ++out.rows;
  }
  return out;
}

Manifest manifest_of(const Made& made) {
  Manifest out;
  for (const char* const name : {"sex", "age", "race", "marital-status", "education",
                                 "native-country", "workclass", "salary-class"}) {
    out.columns.push_back({std::nullopt, name, Role::quasi_identifier});
    out.recoding.levels.push_back(1);
  }
  out.columns.push_back({std::nullopt, "occupation", Role::sensitive});
  std::map<std::int64_t, std::int64_t> sizes;
  std::vector<ClassRows> classes;
  for (const auto& [key, rows] : made.classes) {
    ++sizes[rows];
    classes.push_back({key, rows});
  }
  for (const auto& [rows, count] : sizes) out.classes.histogram.push_back({count, rows});
  out.classes.count = static_cast<std::int64_t>(classes.size());
  out.classes.min = sizes.begin()->first;
  out.classes.root = hex_of(root_of(classes));
  Criterion k, distinct;
  k.k = out.k = 10;
  distinct.kind = CriterionKind::distinct_l;
  distinct.column = "occupation";
  distinct.l = "2";
  out.criteria = {k, distinct};
  out.engine = "bench";
  out.input = {made.rows, std::string(64, '0')};
  out.release = {static_cast<std::int64_t>(made.file.size()), ",", made.rows,
                 hex_of(crypto::Sha256().add(made.file).finish())};
  out.suppression.limit = "0";
  out.quality = {"0", "0"};
  out.search = {"0", 1, true};
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const Made made = make_release();
  if (argc > 1 && !sys::real_files()->write_atomic(argv[1], made.file)) return 1;
  const std::string manifest = print_manifest(manifest_of(made));
  double best = 1e9, digest = 1e9;
  const std::int64_t before = sys::usage().resident_bytes;
  std::int64_t most = 0;
  for (int round = 0; round < kRounds; ++round) {
    double start = now_s();
    Recheck recheck({manifest, {}, {}, 3});
    for (std::size_t at = 0; at < made.file.size(); at += kPiece) {
      recheck.add(std::string_view(made.file).substr(at, kPiece));
    }
    const proof::Report report = recheck.report();
    best = std::min(best, now_s() - start);
    most = std::max(most, sys::usage().resident_bytes - before);
    if (!report.verified()) {
      std::fputs(proof::print_text(report).c_str(), stderr);
      return 1;
    }
    start = now_s();
    (void)crypto::Sha256().add(made.file).finish();
    digest = std::min(digest, now_s() - start);
  }
  std::printf(
      "{\"bench\":\"recheck\",\"rows\":%zu,\"classes\":%zu,\"mb\":%.0f,\"ms\":%.0f,"
      "\"rows_per_s\":%.0f,\"digest_ms\":%.0f,\"memory_mb\":%.1f}\n",
      kRows, made.classes.size(), static_cast<double>(made.file.size()) / 1e6, best * 1e3,
      static_cast<double>(kRows) / best, digest * 1e3, static_cast<double>(most) / 1e6);
}
