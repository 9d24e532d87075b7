// MCO1: a file or another object, in chunks that are sealed one by one (the STREAM construction,
// Hoang, Reyhanitabar, Rogaway, Vizar 2015), so that it is written and read in pieces of any size
// and opened from any place, and so that whoever cuts, reorders or joins pieces is found out.
//
// The header says suite, chunk size and data key, carries an explicit commitment to the object's
// key, and is itself authenticated. Each object has a key of its own, derived from the data key and
// 32 random bytes of its header. Chunks take nonces of counter and a mark of the last one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/base.h"
#include "cipher/cipher.h"
#include "envelope/data_key.h"
#include "sys/sys.h"

namespace mc::envelope {

inline constexpr std::uint32_t kChunkBytesMin = 64 << 10;
inline constexpr std::uint32_t kChunkBytesMax = 1 << 20;

// What the object is, so that no other is taken for it: "export" and its id.
struct ObjectName {
  std::string_view tenant, kind, id;
};
struct ObjectOptions {
  std::uint32_t chunk_bytes = kChunkBytesMin;  // a power of two
};

// Which data key it takes; `header` is at least the first kObjectHeaderBytes.
inline constexpr std::size_t kObjectHeaderBytes = 128;
Result<std::uint64_t> object_key_id(std::string_view header);

class ObjectWriter {
 public:
  using Sink = std::function<Status(std::string_view)>;
  static Result<ObjectWriter> make(const DataKey& key, const ObjectName& name,
                                   const ObjectOptions& options, sys::Random& random, Sink sink);
  ~ObjectWriter();
  ObjectWriter(ObjectWriter&&) noexcept;
  ObjectWriter& operator=(ObjectWriter&&) noexcept;
  Status write(std::string_view plaintext);
  Status finish();  // once, at the end: without it the object does not open

 private:
  struct State;
  explicit ObjectWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Opens chunks in any order; used by several threads at once.
class ObjectReader {
 public:
  // `header` as object_key_id() has it; `sealed_bytes` of the whole object with its header.
  static Result<ObjectReader> make(const DataKey& key, const ObjectName& name,
                                   std::string_view header, std::uint64_t sealed_bytes);
  ~ObjectReader();
  ObjectReader(ObjectReader&&) noexcept;
  ObjectReader& operator=(ObjectReader&&) noexcept;
  std::uint64_t size() const;    // of the plaintext
  std::uint64_t chunks() const;  // at least 1
  // Where a chunk stands in the sealed object, and how long it is there.
  struct Place {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
  };
  Place place_of(std::uint64_t chunk) const;
  // Replaces `out`, empty when it fails. `corrupt`.
  Status open(std::uint64_t chunk, std::string_view sealed, std::string& out) const;

 private:
  struct State;
  explicit ObjectReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mc::envelope
