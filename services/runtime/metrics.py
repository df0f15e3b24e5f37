"""Every metric, declared once: names, help and labels are the operator's contract.

The gateway shows them at /metrics; processes of their own by `served`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

REGISTRY = CollectorRegistry()

POLLS = Counter("hansho_polls_total", "Polls of a feed by outcome", ["source", "outcome"], registry=REGISTRY)
FETCHED_BYTES = Counter("hansho_fetched_bytes_total", "Bytes received from a source", ["source"], registry=REGISTRY)
TELEGRAMS = Counter("hansho_telegrams_total", "Telegrams by type and outcome", ["type", "outcome"], registry=REGISTRY)
FEED_AGE_S = Gauge("hansho_feed_age_seconds", "Age of a feed's newest word", ["source"], registry=REGISTRY)
DEAD = Counter("hansho_dead_total", "Records that went to topic dead, by code", ["code"], registry=REGISTRY)
ALERTS_FOLDED = Counter(
    "hansho_alerts_folded_total", "Alerts folded into the situation by outcome", ["outcome"], registry=REGISTRY
)
STREAMS = Gauge("hansho_streams", "Streams in the situation by state", ["state"], registry=REGISTRY)
GROUP_LAG_RECORDS = Gauge(
    "hansho_group_lag_records", "Records a consumer group has not committed", ["group", "topic"], registry=REGISTRY
)
GROUP_LAG_S = Gauge(
    "hansho_group_lag_seconds",
    "Age of the oldest record that a consumer group has not committed",
    ["group", "topic"],
    registry=REGISTRY,
)
LOG_REPAIRS = Gauge(
    "hansho_log_repairs",
    "What the log's engine did to stay alive since the start: rebuilds, rebalances",
    ["what"],
    registry=REGISTRY,
)
CONNECTIONS = Gauge("hansho_connections", "Open stream connections by kind", ["kind"], registry=REGISTRY)
CONNECTIONS_CUT = Counter(
    "hansho_connections_cut_total", "Stream connections closed by us, by reason", ["reason"], registry=REGISTRY
)
RESUMES = Counter("hansho_resumes_total", "Hellos by outcome", ["outcome"], registry=REGISTRY)
LOOP_LAG_S = Histogram(
    "hansho_loop_lag_seconds",
    "How late the event loop wakes",
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2.0),
    registry=REGISTRY,
)
PUSHED = Counter(
    "hansho_pushed_total", "Devices of orders by what became of them", ["lane", "channel", "outcome"], registry=REGISTRY
)
PUSH_ATTEMPTS = Counter(
    "hansho_push_attempts_total",
    "Messages tried at a channel by its answer",
    ["lane", "channel", "verdict", "code"],
    registry=REGISTRY,
)
PUSH_ORDERS = Gauge("hansho_push_orders", "Orders under way", ["lane"], registry=REGISTRY)
PUSH_FLYING = Gauge("hansho_push_flying", "Messages under way", ["lane", "channel"], registry=REGISTRY)
PUSH_CLOSED = Gauge(
    "hansho_push_channel_closed", "1 while a channel is not used", ["lane", "channel"], registry=REGISTRY
)
PUSH_LATENCY_S = Histogram(
    "hansho_push_latency_seconds",
    "From the decision to a channel's acceptance",
    ["lane"],
    buckets=(0.05, 0.2, 1.0, 5.0, 20.0, 60.0, 300.0, 1800.0),
    registry=REGISTRY,
)
ALARMS = Counter("hansho_alarms_total", "Alarms by subject kind and outcome", ["kind", "outcome"], registry=REGISTRY)
ORDERED = Counter("hansho_ordered_devices_total", "Devices named in delivery orders", registry=REGISTRY)
DEVICES = Gauge("hansho_devices", "Devices that follow something", registry=REGISTRY)


@contextmanager
def served(host: str, port: int) -> Iterator[int]:
    """Show the metrics at http://HOST:PORT/metrics from a thread of its own; answers the port. `OSError` where it is taken."""
    server, thread = start_http_server(port, host, REGISTRY)
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
