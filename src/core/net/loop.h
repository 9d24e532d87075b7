// One event loop: an io_context that one thread runs, its deadline wheel, its cached Date.
// Everything is for the loop's own thread unless marked "any thread".
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/base.h"
#include "net/lateness.h"
#include "net/poller.h"
#include "net/wheel.h"
#include "sys/sys.h"

namespace mc::net {

namespace asio = boost::asio;
using boost::system::error_code;

// The concrete executor everywhere: any_io_executor costs a virtual call and an allocation.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <class T>
using Task = asio::awaitable<T, Executor>;

class Loop {
 public:
  explicit Loop(sys::Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  void start();   // starts the thread
  void finish();  // any thread: the thread ends when nothing is left to wait for
  void join();    // any other thread, after finish()

  asio::io_context& context() { return context_; }
  Poller& poller() { return poller_; }
  Executor executor() { return context_.get_executor(); }
  bool on_thread() { return executor().running_in_this_thread(); }  // any thread
  template <class F>
  void post(F work) {  // any thread
    asio::post(context_, std::move(work));
  }
  // Any thread. Dropped when the loop ends before.
  void post_after(Nanos delay, std::function<void()> work);

  // Any thread, between start() and join().
  LoopLoad take_load();

  sys::Clock& clock() { return clock_; }
  // While one event of the poller is handled, the time when it was first asked for.
  MonoTime now();
  // The time as an IMF-fixdate (RFC 9110 section 5.6.7), made once a second. The view stays
  // valid as long as the loop; its text follows the time.
  std::string_view date();

  void arm(WheelEntry& entry, MonoTime deadline);
  void disarm(WheelEntry& entry) { wheel_.disarm(entry); }

 private:
  void wait_for_wheel(MonoTime when);
  void look_at_lateness();

  sys::Clock& clock_;
  Wheel wheel_;  // before context_: handlers destroyed with it still own entries
  asio::io_context context_;
  Poller poller_;
  asio::executor_work_guard<Executor> guard_;
  Timer wheel_timer_;
  MonoTime wheel_due_{INT64_MAX};  // what wheel_timer_ waits for
  std::uint64_t event_ = 0;        // of now_
  MonoTime now_;
  std::int64_t date_second_ = -1;
  std::array<char, 30> date_{};
  bool ending_ = false;
  Timer lateness_timer_;
  Guarded<Lateness> lateness_;
  std::thread thread_;
};

}  // namespace mc::net
