// Notes, checkpoints, keys, proofs and policies from anywhere: what is accepted is written as read.
#include <cstdint>

#include "tlog/tlog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto note = mc::tlog::parse_note(bytes)) {
    MC_CHECK(mc::tlog::print_note(*note) == bytes);
    if (const auto checkpoint = mc::tlog::parse_checkpoint(note->text)) {
      MC_CHECK(mc::tlog::print_checkpoint(*checkpoint) == note->text);
    }
  }
  if (const auto key = mc::tlog::NoteKey::parse(bytes)) MC_CHECK(key->print() == bytes);
  if (const auto proof = mc::tlog::parse_proof_file(bytes)) {
    MC_CHECK(mc::tlog::print_proof_file(*proof) == bytes);
  }
  if (const auto policy = mc::tlog::Policy::parse(bytes)) MC_CHECK(!policy->logs().empty());
  return 0;
}
