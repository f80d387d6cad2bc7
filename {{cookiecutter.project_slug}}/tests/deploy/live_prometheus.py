"""A Prometheus on the loopback address that collects products every half second, with alerts of seconds, not hours."""

import contextlib
import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse

import yaml
from alerts import FILES, RULES
from processes import call

INTERVAL = "500ms"
SHORT = {"5m": "5s", "15m": "5s", "1h": "5s", "6h": "10s", "1d": "10s", "1w": "10s"}
SHORT |= {"1h:5m": "60s:1s"}  # to restart a product takes seconds, also here
# of MemoryGrowing: how far ahead it looks, four of its ranges, and how old a process is, a third more than its range
SECONDS = {", 86400)": ", 40)", "> 8 * 3600": "> 13"}


def shorten(content):
    """Return rules that wait one second, and look back seconds, where the deployed ones take minutes to days."""
    for rule in (rule for group in content["groups"] for rule in group["rules"]):
        rule["expr"] = re.sub(r"\[([\w:]+)\]", lambda found: f"[{SHORT[found[1]]}]", rule["expr"])
        rule["expr"] = re.sub(r"offset (\w+)", lambda found: f"offset {SHORT[found[1]]}", rule["expr"])
        for long, short in SECONDS.items():
            rule["expr"] = rule["expr"].replace(long, short)
        rule.update({"for": "1s"} if "for" in rule else {})
    return content


class LivePrometheus:
    """A Prometheus whose rules are evaluated twice in a second."""

    def __init__(self, folder, *targets):
        for name in FILES:
            content = shorten(yaml.safe_load((RULES / name).read_text(encoding="utf-8")))
            (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
        config = {
            "global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL},
            "rule_files": list(FILES),
            "scrape_configs": [{"job_name": "product", "static_configs": [{"targets": targets}]}],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        words = ["--config.file=prometheus.yml", "--storage.tsdb.path=metrics", f"--web.listen-address={address}"]
        self.url, self.log = f"http://{address}", (folder / "prometheus.log").open("w", encoding="utf-8")
        self.process = subprocess.Popen(["prometheus", *words], cwd=folder, stdout=self.log, stderr=subprocess.STDOUT)

    def firing(self):
        """Return the alerts that fire."""
        alerts = json.loads(call(f"{self.url}/api/v1/alerts"))["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def expect(self, *alerts):
        """Wait until these alerts fire, and no other one; without a name, until none does."""
        assert self.wait_for(lambda: self.firing() == {*alerts}), self.firing()

    def value(self, query):
        """Return the first value of a query, or None."""
        found = json.loads(call(f"{self.url}/api/v1/query?query={urllib.parse.quote(query)}"))["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def wait_for(self, condition, seconds=40):
        """Wait until a condition holds; return whether it did in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                if condition():
                    return True
            time.sleep(0.2)
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
