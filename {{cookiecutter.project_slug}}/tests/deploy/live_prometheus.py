"""A Prometheus on the loopback address that collects a product every half second, with alerts of seconds, not hours."""

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
SHORT = {"5m": "5s", "10m": "5s", "15m": "5s", "1h": "5s", "6h": "10s", "1d": "10s", "1w": "10s"}
NUMBERS = {", 86400)": ", 20)", "> 8 * 3600": "> 13"}  # seconds of a forecast, and of the life of a process


def shorten(content, short=SHORT):
    """Return rules that wait one second, and look back seconds, where the deployed ones take minutes to days."""

    def shorten_range(found):
        ranges = [short.get(each, each) for each in found[1].split(":")]
        return f"[{':'.join([ranges[0], *(['1s'] if ranges[1:] else [])])}]"

    for rule in (rule for group in content["groups"] for rule in group["rules"]):
        rule["expr"] = re.sub(r"\[([\w:]+)\]", shorten_range, rule["expr"])
        rule["expr"] = re.sub(r"offset (\w+)", lambda found: f"offset {short[found[1]]}", rule["expr"])
        for old, new in NUMBERS.items():
            rule["expr"] = rule["expr"].replace(old, new)
        rule.update({"for": "1s"} if "for" in rule else {})
    return content


class LivePrometheus:
    """A Prometheus whose rules are evaluated twice in a second."""

    def __init__(self, folder, address, short=SHORT):
        for name in FILES:
            content = shorten(yaml.safe_load((RULES / name).read_text(encoding="utf-8")), short)
            (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
        targets = [f"{address[0]}:{address[1]}"]
        config = {
            "global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL},
            "rule_files": list(FILES),
            "scrape_configs": [{"job_name": "product", "static_configs": [{"targets": targets}]}],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            own = f"127.0.0.1:{free.getsockname()[1]}"
        words = ["--config.file=prometheus.yml", "--storage.tsdb.path=metrics", f"--web.listen-address={own}"]
        self.url, self.log = f"http://{own}", (folder / "prometheus.log").open("w", encoding="utf-8")
        self.process = subprocess.Popen(["prometheus", *words], cwd=folder, stdout=self.log, stderr=subprocess.STDOUT)

    def firing(self):
        """Return the alerts that fire."""
        alerts = json.loads(call(f"{self.url}/api/v1/alerts"))["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

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
