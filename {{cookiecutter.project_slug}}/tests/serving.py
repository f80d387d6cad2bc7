"""A product on a socket of its own, in this process, so that a test can put a fault into it."""

import contextlib
import threading
import time

import uvicorn

from {{ cookiecutter.__package }}.commands import open_registry
from {{ cookiecutter.__package }}.plan import load_plan
from {{ cookiecutter.__package }}.serve import _protocol, build, listen
from {{ cookiecutter.__package }}.settings import Settings


@contextlib.contextmanager
def serving(root):
    """Yield host and port of a product on a prepared folder; it ends with the block."""
    settings = Settings(root=root)
    made = build(settings, load_plan(root / "plan.toml"), open_registry(settings))
    with made as app, listen("127.0.0.1", 0) as taken:
        server = uvicorn.Server(uvicorn.Config(app, http=_protocol(), ws="none", log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, args=([taken],))
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield taken.getsockname()
        finally:
            server.should_exit = True
            thread.join(20)
        assert not thread.is_alive()
