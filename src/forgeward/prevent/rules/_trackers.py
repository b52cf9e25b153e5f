"""Services that count or record what people do: shared by the rules about analytics and tracking."""

from __future__ import annotations

import re

_PACKAGES = {
    "mixpanel": "Mixpanel", "mixpanel-browser": "Mixpanel", "@amplitude": "Amplitude", "amplitude-js": "Amplitude",
    "@segment": "Segment", "analytics-node": "Segment", "posthog-js": "PostHog", "posthog-node": "PostHog",
    "react-ga": "Google Analytics", "react-ga4": "Google Analytics", "universal-analytics": "Google Analytics",
    "heap-api": "Heap", "@heap": "Heap", "@hotjar": "Hotjar", "react-hotjar": "Hotjar", "@fullstory": "FullStory",
    "logrocket": "LogRocket", "@datadog/browser-rum": "Datadog RUM", "@microsoft/clarity": "Clarity",
    "react-microsoft-clarity": "Clarity", "countly-sdk-web": "Countly", "@snowplow": "Snowplow",
    "matomo-tracker": "Matomo",
    "pendo": "Pendo", "smartlook-client": "Smartlook", "@openreplay": "OpenReplay", "rrweb": "rrweb",
}  # fmt: skip
# Services that record the screen, the pointer or the keys of a person.
RECORDERS = {
    "Hotjar", "FullStory", "LogRocket", "Datadog RUM", "Clarity", "Smartlook", "OpenReplay", "rrweb", "Heap", "Pendo",
}  # fmt: skip
HOSTS = re.compile(
    r"(^|\.)(mixpanel\.com|amplitude\.com|segment\.(io|com)|posthog\.com|google-analytics\.com|googletagmanager\.com"
    r"|heapanalytics\.com|hotjar\.(com|io)|fullstory\.com|logrocket\.(io|com)|clarity\.ms|pendo\.io|matomo\.cloud"
    r"|statsig\.com|plausible\.io)$"
)


def tracker_of(spec: str) -> str:
    """The service that a package belongs to; empty for none."""
    parts = spec.split("/")
    for name in (spec, "/".join(parts[:2]), parts[0]):
        if name in _PACKAGES:
            return _PACKAGES[name]
    return ""
