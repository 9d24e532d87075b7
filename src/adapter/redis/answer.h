// Answers of a server, which may be anything: read by hiredis into values of bounded size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "share/store.h"

struct redisReader;

namespace mc::redis {

inline constexpr std::size_t kAnswerBytesMax = 64 * 1024;  // that wait to be read
inline constexpr std::size_t kValuesMax = 1'024;           // of one answer
inline constexpr std::size_t kTextMax = 64;                // of a text; the rest is dropped

struct Value {
  enum class Type : std::uint8_t { nil, integer, text, error, list };
  Type type = Type::nil;
  std::int64_t integer = 0;
  std::string text = {};
  std::vector<std::unique_ptr<Value>> list = {};
};

class Answers {
 public:
  Answers();
  ~Answers();
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  // `corrupt` when no Redis says this; nothing is read afterwards.
  Status feed(std::string_view bytes);
  // None when it has not all come.
  Result<std::optional<Value>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<std::size_t> values_;  // of the answer that is being read; hiredis hands it on
  std::unique_ptr<redisReader, Free> reader_;
};

// The code word of an error ("NOSCRIPT"), "" when it has none: what else it says may repeat what
// it was sent.
std::string code_of(const Value& error);
// Of the script: `corrupt` when it is not kNumbersAReply sound numbers for each ask.
Result<std::vector<share::Reply>> replies_of(const Value& value, std::size_t asks);
// Of SCRIPT LOAD.
Result<std::string> hash_of(const Value& value);
// `unavailable`, `denied` or `corrupt`, of an answer that is an error or no answer to this.
Error failure_of(const Value& value);

}  // namespace mc::redis
