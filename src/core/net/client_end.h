// A blocking client that can be told to give up, for threads that a stopping server waits for.
#pragma once

#include <atomic>
#include <memory>

#include "net/net.h"

namespace mc::net {

// As Client::make(). Once `ended` is true, what is under way fails within about a second, and what
// comes later at once.
std::unique_ptr<Client> make_client(std::shared_ptr<const std::atomic<bool>> ended);

}  // namespace mc::net
