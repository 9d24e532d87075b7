// usage: replay_hash CHARGES THREADS: replays so many made-up charges, their hashes made by so many
// threads, and prints the accountant hash, the totals and a few conversions of them. Under the
// locale of the environment, and one for C++ that writes numbers oddly. The text must be the same
// on every machine and from every compiler (replay_hash_test.py).
#include <cinttypes>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <locale>
#include <string>
#include <thread>
#include <vector>

#include "accountant/replay.h"

namespace {

using namespace mc;              // NOLINT(google-build-using-namespace)
using namespace mc::accountant;  // NOLINT(google-build-using-namespace)

class OddNumbers final : public std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

ChargeRecord charge_at(std::int64_t number) {
  // An LCG of 64 bits (Knuth, MMIX); its upper half is good enough for choices.
  const std::uint64_t dice =
      (static_cast<std::uint64_t>(number) * 6364136223846793005 + 1442695040888963407) >> 33;
  ChargeRecord out;
  out.id = ChargeId("chg_" + std::to_string(number));
  out.charge.tenant = TenantId("alpha");
  out.charge.dataset = "visits \"new\"";
  out.charge.purpose = dice % 3 == 0 ? "support" : "research";
  out.charge.analyst = PrincipalId(dice % 5 == 0 ? "änne" : "ben");
  out.charge.query_type = "count";
  out.charge.mechanism = "discrete_laplace";
  out.charge.cost.epsilon = NanoEpsilon(1 + static_cast<std::int64_t>(dice % 1'500'000'000));
  if (dice % 7 == 0) out.charge.cost.rho = PicoRho(static_cast<std::int64_t>(dice % 900'000));
  if (dice % 11 == 0) out.charge.cost.delta = AttoDelta(static_cast<std::int64_t>(dice % 1'000));
  out.charge.query = "sha256:" + std::to_string(dice);
  out.reserved_at = from_unix_ms(1'767'225'600'000 + number * 60'000);
  out.settled_at = out.reserved_at;
  out.window = window_at(*WindowLength::parse("month"), out.reserved_at);
  if (dice % 2 == 0) out.charge.events = window_at(*WindowLength::parse("week"), out.reserved_at);
  out.state = dice % 13 == 0 ? State::burned : State::committed;
  if (out.state == State::committed) out.result_hash.fill(static_cast<std::uint8_t>(dice));
  out.seq = number;
  return out;
}

void print_conversions(const Amount& spent) {
  const AttoDelta delta{INT64_C(1'000'000'000'000)};
  const NanoEpsilon small(spent.epsilon.get() % 3'000'000'000 + 1);
  const auto rho = rho_of(small);
  const Curve curve = curve_of(small, delta);
  std::printf("%s %s %s", to_decimal(small).c_str(), to_decimal(*rho).c_str(),
              to_decimal(epsilon_of(*rho, delta)).c_str());
  for (const PicoRho each : curve) std::printf(" %" PRId64, each.get());
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::setlocale(LC_ALL, "");
  std::locale::global(std::locale(std::locale(), new OddNumbers));  // which owns it
  const std::int64_t count = std::atoll(argv[1]);
  const std::int64_t threads = std::atoll(argv[2]);
  std::vector<crypto::Digest> hashes(static_cast<std::size_t>(count));
  std::vector<std::thread> workers;
  for (std::int64_t worker = 0; worker < threads; ++worker) {
    workers.emplace_back([&, worker] {
      for (std::int64_t i = worker; i < count; i += threads) {
        hashes[static_cast<std::size_t>(i)] = charge_hash(charge_at(i + 1));
      }
    });
  }
  for (std::thread& each : workers) each.join();
  Replay replay("2026-11 rules");
  for (std::int64_t i = 0; i < count; ++i) {
    const Status added = replay.add(charge_at(i + 1), hashes[static_cast<std::size_t>(i)]);
    if (!added) {
      std::fprintf(stderr, "%s\n", added.error().what.c_str());
      return 1;
    }
  }
  const Amount& spent = replay.spent();
  std::printf("%s %" PRId64 " %s %s %s\n", digest_text(replay.hash()).c_str(), replay.charges(),
              to_decimal(spent.epsilon).c_str(), to_decimal(spent.delta).c_str(),
              to_decimal(spent.rho).c_str());
  print_conversions(spent);
}
