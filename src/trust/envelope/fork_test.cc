// What a forked process can do with keys that it does not have: nothing.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "envelope/made_keys.h"
#include "sim/sim.h"

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

namespace {

// A bit for each that went wrong.
int in_child(MadeKeys& made, sys::Random& random, ObjectWriter& writer) {
  cipher::Nonces nonces(random);
  std::string out;
  int wrong = 0;
  const auto must_fail = [&](int bit, const auto& result) {
    if (result.has_value() || result.error().code != Code::unavailable) wrong |= bit;
  };
  must_fail(1, seal_field({made.key, nonces}, {}, "v", out));
  if (!out.empty()) wrong |= 2;
  must_fail(4, make_data_key(made.branch, 3, MadeKeys::usual_scope(), random));
  must_fail(8, ObjectWriter::make(made.key, {}, {}, random, [](std::string_view) { return ok(); }));
  must_fail(16, writer.finish());
  return wrong;
}

}  // namespace

TEST_CASE("envelope: a forked process has no keys, and seals nothing without") {
  sim::SimRandom random;
  MadeKeys made(random);
  auto writer =
      must(ObjectWriter::make(made.key, {}, {}, random, [](std::string_view) { return ok(); }));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(in_child(made, random, writer));
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(writer.finish().has_value());
}
