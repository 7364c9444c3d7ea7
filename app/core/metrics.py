"""Counters of the process for Prometheus: routes and statuses, never a value of a request."""

from prometheus_client import CollectorRegistry, Counter, Histogram

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
