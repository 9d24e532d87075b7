#include "witness/cosigner.h"

#include <algorithm>

namespace mc::witness {
namespace {

// What a witness says that it knows.
Result<std::uint64_t> known_size(const Answer& answer) {
  std::string_view body = answer.body;
  if (body.ends_with('\n')) body.remove_suffix(1);
  const Result<std::int64_t> size = parse_int(body);
  if (!size || *size < 0) return fail(Code::invalid, "it answers 409 without a size");
  return static_cast<std::uint64_t>(*size);
}

}  // namespace

Result<Cosigner::Cosigned> Cosigner::cosign(const std::string& checkpoint) {
  MC_TRY(const tlog::Note own, tlog::parse_note(checkpoint));
  tlog::Note note = own;
  MC_TRY(const tlog::Policy::Checked checked, tlog::Policy::of_logs(policy_.logs()).check(note));
  Cosigned out;
  for (const tlog::Policy::Witness& witness : policy_.witnesses()) {
    if (witness.url.empty()) continue;
    Result<tlog::NoteSignature> signature = ask_one(witness, own, checked.checkpoint.head);
    if (signature) {
      note.signatures.push_back(std::move(*signature));
    } else {
      out.missing[witness.name] = signature.error().what;
    }
  }
  out.quorum = policy_.check(note).has_value();
  out.checkpoint = tlog::print_note(note);
  return out;
}

Result<tlog::NoteSignature> Cosigner::ask_one(const tlog::Policy::Witness& witness,
                                              const tlog::Note& own, const tlog::TreeHead& head) {
  constexpr int kTriesMax = 2;  // the second with the size that the first was told
  for (int tried = 0; tried < kTriesMax; ++tried) {
    std::uint64_t& size = sizes_[witness.name];
    if (size > head.size) return fail(Code::conflict, "it knows a larger log");
    Request request{size, {}, tlog::print_note(own)};
    if (size != 0) {
      MC_TRY(request.proof, prove_(size, head.size));
    }
    MC_TRY(const Answer answer, ask_(witness.url + "/add-checkpoint", print_request(request)));
    if (answer.status == 409) {
      MC_TRY(size, known_size(answer));
      continue;
    }
    if (answer.status != 200) {
      return fail(Code::unavailable,
                  "it answers " + std::to_string(answer.status) + ": " + excerpt(answer.body, 200));
    }
    MC_TRY(const tlog::Note cosigned, tlog::parse_note(own.text + "\n" + answer.body));
    MC_TRY(const std::vector<tlog::Seal> seals,
           tlog::check_note(cosigned, std::span(&witness.key, 1)));
    if (seals.empty()) return fail(Code::invalid, "its answer has no signature of its key");
    size = head.size;
    for (const tlog::NoteSignature& each : cosigned.signatures) {
      if (witness.key.made(each)) return each;
    }
  }
  return fail(Code::conflict, "it says another size each time");
}

}  // namespace mc::witness
