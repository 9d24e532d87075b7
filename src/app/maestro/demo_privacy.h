// The privacy of the demo: an analyst of alpha has spent most of a budget, was refused once, and
// somebody has asked for more, which waits for a second person. All of it by real requests, for the
// purpose that people state in the portal, so that the analyst finds there what was asked.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/base.h"

namespace mc::app {

struct PrivacySettings;

// Budgets that a minute of asking brings near their end.
void set_demo_privacy(PrivacySettings& settings);

// Asks on a thread of its own, as nobody has to wait for it; the destructor ends it. A world that
// was kept has its answers already, and pays for none of them again.
class PrivacyStory {
 public:
  struct Tokens {
    std::string analyst, dpo, oper;  // of alpha, of alpha, of the operator
  };
  PrivacyStory(std::string url, Tokens tokens);
  ~PrivacyStory();
  PrivacyStory(const PrivacyStory&) = delete;
  PrivacyStory& operator=(const PrivacyStory&) = delete;

 private:
  void run();
  Status spend();
  Status ask_for_more();

  const std::string url_;
  Tokens tokens_;
  std::atomic<bool> end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
