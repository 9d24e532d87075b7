// The admission journal: every decision of a book and every settlement, in the order in which they
// changed its counts, so that a replay gives the same decisions byte for byte (docs/adr/0025).
//
//   auto turn = journal.turn();                    // the order; hold it for these two lines only
//   answer = book.reserve(who, amounts, at, reservation, &against);
//   seq = turn.decided({who, request_id, step}, amounts, at, answer, against);
//
//   auto turn = journal.turn();
//   reservation.settle(used, at);
//   turn.settled(seq, used, at);
//
// Overrides and counts that are restored go the same way: turn.overridden() beside
// book.set_overrides(), turn.restored() beside book.restore_windows().
//
// What changes the book outside of a turn (a reservation that is destroyed unsettled, too) is not
// in the journal, and a replay differs from then on.
//
// Of any number of threads. The last minutes are kept in memory; with a folder, flush() writes
// them to files, and nobody else touches a disk: no request ever waits for one. What the memory
// lets go before it could be written is lost, counted, and told by a line of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "budget/book.h"
#include "budget/journal_line.h"
#include "sys/sys.h"

namespace mc::budget {

struct JournalConfig {
  std::int64_t memory_bytes_max = 32 << 20;  // of packed events, about 100 bytes each
  Nanos memory_age_max = seconds(900);
  std::string folder = {};                 // "" = no files
  std::int64_t file_bytes_max = 64 << 20;  // then another file is begun
  std::int64_t files_max = 32;             // of the folder; older ones are deleted
  Status check() const;                    // `invalid` names the member and its bounds
};

struct JournalCounters {
  std::uint64_t events = 0;   // that came
  std::uint64_t written = 0;  // to files
  std::uint64_t lost = 0;     // that no file has, though there should be one
  std::uint64_t failed = 0;   // flushes
  std::size_t memory_bytes = 0;
};

class Journal {
 public:
  // `header.file` and `.first` are the journal's own. `files` is used when there is a folder.
  Journal(sys::Files& files, JournalHeader header, JournalConfig config);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Views are used during the call only. Names longer than kJournalNameMax are cut, and end in a
  // hash of the whole.
  struct Asked {
    Book::Who who;
    std::string_view request;
    std::int64_t step = 1;  // 1 to kJournalStepMax
    bool shared = false;    // denied by what nodes share: the book was not asked
  };
  struct Queued {
    std::int64_t of = 0;  // the decision; 0 = it never came to one
    std::string_view request, tenant;
    Nanos waited;
    std::int64_t seats = 0, in_use = 0, position = 0;
    std::string_view shed;  // why it was turned away; "" = it was served
  };

  // The right to change the book, of one thread at a time. Short: nothing in it may wait.
  class Turn {
   public:
    // Gives the decision's sequence number, which its settlement names.
    std::int64_t decided(const Asked& asked, const Amounts& amounts, const Moment& at,
                         const Answer& answer, std::span<const Mark> against);
    // Once for an admitted decision, also when nothing was reserved by it.
    void settled(std::int64_t of, const Amounts& used, const Moment& at);
    void queued(const Queued& fact, const Moment& at);
    // With Book::set_overrides(), which is in the turn, too. Those that are not active are left
    // out; at most kOverridesOpenMax.
    void overridden(std::string_view tenant, std::span<const Override> rules, const Moment& at);
    // With Book::restore_windows(), which is in the turn, too. Of counts of 1 to kWindowUsedMax; at
    // most kJournalCountsMax.
    void restored(std::span<const WindowCount> counts, const Moment& at);

   private:
    friend class Journal;
    explicit Turn(Journal& journal) : journal_(journal), lock_(journal.mutex_) {}
    Journal& journal_;
    std::unique_lock<std::mutex> lock_;
  };
  [[nodiscard]] Turn turn() { return Turn(*this); }

  // Writes what came since the last time; for one thread of the server, each second or so. What the
  // disk refuses is tried again by the next call, in another file: it may stand in two, and readers
  // see it once.
  Status flush();

  // What is in memory: a header, then events in their order, until `use` fails. What comes
  // meanwhile does not wait for it, and is not among them.
  Status each(const std::function<Status(const JournalEvent& event)>& use) const;
  std::string snapshot() const;  // the same, as a file would have it
  JournalCounters counters() const;

 private:
  struct Chunk;
  struct Held;  // a part of the memory that stays while it is read
  void append(std::string_view packed, Ticks now);
  void make_room(Ticks now);
  std::vector<Held> held_from(std::int64_t seq) const;
  Status write(const std::vector<Held>& parts, std::int64_t next);
  Status begin_file(std::int64_t first);
  Status remove_old(const std::string& but);

  sys::Files& files_;
  const JournalHeader header_;
  const JournalConfig config_;

  mutable std::mutex mutex_;  // of the following
  std::deque<std::shared_ptr<Chunk>> chunks_;
  std::int64_t next_ = 1;  // the sequence number of the next event
  JournalCounters counters_;
  std::string packing_;

  std::mutex writing_;  // of the following
  std::unique_ptr<sys::File> file_;
  std::int64_t file_number_ = 0;
  std::int64_t file_bytes_ = 0;
  std::int64_t written_ = 1;  // the next to be written
};

}  // namespace mc::budget
