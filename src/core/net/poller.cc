#include "net/poller.h"

#include <algorithm>

namespace mc::net {
namespace {

constexpr std::uint32_t kEdges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

}  // namespace

// Without a descriptor left, Asio throws when it gets -1, as its own constructors do.
Poller::Poller(boost::asio::io_context& context)
    : set_(context.get_executor(), ::epoll_create1(EPOLL_CLOEXEC)) {
  wait();
}

bool Poller::watch(int descriptor, Pollable& owner) {
  epoll_event event{};
  event.events = kEdges;
  event.data.ptr = &owner;
  return ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Poller::forget(Pollable& owner) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (events_[i].data.ptr == &owner) events_[i].data.ptr = nullptr;
  }
  std::replace(held_.begin(), held_.end(), &owner, static_cast<Pollable*>(nullptr));
  std::replace(releasing_.begin(), releasing_.end(), &owner, static_cast<Pollable*>(nullptr));
}

// Whoever is released may hold the next message at once.
void Poller::release() {
  releasing_.swap(held_);
  for (std::size_t i = 0; i < releasing_.size(); ++i) {
    if (releasing_[i] == nullptr) continue;
    event_ = ++events_total_;
    releasing_[i]->released();
  }
  releasing_.clear();
}

void Poller::wait() {
  set_.async_wait(set_.wait_read, [this](const boost::system::error_code& error) {
    if (!error) turn();
  });
}

void Poller::turn() {
  const int found =
      ::epoll_wait(set_.native_handle(), events_.data(), static_cast<int>(kTurnMax), 0);
  count_ = found > 0 ? static_cast<std::size_t>(found) : 0;
  for (reported_ = 0; reported_ < count_;) {
    const epoll_event& event = events_[reported_++];
    auto* owner = static_cast<Pollable*>(event.data.ptr);
    event_ = ++events_total_;
    if (owner != nullptr) owner->ready(event.events);
    if (held_.size() >= kHeldMax) release();
  }
  count_ = reported_ = 0;
  while (!held_.empty()) release();
  event_ = 0;
  wait();
}

}  // namespace mc::net
