"""How gunicorn serves the site: `gunicorn --config python:config.gunicorn config.wsgi`."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.http import message

from config.logs import part


class DiscreetLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """Says what was answered and how fast; not to whom, and for links and pages not which one."""

    error_fmt = access_fmt = "%(asctime)s %(levelname)s %(name)s %(message)s"
    datefmt = None

    def access(
        self,
        resp: Any,
        req: Any,  # noqa: ARG002 - gunicorn's signature
        environ: Mapping[str, Any],
        request_time: timedelta,
    ) -> None:
        status = int(str(resp.status).split()[0])
        where = part(environ["PATH_INFO"])
        if where == "health" and status < HTTPStatus.BAD_REQUEST:
            return  # our own health check, every few seconds
        self.access_log.info(
            "%s %s %d %d ms",
            environ["REQUEST_METHOD"],
            where,
            status,
            request_time / timedelta(milliseconds=1),
        )

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """gunicorn quotes what it cannot parse, with the visitor's address."""
        super().warning(str(msg).partition(" from ip=")[0], *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """gunicorn names the path whose answer broke off."""
        told = (part(arg) if str(arg).startswith("/") else arg for arg in args)
        super().exception(msg, *told, **kwargs)


# gunicorn answers what is longer with a page of its own, and knows only lower bounds or none. With
# this one a query that is far too long still gets our own answer, a problem document.
limit_request_line = message.MAX_REQUEST_LINE = 32_768

logger_class = DiscreetLogger
accesslog = "-"
bind = "0.0.0.0:8000"
control_socket_disable = True

preload_app = True  # wrong settings end the start at once, and the workers share memory
workers = 2
threads = 4
worker_tmp_dir = "/dev/shm"  # noqa: S108 - gunicorn makes a file of its own name there
timeout = 60
graceful_timeout = 25  # docker-compose.yml waits longer
keepalive = 75  # longer than a proxy in front keeps an idle connection
max_requests = 2_000
max_requests_jitter = 400
