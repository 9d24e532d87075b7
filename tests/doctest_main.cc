// The main() of every unit test program.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// What fontconfig keeps for the process, the same 17 allocations after one document or many.
extern "C" const char* __lsan_default_suppressions();   // NOLINT: the name is the sanitizer's
extern "C" const char* __lsan_default_suppressions() {  // NOLINT
  return "leak:libfontconfig\n";
}
#endif
#endif

namespace {

constexpr unsigned kCaseSeconds = 420;  // the longest takes a quarter of it under a sanitizer

const char* running = "no test case";

// A test that hangs ends its program, by name; who waits for the program alone would never know.
void on_alarm(int) {
  constexpr char kWords[] = "\nhangs: ";
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, kWords, sizeof(kWords) - 1);
  written = write(STDERR_FILENO, running, std::strlen(running));
  written = write(STDERR_FILENO, "\n", 1);
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

class Watch final : public doctest::IReporter {
 public:
  explicit Watch(const doctest::ContextOptions&) { std::signal(SIGALRM, on_alarm); }
  void test_case_start(const doctest::TestCaseData& data) override {
    running = data.m_name;
    alarm(kCaseSeconds);
  }
  void test_case_end(const doctest::CurrentTestCaseStats&) override { alarm(0); }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("watch", 1, Watch);

}  // namespace
