"""Deploy the image IMAGE to Kubernetes: `cluster.py staging | production`, with the cluster in KUBECONFIG_CONTENT.

Without a cluster a notice says so, and nothing is done.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from github import notice

OVERLAYS = Path("deploy/kubernetes/overlays")
MINUTES = "5m"  # for a rolling update


def main(environment: str) -> None:
    """Apply the overlay with the image, and wait until every pod is the new one."""
    content, image = os.environ.get("KUBECONFIG_CONTENT", ""), os.environ.get("IMAGE", "").strip("@")
    if not content.strip():
        notice(f"KUBECONFIG is not set: nothing is deployed to {environment}. See docs/pipelines.md.")
        return
    if not image:
        sys.exit("error: IMAGE is empty; `make publish` gives its name and digest")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config")
        config.touch(mode=0o600)
        config.write_text(content, encoding="utf-8")
        with tempfile.TemporaryDirectory(dir=OVERLAYS) as overlay:
            namespace = write_overlay(Path(overlay), environment, image)
            for words in commands(namespace, overlay):
                subprocess.run(["kubectl", *words], check=True, env=os.environ | {"KUBECONFIG": str(config)})


def write_overlay(folder: Path, environment: str, image: str) -> str:
    """Write a layer over an overlay that names the image by its digest, and return the namespace."""
    content = yaml.safe_load((OVERLAYS / environment / "kustomization.yaml").read_text(encoding="utf-8"))
    name, _, digest = image.partition("@")
    images = [{"name": one["newName"], "newName": name, "digest": digest} for one in content["images"]]
    layer = {"resources": [f"../{environment}"], "images": images}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(layer), encoding="utf-8")
    return str(content["namespace"])


def commands(namespace: str, overlay: str) -> list[list[str]]:
    """Return what kubectl is asked for."""
    inside = ["--namespace", namespace]
    return [
        [*inside, "delete", "job", "product-migrate", "--ignore-not-found"],
        ["apply", "--kustomize", overlay],
        [*inside, "rollout", "status", "deployment/product", f"--timeout={MINUTES}"],
    ]


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: kubectl ended with {error.returncode}")
