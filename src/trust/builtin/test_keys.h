// Keys and certificates made in tests (keys_test.cc).
#pragma once

#include <string>
#include <string_view>

#include "builtin/builtin.h"
#include "builtin/test_calls.h"

namespace mc::builtin {

// "RSA-2048", "P-256", "P-384", "P-521", "ED25519": PKCS #8 in PEM.
std::string test_private_pem(std::string_view type);
std::string test_public_pem(std::string_view private_pem);

struct TestCertificate {
  std::string name = "leaf";
  bool authority = false;
  // "nid=value" as OpenSSL's configuration has them: "subjectAltName=DNS:a.example".
  std::vector<std::pair<std::string, std::string>> extensions = {};
  std::int64_t not_before = 1'700'000'000, not_after = 1'900'000'000;  // seconds since 1970
};
// Of `private_pem`, signed by `issuer_pem`; by itself when both are the same.
std::string test_certificate_pem(const TestCertificate& certificate, std::string_view private_pem,
                                 std::string_view issuer_name, std::string_view issuer_pem);

// Calls with a clock and, when wished, time zones.
class Callee {
 public:
  explicit Callee(ZoneSource* zones = nullptr) : zones_(zones) {}
  term::Arena& arena() { return arena_; }
  Value text(std::string_view text) { return term::string(arena_, text); }
  Value read(std::string_view term) { return TermReader(arena_, term).list().front(); }
  // Undefined for a fault, which stays.
  Value call(std::string_view function, std::vector<Value> operands) {
    const Builtin* const builtin = find_builtin(function);
    MC_CHECK(builtin != nullptr && builtin->function != nullptr);
    Context context(arena_, *caches_, now, random_);
    context.zones = zones_;
    context.fixed_answers = answers;
    context.printed = printed;
    context.traced = traced;
    context.steps_left = steps;
    const Value out = builtin->function(context, operands);
    answers = context.fixed_answers;
    fault = context.fault;
    return out;
  }
  // As a term, or the code and message of the fault.
  std::string shown(std::string_view function, std::vector<Value> operands) {
    const Value out = call(function, std::move(operands));
    if (fault) return std::string(failure_code(fault->failure)) + ": " + fault->message;
    return out.is_undefined() ? "undefined" : term::to_rego(out);
  }

  WallTime now{1'800'000'000'000'000'000};
  std::int64_t steps = INT64_MAX;
  std::optional<Fault> fault;
  Value answers;
  std::vector<std::string>* printed = nullptr;
  std::vector<std::string>* traced = nullptr;

 private:
  ZoneSource* zones_;
  term::Arena arena_;
  std::unique_ptr<Caches, void (*)(Caches*)> caches_ = make_caches();
  CountingRandom random_;
};

}  // namespace mc::builtin
