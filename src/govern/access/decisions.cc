#include "access/decisions.h"

#include "access/access.h"

namespace mc::access {
namespace {

constexpr std::string_view kTimeMember = "time_ms";  // of the input

class OwnDecisions final : public Decisions {
 public:
  OwnDecisions(const policy::Engine& engine, sys::Clock& clock, sys::Random& random)
      : engine_(engine), evaluator_(engine, clock, random) {}

  term::Arena& begin() override {
    evaluator_.reset();
    return evaluator_.arena();
  }

  Verdict decide(term::Value input, const Resource& resource) override {
    const auto evaluation = evaluator_.evaluate(kDecisionPath, input);
    Result<Verdict> read = fail(Code::invalid, "the policies have no answer");
    if (evaluation && !evaluation->value.is_undefined()) {
      read = read_verdict(evaluation->value, resource);
    }
    steady_ =
        read && evaluation->fixed_answers.is_undefined() && !evaluator_.may_have_read(kTimeMember);
    Verdict out = read ? std::move(*read) : denied_by_error();
    out.revision = evaluator_.policies().revision();
    return out;
  }

  std::uint64_t generation() const override { return engine_.generation(); }
  std::uint64_t steady() const override { return steady_ ? evaluator_.generation() : 0; }

 private:
  const policy::Engine& engine_;
  bool steady_ = false;
  policy::Evaluator evaluator_;
};

}  // namespace

std::unique_ptr<Decisions> own_decisions(const policy::Engine& engine, sys::Clock& clock,
                                         sys::Random& random) {
  return std::make_unique<OwnDecisions>(engine, clock, random);
}

}  // namespace mc::access
