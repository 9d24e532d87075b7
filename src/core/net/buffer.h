// A growing byte queue that never zeroes what it allocates and always has 64 readable bytes
// behind its end, so that simdjson can parse in place. Movable; empty after a move.
//
// Bytes are appended behind end() and consumed from the front. Only compact() and reserve() move
// bytes, so a read into [end(), end() + room()) may be under way while others are consumed.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/base.h"

namespace mc::net {

class Buffer {
 public:
  static constexpr std::size_t kSpare = 64;

  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  char* data() { return bytes_.get() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return end_ == begin_; }
  std::string_view view() const { return {bytes_.get() + begin_, size()}; }
  char* end() { return bytes_.get() + end_; }
  std::size_t room() const { return capacity_ - end_; }

  void commit(std::size_t count) { end_ += count; }
  void consume(std::size_t count) { begin_ += count; }
  void truncate(std::size_t size) { end_ = begin_ + size; }

  // Moves the bytes to the front of the memory. Views become invalid.
  void compact() {
    if (begin_ == 0) return;
    if (!empty()) std::memmove(bytes_.get(), data(), size());
    end_ -= begin_;
    begin_ = 0;
  }
  // Makes `capacity` bytes of memory in all, compacting. Views become invalid.
  void reserve(std::size_t capacity) {
    compact();
    if (capacity <= capacity_) return;
    Bytes grown(static_cast<char*>(std::malloc(capacity + kSpare)));
    MC_CHECK(grown != nullptr);
    if (!empty()) std::memcpy(grown.get(), bytes_.get(), end_);
    std::memset(grown.get() + capacity, 0, kSpare);
    bytes_ = std::move(grown);
    capacity_ = capacity;
  }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (room() < bytes.size()) reserve(size() + bytes.size());
    std::memcpy(end(), bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  void release() {
    bytes_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  using Bytes = std::unique_ptr<char, Free>;
  Bytes bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace mc::net
