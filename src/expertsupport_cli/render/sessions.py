"""The fields of a session of a browser."""

from __future__ import annotations

from expertsupport_cli.render.shapes import Shape, plain
