#include "net/exchange.h"

#include <utility>

#include "net/http1_write.h"
#include "net/loop.h"

namespace mc::net {

void drop(Answer& answer, std::string_view why) {
  auto* forward = std::get_if<std::unique_ptr<ForwardAnswer>>(&answer);
  if (forward == nullptr || !(*forward)->forward.on_done) return;
  ForwardResult result;
  result.error = why;
  (*forward)->forward.on_done(result);
}

std::string_view Request::header(std::string_view name) const {
  for (const HeaderView& field : headers) {
    if (field.name.size() == name.size() && equals_ignoring_case(field.name, name)) {
      return field.value;
    }
  }
  return {};
}

ExchangeImpl::ExchangeImpl(std::shared_ptr<Link> link, Buffer bytes, const char* old_base,
                           http1::RequestHead& head, std::size_t body_size)
    : link_(std::move(link)), bytes_(std::move(bytes)) {
  const char* base = bytes_.data();
  const auto moved = [&](std::string_view view) {
    return std::string_view(base + (view.data() - old_base), view.size());
  };
  request_.method = moved(head.method);
  request_.target = moved(head.target);
  request_.headers = std::move(head.headers);
  for (HeaderView& field : request_.headers) {
    field.name = moved(field.name);
    field.value = field.value.empty() ? std::string_view() : moved(field.value);
  }
  const std::size_t question = request_.target.find('?');
  request_.path = request_.target.substr(0, question);
  if (question != std::string_view::npos) request_.query = request_.target.substr(question + 1);
  request_.body = bytes_.view().substr(bytes_.size() - body_size);
  request_.peer = link_->peer;
  request_.tls = link_->tls;
}

ExchangeImpl::~ExchangeImpl() {
  if (!answered_.exchange(true)) deliver(http1::refusal(500, "no answer"));
}

void ExchangeImpl::reply(Response response) {
  if (!answered_.exchange(true)) deliver(std::move(response));
}

void ExchangeImpl::forward(std::shared_ptr<Upstream> upstream, Forward forward) {
  if (answered_.exchange(true)) return;
  auto answer = std::make_unique<ForwardAnswer>();
  answer->upstream = std::move(upstream);
  answer->forward = std::move(forward);
  answer->request_body = request_.body;
  answer->request = shared_from_this();
  deliver(std::move(answer));
}

void ExchangeImpl::deliver(Answer answer) {
  const std::shared_ptr<Loop> loop = link_->loop.lock();
  if (!loop) return drop(answer, kClientGone);  // the server is gone, and the client with it
  const auto hand_over = [](Link& link, Answer taken) {
    if (link.sink == nullptr) return drop(taken, kClientGone);
    link.sink->take_answer(std::move(taken));
  };
  if (loop->on_thread()) return hand_over(*link_, std::move(answer));
  loop->post([link = link_, hand_over, answer = std::move(answer)]() mutable {
    hand_over(*link, std::move(answer));
  });
}

void ExchangeImpl::on_cancel(std::function<void()> hook) {
  const bool late = hook_.with([&](Hook& state) {
    if (!state.over) state.call = std::move(hook);
    return state.over;
  });
  if (!late || !cancelled()) return;
  if (const std::shared_ptr<Loop> loop = link_->loop.lock()) loop->post(std::move(hook));
}

void ExchangeImpl::after_turn(std::function<void()> work) {
  if (const std::shared_ptr<Loop> loop = link_->loop.lock()) loop->post(std::move(work));
}

void ExchangeImpl::cancel() {
  cancelled_.store(true, std::memory_order_release);
  const std::function<void()> call = hook_.with([](Hook& state) {
    state.over = true;
    return std::exchange(state.call, nullptr);
  });
  if (call) call();
}

void ExchangeImpl::finish() {
  // Destroyed outside of the lock: the hook may own this exchange.
  const std::function<void()> dropped = hook_.with([](Hook& state) {
    state.over = true;
    return std::exchange(state.call, nullptr);
  });
}

}  // namespace mc::net
