#include "net/poller.h"

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

void Poller::forget(const Pollable& owner) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (events_[i].data.ptr == &owner) events_[i].data.ptr = nullptr;
  }
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
  for (std::size_t i = 0; i < count_; ++i) {
    auto* owner = static_cast<Pollable*>(events_[i].data.ptr);
    if (owner != nullptr) owner->ready(events_[i].events);
  }
  count_ = 0;
  wait();
}

}  // namespace mc::net
