// Reads a JSON text (RFC 8259) piece by piece and gives each piece as it stands, so that what is
// not changed can be passed on byte for byte. Nothing is allocated. Once something is wrong every
// further question fails. The text must be UTF-8, which the caller has checked, and outlive it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mc::gateway {

class JsonCursor {
 public:
  static constexpr int kDepthMax = 100;  // of a value that skip() passes over

  explicit JsonCursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // The first byte of what comes next, behind blanks; 0 at the end.
  char next();
  // Passes over this punctuation, if it comes next.
  bool take(char punctuation);
  bool at_end() { return next() == 0 && at_ == end_ && !failed_; }

  struct Text {
    std::string_view token;  // with its quotes
    bool escaped = false;    // something in it begins with a backslash
    std::string_view inside() const { return token.substr(1, token.size() - 2); }
    // What it says; none when half a surrogate pair stands in it.
    std::optional<std::string> decoded() const;
  };
  bool text(Text& out);
  // A text, a number, true, false or null.
  bool scalar(std::string_view& token);
  // Any value.
  bool skip(std::string_view& token);

 private:
  bool fail();
  bool word(std::string_view wanted);
  bool number();
  bool digits();
  bool escape();
  bool quoted(bool& escaped);
  bool value(int depth);
  bool members(int depth);
  bool elements(int depth);

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace mc::gateway
