// What the gateway counts.
#pragma once

#include "gateway/route_config.h"
#include "metric/metric.h"

namespace mc::gateway {

struct Meters {
  explicit Meters(metric::Registry& registry);
  metric::Family<metric::Counter> requests;     // tenant, route, status
  metric::Family<metric::Histogram> duration;   // route
  metric::Family<metric::Counter> documents;    // route, result
  metric::Family<metric::Counter> refused;      // code
  metric::Family<metric::Counter> turned_away;  // why
  metric::Family<metric::Counter> upstream;     // route, result
  metric::Counter& reply_bytes;
  metric::Family<metric::Counter> runs;  // place
  metric::Counter& runs_on_loop;
  metric::Counter& runs_on_worker;
  metric::Counter& runs_moved;  // begun on the loop, run again on a worker
};

// The series of one route, looked up once.
struct RouteMeters {
  RouteMeters(const Meters& meters, const RouteConfig& route);
  metric::Histogram& duration;
  metric::Counter& known;
  metric::Counter& novel;
  metric::Counter* forwarded = nullptr;  // these three: upstream routes only
  metric::Counter* failed = nullptr;
  metric::Counter* cancelled = nullptr;
};

}  // namespace mc::gateway
