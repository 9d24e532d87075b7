#include "ledger/publisher.h"

#include "ledger/bytes.h"

namespace mc::ledger {
namespace {

constexpr std::string_view kMagic = "MChead01";
constexpr std::size_t kSlotBytes = 4096;

struct Slot {
  std::uint64_t generation = 0;
  tlog::TreeHead head;
};

std::string print_slot(const Slot& slot) {
  std::string out(kMagic);
  put(out, slot.generation);
  put(out, slot.head.size);
  put(out, slot.head.root);
  put(out, crypto::Sha256().add(out).finish());
  out.resize(kSlotBytes, '\0');
  return out;
}

std::optional<Slot> parse_slot(std::string_view bytes) {
  Cursor cursor(bytes);
  cursor.take(kMagic.size());
  Slot out;
  out.generation = cursor.number<std::uint64_t>();
  out.head.size = cursor.number<std::uint64_t>();
  out.head.root = cursor.array<tlog::Hash>();
  if (!cursor.good() || print_slot(out) != bytes) return std::nullopt;
  return out;
}

}  // namespace

Result<SignedHead> SignedHead::open(sys::Files& files, const std::string& path) {
  MC_TRY(std::unique_ptr<sys::RandomAccessFile> file, files.open_random_access(path));
  std::string bytes(2 * kSlotBytes, '\0');
  MC_TRY(const std::size_t found, file->read_at(0, bytes));
  SignedHead out(std::move(file));
  for (const std::size_t at : {std::size_t{0}, kSlotBytes}) {
    const std::string_view part = std::string_view(bytes).substr(at, kSlotBytes);
    const std::optional<Slot> slot = at + kSlotBytes <= found ? parse_slot(part) : std::nullopt;
    if (!slot || slot->generation <= out.generation_) continue;
    out.generation_ = slot->generation;
    out.last_ = slot->head;
  }
  // Zeros are what is left of a first write that the power was lost in.
  if (!out.last_ && bytes.find_first_not_of('\0') != std::string::npos) {
    return fail(Code::corrupt, "ledger: " + path + " does not say which head was signed last");
  }
  return out;
}

Status SignedHead::advance(const tlog::TreeHead& head) {
  const Slot slot{generation_ + 1, head};
  const std::uint64_t offset = slot.generation % 2 * kSlotBytes;
  MC_TRY_OK(file_->write_at(offset, print_slot(slot)));
  MC_TRY_OK(file_->sync());
  generation_ = slot.generation;
  last_ = head;
  return ok();
}

Result<std::unique_ptr<Publisher>> Publisher::make(const Store& store, SignedHead signed_head,
                                                   std::vector<tlog::NoteSigner> signers,
                                                   Order* order) {
  if (const auto& last = signed_head.last(); last && last->size > 0) {
    const Result<tlog::TreeHead> head = store.head(kRootLog);
    const std::uint64_t size = head ? head->size : 0;
    if (size < last->size) {
      return fail(Code::corrupt, "ledger: it has " + std::to_string(size) + " heads where one of " +
                                     std::to_string(last->size) +
                                     " was signed: a part was lost, or a backup restored");
    }
    MC_TRY(const tlog::Hash root, store.root_at(kRootLog, last->size));
    if (root != last->root) {
      return fail(Code::corrupt,
                  "ledger: its first " + std::to_string(last->size) +
                      " heads are not those that were signed: it is another ledger's, or a fork");
    }
  }
  return std::unique_ptr<Publisher>(
      new Publisher(store, std::move(signed_head), std::move(signers), order));
}

Result<std::string> sign_head(const tlog::TreeHead& head,
                              std::span<const tlog::NoteSigner> signers) {
  tlog::Note note{tlog::print_checkpoint({signers.front().key().name(), head}), {}};
  for (const tlog::NoteSigner& signer : signers) {
    MC_TRY(tlog::NoteSignature signature, signer.sign(note.text));
    note.signatures.push_back(std::move(signature));
  }
  return tlog::print_note(note);
}

bool Publisher::is_behind() const {
  const Result<tlog::TreeHead> head = store_.head(kRootLog);
  return head && (!signed_.last() || signed_.last()->size < head->size);
}

Result<std::string> Publisher::sign() {
  if (stopped_) return fail(Code::corrupt, "ledger: signing has stopped; see the first error");
  const Result<tlog::TreeHead> known = store_.head(kRootLog);
  const tlog::TreeHead head = known ? *known : tlog::TreeHead{};
  stopped_ = true;
  if (head.size > 0) {
    MC_TRY(const tlog::Hash root, store_.root_at(kRootLog, head.size));
    if (root != head.root) {
      return fail(Code::corrupt, "ledger: the tree on the disk is not the one that was written");
    }
  }
  if (!signed_.last() || *signed_.last() != head) {
    if (order_ != nullptr) {
      const Status noted = order_->note_signed(head);
      if (!noted && noted.error().code == Code::unavailable) stopped_ = false;
      MC_TRY_OK(noted);
    }
    MC_TRY_OK(signed_.advance(head));
  }
  MC_TRY(std::string note, sign_head(head, signers_));
  stopped_ = false;
  return note;
}

}  // namespace mc::ledger
