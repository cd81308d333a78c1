"""The history of a figure as a small line of SVG: no script, no colour of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape

WIDTH, HEIGHT, EDGE = 168, 44, 4


def sparkline(values: Sequence[Decimal | None], label: str, *, limit: Decimal | None = None) -> str:
    """A line through the values, broken where there is none; `limit` is drawn where it lies among them."""
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    if limit is not None and low - (high - low) <= float(limit) <= high + (high - low):
        low, high = min(low, float(limit)), max(high, float(limit))
    scale = _Scale(low, high, len(values))
    parts = [f'<path class="line" d="{_path(values, scale)}"/>']
    if limit is not None and low <= float(limit) <= high:
        y = scale.y(float(limit))
        parts.insert(0, f'<line class="limit" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
    if values[-1] is not None:
        parts.append(
            f'<circle class="last" cx="{scale.x(len(values) - 1):.1f}" cy="{scale.y(float(values[-1])):.1f}" r="3"/>'
        )
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


class _Scale:
    """From the number of a value and its height to a place in the picture."""

    def __init__(self, low: float, high: float, count: int) -> None:
        self._low, self._range = low, (high - low) or 1.0
        self._step = (WIDTH - 2 * EDGE) / max(count - 1, 1)
        self._is_flat = high == low

    def x(self, number: int) -> float:
        return EDGE + number * self._step

    def y(self, value: float) -> float:
        share = 0.5 if self._is_flat else (value - self._low) / self._range
        return HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE)


def _path(values: Sequence[Decimal | None], scale: _Scale) -> str:
    return "".join(_steps(values, scale))


def _steps(values: Sequence[Decimal | None], scale: _Scale) -> Iterator[str]:
    is_down = False
    for number, value in enumerate(values):
        if value is not None:
            yield f"{'L' if is_down else 'M'}{scale.x(number):.1f} {scale.y(float(value)):.1f}"
        is_down = value is not None
