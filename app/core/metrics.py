"""Counters of the process for Prometheus: routes and statuses, never a value of a request."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# Our own registry: the default one is shared by every application object of a process.
REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "sanqu_requests", "Requests by route template, method and status", ("route", "method", "status"), registry=REGISTRY
)
SECONDS = Histogram(
    "sanqu_request_seconds",
    "Time to the last byte, by route template",
    ("route",),
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
WECHAT = Counter(
    "sanqu_wechat_refusals", "Refusals of WeChat by API and errcode", ("api", "errcode"), registry=REGISTRY
)
ALLOCATION_GAP = Gauge(
    "sanqu_allocation_gap", "Share of the bound of objective 1 that the last plan leaves open", registry=REGISTRY
)
ALLOCATION_SECONDS = Histogram(
    "sanqu_allocation_seconds",
    "From the taking up of a run to its end",
    registry=REGISTRY,
    buckets=(1, 2, 5, 10, 20, 30, 60, 120, 300),
)
