"""A product on a socket of its own, in this process, so that a test can put a fault into it."""

import contextlib
import dataclasses
import threading
import time

import uvicorn

from {{ cookiecutter.__package }}.cli.server import build, configure, listen


@contextlib.contextmanager
def serving(project, **settings):
    """Yield host and port of a product of a prepared project, with some settings changed; it ends with the block."""
    project = dataclasses.replace(project, settings=project.settings.model_copy(update=settings))
    with build(project) as app, listen("127.0.0.1", 0) as bound:
        server = uvicorn.Server(configure(project, app))
        thread = threading.Thread(target=server.run, args=([bound],))
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield bound.getsockname()
        finally:
            server.should_exit = True
            thread.join(20)
        assert not thread.is_alive()
