// The demo world: generated tables, people with tokens, and a driver that keeps asking.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "identity/identity.h"
#include "sys/sys.h"

namespace mc::app {

// YAML of the demo datasets, with the database files in `folder`.
std::string demo_model(const std::string& folder);

struct Persona {
  std::string tenant;
  std::string id;
  std::string name;
  std::string roles;
  std::string scopes;
};
// One a role, and a clumsy second operator.
const std::vector<Persona>& demo_personas();

struct PersonaToken {
  Persona persona;
  Secret token;
  Secret link;  // signs in to the portal once
};
// Makes tenants, people, and fresh tokens and links; what exists already is kept.
Result<std::vector<PersonaToken>> make_demo_people(identity::Directory& directory);

// Sends about `rate` real requests a second through the server's own front door, spread over the
// tenants. One thread; the destructor ends it.
class Driver {
 public:
  Driver(std::string url, std::vector<std::string> tokens, std::uint64_t seed, int rate = 20);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

 private:
  void run();
  std::string next_body(std::size_t tenant);
  std::vector<std::string> fetch_ids(const std::string& token);
  std::uint64_t random();

  std::string url_;
  std::vector<std::string> tokens_;  // one a tenant
  std::vector<std::vector<std::string>> ids_;
  std::uint64_t state_;
  int rate_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mc::app
