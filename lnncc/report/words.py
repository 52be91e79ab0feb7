"""words: numbers as people read them."""

import math

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SMALL, LARGE = 1e-4, 1e6  # beyond these a power of ten is easier to read


def count(value: float) -> str:
    """1,234,567"""
    return f"{value:,.0f}"


def significant(value: float, digits: int = 3) -> str:
    """0.00123, or 1.23·10⁻⁵."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "∞"
    if SMALL <= abs(value) < LARGE:
        shown = f"{value:.{digits}g}"
        return (f"{float(shown):,.0f}" if "e" in shown or abs(value) >= 1000 else shown).replace("-", "−")
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa}·10{str(int(power)).translate(SUPERSCRIPTS)}".replace("-", "−")


def percent(share: float) -> str:
    """2.8 %, 0.3 %, 41 %."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %" if share >= 0.0005 else "< 0.1 %"


def signed(value: float) -> str:
    """+2,048, −400, 0 (a proper minus)."""
    return f"{value:+,.0f}".replace("-", "−") if value else "0"


def times(factor: float) -> str:
    """How much larger: × 1.8, × 1,500; ÷ 2.1 where it is smaller."""
    if factor <= 0:
        return "0"
    sign, size = ("×", factor) if factor >= 1 else ("÷", 1 / factor)
    return f"{sign} {size:.2f}" if size < 10 else f"{sign} {size:,.0f}"
