"""One download by HTTPS that continues where an earlier one stopped.

It uses ``urllib`` because pooch, which fetches and checks files elsewhere, cannot resume a
download.
"""

from __future__ import annotations

import http.client
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from span_theorem.progress import OnProgress

__all__ = ["download"]

TIMEOUT = 60.0
#: Bytes after which a reply is no archive that is known here.
LIMIT = 4 << 30
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Redirects(HTTPRedirectHandler):
    """Redirections are followed where they lead to an address that is accepted."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        _require_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_safe(url: str) -> None:
    """OSError for an address that is neither https nor on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise OSError(f"only https is used, not {parts.scheme or 'no scheme'} ({url[:200]})")


def download(url: str, partial: Path, report: OnProgress) -> None:
    """Fetch ``url`` to ``partial`` and continue from what this file already holds.

    Raises OSError on any failure, with the reason in one line; the part received is kept.
    """
    try:
        _require_safe(url)
        _continue(url, partial, report)
    except HTTPError as error:
        raise OSError(f"HTTP {error.code} {error.reason}") from error
    except http.client.HTTPException as error:
        said = str(error).strip()[:200]
        raise OSError(f"invalid reply ({type(error).__name__}{said and f': {said}'})") from error
    except ValueError as error:  # a length that is no number, an address that is none
        raise OSError(f"invalid reply: {str(error)[:200]}") from error
    except OSError as error:
        raise OSError(str(getattr(error, "reason", error)) or type(error).__name__) from error


def _continue(url: str, partial: Path, report: OnProgress) -> None:
    if partial.is_symlink() or (partial.exists() and not partial.is_file()):
        raise OSError(f"{partial} is a link or no ordinary file: remove it")
    start = partial.stat().st_size if partial.exists() else 0
    headers = {"User-Agent": "span-theorem"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        response = build_opener(_Redirects).open(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code != 416 or not start:
            raise
        # The file ends where ours does, or is another one.
        if error.headers.get("Content-Range", "").rpartition("/")[2] == str(start):
            return
        partial.unlink()
        _continue(url, partial, report)
        return
    with response:
        _receive(response, start, partial, report)


def _receive(response: Any, start: int, partial: Path, report: OnProgress) -> None:
    resumed = response.status == 206
    done = start if resumed else 0
    length = response.headers.get("Content-Length")
    total = done + int(length) if length else 0
    if total > LIMIT:
        raise OSError(f"{total} bytes, more than any archive that is known here")
    with partial.open("ab" if resumed else "wb") as stream:
        while block := response.read(1 << 20):
            stream.write(block)
            done += len(block)
            report(done, total)
            if done > LIMIT:
                raise OSError("the reply does not end")
    if total and done < total:
        raise ConnectionError(f"the connection ended after {done} of {total} bytes")
    if done == 0:
        raise ConnectionError("the reply is empty")
