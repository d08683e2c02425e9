"""A whole cluster under faults: HAProxy, three porterd, a primary and a synchronous standby on machines of their own;
clients that note what was acknowledged and when; faults by a seed; and the checks of what must hold (SECURITY.md:
S14)."""
