#include "net/wire.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace mc::net {

Task<void> Signal::wait() {
  // Named before the call: an inline capturing lambda is destroyed twice by g++ 12.
  auto keep = [this](Handler handler) { waiter_.emplace(std::move(handler)); };
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      std::move(keep), asio::use_awaitable_t<Executor>());
}

void Signal::set() {
  if (!waiter_) return;
  Handler handler = std::move(*waiter_);
  waiter_.reset();
  handler();
}

void Slices::advance(std::size_t count) {
  for (std::string_view& part : parts_) {
    const std::size_t size = std::min(count, part.size());
    part.remove_prefix(size);
    count -= size;
  }
}

Wire::Wire(Loop& loop) : loop_(loop) {}
Wire::~Wire() = default;

void Wire::start_read(std::size_t inbox_bytes_max, std::size_t block) {
  if (reading_ || end_ != End::open || closed_ || inbox.size() >= inbox_bytes_max) return;
  inbox.compact();
  // A block grown for one large message is not kept by an idle connection.
  if (inbox.empty() && inbox.capacity() > 2 * block) inbox.release();
  if (inbox.room() == 0) inbox.reserve(std::max(block, inbox.size() * 2));
  reading_ = true;
  read_some();
}

void Wire::read_ahead(std::size_t inbox_bytes_max) {
  read_ahead_max_ = inbox_bytes_max;
  if (inbox_bytes_max > 0) start_read(inbox_bytes_max);
}

void Wire::on_read(error_code error, std::size_t size) {
  reading_ = false;
  inbox.commit(size);
  if (error) {
    end_ = error == asio::error::eof ? End::eof : End::failed;
    if (on_end) std::exchange(on_end, nullptr)();
  } else if (read_ahead_max_ > 0) {
    start_read(read_ahead_max_);
  }
  signal_.set();
}

Task<void> Wire::wait_to_send() {
  held_ = true;
  hold();
  while (held_ && !closed_ && !timed_out_) {
    co_await signal_.wait();
  }
  held_ = false;
}

void Wire::on_released() {
  held_ = false;
  signal_.set();
}

Task<bool> Wire::write_rest(Slices rest, Nanos stall, MonoTime last) {
  while (!rest.empty() && !failed_) {
    set_deadline(std::min(loop_.now() + stall, last));
    written_ = 0;
    writing_ = true;
    start_write(rest);
    while (writing_ && !failed_ && !timed_out_) {
      co_await signal_.wait();
    }
    if (timed_out_) fail_with(asio::error::timed_out);  // nobody writes after half a message
    rest.advance(written_);
  }
  clear_deadline();
  co_return rest.empty() && !failed_;
}

void Wire::on_written(error_code error, std::size_t size) {
  writing_ = false;
  written_ = size;
  if (error) fail_with(error);
  signal_.set();
}

void Wire::on_ready(error_code error) {
  busy_ = false;
  if (error) fail_with(error);
  signal_.set();
}

void Wire::fail_with(error_code error) {
  if (!failed_) error_ = error;
  failed_ = true;
}

void Wire::wake() {
  if (wake_posted_) return;
  wake_posted_ = true;
  loop_.post([self = shared_from_this()] {
    self->wake_posted_ = false;
    self->signal_.set();
  });
}

void Wire::set_deadline(MonoTime deadline) {
  timed_out_ = false;
  loop_.arm(*this, deadline);
}

void Wire::expired() {
  timed_out_ = true;
  wake();
}

void Wire::close() {
  if (closed_) return;
  closed_ = true;
  fail_with(asio::error::operation_aborted);
  read_ahead_max_ = 0;
  clear_deadline();
  close_socket();
  if (end_ == End::open && !reading_) end_ = End::failed;
  wake();
}

void Wire::reset() {
  constexpr ::linger kDiscard{1, 0};
  if (!closed_) ::setsockopt(descriptor(), SOL_SOCKET, SO_LINGER, &kDiscard, sizeof kDiscard);
  close();
}

bool Wire::readable() const {
  char byte = 0;
  const ssize_t got = ::recv(descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || errno != EAGAIN;
}

Task<void> Wire::linger(Nanos limit) {
  constexpr std::size_t kDiscardMax = 4 << 20;
  std::size_t discarded = 0;
  read_ahead_max_ = 0;
  set_deadline(loop_.now() + limit);
  if (reading_ && cancel_read_for_shutdown()) {
    while (reading_) {
      co_await signal_.wait();
    }
  }
  if (!failed_) start_shutdown();
  while (!timed_out_ && !closed_ && discarded < kDiscardMax) {
    if (end_ != End::open && !busy_) break;
    discarded += inbox.size();
    inbox.consume(inbox.size());
    start_read(kBlock);
    co_await signal_.wait();
  }
  close();
}

}  // namespace mc::net
