// Header fields: as they were received, as pairs to be sent, and as the bytes of a message that is
// passed on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mc::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HeaderView {
  std::string_view name;  // as sent; compare with equals_ignoring_case
  std::string_view value;
};

// A field name written in the code; the compiler checks it.
class FieldName {
 public:
  template <std::size_t N>
  consteval FieldName(const char (&name)[N]) : text_(name, N - 1) {
    if (text_.empty()) not_a_field_name();
    for (const char c : text_) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && (c < '0' || c > '9') && c != '-') not_a_field_name();
    }
  }
  std::string_view text() const { return text_; }

 private:
  static void not_a_field_name() {}  // no constant expression: stops the compiler
  std::string_view text_;
};

// Which fields of a received message end here: the hop-by-hop ones (RFC 9110 section 7.6.1), those
// that its Connection fields list, and Content-Length, which framing sets anew. Borrows `fields`.
class HopFields {
 public:
  explicit HopFields(const std::vector<HeaderView>& fields);
  bool take(std::string_view name) const;

 private:
  bool listed(std::string_view name) const;
  const std::vector<HeaderView>& fields_;
  bool lists_ = false;  // Connection says more than "keep-alive" or "close"
};

// Fields of a message to be sent, as its bytes. Copyable text; no thread rules.
class FieldLines {
 public:
  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  // A value that cannot stand in a head makes the whole unsendable.
  void add(FieldName name, std::string_view value);
  void add(FieldName name, std::int64_t value);
  // The fields of a received request, but for those that end here, Host and Expect, and those for
  // which `ends(name)` holds. They were checked when they were parsed.
  template <class Ends>
  void pass_on(const std::vector<HeaderView>& received, const Ends& ends) {
    const HopFields hop(received);
    for (const HeaderView& field : received) {
      if (!hop.take(field.name) && !of_request(field.name) && !ends(field.name)) append(field);
    }
  }
  bool sendable() const { return sendable_; }
  bool has(std::string_view name) const;
  const std::string& text() const { return text_; }  // "Name: value\r\n" ...

 private:
  static bool of_request(std::string_view name);
  void append(const HeaderView& field);
  std::string text_;
  bool sendable_ = true;
};

}  // namespace mc::net
