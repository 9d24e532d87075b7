// Notes, checkpoints and verifier keys from anywhere: what is accepted is written as it was read.
#include <cstdint>

#include "tlog/note.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto note = mc::tlog::parse_note(bytes)) {
    MC_CHECK(mc::tlog::print_note(*note) == bytes);
    if (const auto checkpoint = mc::tlog::parse_checkpoint(note->text)) {
      MC_CHECK(mc::tlog::print_checkpoint(*checkpoint) == note->text);
    }
  }
  if (const auto key = mc::tlog::NoteKey::parse(bytes)) MC_CHECK(key->print() == bytes);
  return 0;
}
