// Made by ops/catalogue.mjs from ops/catalogue.json.
export const PANELS = {
  requests: {
    title: "Requests",
    help: "Requests a second that the gateway answered, whatever the answer.",
    expr: "sum(rate(mc_requests_total[1m]))",
  },
  failed: {
    title: "Failed",
    help: "The share that was answered 5xx: ours, or an upstream's, to mend.",
    expr: "sum(rate(mc_requests_total{status=~\"5..\"}[1m])) / sum(rate(mc_requests_total[1m])) or vector(0)",
  },
  refused: {
    title: "Refused",
    help: "The share that was answered 4xx: malformed, over a limit, or not allowed.",
    expr: "sum(rate(mc_requests_total{status=~\"4..\"}[1m])) / sum(rate(mc_requests_total[1m])) or vector(0)",
  },
  p50: {
    title: "Latency p50",
    help: "Half of the requests took less, from head to answer.",
    expr: "histogram_quantile(0.5, sum by (le) (rate(mc_request_duration_seconds_bucket[1m])))",
  },
  p95: {
    title: "Latency p95",
    help: "19 of 20 requests took less.",
    expr: "histogram_quantile(0.95, sum by (le) (rate(mc_request_duration_seconds_bucket[1m])))",
  },
  p99: {
    title: "Latency p99",
    help: "99 of 100 requests took less.",
    expr: "histogram_quantile(0.99, sum by (le) (rate(mc_request_duration_seconds_bucket[1m])))",
  },
  byTenant: {
    title: "Requests per second by tenant",
    help: "The busiest tenants by name, the rest as one.",
    expr: "sum by (tenant) (rate(mc_requests_total[1m]))",
  },
  latency: {
    title: "Latency",
    help: "p50 and p99 over the window, all routes as one; the expression is that of p99.",
    expr: "histogram_quantile(0.99, sum by (le) (rate(mc_request_duration_seconds_bucket[1m])))",
  },
  alerts: {
    title: "What needs you",
    help: "The alerts that fire here, and tenants that fail or are slow.",
    expr: "count(ALERTS{alertstate=\"firing\"}) or vector(0)",
  },
} as const;
