// The layout of values in an arena. Private to the module: others go through term.h.
//
// Objects keep their members in the order of insertion until somebody wants them sorted, and have
// an open-addressing index of positions once they are larger than kLinear; sets likewise.
#pragma once

#include <cstdint>
#include <string_view>

#include "term/term.h"

namespace mc::term {

struct Text {
  std::uint32_t size = 0;
  std::uint32_t hash = 0;
  // The bytes follow.
  std::string_view view() const { return {reinterpret_cast<const char*>(this + 1), size}; }
};

struct Decimal {
  long double value = 0;
  std::uint32_t size = 0;
  std::uint32_t is_integer = 0;  // its text has no fraction and no exponent
  std::string_view view() const { return {reinterpret_cast<const char*>(this + 1), size}; }
};

inline constexpr std::uint32_t kLinear = 8;  // up to here a search looks at every member

struct ListNode {
  std::uint32_t size = 0, capacity = 0;
  bool sorted = true, frozen = false;  // sorted: of sets; an array is never sorted
  bool hashed = false;
  bool held = false;  // by another node: then it never becomes deeper, so nothing holds itself
  std::uint32_t depth = 1;  // at least 1 + that of what it holds
  std::uint64_t hash = 0;
  std::uint32_t index_size = 0;    // a power of two; 0 = no index
  std::uint32_t* index = nullptr;  // position + 1, 0 = free
  Value* items = nullptr;
};

struct ObjectNode {
  std::uint32_t size = 0, capacity = 0;
  bool sorted = true, frozen = false;
  bool hashed = false;
  bool held = false;
  std::uint32_t depth = 1;
  std::uint64_t hash = 0;
  std::uint32_t index_size = 0;
  std::uint32_t* index = nullptr;
  Entry* members = nullptr;
};

struct Access {
  static Value text(const Text* node) {
    Value v(Kind::string, 0);
    v.text_ = node;
    return v;
  }
  static Value decimal(const Decimal* node) {
    Value v(Kind::number, 0);
    v.decimal_flag_ = true;
    v.decimal_ = node;
    return v;
  }
  static Value list(Kind kind, ListNode* node) {
    Value v(kind, 0);
    v.list_ = node;
    return v;
  }
  static Value object(ObjectNode* node) {
    Value v(Kind::object, 0);
    v.object_ = node;
    return v;
  }
  static const Text* text(Value v) { return v.text_; }
  static ListNode* list(Value v) { return v.list_; }
  static ObjectNode* object(Value v) { return v.object_; }
};

std::uint32_t hash_text(std::string_view text);
// Puts the content in the total order. Only for nodes of one's own; a frozen one is sorted.
void sort(ListNode& set);
void sort(ObjectNode& object);

}  // namespace mc::term
