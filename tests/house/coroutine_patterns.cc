// What g++ 12.2 gets wrong in a full expression with co_await, and what it gets right.
//
// tools/coroutine_gate.sh must flag exactly the lines marked "bad": there g++ 12 destroys a
// temporary twice (or refuses to compile), while clang is fine. The file is compiled, never run.
#include <array>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace mc::house {

template <class T>
struct Task {
  struct promise_type {
    std::optional<T> value;
    Task get_return_object() { return Task(); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void unhandled_exception() { std::terminate(); }
    void return_value(T result) { value = std::move(result); }
  };
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const noexcept { handle.resume(); }
  T await_resume() { return T(); }
};

struct Options {  // an aggregate: no constructor
  std::string text;
  int limit = 0;
};
struct Named {  // the same with a constructor, as the house demands of coroutine parameters
  explicit Named(std::string text_in) : text(std::move(text_in)) {}
  std::string text;
};

Task<int> by_value(Options options);
Task<int> by_reference(const Options& options);
Task<int> by_optional(std::optional<Options> options);
Task<int> by_name(Named named);
Task<int> by_list(std::vector<std::string> names);
Task<int> by_array(std::array<std::string, 2> names);
Task<int> by_function(std::function<int()> work);
Task<int> by_pointer(std::unique_ptr<int> number);
Task<int> by_view(std::string_view text);
Task<int> by_tuple(std::tuple<int, std::string> both);
Task<Options> give_options();
Task<std::string> give_text();
Task<int> give_number();

Task<int> bad_aggregates(std::string text) {
  int sum = co_await by_value(Options{text, 1});                                 // bad
  sum += co_await by_reference(Options{.text = text});                           // bad
  sum += co_await by_optional(Options{text, 2});                                 // bad
  sum += co_await by_array({text, text});                                        // bad
  Options inside{.text = co_await give_text()};                                  // bad
  Options chosen = inside.limit > 0 ? co_await give_options() : Options{"", 1};  // bad
  co_return sum + chosen.limit;
}

Task<int> bad_lists(std::string text) {
  const int sum = co_await by_list({text, "b"});                    // bad
  const std::vector<std::string> names{co_await give_text(), "b"};  // bad
  co_return sum + static_cast<int>(names.size());
}

Task<int> bad_lambdas(std::string text) {
  co_return co_await by_function([text] { return static_cast<int>(text.size()); });  // bad
}

Task<int> good_arguments(std::string text) {
  Options options{text, 1};
  int sum = co_await by_value(options);
  sum += co_await by_reference(options);
  sum += co_await by_name(Named(text));
  sum += co_await by_pointer(std::make_unique<int>(1));
  sum += co_await by_view(text + "x");
  sum += co_await by_tuple(std::make_tuple(1, text));
  co_return sum;
}

Task<int> good_shapes(bool flag) {
  const int number = flag ? co_await give_number() : 0;
  auto work = [number] { return number; };
  int sum = co_await by_function(std::move(work));
  if (const int next = co_await give_number(); next > 0 && flag) {
    sum += next;
  }
  for (const char letter : co_await give_text()) {
    sum += letter;
  }
  co_return sum;
}

Task<Options> good_return(std::string text) {
  co_return Options{text, 1};
}

}  // namespace mc::house
