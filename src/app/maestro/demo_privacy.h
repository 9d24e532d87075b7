// The privacy of the demo: an analyst of alpha has spent most of a budget, was refused once, and
// somebody has asked for more, which waits for a second person. All of it by real requests, for the
// purpose that people state in the portal, so that the analyst finds there what was asked. Then the
// data protection officer has a k-anonymous table of people leave.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/base.h"
#include "sys/sys.h"

namespace mc::app {

struct PrivacySettings;
struct Settings;

// Budgets that a minute of asking brings near their end.
void set_demo_privacy(PrivacySettings& settings);
// A profile of exports, with hierarchies in `folder`, and these.
void set_demo_exports(Settings& settings, const std::string& folder);
Status write_demo_hierarchies(sys::Files& files, const std::string& folder);

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
  Status export_people();

  const std::string url_;
  Tokens tokens_;
  std::atomic<bool> end_ = false;
  std::thread thread_;
};

}  // namespace mc::app
