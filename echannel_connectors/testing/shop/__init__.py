"""A PrestaShop stand-in: a webservice in memory that answers like the recorded shops, and misbehaves on request."""

from echannel_connectors.testing.shop.fake import FakeShop
from echannel_connectors.testing.shop.faults import (
    BOM,
    PHP_WARNING,
    Answer,
    Fault,
    disabled,
    firewall,
    html_page,
    nothing,
)
from echannel_connectors.testing.shop.versions import Added, Change

__all__ = [
    "BOM",
    "PHP_WARNING",
    "Added",
    "Answer",
    "Change",
    "FakeShop",
    "Fault",
    "disabled",
    "firewall",
    "html_page",
    "nothing",
]
